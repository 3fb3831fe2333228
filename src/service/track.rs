//! Tracks: made, shown, changed. Their order stands in `track/order.rs`, their trash in `track/life.rs`.
//!
//! What changes which tracks there are, or in which order, replaces the project's guard row; so two such acts never
//! both decide on the same state. A track's fader is a row of its own: mixing does not change the track's revision.

mod life;
mod order;
#[cfg(test)]
mod tests;

pub(crate) use order::{Line, reposition};
pub use order::{Place, TrackOrder};

use crate::{
    Authorized, Ctx, Done, Error, Result, Service, Stored,
    authorize::must,
    commit::{check_revision, decide_again},
    project::patched,
    version::VersionView,
};
use model::{
    ProjectId, TrackId, VersionId,
    access::Action,
    event::{Event, NewEvent, ResourceRef},
    limits,
    project::Project,
    rank::Rank,
    text::{Color, Label, Prose, TrackKind, TrackName},
    track::{Fader, Track, TrackPlace},
};
use store::{
    Batch, TableId,
    tables::{
        counters::{TrackCount, TrackTotal, VersionCount},
        track::{Faders, TrackPlaces, Tracks},
        version::Versions,
    },
};

/// What a new track is made of.
#[derive(Clone, Debug)]
pub struct NewTrack {
    /// Its name.
    pub name: TrackName,
    /// What kind of track.
    pub kind: TrackKind,
    /// Such as `bass`.
    pub instrument: Option<Label>,
    /// Its colour.
    pub color: Option<Color>,
    /// Free notes.
    pub notes: Option<Prose>,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: i64,
    /// Its fader.
    pub fader: FaderPatch,
    /// Where it goes.
    pub place: Place,
}

impl NewTrack {
    /// A track of which nothing but its name and kind is said: the last one, from the beginning of the song.
    pub fn named(name: TrackName, kind: TrackKind) -> Self {
        Self {
            name,
            kind,
            instrument: None,
            color: None,
            notes: None,
            start_offset_ms: 0,
            fader: FaderPatch::default(),
            place: Place::default(),
        }
    }
}

/// What changes: an absent field stays; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct TrackPatch {
    /// Its name.
    pub name: Option<TrackName>,
    /// What kind of track.
    pub kind: Option<TrackKind>,
    /// Such as `bass`.
    pub instrument: Option<Option<Label>>,
    /// Its colour.
    pub color: Option<Option<Color>>,
    /// Free notes.
    pub notes: Option<Option<Prose>>,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: Option<i64>,
    /// Its fader.
    pub fader: FaderPatch,
}

/// How a fader moves; an absent field stays. Values were parsed by [`Fader::parse_volume`] and [`Fader::parse_pan`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaderPatch {
    /// Linear gain, 0 to 2.
    pub volume: Option<f64>,
    /// −1 (left) to 1 (right).
    pub pan: Option<f64>,
    /// Silenced.
    pub muted: Option<bool>,
    /// Heard alone.
    pub soloed: Option<bool>,
}

impl FaderPatch {
    /// The fader after it moved.
    pub(crate) fn applied(&self, fader: Fader) -> Fader {
        Fader {
            volume: self.volume.unwrap_or(fader.volume),
            pan: self.pan.unwrap_or(fader.pan),
            muted: self.muted.unwrap_or(fader.muted),
            soloed: self.soloed.unwrap_or(fader.soloed),
        }
    }
}

impl TrackPatch {
    fn apply(&self, track: &mut Track) {
        patched(&mut track.name, self.name.as_ref());
        patched(&mut track.kind, self.kind.as_ref());
        patched(&mut track.instrument, self.instrument.as_ref());
        patched(&mut track.color, self.color.as_ref());
        patched(&mut track.notes, self.notes.as_ref());
        patched(&mut track.start_offset_ms, self.start_offset_ms.as_ref());
    }
}

/// A track as clients see it.
#[derive(Clone, Debug)]
pub struct TrackView {
    /// Its own row.
    pub track: Stored<Track>,
    /// Where it stands among its siblings.
    pub position: Rank,
    /// Its fader.
    pub fader: Fader,
    /// Versions outside the trash.
    pub version_count: i64,
    /// Its open threads, as far as the caller sees them.
    pub open_comment_count: i64,
    /// The version that plays, where it was asked for.
    pub current: Option<VersionView>,
}

