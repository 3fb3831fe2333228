//! Versions: reading them, listing them, and changing what people say about them.
//!
//! A version of a track in the trash is not there. What is written asserts the track's stamp too, so that nothing is
//! written under a track that goes to the trash at the same moment.

use crate::{
    Authorized, Ctx, Error, Result, Service,
    authorize::must,
    comment::CommentCounts,
    commit::{check_revision, decide_again},
    review::ApprovalView,
};
use model::{
    TrackId, VersionId, Violation,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    text::{Changelog, Label, Tag},
    track::Track,
    version::Version,
};
use std::collections::BTreeMap;
use store::{
    Batch, Desc, Scan, Stored,
    tables::{
        track::Tracks,
        version::{Versions, VersionsByTrack},
    },
};

/// A version as clients see it.
#[derive(Clone, Debug)]
pub struct VersionView {
    /// The row.
    pub version: Stored<Version>,
    /// Whether the track plays it. Stands in the track's row, so it changes without the version's revision.
    pub is_current: bool,
    /// Its threads, and those carried to it, as far as the caller sees them.
    pub comments: CommentCounts,
    /// What people think of it, oldest first; where it was asked for.
    pub approvals: Option<Vec<ApprovalView>>,
}

impl VersionView {
    pub(crate) fn of(version: Stored<Version>, track: &Track, comments: CommentCounts) -> Self {
        let is_current = track.current.is_some_and(|current| current.version_id == version.row.id);
        Self { version, is_current, comments, approvals: None }
    }
}

/// A change of what people say about a version; absent fields stay as they are.
#[derive(Clone, Debug, Default)]
pub struct VersionPatch {
    /// What the band calls it.
    pub label: Option<Option<Label>>,
    /// What changed.
    pub changelog: Option<Option<Changelog>>,
    /// Free metadata.
    pub metadata: Option<MetadataPatch>,
    /// Tags, without repeats.
    pub tags: Option<Vec<Tag>>,
}

/// A change of the metadata, as a merge patch means it.
#[derive(Clone, Debug)]
pub enum MetadataPatch {
    /// Every entry goes.
    Clear,
    /// Entries are set, or removed where the value is absent; others stay.
    Merge(BTreeMap<String, Option<String>>),
}

impl Service {
    /// One version.
    ///
    /// # Errors
    /// `NotFound` if it is not there for the caller.
    pub async fn get_version(&self, cx: &Ctx, id: VersionId) -> Result<VersionView> {
        let (auth, track) = self.authorize_version(cx, id, Action::Visit).await?;
        let view = self.version_view(&auth, auth.resource().clone(), &track.row).await?;
        Ok(VersionView { approvals: Some(self.approval_views(id).await?), ..view })
    }

    /// Changes label, changelog, metadata or tags.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`, `ProjectArchived`, `RevisionConflict`; `Invalid` if the texts are too long together.
    pub async fn update_version(
        &self,
        cx: &Ctx,
        id: VersionId,
        expect: Option<u64>,
        patch: VersionPatch,
    ) -> Result<VersionView> {
        decide_again!(expect, self.try_update_version(cx, id, expect, &patch).await)
    }

    async fn try_update_version(
        &self,
        cx: &Ctx,
        id: VersionId,
        expect: Option<u64>,
        patch: &VersionPatch,
    ) -> Result<VersionView> {
        let (auth, track) = self.authorize_version(cx, id, Action::EditVersions).await?;
        let before = auth.resource();
        check_revision(expect, before)?;
        let mut after = before.row.clone();
        apply(&mut after, patch)?;
        after.updated_at = cx.now;
        let mut batch = Batch::new();
        batch.assert_unchanged::<Tracks>(&track.row.id, &track);
        let stored = self.rewrite_version(cx, &auth, batch, after, Event::VersionUpdated).await?;
        self.version_view(&auth, stored, &track.row).await
    }

    /// A version as whoever `auth` was given to sees it.
    pub(crate) async fn version_view<T>(
        &self,
        auth: &Authorized<T>,
        version: Stored<Version>,
        track: &Track,
    ) -> Result<VersionView> {
        let counts = self.comment_counts(&[version.row.id.uuid()], self.reach_of(auth)).await?;
        Ok(VersionView::of(version, track, counts.first().copied().unwrap_or_default()))
    }

