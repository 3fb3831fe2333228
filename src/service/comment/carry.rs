//! What a new version takes over: the open threads of the version before, linked and not copied.
//!
//! The job `comments.carry` does it once the version is ready, a bounded write at a time. A thread that stands there already
//! is left alone, so it may run again at any time.

use super::{
    change::duration_ms,
    count::count_placed,
    list::CommentSort,
    merge::{Candidate, Source, Spot},
};
use crate::{Ctx, Result, Service, Stored, commit::decide_again, version::version_event};
use model::{
    VersionId,
    comment::{CommentPlacement, Visibility},
    event::Event,
    limits,
    track::Track,
    version::Version,
};
use std::collections::BTreeSet;
use store::{
    Batch,
    tables::{
        comment::{CommentPlacements, Comments},
        version::Versions,
    },
};

/// How much later the music of one recording comes in another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// In milliseconds.
    pub offset_ms: i64,
    /// 0 (no idea) to 1 (certain).
    pub confidence: f32,
}

impl Shift {
    /// Whether it can be used: not below [`limits::ALIGNMENT_CONFIDENCE_MIN`].
    pub fn believed(self) -> bool {
        self.confidence >= limits::ALIGNMENT_CONFIDENCE_MIN
    }
    /// The shift to apply.
    fn believed_ms(self) -> i64 {
        if self.believed() { self.offset_ms } else { 0 }
    }
}

/// What there is to carry.
#[derive(Clone, Debug)]
pub struct CarryInput {
    /// Where the threads are.
    pub from: Version,
    /// Where they are to stand too.
    pub to: Version,
}

impl Service {
    /// What there is to carry to a version; none if a version is gone or asked for nothing.
    ///
    /// # Errors
    /// Of the store.
    pub async fn carry_input(&self, version: VersionId) -> Result<Option<CarryInput>> {
        let Some(to) = self.store().get::<Versions>(&version).await? else { return Ok(None) };
        let Some(from) = to.row.carry_from else { return Ok(None) };
        let from = self.store().get::<Versions>(&from).await?;
        Ok(from.map(|from| CarryInput { from: from.row, to: to.row }))
    }

    /// Lets every open thread of one version stand on another one too.
    ///
    /// # Errors
    /// Of the store; a conflict that does not end.
    pub async fn carry_comments(&self, cx: &Ctx, input: &CarryInput, shift: Option<Shift>) -> Result<()> {
        let mut after = None;
        loop {
            after = decide_again!(None, self.try_carry(cx, input, shift, after).await)?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// One part of them; where to go on, if there are more.
    async fn try_carry(
        &self,
        cx: &Ctx,
        input: &CarryInput,
        shift: Option<Shift>,
        after: Option<Spot>,
    ) -> Result<Option<Spot>> {
        let (from, to) = (input.from.id, input.to.id);
        let sources = [Source::Newest(from.uuid(), false), Source::NewestCarried(from)];
        let open = |candidate: &Candidate| candidate.comment.row.is_open();
        let found = self.merged(&sources, CommentSort::NewestFirst, after, limits::CARRY_BATCH, open).await?;
        let keys: Vec<_> = found.items.iter().map(|item| (item.comment.row.id, to)).collect();
        let there = self.store().get_many::<CommentPlacements>(&keys).await?;
        let Some(version) = self.store().get::<Versions>(&to).await? else { return Ok(None) };
        let mut batch = Batch::new();
        let mut told = BTreeSet::new();
        for (item, _) in found.items.iter().zip(there).filter(|(_, there)| there.is_none()) {
            let placement = placed(item, from, &version.row, shift);
            let id = item.comment.row.id;
            batch
                .insert::<CommentPlacements>(&(id, to), &placement)
                .assert_unchanged::<Comments>(&id, &item.comment);
            count_placed(&mut batch, &item.comment.row, to);
            told.insert(item.comment.row.visibility);
        }
        if !told.is_empty() {
            batch.assert_unchanged::<Versions>(&to, &version);
            self.tell_carried(cx, &mut batch, &version, from, &told);
            self.store().commit(batch).await?;
        }
        Ok(found.next)
    }

    /// One entry for those who see all of it, one for those who see the rest.
    fn tell_carried(
        &self,
        cx: &Ctx,
        batch: &mut Batch,
        to: &Stored<Version>,
        from: VersionId,
        told: &BTreeSet<Visibility>,
    ) {
        for visibility in told {
            let body = Event::CommentCarriedOver { from, visibility: *visibility };
            batch.emit(version_event(self, cx, &to.row, to.rev, body));
        }
    }

    /// The version whose open threads a new one takes over: the one it was made from, else the one that plays, else the newest.
    pub(crate) async fn version_before(
        &self,
        track: &Track,
        parent: Option<VersionId>,
    ) -> Result<Option<VersionId>> {
        let named = parent.or(track.current.map(|current| current.version_id));
        if named.is_some() {
            return Ok(named);
        }
        let newest = self.newest_versions(track.id, None, 1, |_| true).await?;
        Ok(newest.first().map(|version| version.row.id))
    }
}

/// Where a thread of one version stands on another one.
fn placed(item: &Candidate, from: VersionId, to: &Version, shift: Option<Shift>) -> CommentPlacement {
    let before = item.placement.map_or(0, |placement| placement.offset_ms);
    let offset_ms = before + shift.map_or(0, Shift::believed_ms);
    CommentPlacement {
        comment_id: item.comment.row.id,
        version_id: to.id,
        from_version_id: from,
        offset_ms,
        confidence: shift.map(|shift| shift.confidence),
        span: item.comment.row.span.and_then(|span| span.shifted(offset_ms, duration_ms(to))),
    }
}
