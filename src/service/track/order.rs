//! The order of the tracks: a place beside a neighbour, or the whole order at once.

use super::TrackView;
use crate::{
    Ctx, Error, Result, Service, Stored,
    authorize::must,
    commit::{check_revision, decide_again},
};
use model::{
    ProjectId, TrackId, Violation,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::Project,
    rank::Rank,
    track::{Track, TrackPlace},
};
use std::collections::BTreeMap;
use store::{
    Batch, Scan,
    tables::track::{TrackPlaces, TrackSet, TrackSets, TracksByProject},
};

/// Where a track goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// After all others.
    #[default]
    Last,
    /// Right before this one.
    Before(TrackId),
    /// Right after this one.
    After(TrackId),
}

/// The whole order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackOrder {
    /// Every track outside the trash.
    pub track_ids: Vec<TrackId>,
    /// The revision of the set and its order.
    pub revision: u64,
}

/// The tracks of a project outside the trash in their order, and the guard they were read under.
pub(crate) struct Line {
    pub(crate) guard: Stored<TrackSet>,
    pub(crate) tracks: Vec<Placed>,
}

/// A track and where it stands.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) track: Stored<Track>,
    pub(crate) place: Stored<TrackPlace>,
}

/// A place in the line.
pub(super) struct Slot {
    /// The rank of whatever goes there.
    pub(super) rank: Rank,
    /// How many of the others stand before it.
    at: usize,
    /// The others that get another rank because there was no room left between two of them.
    moved: Vec<(Placed, Rank)>,
}

impl Service {
    /// Reads the line. The guard is read first: a set that changed after it makes the commit conflict.
    pub(crate) async fn line_up(&self, project: ProjectId) -> Result<Line> {
        const MAX: usize = limits::TRACKS_PER_PROJECT_MAX as usize;
        let guard = must::<TrackSets>(self.store(), &project, "project").await?;
        let scan = Scan::prefix(&(project, false)).limit(MAX);
        let found = self.store().scan_index::<TracksByProject>(scan).await?;
        let tracks = self.placed(found.items.into_iter().map(|hit| hit.stored).collect()).await?;
        Ok(Line { guard, tracks })
    }

    /// These tracks in their order.
    pub(crate) async fn placed(&self, tracks: Vec<Stored<Track>>) -> Result<Vec<Placed>> {
        let ids: Vec<TrackId> = tracks.iter().map(|track| track.row.id).collect();
        let places = self.store().get_many::<TrackPlaces>(&ids).await?;
        let pairs = tracks.into_iter().zip(places);
        let mut placed: Vec<Placed> =
            pairs.filter_map(|(track, place)| Some(Placed { track, place: place? })).collect();
        placed.sort_by(|a, b| a.place.row.position.cmp(&b.place.row.position));
        Ok(placed)
    }

    /// Moves one track beside another one or to the end.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Invalid` if the neighbour is no other track of this project.
    pub async fn move_track(&self, cx: &Ctx, id: TrackId, place: Place) -> Result<TrackView> {
        decide_again!(None, self.try_move_track(cx, id, place).await)
    }

    async fn try_move_track(&self, cx: &Ctx, id: TrackId, place: Place) -> Result<TrackView> {
        let auth = self.authorize::<Track>(cx, id, Action::EditTracks).await?;
        let line = self.line_up(auth.project_id()).await?;
        let slot = line.slot(Some(id), place)?;
        let at = line.tracks.iter().position(|placed| placed.track.row.id == id);
        let at = at.ok_or(Error::NotFound("track"))?;
        if at == slot.at {
            return self.track_view(&auth, auth.resource().clone()).await;
        }
        let mut batch = Batch::new();
        line.replace_guard(&mut batch, auth.project_id());
        slot.spread(&mut batch);
        reposition(&mut batch, id, &line.tracks[at].place, slot.rank);
        batch.emit(self.order_event(cx, auth.project_id(), line.guard.rev + 1));
        self.commit(&auth, batch).await?;
        self.track_view(&auth, auth.resource().clone()).await
    }

    /// Puts all tracks into a new order. As few of them as possible get another position; no track's own revision changes.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict` if the set or order is not the expected one; `OrderConflict` if
    /// these are not exactly the tracks there are.
    pub async fn reorder_tracks(
        &self,
        cx: &Ctx,
        project: ProjectId,
        expect: Option<u64>,
        track_ids: &[TrackId],
    ) -> Result<TrackOrder> {
        decide_again!(expect, self.try_reorder(cx, project, expect, track_ids).await)
    }

