//! Share links: making, changing and closing them, and who came by them. `guest.rs` holds what guests do.
//!
//! The secret is derived from the id and stored as a hash, so that the link can be shown again. A link is good only while
//! whoever made or last changed it may share: whoever is removed takes no open door with them.

mod purge;

use crate::{
    Ctx, Done, Error, Password, Result, Service, Stored,
    account::audit,
    authenticate::sha256,
    authorize::{Guarded, Trashed},
    commit::{check_revision, decide_again},
    page::{PageRequest, Paged},
    project::patched,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    GuestId, ProjectId, ShareLinkId, Timestamp, Violation,
    access::Action,
    account::User,
    event::{Event, ResourceRef},
    limits,
    project::Project,
    share::{Guest, LinkRights, LinkScope, ShareLink, ShareLinkState},
    text::Label,
};
use store::{
    Batch, Key, Scan, TableId,
    tables::{
        counters::{LinkVisits, ShareLinkCount},
        last_seen::LastSeen,
        share::{Guests, GuestsByLink, ShareLinks, ShareLinksByProject},
        user::Users,
    },
};

impl Guarded for ShareLink {
    const NAME: &'static str = "share link";
    type Table = ShareLinks;
    fn project(&self) -> ProjectId {
        self.project_id
    }
    fn trashed(&self) -> Trashed {
        Trashed::No
    }
}

/// What a new link is made of.
#[derive(Clone, Debug)]
pub struct NewShareLink {
    /// What it shows.
    pub scope: LinkScope,
    /// What guests read above it.
    pub title: Option<Label>,
    /// Its password.
    pub password: Option<Password>,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
    /// How many may come.
    pub max_visits: Option<i64>,
    /// What guests may do.
    pub rights: LinkRights,
    /// Whether guests say who they are.
    pub require_name: bool,
}

/// What changes: an absent field stays; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct ShareLinkPatch {
    /// What guests read above it.
    pub title: Option<Option<Label>>,
    /// Its password. A new one ends the sessions of all guests.
    pub password: Option<Option<Password>>,
    /// When it lapses.
    pub expires_at: Option<Option<Timestamp>>,
    /// How many may come.
    pub max_visits: Option<Option<i64>>,
    /// Guests may comment and react.
    pub comment: Option<bool>,
    /// Guests may keep recordings.
    pub download: Option<bool>,
    /// Guests see what others commented.
    pub see_comments: Option<bool>,
    /// Guests see older versions.
    pub see_versions: Option<bool>,
    /// Guests may approve versions.
    pub approve: Option<bool>,
    /// Guests may upload takes.
    pub upload: Option<bool>,
    /// Whether guests say who they are.
    pub require_name: Option<bool>,
}

impl ShareLinkPatch {
    fn apply(&self, row: &mut ShareLink) {
        patched(&mut row.title, self.title.as_ref());
        patched(&mut row.expires_at, self.expires_at.as_ref());
        patched(&mut row.max_visits, self.max_visits.as_ref());
        patched(&mut row.rights.comment, self.comment.as_ref());
        patched(&mut row.rights.download, self.download.as_ref());
        patched(&mut row.rights.see_comments, self.see_comments.as_ref());
        patched(&mut row.rights.see_versions, self.see_versions.as_ref());
        patched(&mut row.rights.approve, self.approve.as_ref());
        patched(&mut row.rights.upload, self.upload.as_ref());
        patched(&mut row.require_name, self.require_name.as_ref());
    }
}

/// A link as those see it who may share.
#[derive(Clone, Debug)]
pub struct ShareLinkView {
    /// Its row.
    pub link: Stored<ShareLink>,
    /// What it is good for.
    pub state: ShareLinkState,
    /// How many came.
    pub visits: i64,
    /// When the last one came.
    pub last_visited_at: Option<Timestamp>,
    /// Who made it; absent if the account is gone.
    pub created_by: Option<Stored<User>>,
    /// The secret in the link.
    pub token: String,
    /// The whole link.
    pub url: String,
}

/// Somebody came by a link.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who.
    pub guest: Guest,
    /// When they last did something, to the minute.
    pub last_seen_at: Timestamp,
}

impl Service {
    /// Makes a link.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `NotFound` for a scope that is not there in this project; `Conflict` at
    /// [`limits::SHARE_LINKS_PER_PROJECT_MAX`] links.
    pub async fn create_share_link(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewShareLink,
    ) -> Result<Done<ShareLinkView>> {
        check_expiry(cx, new.expires_at)?;
        self.authorize::<Project>(cx, project, Action::Share).await?;
        let hash = self.hash_of_link(new.password.as_ref()).await?;
        let made = decide_again!(None, self.try_create_share_link(cx, project, new, hash.clone()).await)?;
        Ok(match made {
            Done::Now(id) => Done::Now(self.get_share_link(cx, id).await?),
            Done::Before(id) => Done::Before(self.get_share_link(cx, id).await?),
        })
    }

