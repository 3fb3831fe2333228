//! Personal access tokens (`blp_…`): made by a person who logged in, shown once, stored hashed, revoked by deleting the row.

pub mod one_time;

use crate::{
    Ctx, Done, Error, Result, Service,
    account::{audit, user_ref},
    authenticate::{API_TOKEN_PREFIX, sha256},
    commit::decide_again,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    ApiTokenId, ProjectId, Timestamp, UserId, Violation,
    account::{ApiToken, User},
    event::{Event, ResourceRef},
    limits,
    text::Label,
    violation::Fault,
};
use store::{
    Batch, Scan, Stored, TableId,
    tables::{
        api_token::{ApiTokens, ApiTokensByUser},
        user::Users,
    },
};

/// How much of a token people see again, in characters.
const PREFIX_CHARS: usize = 8;

/// What a token may do: `<area>:read` or `<area>:write`. Areas are the tags of the API document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(String);

impl Scope {
    /// Parses a scope. Areas are not listed here, since the document names them; a scope for an area that does not exist
    /// opens nothing.
    ///
    /// # Errors
    /// A [`Fault`] that says what a scope looks like.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let known = text.split_once(':').is_some_and(|(area, act)| {
            (1..=40).contains(&area.len())
                && area.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                && matches!(act, "read" | "write")
        });
        let fault = || Fault::new("invalid_scope", "must look like projects:read or tracks:write");
        known.then(|| Self(text.to_owned())).ok_or_else(fault)
    }
}

impl Scope {
    /// The area, which is a tag of the API document.
    pub fn area(&self) -> &str {
        self.0.split_once(':').map_or("", |(area, _)| area)
    }
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// What it is for.
    pub name: Label,
    /// What it may do; at least one.
    pub scopes: Vec<Scope>,
    /// When it lapses; absent = when it is revoked.
    pub expires_at: Option<Timestamp>,
    /// Only these projects; absent = all of the person's.
    pub project_ids: Option<Vec<ProjectId>>,
}

impl NewApiToken {
    fn check(&self, now: Timestamp) -> Result<()> {
        let fault = |pointer: &str, code, detail: String| Err(Violation::new(pointer, code, detail).into());
        if !(1..=limits::SCOPES_PER_TOKEN_MAX).contains(&self.scopes.len()) {
            let most = limits::SCOPES_PER_TOKEN_MAX;
            return fault("/scopes", "out_of_range", format!("must hold 1 to {most} scopes"));
        }
        if self.project_ids.as_ref().is_some_and(|ids| ids.len() > limits::PROJECTS_PER_TOKEN_MAX) {
            let most = limits::PROJECTS_PER_TOKEN_MAX;
            return fault("/project_ids", "out_of_range", format!("must hold at most {most} projects"));
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            return fault("/expires_at", "out_of_range", "must lie in the future".to_owned());
        }
        Ok(())
    }
}

/// A token as it was made.
#[derive(Clone, Debug)]
pub struct MadeApiToken {
    /// The row.
    pub token: Stored<ApiToken>,
    /// What the client sends; only when it was made just now.
    pub secret: Option<String>,
}

