//! Single-use tokens behind links: setup, password reset, proof of an address, invitation to register.
//!
//! The secret is derived from the row's id, only its hash is stored, and using a token deletes its row in the same commit as
//! what it allowed. A token opens what it was made for and nothing else; making one voids the older ones of its purpose.

use crate::{Ctx, Error, Result, Service, authenticate::sha256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    OneTimeTokenId, Timestamp, UserId,
    account::{OneTimeToken, TokenPurpose},
    limits,
};
use store::{
    Batch, Scan, Stored,
    tables::one_time_token::{OneTimeTokenByHash, OneTimeTokens, OneTimeTokensByUser},
};

/// A link to hand to a person. It holds a secret: it is shown, never logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The token's id.
    pub id: OneTimeTokenId,
    /// The whole link.
    pub url: String,
    /// Only the secret in it, for clients that fill a form themselves.
    pub token: String,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// A token and its key, as it is stored.
pub(crate) type StoredToken = (OneTimeTokenId, Stored<OneTimeToken>);

const LAPSED: Error = Error::Gone("this link was used already or has lapsed; ask for a new one");

/// How long a token of this purpose lives, in milliseconds.
const fn ttl_ms(purpose: &TokenPurpose) -> i64 {
    match purpose {
        TokenPurpose::Setup => limits::SETUP_TOKEN_TTL_MS,
        TokenPurpose::PasswordReset { .. } => limits::RESET_TOKEN_TTL_MS,
        TokenPurpose::VerifyEmail { .. } => limits::VERIFY_TOKEN_TTL_MS,
        TokenPurpose::Register { .. } => limits::INVITE_TOKEN_TTL_MS,
    }
}

/// What the page behind the link shows. The secret stands behind `#`, which browsers do not send.
const fn page(purpose: &TokenPurpose) -> &'static str {
    match purpose {
        TokenPurpose::Setup => "setup",
        TokenPurpose::PasswordReset { .. } => "reset-password",
        TokenPurpose::VerifyEmail { .. } => "verify-email",
        TokenPurpose::Register { .. } => "register",
    }
}

/// Whose it is, as the index has it.
const fn owner(purpose: &TokenPurpose) -> Option<UserId> {
    match purpose {
        TokenPurpose::PasswordReset { user_id } | TokenPurpose::VerifyEmail { user_id, .. } => Some(*user_id),
        TokenPurpose::Setup | TokenPurpose::Register { .. } => None,
    }
}

/// Whether a new token of this purpose voids this older one.
fn supersedes(new: &TokenPurpose, old: &TokenPurpose) -> bool {
    match (new, old) {
        (TokenPurpose::Setup, TokenPurpose::Setup)
        | (TokenPurpose::PasswordReset { .. }, TokenPurpose::PasswordReset { .. })
        | (TokenPurpose::VerifyEmail { .. }, TokenPurpose::VerifyEmail { .. }) => true,
        (
            TokenPurpose::Setup
            | TokenPurpose::PasswordReset { .. }
            | TokenPurpose::VerifyEmail { .. }
            | TokenPurpose::Register { .. },
            _,
        ) => false,
    }
}

impl Service {
    /// Adds a new token to a batch, and deletes those it replaces and those of the same person that have lapsed.
    pub(crate) async fn issue(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        purpose: TokenPurpose,
    ) -> Result<OneTimeToken> {
        for (id, old) in self.one_time_tokens(owner(&purpose)).await? {
            if supersedes(&purpose, &old.row.purpose) || old.row.expires_at <= cx.now {
                batch.delete::<OneTimeTokens>(&id, &old);
            }
        }
        Ok(self.issue_first(cx, batch, purpose))
    }

    /// The same for an account that is made in the same batch: there are none before.
    pub(crate) fn issue_first(&self, cx: &Ctx, batch: &mut Batch, purpose: TokenPurpose) -> OneTimeToken {
        let id: OneTimeTokenId = self.id(cx);
        let token = OneTimeToken {
            id,
            hash: sha256(self.secret_of(id)),
            created_at: cx.now,
            expires_at: cx.now.plus_millis(ttl_ms(&purpose)),
            purpose,
        };
        batch.insert::<OneTimeTokens>(&id, &token);
        token
    }

    /// The link of a token.
    pub(crate) async fn link(&self, token: &OneTimeToken) -> Result<Link> {
        let secret = self.secret_of(token.id);
        Ok(Link {
            id: token.id,
            url: format!("{}/#/{}/{secret}", self.site_url().await?, page(&token.purpose)),
            token: secret,
            expires_at: token.expires_at,
        })
    }

    /// The token behind a secret.
    ///
    /// # Errors
    /// `Gone` if there is none or it has lapsed; not said which.
    pub(crate) async fn find_one_time(&self, secret: &str, now: Timestamp) -> Result<StoredToken> {
        let (id, token) = self.store().find::<OneTimeTokenByHash>(&sha256(secret)).await?.ok_or(LAPSED)?;
        if token.row.expires_at <= now { Err(LAPSED) } else { Ok((id, token)) }
    }

    /// What a token that was made for something else answers.
    pub(crate) const fn wrong_purpose() -> Error {
        LAPSED
    }

    /// The tokens of a person, or those of nobody yet.
    pub(crate) async fn one_time_tokens(&self, user: Option<UserId>) -> Result<Vec<StoredToken>> {
        let scan = Scan::prefix(&user).limit(limits::ONE_TIME_TOKENS_MAX);
        let page = self.store().scan_index::<OneTimeTokensByUser>(scan).await?;
        Ok(page.items.into_iter().map(|hit| (hit.key, hit.stored)).collect())
    }

    fn secret_of(&self, id: OneTimeTokenId) -> String {
        URL_SAFE_NO_PAD.encode(self.parts.keys.one_time_secret(id))
    }
}