    async fn try_create_share_link(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewShareLink,
        password_hash: Option<String>,
    ) -> Result<Done<ShareLinkId>> {
        let auth = self.authorize::<Project>(cx, project, Action::Share).await?;
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        let id: ShareLinkId = self.id(cx);
        let row = ShareLink {
            id,
            project_id: project,
            scope: new.scope,
            hash: sha256(self.share_token(id)),
            title: new.title.clone(),
            password_hash,
            password_version: 1,
            expires_at: new.expires_at,
            max_visits: new.max_visits,
            rights: new.rights,
            require_name: new.require_name,
            created_by: cx.user_id()?,
            vouched_by: cx.user_id()?,
            created_at: cx.now,
            updated_at: cx.now,
            revoked_at: None,
        };
        self.check_scope(&row).await?;
        let target = link_ref(&row, 1);
        let mut batch = Batch::new();
        batch
            .insert::<ShareLinks>(&id, &row)
            .add::<ShareLinkCount>(&project, 1, ..=limits::SHARE_LINKS_PER_PROJECT_MAX)
            .audit(audit(cx, "share_link.created", target.clone(), None, Some(&spoken(&row))))
            .emit(self.event_in(cx, project, target, None, Event::ShareLinkCreated));
        self.remember(cx, &mut batch, id)?;
        match self.commit(&auth, batch).await {
            Ok(_) => Ok(Done::Now(id)),
            Err(error) if error.conflicts_on(TableId::ShareLinkCount) => {
                Err(Error::Conflict("the project has as many share links as one may have"))
            }
            Err(error) => Err(error),
        }
    }

    /// What the link is to show is there, and in this project.
    async fn check_scope(&self, row: &ShareLink) -> Result<()> {
        let project = row.project_id;
        match row.scope {
            LinkScope::Project => Ok(()),
            LinkScope::Track(id) => self.track_in(project, id).await.map(drop),
            LinkScope::Version(id) => self.version_in(project, id).await.map(drop),
            LinkScope::Checkpoint(id) => self.checkpoint_in(project, id).await.map(drop),
        }
    }

    async fn hash_of_link(&self, password: Option<&Password>) -> Result<Option<String>> {
        match password {
            Some(password) => Ok(Some(self.accounts.passwords.hash(&*self.parts.ids, password).await?)),
            None => Ok(None),
        }
    }

    /// The links of a project, newest first.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for a foreign cursor.
    pub async fn list_share_links(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<ShareLinkView>> {
        self.authorize::<Project>(cx, project, Action::CloseShares).await?;
        let mut scan = Scan::prefix(&project).reverse().limit(page.limit);
        if let Some(last) = page.place::<ShareLinkId>()? {
            scan = scan.before(&(project, last));
        }
        let found = self.store().scan_index::<ShareLinksByProject>(scan).await?;
        let next = found.items.last().filter(|_| found.more).map(|hit| hit.key.to_bytes());
        let mut items = Vec::with_capacity(found.items.len());
        for hit in found.items {
            items.push(self.share_link_view(cx, hit.stored).await?);
        }
        Ok(Paged { items, next })
    }

    /// A link.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn get_share_link(&self, cx: &Ctx, id: ShareLinkId) -> Result<ShareLinkView> {
        let auth = self.authorize::<ShareLink>(cx, id, Action::CloseShares).await?;
        self.share_link_view(cx, auth.resource().clone()).await
    }

    /// Changes a link; whoever does vouches for it from now on.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`; `Conflict` for a link that was closed.
    pub async fn update_share_link(
        &self,
        cx: &Ctx,
        id: ShareLinkId,
        expect: Option<u64>,
        patch: &ShareLinkPatch,
    ) -> Result<ShareLinkView> {
        check_expiry(cx, patch.expires_at.flatten())?;
        self.authorize::<ShareLink>(cx, id, Action::Share).await?;
        let hash = match &patch.password {
            Some(password) => Some(self.hash_of_link(password.as_ref()).await?),
            None => None,
        };
        let link =
            decide_again!(expect, self.try_update_share_link(cx, id, expect, patch, hash.clone()).await)?;
        self.share_link_view(cx, link).await
    }

    async fn try_update_share_link(
        &self,
        cx: &Ctx,
        id: ShareLinkId,
        expect: Option<u64>,
        patch: &ShareLinkPatch,
        password_hash: Option<Option<String>>,
    ) -> Result<Stored<ShareLink>> {
        let auth = self.authorize::<ShareLink>(cx, id, Action::Share).await?;
        let old = auth.resource();
        check_revision(expect, old)?;
        if old.row.revoked_at.is_some() {
            return Err(Error::Conflict("this link was closed; make a new one"));
        }
        let mut row = ShareLink { vouched_by: cx.user_id()?, ..old.row.clone() };
        patch.apply(&mut row);
        if let Some(hash) = password_hash {
            row.password_version += 1;
            row.password_hash = hash;
        }
        if row == old.row {
            return Ok(old.clone());
        }
        row.updated_at = cx.now;
        let (rev, target) = (old.rev + 1, link_ref(&row, old.rev + 1));
        let (before, after) = (spoken(&old.row), spoken(&row));
        let mut batch = Batch::new();
        batch
            .replace::<ShareLinks>(&id, old, &row)
            .audit(audit(cx, "share_link.updated", target.clone(), Some(&before), Some(&after)))
            .emit(self.event_in(cx, row.project_id, target, None, Event::ShareLinkUpdated));
        let done = self.commit(&auth, batch).await?;
        Ok(Stored { row, rev, stamp: done.stamp })
    }

