//! Finding things, and what happened.

use super::{
    Tag,
    dto::{
        Time, Words,
        job::Job,
        search::{ActivityEntry, SearchPage, Suggestion, kinds},
    },
};
use crate::{
    http::{
        cursor::{Page, Paging},
        reply::{Accepted, Reply},
    },
    problem::{Answer, Failure},
    security::Auth,
};
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{Service, activity::ActivityQuery, events::TypeFilter, page::PageRequest, search::SearchQuery};
use uuid::Uuid;

/// The operations on search and activity.
pub struct SearchApi {
    service: Service,
}

impl SearchApi {
    /// Over a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

#[OpenApi(prefix_path = "/api/v1")]
impl SearchApi {
    /// Search
    ///
    /// Anybody who is logged in: what the projects they are a member of say. Every word must occur, in any form; case and accents
    /// do not count. If nothing says exactly that, what comes close: misspelt and unfinished words. The best come first; one can
    /// page through the first 1,000.
    #[oai(path = "/search", method = "get", operation_id = "search", tag = "Tag::Search")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn search(
        &self,
        cx: Auth,
        paging: Paging,
        /// What to search for.
        q: Query<Words>,
        /// Only these: `project,track,version,comment,checkpoint,activity`.
        #[oai(name = "type")]
        types: Query<Option<String>>,
        /// Only in this project.
        project_id: Query<Option<Uuid>>,
        /// Only by this person or guest.
        author_id: Query<Option<Uuid>>,
        /// Not made before.
        from: Query<Option<Time>>,
        /// Made before.
        to: Query<Option<Time>>,
    ) -> Answer<Reply<SearchPage>> {
        let query = SearchQuery {
            words: q.0.0,
            kinds: kinds(types.0.as_deref().unwrap_or_default())?,
            project: project_id.0.map(Into::into),
            author: author_id.0,
            from: from.0.map(|time| time.0),
            to: to.0.map(|time| time.0),
            page: paging.request(),
        };
        let found = self.service.search(&cx, &query).await?;
        let next = found.page.next.as_deref().map(|place| paging.cursor(place));
        Ok(Reply(SearchPage::new(found, next)))
    }

    /// Suggest what somebody is about to type
    ///
    /// Anybody who is logged in. Up to 8 things of their projects that say these words; the last one may have no end yet.
    #[oai(path = "/search/suggest", method = "get", operation_id = "suggest", tag = "Tag::Search")]
    async fn suggest(
        &self,
        cx: Auth,
        /// What was typed so far.
        q: Query<Words>,
    ) -> Answer<Reply<Vec<Suggestion>>> {
        let found = self.service.suggest(&cx, &q.0.0).await?;
        Ok(Reply(found.into_iter().map(Into::into).collect()))
    }

    /// List what happened in a project
    ///
    /// Members. Newest first; kept as long as the project.
    #[oai(
        path = "/projects/:project_id/activity",
        method = "get",
        operation_id = "listProjectActivity",
        tag = "Tag::Search"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn list_project_activity(
        &self,
        cx: Auth,
        paging: Paging,
        project_id: Path<Uuid>,
        /// Only these kinds: `comment.*,version.ready`.
        kind: Query<Option<String>>,
        /// Only by this person or guest.
        actor_id: Query<Option<Uuid>>,
        /// Only on this track.
        track_id: Query<Option<Uuid>>,
        /// Not before.
        from: Query<Option<Time>>,
        /// Before.
        to: Query<Option<Time>>,
        /// Words that must all occur in who did what to what; case and accents do not count.
        q: Query<Option<Words>>,
    ) -> Answer<Page<ActivityEntry>> {
        let wanted =
            Wanted { kind: kind.0, actor: actor_id.0, track: track_id.0, time: (from.0, to.0), q: q.0 };
        let query = wanted.query(paging.request())?;
        let found = self.service.list_project_activity(&cx, project_id.0.into(), &query).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// List what happened in my projects
    ///
    /// Anybody who is logged in: all projects they are a member of. Newest first.
    #[oai(path = "/activity", method = "get", operation_id = "listMyActivity", tag = "Tag::Search")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn list_my_activity(
        &self,
        cx: Auth,
        paging: Paging,
        /// Only these kinds: `comment.*,version.ready`.
        kind: Query<Option<String>>,
        /// Only by this person or guest.
        actor_id: Query<Option<Uuid>>,
        /// Not before.
        from: Query<Option<Time>>,
        /// Before.
        to: Query<Option<Time>>,
        /// Words that must all occur in who did what to what; case and accents do not count.
        q: Query<Option<Words>>,
    ) -> Answer<Page<ActivityEntry>> {
        let wanted = Wanted { kind: kind.0, actor: actor_id.0, track: None, time: (from.0, to.0), q: q.0 };
        let found = self.service.list_my_activity(&cx, &wanted.query(paging.request())?).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Make the search index anew
    ///
    /// Administrators. A job makes it from everything that is stored, while the old one answers.
    #[oai(path = "/admin/search/reindex", method = "post", operation_id = "adminReindex", tag = "Tag::Admin")]
    async fn admin_reindex(&self, cx: Auth) -> Answer<Accepted<Job>> {
        Ok(Accepted(self.service.admin_reindex(&cx).await?.into()))
    }
}

/// The filters of a feed.
struct Wanted {
    kind: Option<String>,
    actor: Option<Uuid>,
    track: Option<Uuid>,
    /// From and to.
    time: (Option<Time>, Option<Time>),
    q: Option<Words>,
}

impl Wanted {
    fn query(self, page: PageRequest) -> Answer<ActivityQuery> {
        let kinds = TypeFilter::parse(self.kind.as_deref().unwrap_or_default());
        let (from, to) = self.time;
        Ok(ActivityQuery {
            kinds: kinds.ok_or_else(|| Failure::fault("?kind", "invalid", "is not a list of event types"))?,
            actor: self.actor,
            track: self.track.map(Into::into),
            from: from.map(|time| time.0),
            to: to.map(|time| time.0),
            words: self.q.map(|words| words.0),
            page,
        })
    }
}
