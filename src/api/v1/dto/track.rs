//! Tracks and their order as JSON.

use super::{Time, version::Version};
use crate::http::body::{Checks, Input};
use model::{
    TrackId, Violation, Violations,
    text::{Color, Label, Prose, TrackKind, TrackName},
    track::{Fader, Track as Row},
};
use poem_openapi::{Enum, Object, types::MaybeUndefined};
use serde_json::{Value, json};
use service::track::{FaderPatch, NewTrack, Place, TrackList, TrackPatch, TrackView};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A track.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Track {
    /// Its id.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// Its name.
    pub name: String,
    /// `mix`, `stem`, `vocal`, `instrument`, `reference`, `other`, or a kind of your own.
    pub kind: String,
    /// Such as `bass`.
    pub instrument: Option<String>,
    /// Its colour, `#rrggbb`.
    pub color: Option<String>,
    /// Where it stands: in byte order of these, tracks are in their order.
    pub position: String,
    /// Linear gain, 0 to 2; not part of the revision.
    pub volume: f64,
    /// −1 (left) to 1 (right); not part of the revision.
    pub pan: f64,
    /// Silenced; not part of the revision.
    pub muted: bool,
    /// Heard alone; not part of the revision.
    pub soloed: bool,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: i64,
    /// The version that plays; absent while there is none.
    pub current_version_id: Option<Uuid>,
    /// The version that plays, where it was asked for.
    pub current_version: Option<Version>,
    /// Versions outside the trash; not part of the revision.
    pub version_count: i64,
    /// Comments that are not resolved, as far as you see them; not part of the revision.
    pub open_comment_count: i64,
    /// Free notes.
    pub notes: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Grows by one with each change.
    pub revision: i64,
}

impl From<TrackView> for Track {
    fn from(view: TrackView) -> Self {
        let (row, fader) = (view.track.row, view.fader);
        Self {
            id: row.id.uuid(),
            project_id: row.project_id.uuid(),
            name: row.name.to_string(),
            kind: row.kind.to_string(),
            instrument: row.instrument.map(|instrument| instrument.to_string()),
            color: row.color.map(|color| color.to_string()),
            position: view.position.to_string(),
            volume: fader.volume,
            pan: fader.pan,
            muted: fader.muted,
            soloed: fader.soloed,
            start_offset_ms: row.start_offset_ms,
            current_version_id: row.current.map(|current| current.version_id.uuid()),
            current_version: view.current.map(Version::from),
            version_count: view.version_count,
            open_comment_count: view.open_comment_count,
            notes: row.notes.map(|notes| notes.to_string()),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            revision: view.track.rev.cast_signed(),
        }
    }
}

/// The tracks of a project, always all of them.
#[derive(Debug, Object)]
pub struct TrackPage {
    /// In their order.
    pub items: Vec<Track>,
    /// Always null: a project has at most 200 tracks, and the list is whole.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
    /// The revision of the set and its order, which `reorderTracks` takes in `If-Match`.
    pub order_revision: i64,
}

impl From<TrackList> for TrackPage {
    fn from(list: TrackList) -> Self {
        let order_revision = list.order_revision.cast_signed();
        let items = list.tracks.into_iter().map(Track::from).collect();
        Self { items, next_cursor: None, order_revision }
    }
}

/// What a list of tracks shows beside each track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum TrackInclude {
    /// The version that plays, as `current_version`.
    CurrentVersion,
}

/// What a new track is made of.
#[derive(Clone, Debug, Object)]
pub struct CreateTrack {
    /// Its name: 1 to 120 characters.
    pub name: String,
    /// `mix`, `stem`, `vocal`, `instrument`, `reference`, `other` (the default), or a kind of your own: `[a-z0-9_-]{1,30}`.
    pub kind: Option<String>,
    /// Such as `bass`: 1 to 80 characters.
    pub instrument: Option<String>,
    /// Its colour, such as `#e8b84b`.
    pub color: Option<String>,
    /// Free notes: up to 4,000 characters.
    pub notes: Option<String>,
    /// Where in the song it starts, in milliseconds: up to 12 hours after its beginning or before.
    pub start_offset_ms: Option<i64>,
    /// Linear gain, 0 to 2.
    pub volume: Option<f64>,
    /// −1 (left) to 1 (right).
    pub pan: Option<f64>,
    /// Silenced.
    pub muted: Option<bool>,
    /// Heard alone.
    pub soloed: Option<bool>,
    /// Put it right before this track; without a neighbour it goes to the end.
    pub before_id: Option<Uuid>,
    /// Put it right after this track.
    pub after_id: Option<Uuid>,
}

impl Input for CreateTrack {
    type Value = NewTrack;

    fn example() -> Value {
        json!({"name": "Bass", "kind": "stem", "instrument": "bass", "volume": 1.0, "pan": -0.2})
    }

    fn parse(self) -> Result<NewTrack, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", TrackName::parse(&self.name));
        let kind = faults.check("/kind", TrackKind::parse(self.kind.as_deref().unwrap_or("other")));
        let instrument = faults.optional("/instrument", self.instrument, |text| Label::parse(&text));
        let color = faults.optional("/color", self.color, |text| Color::parse(&text));
        let notes = faults.optional("/notes", self.notes, |text| Prose::parse(&text));
        let offset = faults.optional("/start_offset_ms", self.start_offset_ms, Row::parse_start_offset_ms);
        let fader = fader(&mut faults, "", (self.volume, self.pan), (self.muted, self.soloed));
        let place = place(&mut faults, self.before_id, self.after_id).unwrap_or_default();
        let start_offset_ms = offset.unwrap_or_default();
        let new = name.zip(kind).map(|(name, kind)| NewTrack {
            name,
            kind,
            instrument,
            color,
            notes,
            start_offset_ms,
            fader,
            place,
        });
        faults.finish(new)
    }
}

