//! The versions of a track, in pages.

use crate::{
    Ctx, Result, Service,
    page::{PageRequest, Paged},
    version::VersionView,
};
use model::{
    TrackId,
    access::Action,
    track::Track,
    version::{Version, VersionStatus},
};

/// Which versions a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionFilter {
    /// Those being processed.
    Processing,
    /// Those that play.
    Ready,
    /// Those that cannot be used.
    Failed,
}

impl VersionFilter {
    fn shows(self, status: &VersionStatus) -> bool {
        match status {
            VersionStatus::Processing => self == Self::Processing,
            VersionStatus::Ready => self == Self::Ready,
            VersionStatus::Failed { .. } => self == Self::Failed,
        }
    }
}

impl Service {
    /// The versions of a track outside the trash, newest first.
    ///
    /// # Errors
    /// `NotFound` if the track is not there for the caller.
    pub async fn list_versions(
        &self,
        cx: &Ctx,
        track: TrackId,
        filter: Option<VersionFilter>,
        page: &PageRequest,
    ) -> Result<Paged<VersionView>> {
        let auth = self.authorize::<Track>(cx, track, Action::Visit).await?;
        // Guests of a link that does not show all hear the one that plays.
        let all = auth.link().is_none_or(|link| link.row.rights.see_versions);
        let playing = auth.resource().row.current.map(|current| current.version_id);
        let shown = |version: &Version| {
            (all || Some(version.id) == playing) && filter.is_none_or(|filter| filter.shows(&version.status))
        };
        let found = self.newest_versions(track, page.place()?, page.limit + 1, shown).await?;
        let ids: Vec<_> = found.iter().map(|version| version.row.id.uuid()).collect();
        let counts = self.comment_counts(&ids, self.reach_of(&auth)).await?;
        let track = &auth.resource().row;
        let pairs = found.into_iter().zip(counts);
        let views = pairs.map(|(version, counts)| VersionView::of(version, track, counts)).collect();
        Ok(Paged::cut(views, page.limit, |last: &VersionView| last.version.row.number))
    }
}
