//! What a share link shows, for its guests: as much of the project as the link lets them see.

use crate::{
    Caller, Ctx, Error, Result, Service, Stored,
    authenticate::sha256,
    checkpoint::CheckpointView,
    track::{Include, TrackView},
    version::VersionView,
};
use model::{
    access::{Action, Standing},
    project::Project,
    share::{Guest, LinkScope, ShareLink},
};
use store::tables::{
    project::ProjectGates,
    share::{Guests, ShareLinkByHash},
};

/// What a guest sees.
#[derive(Clone, Debug)]
pub struct SharedContent {
    /// The link.
    pub link: Stored<ShareLink>,
    /// Who they are.
    pub guest: Guest,
    /// The project it is of.
    pub project: Stored<Project>,
    /// The tracks it shows, each with the version that plays.
    pub tracks: Vec<TrackView>,
    /// The one version it shows, if it shows one.
    pub version: Option<VersionView>,
    /// What the track of that version is called.
    pub track_name: Option<String>,
    /// The checkpoint it shows, with what it holds, if it shows one.
    pub checkpoint: Option<CheckpointView>,
    /// What they may do, by name.
    pub capabilities: Vec<&'static str>,
}

impl Service {
    /// What a share link shows.
    ///
    /// # Errors
    /// `Forbidden` for whoever is no guest, `NotFound` for a guest of another link or where what it shows is gone.
    pub async fn get_shared_content(&self, cx: &Ctx, token: &str) -> Result<SharedContent> {
        let missing = || Error::NotFound("share link");
        let Caller::Guest(visitor) = &cx.caller else {
            return Err(Error::Forbidden("open a guest session of this link first"));
        };
        let auth = self.authorize::<Project>(cx, visitor.project_id, Action::Visit).await?;
        let guest = self.store().get::<Guests>(&visitor.guest_id).await?.ok_or_else(missing)?.row;
        let (_, link) = self.store().find::<ShareLinkByHash>(&sha256(token)).await?.ok_or_else(missing)?;
        if link.row.id != guest.link_id {
            return Err(missing());
        }
        let (mut tracks, mut version, mut track_name, mut checkpoint) = (vec![], None, None, None);
        match link.row.scope {
            LinkScope::Project | LinkScope::Track(_) => {
                tracks = self.list_tracks(cx, visitor.project_id, Include::CurrentVersion).await?.tracks;
                if tracks.is_empty() && link.row.scope != LinkScope::Project {
                    return Err(missing());
                }
            }
            LinkScope::Version(id) => {
                let (auth, track) = self.authorize_version(cx, id, Action::Visit).await?;
                version = Some(self.version_view(&auth, auth.resource().clone(), &track.row).await?);
                track_name = Some(track.row.name.to_string());
            }
            LinkScope::Checkpoint(id) => checkpoint = Some(self.get_checkpoint(cx, id).await?),
        }
        let capabilities = self.guest_capabilities(&link.row).await?;
        let project = auth.resource().clone();
        Ok(SharedContent { link, guest, project, tracks, version, track_name, checkpoint, capabilities })
    }

    /// What guests of a link may do, by name.
    pub(super) async fn guest_capabilities(&self, link: &ShareLink) -> Result<Vec<&'static str>> {
        let gate = self.store().get::<ProjectGates>(&link.project_id).await?;
        let settings = gate.ok_or(Error::NotFound("share link"))?.row.settings;
        Ok(self.parts.access.capabilities(Standing::Guest(link.rights), &settings))
    }
}