    /// Replaces a version's row, says so, and commits.
    pub(crate) async fn rewrite_version(
        &self,
        cx: &Ctx,
        auth: &Authorized<Version>,
        mut batch: Batch,
        after: Version,
        body: Event,
    ) -> Result<Stored<Version>> {
        let before = auth.resource();
        let rev = before.rev + 1;
        batch.replace::<Versions>(&after.id, before, &after);
        batch.emit(version_event(self, cx, &after, rev, body));
        let done = self.commit(auth, batch).await?;
        Ok(Stored { row: after, rev, stamp: done.stamp })
    }

    /// May the caller do this with a version of a track that is not in the trash?
    pub(crate) async fn authorize_version(
        &self,
        cx: &Ctx,
        id: VersionId,
        action: Action,
    ) -> Result<(Authorized<Version>, Stored<Track>)> {
        let auth = self.authorize::<Version>(cx, id, action).await?;
        let track = must::<Tracks>(self.store(), &auth.resource().row.track_id, "version").await?;
        if track.row.deleted.is_some() {
            return Err(Error::NotFound("version"));
        }
        Ok((auth, track))
    }

    /// At most `limit` of the newest versions of a track outside the trash that pass; older than the number `before`.
    pub(crate) async fn newest_versions(
        &self,
        track: TrackId,
        before: Option<i64>,
        limit: usize,
        passes: impl Fn(&Version) -> bool,
    ) -> Result<Vec<Stored<Version>>> {
        let mut found = Vec::new();
        let mut last = before;
        loop {
            let mut scan = Scan::prefix(&(track, false)).limit(limits::PAGE_MAX);
            if let Some(number) = last {
                scan = scan.after(&(track, false, Desc(number)));
            }
            let page = self.store().scan_index::<VersionsByTrack>(scan).await?;
            last = page.items.last().map(|hit| hit.stored.row.number);
            found.extend(page.items.into_iter().map(|hit| hit.stored).filter(|hit| passes(&hit.row)));
            if found.len() >= limit || !page.more {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }
}

/// What happened to a version, as an event.
pub(crate) fn version_event(
    service: &Service,
    cx: &Ctx,
    version: &Version,
    rev: u64,
    body: Event,
) -> NewEvent {
    NewEvent {
        id: service.id(cx),
        project: Some(version.project_id),
        users: Vec::new(),
        actor: cx.actor(),
        resource: ResourceRef::new("version", version.id, rev),
        track: Some(version.track_id),
        body,
    }
}

fn apply(version: &mut Version, patch: &VersionPatch) -> Result<()> {
    if let Some(label) = &patch.label {
        version.label.clone_from(label);
    }
    if let Some(changelog) = &patch.changelog {
        version.changelog.clone_from(changelog);
    }
    if let Some(tags) = &patch.tags {
        version.tags.clone_from(tags);
    }
    match &patch.metadata {
        None => {}
        Some(MetadataPatch::Clear) => version.metadata.clear(),
        Some(MetadataPatch::Merge(entries)) => {
            for (name, value) in entries {
                match value {
                    Some(value) => version.metadata.insert(name.clone(), value.clone()),
                    None => version.metadata.remove(name),
                };
            }
        }
    }
    check_texts(version)
}

/// The texts of a version together fit into its row.
pub(crate) fn check_texts(version: &Version) -> Result<()> {
    if version.metadata.len() > limits::METADATA_ENTRIES_MAX {
        let detail = format!("must have at most {} entries", limits::METADATA_ENTRIES_MAX);
        return Err(Violation::new("/metadata", "too_many", detail).into());
    }
    let texts = version.label.iter().map(|text| text.as_str().len());
    let texts = texts.chain(version.changelog.iter().map(|text| text.as_str().len()));
    let texts = texts.chain(version.tags.iter().map(|text| text.as_str().len()));
    let texts = texts.chain(version.metadata.iter().map(|(name, value)| name.len() + value.len()));
    if texts.sum::<usize>() > limits::VERSION_TEXT_BYTES_MAX {
        let detail = format!(
            "label, changelog, metadata and tags of a version may have {} bytes together",
            limits::VERSION_TEXT_BYTES_MAX
        );
        return Err(Violation::new("", "too_long", detail).into());
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
