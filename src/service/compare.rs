//! Two versions of a track side by side: length, loudness, how much later the same music comes, what else differs, and what became
//! of the comments in between.

use crate::{
    Ctx, Error, Result, Service,
    authorize::{Guarded, must},
    comment::{CommentView, Shift},
    version::VersionView,
    version_current::playable,
};
use model::{
    BlobHash, TrackId, VersionId, Violation,
    access::Action,
    limits,
    ports::{AlignInput, AudioRefusal},
    track::Track,
    version::Version,
};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use store::{Stored, tables::version::Versions};

/// Two versions side by side. Differences are told from `a` to `b`.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// One.
    pub a: VersionView,
    /// The other.
    pub b: VersionView,
    /// How much longer `b` is, in milliseconds.
    pub duration_delta_ms: i64,
    /// How much louder `b` is, in LU; none if one of them is silent.
    pub loudness_delta_lu: Option<f64>,
    /// What to turn `a` and `b` up by to hear them equally loud, in dB: the louder one is turned down, the other one stays.
    pub gain_db: (f64, f64),
    /// How much later the same music comes in `b`.
    pub shift: Shift,
    /// What else differs.
    pub differences: Vec<Difference>,
    /// What became of the threads of the earlier version.
    pub threads: Threads,
}

/// The threads of the earlier one of two versions, newest first, at most [`limits::PAGE_MAX`].
#[derive(Clone, Debug, Default)]
pub struct Threads {
    /// Settled since, up to the later version.
    pub resolved: Vec<CommentView>,
    /// Still open.
    pub open: Vec<CommentView>,
}

/// A fact that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Such as `codec` or `metadata.artist`.
    pub field: String,
    /// Of `a`, if it has one.
    pub a: Option<String>,
    /// Of `b`.
    pub b: Option<String>,
}

/// Shifts that were found, so that looking again costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Shifts(Mutex<HashMap<(BlobHash, BlobHash), Shift>>);

impl Shifts {
    fn known(&self, pair: (BlobHash, BlobHash)) -> Option<Shift> {
        self.0.lock().get(&pair).copied()
    }
    fn remember(&self, pair: (BlobHash, BlobHash), shift: Shift) {
        let mut shifts = self.0.lock();
        if shifts.len() >= limits::SHIFTS_REMEMBERED {
            shifts.clear();
        }
        shifts.insert(pair, shift);
    }
}

impl Service {
    /// Compares two versions of a track.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for what is no version of this track; `Processing` and `Audio` for what cannot be played.
    pub async fn compare_versions(
        &self,
        cx: &Ctx,
        track: TrackId,
        a: VersionId,
        b: VersionId,
    ) -> Result<Comparison> {
        let auth = self.authorize::<Track>(cx, track, Action::Visit).await?;
        let a = self.comparable(track, a, "?a").await?;
        let b = self.comparable(track, b, "?b").await?;
        if let Some(link) = auth.link() {
            for version in [&a, &b] {
                if !self.link_shows(&link.row, version.row.spot()).await? {
                    return Err(Error::NotFound("version"));
                }
            }
        }
        let shift = self.shift_between(&a.row, &b.row).await?;
        let (earlier, later) = if a.row.number <= b.row.number { (&a, &b) } else { (&b, &a) };
        let threads = self.threads_between(cx, self.reach_of(&auth), &earlier.row, &later.row).await?;
        let duration = |version: &Version| version.media.as_ref().map_or(0, |media| media.duration_ms);
        let loudness = |version: &Version| version.loudness.map(|loudness| loudness.integrated_lufs);
        let loudness_delta_lu = loudness(&b.row).zip(loudness(&a.row)).map(|(b, a)| b - a);
        let track = &auth.resource().row;
        Ok(Comparison {
            duration_delta_ms: duration(&b.row) - duration(&a.row),
            loudness_delta_lu,
            gain_db: gains(loudness_delta_lu),
            shift,
            differences: differences(&a.row, &b.row),
            threads,
            a: self.version_view(&auth, a, track).await?,
            b: self.version_view(&auth, b, track).await?,
        })
    }