/// What a list of tracks shows of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Include {
    /// The track alone.
    #[default]
    Track,
    /// Also the version that plays.
    CurrentVersion,
}

/// The tracks of a project.
#[derive(Clone, Debug)]
pub struct TrackList {
    /// In their order.
    pub tracks: Vec<TrackView>,
    /// The revision of the set and its order: what reordering the whole expects.
    pub order_revision: u64,
}

impl Service {
    /// The tracks of a project in their order; always all of them, there are at most [`limits::TRACKS_PER_PROJECT_MAX`].
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_tracks(&self, cx: &Ctx, project: ProjectId, include: Include) -> Result<TrackList> {
        let auth = self.authorize::<Project>(cx, project, Action::Visit).await?;
        let sight = self.sight_of(&auth).await?;
        let line = self.line_up(project).await?;
        let tracks = line.tracks.into_iter().map(|placed| placed.track);
        let tracks = tracks.filter(|track| sight.shows_row(&track.row)).collect();
        let tracks = self.track_views(&auth, tracks, include).await?;
        Ok(TrackList { tracks, order_revision: line.guard.rev })
    }

    /// A track.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_track(&self, cx: &Ctx, id: TrackId) -> Result<TrackView> {
        let auth = self.authorize::<Track>(cx, id, Action::Visit).await?;
        self.track_view(&auth, auth.resource().clone()).await
    }

    /// Makes a track, at the end or beside another one.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `Conflict` at [`limits::TRACKS_PER_PROJECT_MAX`] tracks, trash included; `Invalid` if
    /// the neighbour is no track of this project.
    pub async fn create_track(
        &self,
        cx: &Ctx,
        project: ProjectId,
        new: &NewTrack,
    ) -> Result<Done<TrackView>> {
        Ok(match decide_again!(None, self.try_create_track(cx, project, new).await)? {
            Done::Now(id) => Done::Now(self.get_track(cx, id).await?),
            Done::Before(id) => Done::Before(self.get_track(cx, id).await?),
        })
    }

    async fn try_create_track(&self, cx: &Ctx, project: ProjectId, new: &NewTrack) -> Result<Done<TrackId>> {
        let auth = self.authorize::<Project>(cx, project, Action::EditTracks).await?;
        if let Some(id) = self.made_before(cx).await? {
            return Ok(Done::Before(id.into()));
        }
        let line = self.line_up(project).await?;
        let slot = line.slot(None, new.place)?;
        let track = track_of(self.id(cx), project, new, cx);
        let id = track.id;
        let mut batch = Batch::new();
        line.replace_guard(&mut batch, project);
        slot.spread(&mut batch);
        batch
            .insert::<Tracks>(&id, &track)
            .insert::<TrackPlaces>(&id, &TrackPlace { position: slot.rank })
            .insert::<Faders>(&id, &new.fader.applied(Fader::default()))
            .add::<TrackCount>(&project, 1, ..)
            .add::<TrackTotal>(&project, 1, ..=limits::TRACKS_PER_PROJECT_MAX)
            .emit(self.track_event(cx, &track, 1, Event::TrackCreated));
        self.remember(cx, &mut batch, id)?;
        match self.commit(&auth, batch).await {
            Ok(_) => Ok(Done::Now(id)),
            Err(error) if error.conflicts_on(TableId::TrackTotal) => Err(Error::Conflict(
                "the project has as many tracks as one may have, those in the trash included",
            )),
            Err(error) => Err(error),
        }
    }

    /// Changes a track and its fader.
    ///
    /// # Errors
    /// Those of [`Service::authorize`]; `RevisionConflict`.
    pub async fn update_track(
        &self,
        cx: &Ctx,
        id: TrackId,
        expect: Option<u64>,
        patch: &TrackPatch,
    ) -> Result<TrackView> {
        decide_again!(expect, self.try_update_track(cx, id, expect, patch).await)
    }

    async fn try_update_track(
        &self,
        cx: &Ctx,
        id: TrackId,
        expect: Option<u64>,
        patch: &TrackPatch,
    ) -> Result<TrackView> {
        let auth = self.authorize::<Track>(cx, id, Action::EditTracks).await?;
        let old = auth.resource();
        check_revision(expect, old)?;
        let mut track = old.row.clone();
        patch.apply(&mut track);
        let fader = must::<Faders>(self.store(), &id, "track").await?;
        let moved = patch.fader.applied(fader.row);
        let mut batch = Batch::new();
        if moved != fader.row {
            batch.replace::<Faders>(&id, &fader, &moved).emit(self.mix_event(cx, track.project_id, vec![id]));
        }
        let track = self.save_track(cx, &auth, track, Event::TrackUpdated, batch).await?;
        self.track_view(&auth, track).await
    }

    /// Writes a changed track row with whatever else is in the batch. Nothing changed, nothing is written.
    async fn save_track(
        &self,
        cx: &Ctx,
        auth: &Authorized<Track>,
        mut track: Track,
        event: Event,
        mut batch: Batch,
    ) -> Result<Stored<Track>> {
        let old = auth.resource();
        if track == old.row {
            if !batch.is_empty() {
                batch.assert_unchanged::<Tracks>(&track.id, old);
                self.commit(auth, batch).await?;
            }
            return Ok(old.clone());
        }
        track.updated_at = cx.now;
        let rev = old.rev + 1;
        batch.replace::<Tracks>(&track.id, old, &track).emit(self.track_event(cx, &track, rev, event));
        let stamp = self.commit(auth, batch).await?.stamp;
        Ok(Stored { row: track, rev, stamp })
    }

    async fn track_view<T>(&self, auth: &Authorized<T>, track: Stored<Track>) -> Result<TrackView> {
        let mut views = self.track_views(auth, vec![track], Include::Track).await?;
        views.pop().ok_or(Error::NotFound("track"))
    }

    async fn track_views<T>(
        &self,
        auth: &Authorized<T>,
        tracks: Vec<Stored<Track>>,
        include: Include,
    ) -> Result<Vec<TrackView>> {
        let ids: Vec<TrackId> = tracks.iter().map(|track| track.row.id).collect();
        let places: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // Guests who see one version of each are not told what there is on others.
        let all = auth.link().is_none_or(|link| link.row.rights.see_versions);
        let comments = self.comment_counts(&places, self.reach_of(auth).filter(|_| all)).await?;
        let faders = self.store().get_many::<Faders>(&ids).await?;
        let places = self.store().get_many::<TrackPlaces>(&ids).await?;
        let counts = self.store().count_many::<VersionCount>(&ids).await?;
        let mut current = vec![None; tracks.len()];
        if include == Include::CurrentVersion {
            let playing =
                tracks.iter().enumerate().filter_map(|(i, track)| Some((i, track.row.current?.version_id)));
            let (places, keys): (Vec<usize>, Vec<VersionId>) = playing.unzip();
            for (place, version) in places.into_iter().zip(self.store().get_many::<Versions>(&keys).await?) {
                if let Some(version) = version {
                    current[place] = Some(self.version_view(auth, version, &tracks[place].row).await?);
                }
            }
        }
        let rows = tracks.into_iter().zip(places).zip(faders).zip(counts).zip(comments).zip(current);
        // A track that was purged at this moment has no place any more.
        let views = rows.filter_map(|(((((track, place), fader), version_count), comments), current)| {
            let (position, fader) = (place?.row.position, fader?.row);
            let open_comment_count = comments.open;
            let version_count = if all { version_count } else { track.row.current.iter().len() as i64 };
            Some(TrackView { track, position, fader, version_count, open_comment_count, current })
        });
        let mut views: Vec<TrackView> = views.collect();
        views.sort_by(|a, b| a.position.cmp(&b.position));
        Ok(views)
    }

    /// An event about a track.
    pub(crate) fn track_event(&self, cx: &Ctx, track: &Track, revision: u64, body: Event) -> NewEvent {
        let resource = ResourceRef::new("track", track.id, revision);
        self.event_in(cx, track.project_id, resource, Some(track.id), body)
    }
}

/// The row of a new track.
fn track_of(id: TrackId, project: ProjectId, new: &NewTrack, cx: &Ctx) -> Track {
    Track {
        id,
        project_id: project,
        name: new.name.clone(),
        kind: new.kind.clone(),
        instrument: new.instrument.clone(),
        color: new.color.clone(),
        start_offset_ms: new.start_offset_ms,
        current: None,
        notes: new.notes.clone(),
        cover: None,
        created_at: cx.now,
        updated_at: cx.now,
        deleted: None,
    }
}