    /// Closes a link for good: its guests are out at once. Closed already, it stays so.
    ///
    /// # Errors
    /// Those of [`Service::authorize`].
    pub async fn revoke_share_link(&self, cx: &Ctx, id: ShareLinkId, expect: Option<u64>) -> Result<()> {
        decide_again!(expect, self.try_revoke_share_link(cx, id, expect).await)
    }

    async fn try_revoke_share_link(&self, cx: &Ctx, id: ShareLinkId, expect: Option<u64>) -> Result<()> {
        let auth = self.authorize::<ShareLink>(cx, id, Action::CloseShares).await?;
        let old = auth.resource();
        check_revision(expect, old)?;
        if old.row.revoked_at.is_some() {
            return Ok(());
        }
        let row = ShareLink { revoked_at: Some(cx.now), updated_at: cx.now, ..old.row.clone() };
        let target = link_ref(&row, old.rev + 1);
        let mut batch = Batch::new();
        batch
            .priority()
            .replace::<ShareLinks>(&id, old, &row)
            .audit(audit(cx, "share_link.revoked", target.clone(), None, None))
            .emit(self.event_in(cx, row.project_id, target, None, Event::ShareLinkRevoked));
        self.commit(&auth, batch).await?;
        Ok(())
    }

    /// Who came by a link, the last first.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` for a foreign cursor.
    pub async fn list_share_link_visits(
        &self,
        cx: &Ctx,
        id: ShareLinkId,
        page: &PageRequest,
    ) -> Result<Paged<Visit>> {
        self.authorize::<ShareLink>(cx, id, Action::CloseShares).await?;
        let mut scan = Scan::prefix(&id).reverse().limit(page.limit);
        if let Some(last) = page.place::<GuestId>()? {
            scan = scan.before(&(id, last));
        }
        let found = self.store().scan_index::<GuestsByLink>(scan).await?;
        let next = found.items.last().filter(|_| found.more).map(|hit| hit.key.to_bytes());
        let ids: Vec<_> = found.items.iter().map(|hit| hit.key.uuid()).collect();
        let seen = self.store().get_many::<LastSeen>(&ids).await?;
        let visits = found.items.into_iter().zip(seen).map(|(hit, seen)| Visit {
            last_seen_at: seen.map_or(hit.stored.row.created_at, |seen| seen.row.at),
            guest: hit.stored.row,
        });
        Ok(Paged { items: visits.collect(), next })
    }

    async fn share_link_view(&self, cx: &Ctx, link: Stored<ShareLink>) -> Result<ShareLinkView> {
        let row = &link.row;
        let visits = self.store().count::<LinkVisits>(&row.id).await?;
        let backed = self.backer(row.project_id, row.vouched_by, Action::Share).await?.is_some();
        let last = self.store().scan_index::<GuestsByLink>(Scan::prefix(&row.id).reverse().limit(1)).await?;
        let token = self.share_token(row.id);
        Ok(ShareLinkView {
            state: if backed { row.state(visits, cx.now) } else { ShareLinkState::Revoked },
            visits,
            last_visited_at: last.items.first().map(|hit| hit.stored.row.created_at),
            created_by: self.store().get::<Users>(&row.created_by).await?,
            // Behind `#`, which browsers do not send.
            url: format!("{}/#/share/{token}", self.site_url().await?),
            token,
            link,
        })
    }

    fn share_token(&self, id: ShareLinkId) -> String {
        URL_SAFE_NO_PAD.encode(self.parts.keys.share_secret(id))
    }

    /// The guests with these ids, as far as they are there.
    pub(crate) async fn guests(&self, ids: &[GuestId]) -> Result<Vec<Guest>> {
        let found = self.store().get_many::<Guests>(ids).await?;
        Ok(found.into_iter().flatten().map(|guest| guest.row).collect())
    }
}

fn check_expiry(cx: &Ctx, at: Option<Timestamp>) -> Result<()> {
    match at {
        Some(at) if at <= cx.now => {
            Err(Violation::new("/expires_at", "out_of_range", "must lie in the future").into())
        }
        Some(_) | None => Ok(()),
    }
}

/// A reference to a link.
pub(crate) fn link_ref(row: &ShareLink, revision: u64) -> ResourceRef {
    ResourceRef::new("share_link", row.id, revision)
}

/// What the audit log says of a link.
fn spoken(row: &ShareLink) -> String {
    let LinkRights { comment, download, see_comments, see_versions, approve, upload } = row.rights;
    let words = [
        (true, "listen"),
        (comment, "comment"),
        (download, "download"),
        (see_comments, "see_comments"),
        (see_versions, "see_versions"),
        (approve, "approve"),
        (upload, "upload"),
        (row.password_hash.is_some(), "password"),
        (row.expires_at.is_some(), "expires"),
    ];
    words.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}