    async fn comparable(
        &self,
        track: TrackId,
        id: VersionId,
        pointer: &'static str,
    ) -> Result<Stored<Version>> {
        let found = match must::<Versions>(self.store(), &id, "version").await {
            Err(Error::NotFound(_)) => None,
            outcome => Some(outcome?),
        };
        let version = found
            .filter(|found| found.row.track_id == track && found.row.deleted.is_none())
            .ok_or_else(|| Violation::new(pointer, "not_found", "must be a version of this track"))?;
        playable(&version.row)?;
        Ok(version)
    }

    /// How much later the music of one recording comes in another one; without confidence where they were never listened to, or
    /// cannot be read any more.
    ///
    /// # Errors
    /// `Internal` if the audio engine does not work, `Overloaded` if it was called off.
    pub async fn shift_between(&self, from: &Version, to: &Version) -> Result<Shift> {
        const NO_IDEA: Shift = Shift { offset_ms: 0, confidence: 0.0 };
        let pair = (from.original, to.original);
        if pair.0 == pair.1 {
            return Ok(Shift { offset_ms: 0, confidence: 1.0 });
        }
        if let Some(known) = self.shifts().known(pair) {
            return Ok(known);
        }
        let (Some(features_from), Some(features_to)) = (from.features, to.features) else {
            return Ok(NO_IDEA);
        };
        let input = |recording: &BlobHash, features: &BlobHash| AlignInput {
            recording: self.blobs().local_path(recording),
            features: self.blobs().local_path(features),
        };
        let inputs = (input(&pair.0, &features_from), input(&pair.1, &features_to));
        let shift = match self.audio().align(&inputs.0, &inputs.1).await {
            Ok(found) => Shift { offset_ms: found.offset_ms, confidence: found.confidence },
            Err(AudioRefusal::File { .. }) => NO_IDEA,
            Err(AudioRefusal::Cancelled) => return Err(Error::Overloaded),
            Err(AudioRefusal::Engine(why)) => return Err(Error::Internal(why)),
        };
        self.shifts().remember(pair, shift);
        Ok(shift)
    }
}

/// The louder one is turned down.
fn gains(delta_lu: Option<f64>) -> (f64, f64) {
    let delta = delta_lu.unwrap_or(0.0);
    (delta.min(0.0), -delta.max(0.0))
}

/// Facts and metadata that are not the same.
fn differences(a: &Version, b: &Version) -> Vec<Difference> {
    let names: BTreeSet<&String> = a.metadata.keys().chain(b.metadata.keys()).collect();
    let metadata = names.into_iter().map(|name| {
        let of = |version: &Version| version.metadata.get(name).cloned();
        Difference { field: format!("metadata.{name}"), a: of(a), b: of(b) }
    });
    let (facts_a, facts_b) = (facts(a), facts(b));
    let pairs = facts_a.into_iter().zip(facts_b);
    let facts = pairs.map(|((field, a), (_, b))| Difference { field: field.to_owned(), a, b });
    facts.chain(metadata).filter(|difference| difference.a != difference.b).collect()
}

fn facts(version: &Version) -> [(&'static str, Option<String>); 5] {
    let media = version.media.as_ref();
    [
        ("container", media.map(|media| media.container.clone())),
        ("codec", media.map(|media| media.codec.clone())),
        ("sample_rate", media.map(|media| media.sample_rate.to_string())),
        ("bit_depth", media.and_then(|media| media.bit_depth).map(|bits| bits.to_string())),
        ("channels", media.map(|media| media.channels.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_louder_one_is_turned_down() {
        assert_eq!(gains(Some(3.5)), (0.0, -3.5));
        assert_eq!(gains(Some(-2.0)), (-2.0, 0.0));
        assert_eq!(gains(None), (0.0, 0.0));
    }
}
