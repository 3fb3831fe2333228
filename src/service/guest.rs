//! Guests: who a guest token speaks for, and how somebody becomes a guest of a share link.
//!
//! A guest is there only as long as their link is: closed, lapsed, with a new password, or made by somebody who may not
//! share any more, it ends them with the next request, range or event.

mod content;
mod sight;

pub use content::SharedContent;
pub(crate) use sight::Sight;

use crate::{
    Caller, Ctx, Error, Result, Service, Stored, Visitor,
    account::{audit, backoff::Try},
    authenticate::sha256,
    authorize::must,
    commit::decide_again,
    password::Verified,
    share::link_ref,
};
use model::{
    GuestId, ProjectId, ShareLinkId, Timestamp, Violation,
    access::Action,
    event::{Event, ResourceRef},
    limits,
    share::{Guest, ShareLink, ShareLinkState},
    text::{Email, Label, PersonName},
};
use store::{
    Batch, TableId,
    tables::{
        counters::LinkVisits,
        project::ProjectGates,
        share::{GuestByHash, Guests, ShareLinkByHash, ShareLinks},
    },
};

/// How guest tokens start.
const GUEST_TOKEN_PREFIX: &str = "blg_";
const OVER: Error = Error::Gone("this link was closed, its time is over, or as many came as may");

/// What whoever has a link sees before they are a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePreview {
    /// Its title.
    pub title: Option<Label>,
    /// What the project is called; not where the link asks for a password.
    pub project_name: Option<String>,
    /// The colour of the project; not where the link asks for a password.
    pub color: Option<String>,
    /// It asks for a password.
    pub needs_password: bool,
    /// It asks for a name.
    pub needs_name: bool,
}

/// What somebody says to become a guest.
#[derive(Clone, Debug, Default)]
pub struct Entrance {
    /// The password of the link, as typed.
    pub password: Option<String>,
    /// Who they are.
    pub name: Option<PersonName>,
    /// How to reach them.
    pub email: Option<Email>,
}

/// Somebody became a guest.
#[derive(Clone, Debug)]
pub struct GuestLogin {
    /// The secret, shown once.
    pub token: String,
    /// Who they are.
    pub guest: Guest,
    /// The link they came by.
    pub link: Stored<ShareLink>,
    /// What they may do, by name.
    pub capabilities: Vec<&'static str>,
}

impl Service {
    /// Who a bearer token speaks for: a person or a guest.
    ///
    /// # Errors
    /// As [`Service::authenticate`].
    pub async fn caller_of(&self, bearer: &str, now: Timestamp) -> Result<Caller> {
        if !bearer.starts_with(GUEST_TOKEN_PREFIX) {
            return Ok(Caller::User(self.authenticate(bearer, now).await?));
        }
        let found = self.store().find::<GuestByHash>(&sha256(bearer)).await?;
        let (id, guest) = found.ok_or(Error::Unauthenticated)?;
        let visitor = self.visitor(&guest.row, now).await?;
        self.note_seen(&[id.uuid()], now).await;
        Ok(Caller::Guest(visitor))
    }

    /// The same caller as they are now, for what outlives a request.
    ///
    /// # Errors
    /// `Unauthenticated` if their login, or the link they came by, is over.
    pub async fn caller_now(&self, caller: &Caller, now: Timestamp) -> Result<Caller> {
        match caller {
            Caller::User(login) => Ok(Caller::User(self.login_now(login, now).await?)),
            Caller::Guest(visitor) => self.guest_now(visitor.guest_id, now).await,
            Caller::Anonymous | Caller::System => Err(Error::Unauthenticated),
        }
    }

    /// A guest who is still there.
    pub(crate) async fn guest_now(&self, id: GuestId, now: Timestamp) -> Result<Caller> {
        let guest = self.store().get::<Guests>(&id).await?.ok_or(Error::Unauthenticated)?;
        Ok(Caller::Guest(self.visitor(&guest.row, now).await?))
    }