    async fn try_reorder(
        &self,
        cx: &Ctx,
        project: ProjectId,
        expect: Option<u64>,
        track_ids: &[TrackId],
    ) -> Result<TrackOrder> {
        let auth = self.authorize::<Project>(cx, project, Action::EditTracks).await?;
        let line = self.line_up(project).await?;
        check_revision(expect, &line.guard)?;
        let wanted = line.ordered(track_ids)?;
        let now: Vec<Rank> = wanted.iter().map(|placed| placed.place.row.position.clone()).collect();
        let order = |revision| TrackOrder { track_ids: track_ids.to_vec(), revision };
        if now.is_sorted() {
            return Ok(order(line.guard.rev));
        }
        let mut batch = Batch::new();
        let ranks = Rank::reordered(&now);
        for (placed, rank) in wanted.into_iter().zip(ranks) {
            reposition(&mut batch, placed.track.row.id, &placed.place, rank);
        }
        line.replace_guard(&mut batch, project);
        batch.emit(self.order_event(cx, project, line.guard.rev + 1));
        self.commit(&auth, batch).await?;
        Ok(order(line.guard.rev + 1))
    }

    fn order_event(&self, cx: &Ctx, project: ProjectId, revision: u64) -> NewEvent {
        let resource = ResourceRef::new("track_order", project, revision);
        self.event_in(cx, project, resource, None, Event::TracksReordered)
    }
}

impl Line {
    /// The place for a track that moves, or for a new one.
    pub(super) fn slot(&self, moving: Option<TrackId>, place: Place) -> Result<Slot> {
        let others: Vec<&Placed> =
            self.tracks.iter().filter(|placed| Some(placed.track.row.id) != moving).collect();
        let find = |id: TrackId, pointer: &'static str| {
            let fault = "must be another track of this project";
            let place = others.iter().position(|placed| placed.track.row.id == id);
            place.ok_or_else(|| Error::from(Violation::new(pointer, "unknown_track", fault)))
        };
        let at = match place {
            Place::Last => others.len(),
            Place::Before(id) => find(id, "/before_id")?,
            Place::After(id) => find(id, "/after_id")? + 1,
        };
        let low = at.checked_sub(1).map(|i| &others[i].place.row.position);
        let high = others.get(at).map(|placed| &placed.place.row.position);
        if let Some(rank) = Rank::between(low, high) {
            return Ok(Slot { rank, at, moved: vec![] });
        }
        let mut ranks = Rank::spread(others.len() + 1);
        let rank = ranks.remove(at);
        Ok(Slot { rank, at, moved: others.into_iter().cloned().zip(ranks).collect() })
    }

    /// The tracks, in their order.
    pub(crate) fn ids(&self) -> Vec<TrackId> {
        self.tracks.iter().map(|placed| placed.track.row.id).collect()
    }

    /// The tracks in the order of these ids, which must be exactly theirs.
    fn ordered(&self, ids: &[TrackId]) -> Result<Vec<&Placed>> {
        let mut left: BTreeMap<TrackId, &Placed> =
            self.tracks.iter().map(|placed| (placed.track.row.id, placed)).collect();
        let wanted: Option<Vec<_>> = ids.iter().map(|id| left.remove(id)).collect();
        wanted.filter(|_| left.is_empty()).ok_or(Error::OrderConflict)
    }

    /// Makes every other batch that was decided on this line fail.
    pub(crate) fn replace_guard(&self, batch: &mut Batch, project: ProjectId) {
        batch.replace::<TrackSets>(&project, &self.guard, &TrackSet::default());
    }
}

impl Slot {
    /// Gives the others their new ranks, if there was no room.
    pub(super) fn spread(&self, batch: &mut Batch) {
        for (placed, rank) in &self.moved {
            reposition(batch, placed.track.row.id, &placed.place, rank.clone());
        }
    }
}

/// Puts a track elsewhere, unless it stands there already.
pub(crate) fn reposition(batch: &mut Batch, id: TrackId, place: &Stored<TrackPlace>, position: Rank) {
    if place.row.position != position {
        batch.replace::<TrackPlaces>(&id, place, &TrackPlace { position });
    }
}
