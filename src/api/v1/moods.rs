//! Moods: one's own, those of others who said so by name, and how a team feels.

mod chart;

use crate::{
    http::{
        body::Body,
        conditional::IfMatch,
        cursor::{Page, Paging},
        file::{Conditions, Disposition, FileReply, Representation, Source, Svg},
        reply::{Created, NoContent, Reply, Tagged},
    },
    problem::Answer,
    security::Auth,
    v1::{
        Tag,
        dto::{
            Time,
            mood::{
                ChartTheme, Mood, MoodBucketKind, MoodTimeline, RecordMood, SummaryParams, TeamMood,
                UpdateMood,
            },
        },
    },
};
use chart::{Theme, Unit};
use model::mood::Span;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use service::{
    Service,
    mood::{MoodView, TeamMoodQuery},
};
use uuid::Uuid;

/// Moods over a service.
pub struct MoodsApi {
    service: Service,
}

impl MoodsApi {
    /// Moods over this service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}

/// The answer that shows a mood.
fn shown(view: MoodView) -> Tagged<Mood> {
    Tagged::counted(view.mood.rev, view.into())
}

const fn unit(query: &TeamMoodQuery) -> Unit {
    match query {
        TeamMoodQuery::Periods { span: Span::Day, .. } => Unit::Day,
        TeamMoodQuery::Periods { span: Span::Week, .. } => Unit::Week,
        TeamMoodQuery::Versions(_) => Unit::Version,
    }
}

const fn theme(theme: Option<ChartTheme>) -> Theme {
    match theme {
        None | Some(ChartTheme::Auto) => Theme::Auto,
        Some(ChartTheme::Light) => Theme::Light,
        Some(ChartTheme::Dark) => Theme::Dark,
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Moods")]
impl MoodsApi {
    /// Say how you feel about a project
    ///
    /// Members, six times a day. Anonymous moods count for the team and are never shown alone; private ones count for nothing.
    #[oai(path = "/projects/:project_id/moods", method = "post", operation_id = "recordMood")]
    async fn record_mood(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        body: Body<RecordMood>,
    ) -> Answer<Created<Mood>> {
        let done = self.service.record_mood(&cx, project_id.0.into(), &body.0).await?;
        Ok(Created::done(done, |view| (format!("/api/v1/moods/{}", view.mood.row.id), shown(view))))
    }

    /// List the moods of a project
    ///
    /// Members. Those that are named, and all of your own; newest first. Anonymous moods of others are in no list.
    #[oai(path = "/projects/:project_id/moods", method = "get", operation_id = "listMoods")]
    async fn list_moods(&self, cx: Auth, project_id: Path<Uuid>, paging: Paging) -> Answer<Page<Mood>> {
        let found = self.service.list_moods(&cx, project_id.0.into(), &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Change a mood
    ///
    /// Whoever recorded it. The team's mood takes the change over together with those of enough other people, or never.
    #[oai(path = "/moods/:mood_id", method = "patch", operation_id = "updateMood")]
    async fn update_mood(
        &self,
        cx: Auth,
        mood_id: Path<Uuid>,
        if_match: IfMatch,
        body: Body<UpdateMood>,
    ) -> Answer<Tagged<Mood>> {
        Ok(shown(self.service.update_mood(&cx, mood_id.0.into(), if_match.0, &body.0).await?))
    }

    /// Delete a mood
    ///
    /// Whoever recorded it, also after leaving the project. In sums that were shown it stays as a word without a person until enough
    /// people changed something.
    #[oai(path = "/moods/:mood_id", method = "delete", operation_id = "deleteMood")]
    async fn delete_mood(&self, cx: Auth, mood_id: Path<Uuid>, if_match: IfMatch) -> Answer<NoContent> {
        self.service.delete_mood(&cx, mood_id.0.into(), if_match.0).await?;
        Ok(NoContent)
    }

    /// List my moods
    ///
    /// Anybody who is logged in: what they recorded, in every project; newest first.
    #[oai(path = "/me/moods", method = "get", operation_id = "listMyMoods")]
    async fn list_my_moods(&self, cx: Auth, paging: Paging) -> Answer<Page<Mood>> {
        let found = self.service.list_my_moods(&cx, &paging.request()).await?;
        Ok(paging.page(found.items, found.next.as_deref()))
    }

    /// Show how a team feels
    ///
    /// Members, or editors and owners, as the project's `mood_visibility` says. Days and weeks that are over, of which enough people said
    /// how they felt; the others are `suppressed`. `bucket=version&track_id=…` compares the versions of a track.
    #[oai(path = "/projects/:project_id/mood/summary", method = "get", operation_id = "getTeamMood")]
    async fn get_team_mood(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        /// What a bucket is; a day without it.
        bucket: Query<Option<MoodBucketKind>>,
        /// The first bucket holds this instant; 30 days or 12 weeks ago without it.
        from: Query<Option<Time>>,
        /// The last bucket begins before this instant.
        to: Query<Option<Time>>,
        /// The track whose versions are buckets.
        track_id: Query<Option<Uuid>>,
    ) -> Answer<Reply<TeamMood>> {
        let params =
            SummaryParams { bucket: bucket.0, from: from.0, to: to.0, track_id: track_id.0 }.parse()?;
        Ok(Reply(self.service.get_team_mood(&cx, project_id.0.into(), &params).await?.into()))
    }

    /// Draw how a team feels
    ///
    /// Who sees the summary. The same as a picture that stands alone; its text says what is not shown, and why.
    #[oai(path = "/projects/:project_id/mood/summary.svg", method = "get", operation_id = "getTeamMoodChart")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    async fn get_team_mood_chart(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        /// What a bucket is; a day without it.
        bucket: Query<Option<MoodBucketKind>>,
        /// The first bucket holds this instant; 30 days or 12 weeks ago without it.
        from: Query<Option<Time>>,
        /// The last bucket begins before this instant.
        to: Query<Option<Time>>,
        /// The track whose versions are buckets.
        track_id: Query<Option<Uuid>>,
        /// Which colours; those that the reader prefers without it.
        #[oai(name = "theme")]
        colors: Query<Option<ChartTheme>>,
        conditions: Conditions,
    ) -> Answer<FileReply<Svg>> {
        let params =
            SummaryParams { bucket: bucket.0, from: from.0, to: to.0, track_id: track_id.0 }.parse()?;
        let mood = self.service.get_team_mood(&cx, project_id.0.into(), &params).await?;
        let svg = chart::draw(&mood, unit(&params), theme(colors.0));
        Ok(FileReply::new(conditions, picture(svg, cx.now)))
    }

    /// Show what a version makes people feel, second by second
    ///
    /// Members. Out of the comments that stand on the version, as far as you see them: a strip to lay over the waveform.
    #[oai(path = "/projects/:project_id/mood/timeline", method = "get", operation_id = "getMoodAlongTrack")]
    async fn get_mood_along_track(
        &self,
        cx: Auth,
        project_id: Path<Uuid>,
        /// The version.
        version_id: Query<Uuid>,
    ) -> Answer<Reply<MoodTimeline>> {
        let strip = self.service.get_mood_along_track(&cx, project_id.0.into(), version_id.0.into()).await?;
        Ok(Reply(strip.into()))
    }
}

/// A picture as a file. It is as old as the answer: what is recognised again is its content.
fn picture(svg: String, now: model::Timestamp) -> Representation {
    Representation {
        tag: blake3::hash(svg.as_bytes()).to_hex().to_string(),
        length: svg.len() as u64,
        source: Source::Memory(svg.into()),
        modified: now,
        content_type: "image/svg+xml".to_owned(),
        disposition: Disposition::Inline("team-mood.svg".to_owned()),
    }
}
