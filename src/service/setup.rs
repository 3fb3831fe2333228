//! The first start: an instance without an administrator accepts one from whoever holds the link that the server printed.
//!
//! There is never a default password. The link lives 24 h and survives restarts; a new one voids the old. Once there is an
//! administrator there always is one, so that answer is remembered.

use crate::{
    Ctx, Error, LoginResult, NewUser, Result, Service,
    account::{Draft, Proof, audit, user_ref},
    commit::decide_again,
    token::one_time::Link,
};
use model::{
    UserId,
    account::{InstanceRole, RegistrationPolicy, TokenPurpose},
    event::Event,
};
use std::sync::atomic::Ordering;
use store::{
    Batch, Stored, TableId,
    tables::{
        counters::ActiveAdmins,
        instance::{Instance, InstanceRow},
        one_time_token::OneTimeTokens,
    },
};

/// What the first administrator decides.
#[derive(Clone, Debug)]
pub struct NewInstance {
    /// The secret of the setup link.
    pub token: String,
    /// The administrator; always made one, always with a password.
    pub admin: NewUser,
    /// Where people reach the instance. Counts where the configuration says nothing.
    pub site_url: Option<String>,
    /// Who may register. Counts where the configuration says nothing.
    pub registration: Option<RegistrationPolicy>,
}

impl Service {
    /// Whether there is no administrator yet.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn needs_setup(&self) -> Result<bool> {
        if self.accounts.set_up.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let admins = self.store().count::<ActiveAdmins>(&()).await?;
        self.accounts.set_up.store(admins > 0, Ordering::Relaxed);
        Ok(admins == 0)
    }

    /// Refuses everything but setup, health and documentation while there is no administrator; an instance that anybody may
    /// register on works without one. Cheap enough for every request.
    ///
    /// # Errors
    /// `SetupRequired`.
    pub async fn require_setup(&self) -> Result<()> {
        if !self.needs_setup().await? || self.registration().await? == RegistrationPolicy::Open {
            return Ok(());
        }
        Err(Error::SetupRequired)
    }

    /// The link of the first start, the same until it lapses; nothing once there is an administrator.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub async fn setup_link(&self, cx: &Ctx) -> Result<Option<Link>> {
        if !self.needs_setup().await? {
            return Ok(None);
        }
        let tokens = self.one_time_tokens(None).await?;
        let alive =
            tokens.iter().find(|(_, t)| t.row.purpose == TokenPurpose::Setup && t.row.expires_at > cx.now);
        match alive {
            Some((_, token)) => self.link(&token.row).await.map(Some),
            None => self.admin_create_setup_link(cx).await.map(Some),
        }
    }

    /// A new link; the old one is void. Only the operator of the machine can ask: nobody else is there yet.
    ///
    /// # Errors
    /// `Conflict` once there is an administrator, `Forbidden` for anybody but the operator.
    pub async fn admin_create_setup_link(&self, cx: &Ctx) -> Result<Link> {
        Self::operator(cx)?;
        decide_again!(
            None,
            async {
                if !self.needs_setup().await? {
                    return Err(Error::Conflict("this instance has an administrator already"));
                }
                let mut batch = Batch::new();
                let token = self.issue(cx, &mut batch, TokenPurpose::Setup).await?;
                batch.assert_counter::<ActiveAdmins>(&(), ..=0);
                batch.emit(self.link_event(cx, token.id));
                self.store().commit(batch).await?;
                self.link(&token).await
            }
            .await
        )
    }

    /// Makes the first administrator and logs them in.
    ///
    /// # Errors
    /// `Conflict` once there is one, `Gone` for a link that was used or has lapsed.
    pub async fn complete_setup(&self, cx: &Ctx, new: &NewInstance) -> Result<LoginResult> {
        if !self.needs_setup().await? {
            return Err(DONE);
        }
        self.find_one_time(&new.token, cx.now).await?;
        let password =
            new.admin.password.as_ref().ok_or(Error::Conflict("the administrator needs a password"))?;
        let hash = self.accounts.passwords.hash(&*self.parts.ids, password).await?;
        let admin = NewUser { role: InstanceRole::Admin, ..new.admin.clone() };
        let outcome = decide_again!(None, self.try_complete_setup(cx, new, &admin, &hash).await);
        self.needs_setup().await?;
        outcome
    }

    async fn try_complete_setup(
        &self,
        cx: &Ctx,
        new: &NewInstance,
        admin: &NewUser,
        hash: &str,
    ) -> Result<LoginResult> {
        let (id, token) = self.find_one_time(&new.token, cx.now).await?;
        if token.row.purpose != TokenPurpose::Setup {
            return Err(Self::wrong_purpose());
        }
        self.refuse_known_address(&admin.email).await?;
        // Deletes every setup link, this one among them.
        let Draft { user, mut batch } = self.draft_user(cx, admin, Some(hash), Proof::Vouched).await?;
        batch.assert_unchanged::<OneTimeTokens>(&id, &token).assert_counter::<ActiveAdmins>(&(), ..=1);
        self.keep_choices(cx, &mut batch, user.id, new).await?;
        let (session, refresh) = self.draft_session(cx, &mut batch, &user, None);
        let done = match self.store().commit(batch).await {
            Err(error) if error.conflicts_on(TableId::ActiveAdmins) => return Err(DONE),
            outcome => outcome?,
        };
        self.login_result(&session, &refresh, Stored { row: user, rev: 1, stamp: done.stamp }, cx.now)
    }

    /// Writes down what the administrator decided, if anything.
    async fn keep_choices(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        admin: UserId,
        new: &NewInstance,
    ) -> Result<()> {
        if new.site_url.is_none() && new.registration.is_none() {
            return Ok(());
        }
        let old = self.store().get::<Instance>(&()).await?;
        let before = old.as_ref().map(|old| old.row.clone()).unwrap_or_default();
        let (site_url, registration) = (new.site_url.clone(), new.registration);
        let row = InstanceRow { site_url, registration, ..before };
        match old {
            Some(old) => batch.replace::<Instance>(&(), &old, &row),
            None => batch.insert::<Instance>(&(), &row),
        };
        batch.audit(audit(cx, "settings.changed", user_ref(admin, 1), None, None));
        Ok(())
    }

    /// Where people reach the instance: as configured, as decided in setup, or as by default; no slash at the end.
    pub async fn site_url(&self) -> Result<String> {
        if let Some(url) = &self.settings().site_url {
            return Ok(url.clone());
        }
        let decided = self.store().get::<Instance>(&()).await?.and_then(|row| row.row.site_url);
        Ok(decided.unwrap_or_else(|| self.settings().default_site_url.clone()))
    }

    /// Who may register: as configured, as decided in setup, or by invitation.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn registration(&self) -> Result<RegistrationPolicy> {
        if let Some(policy) = self.settings().registration {
            return Ok(policy);
        }
        let decided = self.store().get::<Instance>(&()).await?.and_then(|row| row.row.registration);
        Ok(decided.unwrap_or(RegistrationPolicy::Invite))
    }

    /// The event of a link that was made for somebody to hand on.
    pub(crate) fn link_event(&self, cx: &Ctx, token: model::OneTimeTokenId) -> model::event::NewEvent {
        let resource = model::event::ResourceRef::new("link", token, 0);
        let event = self.event(cx, UserId::new(token.uuid()), resource, Event::LinkCreated);
        model::event::NewEvent { users: Vec::new(), ..event }
    }
}

const DONE: Error = Error::Conflict("this instance has an administrator already");