/// Parses the four values of a fader below `pointer`.
pub(super) fn fader(
    faults: &mut Violations,
    pointer: &str,
    (volume, pan): (Option<f64>, Option<f64>),
    (muted, soloed): (Option<bool>, Option<bool>),
) -> FaderPatch {
    FaderPatch {
        volume: faults.optional(&format!("{pointer}/volume"), volume, Fader::parse_volume),
        pan: faults.optional(&format!("{pointer}/pan"), pan, Fader::parse_pan),
        muted,
        soloed,
    }
}

/// The place that at most one neighbour names.
fn place(faults: &mut Violations, before: Option<Uuid>, after: Option<Uuid>) -> Option<Place> {
    match (before, after) {
        (None, None) => None,
        (Some(id), None) => Some(Place::Before(id.into())),
        (None, Some(id)) => Some(Place::After(id.into())),
        (Some(_), Some(_)) => {
            faults.0.push(Violation::new("/after_id", "contradiction", "name one neighbour, not two"));
            None
        }
    }
}

/// What changes; absent fields stay, null clears.
#[derive(Clone, Debug, Object)]
pub struct UpdateTrack {
    /// Its name: 1 to 120 characters.
    pub name: Option<String>,
    /// What kind of track: `[a-z0-9_-]{1,30}`.
    pub kind: Option<String>,
    /// Such as `bass`: 1 to 80 characters.
    #[oai(nullable)]
    pub instrument: MaybeUndefined<String>,
    /// Its colour, such as `#e8b84b`.
    #[oai(nullable)]
    pub color: MaybeUndefined<String>,
    /// Free notes: up to 4,000 characters.
    #[oai(nullable)]
    pub notes: MaybeUndefined<String>,
    /// Where in the song it starts, in milliseconds.
    pub start_offset_ms: Option<i64>,
    /// Linear gain, 0 to 2.
    pub volume: Option<f64>,
    /// −1 (left) to 1 (right).
    pub pan: Option<f64>,
    /// Silenced.
    pub muted: Option<bool>,
    /// Heard alone.
    pub soloed: Option<bool>,
}

impl Input for UpdateTrack {
    type Value = TrackPatch;

    fn example() -> Value {
        json!({"name": "Bass (DI)", "volume": 0.8, "notes": null})
    }

    fn parse(self) -> Result<TrackPatch, Violations> {
        let mut faults = Violations::default();
        let patch = TrackPatch {
            name: faults.optional("/name", self.name, |text| TrackName::parse(&text)),
            kind: faults.optional("/kind", self.kind, |text| TrackKind::parse(&text)),
            instrument: faults.patch("/instrument", self.instrument, |text| Label::parse(&text)),
            color: faults.patch("/color", self.color, |text| Color::parse(&text)),
            notes: faults.patch("/notes", self.notes, |text| Prose::parse(&text)),
            start_offset_ms: faults.optional(
                "/start_offset_ms",
                self.start_offset_ms,
                Row::parse_start_offset_ms,
            ),
            fader: fader(&mut faults, "", (self.volume, self.pan), (self.muted, self.soloed)),
        };
        faults.finish(Some(patch))
    }
}

/// Where a track goes: exactly one of the two.
#[derive(Clone, Copy, Debug, Object)]
pub struct MoveTrack {
    /// Right before this track.
    pub before_id: Option<Uuid>,
    /// Right after this track.
    pub after_id: Option<Uuid>,
}

impl Input for MoveTrack {
    type Value = Place;

    fn example() -> Value {
        json!({"before_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f"})
    }

    fn parse(self) -> Result<Place, Violations> {
        let mut faults = Violations::default();
        let place = place(&mut faults, self.before_id, self.after_id);
        if place.is_none() && faults.0.is_empty() {
            faults.0.push(Violation::new(
                "/before_id",
                "required",
                "name one neighbour: before_id or after_id",
            ));
        }
        faults.finish(place)
    }
}

/// The whole order of a project's tracks.
#[derive(Clone, Debug, Object)]
pub struct ReorderTracks {
    /// Every track outside the trash, once.
    pub track_ids: Vec<Uuid>,
}

impl Input for ReorderTracks {
    type Value = Vec<TrackId>;

    fn example() -> Value {
        json!({"track_ids": ["0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "0192f3c1-5d2e-7a10-9b44-6c7d8e9f0a1b"]})
    }

    fn parse(self) -> Result<Vec<TrackId>, Violations> {
        let mut faults = Violations::default();
        let mut seen = BTreeSet::new();
        for (index, id) in self.track_ids.iter().enumerate() {
            if !seen.insert(id) {
                let pointer = format!("/track_ids/{index}");
                faults.0.push(Violation::new(pointer, "repeated", "each track stands once in the order"));
            }
        }
        faults.finish(Some(self.track_ids.iter().copied().map(TrackId::from).collect()))
    }
}

/// The order of a project's tracks.
#[derive(Clone, Debug, Object)]
pub struct TrackOrder {
    /// Every track outside the trash.
    pub track_ids: Vec<Uuid>,
    /// The revision of the set and its order.
    pub order_revision: i64,
}

impl From<service::track::TrackOrder> for TrackOrder {
    fn from(order: service::track::TrackOrder) -> Self {
        Self {
            track_ids: order.track_ids.into_iter().map(TrackId::uuid).collect(),
            order_revision: order.revision.cast_signed(),
        }
    }
}