    async fn visitor(&self, guest: &Guest, now: Timestamp) -> Result<Visitor> {
        let link = self.store().get::<ShareLinks>(&guest.link_id).await?.ok_or(Error::Unauthenticated)?;
        let link = link.row;
        let alive = guest.expires_at > now
            && link.is_alive(now)
            && guest.password_version == link.password_version
            && self.backer(link.project_id, link.vouched_by, Action::Share).await?.is_some();
        let visitor = Visitor { guest_id: guest.id, project_id: guest.project_id };
        if alive { Ok(visitor) } else { Err(Error::Unauthenticated) }
    }

    /// The link by which the caller is in this project, if they are a guest of it.
    pub(crate) async fn link_of(&self, cx: &Ctx, project: ProjectId) -> Result<Option<Stored<ShareLink>>> {
        let Caller::Guest(visitor) = &cx.caller else { return Ok(None) };
        if visitor.project_id != project {
            return Ok(None);
        }
        let Some(guest) = self.store().get::<Guests>(&visitor.guest_id).await? else { return Ok(None) };
        let link = self.store().get::<ShareLinks>(&guest.row.link_id).await?;
        let same =
            |link: &ShareLink| link.is_alive(cx.now) && link.password_version == guest.row.password_version;
        Ok(link.filter(|link| same(&link.row)))
    }

    /// Ties a batch to a guest: they are there, and whoever vouches for their link may share. That the link is as it was is
    /// asserted with the answer it gave.
    pub(crate) async fn rely_on_guest(&self, visitor: Visitor, batch: &mut Batch) -> Result<()> {
        let guest = must::<Guests>(self.store(), &visitor.guest_id, "guest").await?;
        let link = must::<ShareLinks>(self.store(), &guest.row.link_id, "share link").await?.row;
        let backer = self.backer(link.project_id, link.vouched_by, Action::Share).await?;
        backer.ok_or(Error::Unauthenticated)?.rely(batch);
        batch.assert_unchanged::<Guests>(&visitor.guest_id, &guest);
        Ok(())
    }

    /// What a link is about, for whoever has its secret.
    ///
    /// # Errors
    /// `NotFound` for a secret of no link, `Gone` for one that cannot be opened.
    pub async fn open_share_link(&self, cx: &Ctx, token: &str) -> Result<SharePreview> {
        let link = self.link_by(cx, token).await?.row;
        let open = link.password_hash.is_none();
        let project = self.store().get::<store::tables::project::Projects>(&link.project_id).await?;
        let project = project.filter(|_| open).map(|project| project.row);
        Ok(SharePreview {
            needs_password: !open,
            needs_name: link.require_name,
            project_name: project.as_ref().map(|project| project.name.to_string()),
            color: project.and_then(|project| project.color).map(|color| color.to_string()),
            title: link.title,
        })
    }

    /// Makes whoever has a link its guest for [`limits::GUEST_TTL_MS`].
    ///
    /// # Errors
    /// As [`Service::open_share_link`]; `SharePassword` without the right password, `RateLimited` after several wrong ones;
    /// `Invalid` without a name where one is asked for.
    pub async fn create_guest_session(
        &self,
        cx: &Ctx,
        token: &str,
        entrance: &Entrance,
    ) -> Result<GuestLogin> {
        let link = self.link_by(cx, token).await?.row;
        self.check_share_password(cx, &link, entrance.password.as_deref()).await?;
        if link.require_name && entrance.name.is_none() {
            return Err(Violation::new("/name", "required", "this link asks who you are").into());
        }
        let known = (link.id, link.password_version);
        decide_again!(None, self.try_create_guest_session(cx, known, entrance).await)
    }

    async fn check_share_password(&self, cx: &Ctx, link: &ShareLink, typed: Option<&str>) -> Result<()> {
        let Some(hash) = &link.password_hash else { return Ok(()) };
        let Some(typed) = typed else { return Err(Error::SharePassword("this link asks for a password")) };
        // No address of a person has a space in it.
        let tried = Try::new(&format!("share link {}", link.id), &cx.client);
        self.accounts.backoff.check(&tried, cx.now)?;
        match self.accounts.passwords.verify(typed, Some(hash)).await? {
            Verified::Yes => {
                self.accounts.backoff.succeeded(&tried);
                Ok(())
            }
            Verified::No => {
                self.accounts.backoff.failed(&tried, cx.now);
                Err(Error::SharePassword("this is not the password of the link"))
            }
        }
    }

