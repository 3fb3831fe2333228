//! Lists of comments: by what they are about, filtered, in the order of the music or newest first.
//!
//! A list is of threads; asked for an author, a mention or words it is of single comments, replies included.

use super::{
    CommentFilter, CommentView,
    filter::{Editor, Sieve, meaning},
    merge::{Candidate, Source, Spot},
    speaker,
};
use crate::{
    Authorized, Ctx, Result, Service,
    page::{PageRequest, Paged},
};
use model::{
    CommentId, ProjectId, VersionId,
    access::{Action, Role},
    comment::{Mentionee, Span},
    limits,
    principal::Principal,
    project::Project,
    text::folded,
};
use std::collections::BTreeSet;
use store::{
    Key, Scan,
    tables::{checkpoint::CheckpointsByProject, track::TracksByProject},
};
use uuid::Uuid;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommentSort {
    /// By where they begin, those without a moment last.
    Timeline,
    /// The newest first.
    #[default]
    NewestFirst,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct CommentQuery {
    /// Which comments.
    pub filter: CommentFilter,
    /// In which order.
    pub sort: CommentSort,
    /// How many, and from where.
    pub page: PageRequest,
}

impl Service {
    /// The comments of a project.
    ///
    /// # Errors
    /// `NotFound`, also for a track, version or checkpoint that is not there in this project; `Invalid` for a foreign cursor.
    pub async fn list_comments(
        &self,
        cx: &Ctx,
        project: ProjectId,
        query: &CommentQuery,
    ) -> Result<Paged<CommentView>> {
        let auth = self.authorize::<Project>(cx, project, Action::Visit).await?;
        self.check_places(project, &query.filter).await?;
        let sieve = self.sieve(cx, &auth, &query.filter).await?;
        let sources = sources(project, query, &sieve.me);
        let after = query.page.place::<Spot>()?;
        let found = self
            .merged(&sources, query.sort, after, query.page.limit, |candidate| sieve.keeps(candidate))
            .await?;
        let next = found.next.map(|spot| spot.to_bytes());
        Ok(Paged { items: self.listed(cx, found.items).await?, next })
    }

    /// The comments of a version that have a moment there, as far as whoever an answer was given to sees them, in the order of
    /// the music; [`limits::MOOD_COMMENTS_MAX`] at most.
    pub(crate) async fn timed_comments(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        version: VersionId,
    ) -> Result<Vec<(CommentId, Span)>> {
        let filter =
            CommentFilter { version_id: Some(version), has_time: Some(true), ..CommentFilter::default() };
        let sieve = self.sieve(cx, auth, &filter).await?;
        let sources = [Source::Timeline(version.uuid()), Source::TimelineCarried(version)];
        let keeps = |candidate: &Candidate| candidate.comment.row.deleted.is_none() && sieve.keeps(candidate);
        let found =
            self.merged(&sources, CommentSort::Timeline, None, limits::MOOD_COMMENTS_MAX, keeps).await?;
        let timed = found.items.into_iter();
        Ok(timed.filter_map(|found| Some((found.comment.row.id, found.span()?))).collect())
    }

    pub(super) async fn listed(&self, cx: &Ctx, found: Vec<Candidate>) -> Result<Vec<CommentView>> {
        let (comments, placements): (Vec<_>, Vec<_>) =
            found.into_iter().map(|candidate| (candidate.comment, candidate.placement)).unzip();
        let mut views = self.comment_views(cx, comments).await?;
        for (view, placement) in views.iter_mut().zip(placements) {
            view.placement = placement;
        }
        Ok(views)
    }

    /// The places that are asked for are places of this project.
    async fn check_places(&self, project: ProjectId, filter: &CommentFilter) -> Result<()> {
        if let Some(track) = filter.track_id {
            self.track_in(project, track).await?;
        }
        if let Some(version) = filter.version_id {
            self.version_in(project, version).await?;
        }
        if let Some(checkpoint) = filter.checkpoint_id {
            self.checkpoint_in(project, checkpoint).await?;
        }
        Ok(())
    }

    async fn sieve<'a>(
        &self,
        cx: &Ctx,
        auth: &Authorized<Project>,
        filter: &'a CommentFilter,
    ) -> Result<Sieve<'a>> {
        let me = match filter.mentions_me {
            true => {
                let editor = auth.role().is_some_and(|role| role >= Role::Editor);
                meaning(speaker(cx)?, if editor { Editor::Yes } else { Editor::No })
            }
            false => Vec::new(),
        };
        let words = filter.search.as_deref().map(folded).unwrap_or_default();
        Ok(Sieve {
            filter,
            reach: self.reach_of(auth),
            reader: cx.principal().ok(),
            sight: self.sight_of(auth).await?,
            me,
            trashed: self.trashed_homes(auth.project_id()).await?,
            words: words.split_whitespace().take(limits::SEARCH_WORDS_MAX).map(str::to_owned).collect(),
        })
    }

    async fn trashed_homes(&self, project: ProjectId) -> Result<BTreeSet<Uuid>> {
        const TRACKS: usize = limits::TRACKS_PER_PROJECT_MAX as usize;
        let scan = Scan::prefix(&(project, true));
        let tracks = self.store().scan_index::<TracksByProject>(scan.clone().limit(TRACKS)).await?;
        let scan = scan.limit(limits::CHECKPOINTS_PER_PROJECT_MAX);
        let checkpoints = self.store().scan_index::<CheckpointsByProject>(scan).await?;
        let tracks = tracks.items.into_iter().map(|hit| hit.key.uuid());
        Ok(tracks.chain(checkpoints.items.into_iter().map(|hit| hit.key.uuid())).collect())
    }
}

/// The indexes that lead to everything asked for, and to as little else as possible.
fn sources(project: ProjectId, query: &CommentQuery, me: &[Mentionee]) -> Vec<Source> {
    let filter = &query.filter;
    let version = filter.version_id.map(|version| version.uuid());
    let track = filter.track_id.map(|track| track.uuid());
    let anchor = version.or(filter.checkpoint_id.map(|checkpoint| checkpoint.uuid())).or(track);
    let place = anchor.unwrap_or(project.uuid());
    let replies = filter.finds_replies();
    match (query.sort, anchor) {
        (CommentSort::NewestFirst, None) if filter.mentions_me => {
            me.iter().map(|who| Source::Mention(project, *who)).collect()
        }
        (CommentSort::NewestFirst, None) if filter.author.is_some() => {
            let either = |id: Uuid| [Principal::User(id.into()), Principal::Guest(id.into())];
            let authors = filter.author.into_iter().flat_map(either);
            authors.map(|author| Source::Author(project, author)).collect()
        }
        (CommentSort::NewestFirst, _) => [
            Some(Source::Newest(place, false)),
            replies.then_some(Source::Newest(place, true)),
            filter.version_id.map(Source::NewestCarried),
        ]
        .into_iter()
        .flatten()
        .collect(),
        (CommentSort::Timeline, _) => [
            Some(Source::Timeline(place)),
            replies.then_some(Source::Untimed(place)),
            filter.version_id.map(Source::TimelineCarried),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}
