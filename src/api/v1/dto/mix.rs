//! The shared mix as JSON.

use super::track::fader;
use crate::http::body::Input;
use model::{TrackId, Violation, Violations};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::{mix::Channel, track::FaderPatch};
use std::collections::BTreeMap;

/// The shared mix of a project.
#[derive(Clone, Debug, Object)]
pub struct Mix {
    /// A channel for each track outside the trash, by the track's id.
    pub tracks: BTreeMap<String, MixChannel>,
}

/// The fader of one track.
#[derive(Clone, Copy, Debug, Object)]
pub struct MixChannel {
    /// Linear gain, 0 to 2.
    pub volume: f64,
    /// −1 (left) to 1 (right).
    pub pan: f64,
    /// Silenced.
    pub muted: bool,
    /// Heard alone.
    pub soloed: bool,
    /// Whether it is heard: soloed if any track is soloed, else not muted; mute wins.
    pub audible: bool,
}

impl From<Vec<Channel>> for Mix {
    fn from(mix: Vec<Channel>) -> Self {
        let channel = |channel: Channel| MixChannel {
            volume: channel.fader.volume,
            pan: channel.fader.pan,
            muted: channel.fader.muted,
            soloed: channel.fader.soloed,
            audible: channel.audible,
        };
        Self { tracks: mix.into_iter().map(|one| (one.track_id.to_string(), channel(one))).collect() }
    }
}

/// A whole console in one write. Tracks that are not named keep their faders.
#[derive(Clone, Debug, Object)]
pub struct PutMix {
    /// How faders move, by the track's id.
    pub tracks: BTreeMap<String, MoveFader>,
}

/// How one fader moves; an absent value stays.
#[derive(Clone, Copy, Debug, Object)]
pub struct MoveFader {
    /// Linear gain, 0 to 2.
    pub volume: Option<f64>,
    /// −1 (left) to 1 (right).
    pub pan: Option<f64>,
    /// Silenced.
    pub muted: Option<bool>,
    /// Heard alone.
    pub soloed: Option<bool>,
}

impl Input for PutMix {
    type Value = BTreeMap<TrackId, FaderPatch>;

    fn example() -> Value {
        json!({"tracks": {"0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f": {"volume": 0.8, "pan": -0.2}, "0192f3c1-5d2e-7a10-9b44-6c7d8e9f0a1b": {"muted": true}}})
    }

    fn parse(self) -> Result<BTreeMap<TrackId, FaderPatch>, Violations> {
        let mut faults = Violations::default();
        let mut moves = BTreeMap::new();
        for (id, fade) in self.tracks {
            let pointer = format!("/tracks/{}", id.replace('~', "~0").replace('/', "~1"));
            let moved = fader(&mut faults, &pointer, (fade.volume, fade.pan), (fade.muted, fade.soloed));
            match id.parse::<TrackId>() {
                Ok(id) => drop(moves.insert(id, moved)),
                Err(_) => {
                    faults.0.push(Violation::new(pointer, "unknown_track", "must be a track of this project"))
                }
            }
        }
        faults.finish(Some(moves))
    }
}