    async fn try_create_guest_session(
        &self,
        cx: &Ctx,
        (id, password_version): (ShareLinkId, u32),
        entrance: &Entrance,
    ) -> Result<GuestLogin> {
        let link = self.store().get::<ShareLinks>(&id).await?.ok_or(OVER)?;
        if link.row.password_version != password_version {
            return Err(Error::SharePassword("the password of this link was changed at this moment"));
        }
        let mut batch = Batch::new();
        self.rely_on_link(cx, &mut batch, &link).await?;
        let mut secret = [0; 32];
        self.parts.ids.secret(&mut secret);
        let token = format!("{GUEST_TOKEN_PREFIX}{}", hex::encode(secret));
        let guest = Guest {
            id: self.id(cx),
            link_id: id,
            project_id: link.row.project_id,
            name: entrance.name.clone(),
            email: entrance.email.clone(),
            hash: sha256(&token),
            password_version,
            created_at: cx.now,
            expires_at: cx.now.plus_millis(limits::GUEST_TTL_MS),
        };
        batch.insert::<Guests>(&guest.id, &guest).add::<LinkVisits>(&id, 1, ..=link.row.visits_max());
        let visitor = Visitor { guest_id: guest.id, project_id: guest.project_id };
        let cx = Ctx { caller: Caller::Guest(visitor), ..cx.clone() };
        let (visited, joined) = (Event::ShareLinkVisited, Event::GuestJoined);
        batch.emit(self.event_in(&cx, guest.project_id, link_ref(&link.row, link.rev), None, visited));
        batch.emit(self.event_in(&cx, guest.project_id, guest_ref(guest.id), None, joined));
        batch.audit(audit(&cx, "guest.joined", link_ref(&link.row, link.rev), None, None));
        match self.store().commit(batch).await.map_err(Error::from) {
            Ok(_) => {}
            Err(error) if error.conflicts_on(TableId::LinkVisits) => return Err(OVER),
            Err(error) => return Err(error),
        }
        let capabilities = self.guest_capabilities(&link.row).await?;
        Ok(GuestLogin { token, guest, link, capabilities })
    }

    /// A link that can be opened, by its secret.
    async fn link_by(&self, cx: &Ctx, token: &str) -> Result<Stored<ShareLink>> {
        let found = self.store().find::<ShareLinkByHash>(&sha256(token)).await?;
        let (_, link) = found.ok_or(Error::NotFound("share link"))?;
        self.rely_on_link(cx, &mut Batch::new(), &link).await?;
        Ok(link)
    }

    /// Ties a batch to a link that can be opened.
    ///
    /// # Errors
    /// `Gone` for one that cannot.
    async fn rely_on_link(&self, cx: &Ctx, batch: &mut Batch, link: &Stored<ShareLink>) -> Result<()> {
        let row = &link.row;
        let visits = self.store().count::<LinkVisits>(&row.id).await?;
        let gate = self.store().get::<ProjectGates>(&row.project_id).await?;
        let gate = gate.filter(|gate| gate.row.deleted.is_none() && !gate.row.purging).ok_or(OVER)?;
        if row.state(visits, cx.now) != ShareLinkState::Open || !self.scope_is_there(row).await? {
            return Err(OVER);
        }
        self.backer(row.project_id, row.vouched_by, Action::Share).await?.ok_or(OVER)?.rely(batch);
        batch
            .assert_unchanged::<ProjectGates>(&row.project_id, &gate)
            .assert_unchanged::<ShareLinks>(&row.id, link);
        Ok(())
    }
}

/// A reference to a guest.
fn guest_ref(guest: GuestId) -> ResourceRef {
    ResourceRef::new("guest", guest, 0)
}