impl Service {
    /// The caller's tokens, oldest first, with when each was last used.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn list_my_tokens(&self, cx: &Ctx) -> Result<Vec<(Stored<ApiToken>, Option<Timestamp>)>> {
        let tokens = self.tokens_of(cx.user_id()?).await?;
        let ids: Vec<_> = tokens.iter().map(|token| token.row.id.uuid()).collect();
        let seen = self.last_seen(&ids).await?;
        Ok(tokens.into_iter().zip(seen).collect())
    }

    /// Makes a token for the caller.
    ///
    /// # Errors
    /// `Forbidden` if the caller came with a token, `Invalid`, `Conflict` if they have too many.
    pub async fn create_my_token(&self, cx: &Ctx, new: NewApiToken) -> Result<Done<MadeApiToken>> {
        new.check(cx.now)?;
        let outcome = decide_again!(None, self.try_create_my_token(cx, &new).await);
        match outcome {
            // Another request with the same key was faster.
            Err(error) if error.conflicts_on(TableId::Idem) => self.try_create_my_token(cx, &new).await,
            outcome => outcome,
        }
    }

    async fn try_create_my_token(&self, cx: &Ctx, new: &NewApiToken) -> Result<Done<MadeApiToken>> {
        let me = self.myself_in_person(cx).await?;
        if let Some(id) = self.made_before(cx).await? {
            let token = self.token_of(me.row.id, ApiTokenId::new(id)).await?;
            return Ok(Done::Before(MadeApiToken { token, secret: None }));
        }
        if self.tokens_of(me.row.id).await?.len() >= limits::API_TOKENS_PER_USER_MAX {
            return Err(Error::Conflict("there are too many tokens; revoke one first"));
        }
        let (row, secret) = self.draft_token(cx, &me.row, new);
        let resource = ResourceRef::new("token", row.id, 1);
        let mut batch = Batch::new();
        batch.assert_unchanged::<Users>(&me.row.id, &me).insert::<ApiTokens>(&row.id, &row);
        self.remember(cx, &mut batch, row.id)?;
        batch.audit(audit(cx, "token.created", resource.clone(), None, Some(&row.scopes.join(" "))));
        batch.emit(self.event(cx, me.row.id, resource, Event::ApiTokenCreated));
        let done = self.store().commit(batch).await?;
        let token = Stored { row, rev: 1, stamp: done.stamp };
        Ok(Done::Now(MadeApiToken { token, secret: Some(secret) }))
    }

    fn draft_token(&self, cx: &Ctx, me: &User, new: &NewApiToken) -> (ApiToken, String) {
        let mut bytes = [0; 32];
        self.parts.ids.secret(&mut bytes);
        let secret = format!("{API_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let mut scopes = new.scopes.clone();
        scopes.sort();
        scopes.dedup();
        let row = ApiToken {
            id: self.id(cx),
            user_id: me.id,
            name: new.name.clone(),
            prefix: secret.chars().take(PREFIX_CHARS).collect(),
            hash: sha256(&secret),
            scopes: scopes.into_iter().map(|scope| scope.0).collect(),
            project_ids: new.project_ids.clone(),
            expires_at: new.expires_at,
            created_at: cx.now,
        };
        (row, secret)
    }

    /// Ends one of the caller's tokens.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` if the caller came with a token.
    pub async fn revoke_my_token(&self, cx: &Ctx, id: ApiTokenId) -> Result<()> {
        decide_again!(
            None,
            async {
                let me = self.myself_in_person(cx).await?;
                let token = self.token_of(me.row.id, id).await?;
                let resource = ResourceRef::new("token", id, token.rev);
                let mut batch = Batch::new();
                batch.priority().delete::<ApiTokens>(&id, &token);
                batch.audit(audit(
                    cx,
                    "token.revoked",
                    user_ref(me.row.id, 0),
                    Some(&token.row.prefix),
                    None,
                ));
                batch.emit(self.event(cx, me.row.id, resource, Event::ApiTokenRevoked));
                self.store().commit(batch).await?;
                Ok::<_, Error>(())
            }
            .await
        )
    }

    async fn tokens_of(&self, user: UserId) -> Result<Vec<Stored<ApiToken>>> {
        // One more than allowed is seen, in case two requests were let through at once.
        let scan = Scan::prefix(&user).limit(limits::API_TOKENS_PER_USER_MAX * 2);
        let page = self.store().scan_index::<ApiTokensByUser>(scan).await?;
        Ok(page.items.into_iter().map(|hit| hit.stored).collect())
    }

    /// A token of this person; somebody else's is not there.
    async fn token_of(&self, user: UserId, id: ApiTokenId) -> Result<Stored<ApiToken>> {
        let token = self.store().get::<ApiTokens>(&id).await?.filter(|token| token.row.user_id == user);
        token.ok_or(Error::NotFound("token"))
    }
}
