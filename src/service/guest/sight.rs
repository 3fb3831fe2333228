//! What a guest sees of a project: what stands within the scope of their link, and of versions only those that play unless
//! the link shows all.

use crate::{
    Authorized, Error, Result, Service,
    authorize::{Guarded, Spot},
};
use model::{
    VersionId,
    comment::Anchor,
    project::Project,
    share::{LinkScope, ShareLink},
};
use std::collections::BTreeSet;
use store::{
    Scan,
    tables::{
        checkpoint::CheckpointVersions,
        track::{Tracks, TracksByProject},
        version::Versions,
    },
};

/// What somebody sees of a project, looked up once for a list.
pub(crate) enum Sight {
    /// All of it.
    Everything,
    /// What a link shows; of the versions only these, if there are any.
    Link(LinkScope, Option<BTreeSet<VersionId>>),
}

impl Sight {
    /// Whether they see what stands here.
    pub(crate) fn shows(&self, at: &Anchor) -> bool {
        match self {
            Self::Everything => true,
            Self::Link(scope, versions) => {
                let known = |id| versions.as_ref().is_none_or(|versions| versions.contains(&id));
                // What a checkpoint holds is older versions.
                let past = at.checkpoint_id.is_none() || versions.is_none();
                scope.holds(at) && past && at.version_id.is_none_or(known)
            }
        }
    }
    /// Whether they see this row of the project.
    pub(crate) fn shows_row(&self, row: &impl Guarded) -> bool {
        match row.spot() {
            Spot::At(at) => self.shows(&at),
            Spot::Whole | Spot::Comment(..) => false,
        }
    }
}

impl Service {
    /// What whoever an answer was given to sees of the project.
    pub(crate) async fn sight_of(&self, auth: &Authorized<Project>) -> Result<Sight> {
        match auth.link() {
            None => Ok(Sight::Everything),
            Some(link) => {
                let scan = Scan::prefix(&(link.row.project_id, false))
                    .limit(model::limits::TRACKS_PER_PROJECT_MAX as usize);
                let tracks = self.store().scan_index::<TracksByProject>(scan).await?.items;
                let playing = tracks.iter().filter_map(|hit| hit.stored.row.current.as_ref());
                Ok(sight(&link.row, playing.map(|current| current.version_id)))
            }
        }
    }

    /// Whether a link shows something.
    pub(crate) async fn link_shows(&self, link: &ShareLink, spot: Spot) -> Result<bool> {
        let (comment, at) = match spot {
            // Methods that start from the project show what the link shows of it.
            Spot::Whole => return Ok(true),
            Spot::At(at) => (None, at),
            Spot::Comment(id, at) => (Some(id), at),
        };
        if let (LinkScope::Checkpoint(id), Some(track), Some(version)) =
            (link.scope, at.track_id, at.version_id)
        {
            let held = self.store().get::<CheckpointVersions>(&(id, track)).await?;
            return Ok(held.is_some_and(|held| held.row.version_id == Some(version)));
        }
        let track = match at.track_id {
            Some(track) => self.store().get::<Tracks>(&track).await?,
            None => None,
        };
        let playing = track.and_then(|track| track.row.current).map(|current| current.version_id);
        let sight = sight(link, playing);
        if sight.shows(&at) {
            return Ok(true);
        }
        let Some(comment) = comment else { return Ok(false) };
        let placed = self.placements_of(comment).await?;
        Ok(placed.iter().any(|row| sight.shows(&Anchor { version_id: Some(row.row.version_id), ..at })))
    }

    /// Whether what a link shows is there, outside the trash.
    pub(crate) async fn scope_is_there(&self, link: &ShareLink) -> Result<bool> {
        let track = match link.scope {
            LinkScope::Project => return Ok(true),
            LinkScope::Track(track) => track,
            LinkScope::Version(version) => {
                let version = self.store().get::<Versions>(&version).await?;
                match version.filter(|version| version.row.deleted.is_none()) {
                    Some(version) => version.row.track_id,
                    None => return Ok(false),
                }
            }
            LinkScope::Checkpoint(id) => {
                return match self.checkpoint_in(link.project_id, id).await {
                    Ok(_) => Ok(true),
                    Err(Error::NotFound(_) | Error::Forbidden(_)) => Ok(false),
                    Err(error) => Err(error),
                };
            }
        };
        let track = self.store().get::<Tracks>(&track).await?;
        Ok(track.is_some_and(|track| track.row.deleted.is_none()))
    }
}

fn sight(link: &ShareLink, playing: impl IntoIterator<Item = VersionId>) -> Sight {
    let all =
        link.rights.see_versions || matches!(link.scope, LinkScope::Version(_) | LinkScope::Checkpoint(_));
    Sight::Link(link.scope, (!all).then(|| playing.into_iter().collect()))
}
