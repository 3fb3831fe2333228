//! Waveforms: windows of the pyramid that was stored when a version was processed. Nothing is computed anew.

use crate::{Ctx, Error, Result, Service, version_current::playable};
use bytes::Bytes;
use model::{
    Timestamp, VersionId, Violation,
    access::Action,
    limits,
    media::MediaFacts,
    ports::{WaveformError, WaveformForm, WaveformQuery, Zoom},
};
use std::sync::Arc;

/// A waveform as it is sent.
#[derive(Clone, Debug)]
pub struct Waveform {
    /// In the form asked for.
    pub bytes: Bytes,
    /// What changes when the bytes do.
    pub tag: String,
    /// Since when they are what they are.
    pub modified: Timestamp,
}

impl Service {
    /// The waveform of a version.
    ///
    /// # Errors
    /// `NotFound`; `Processing` until it is ready; `Audio` if the version failed; `Invalid` if the level is not stored, the window is
    /// empty, or so much at once is not given out.
    pub async fn waveform(
        &self,
        cx: &Ctx,
        id: VersionId,
        query: WaveformQuery,
        form: WaveformForm,
    ) -> Result<Waveform> {
        let (auth, _) = self.authorize_version(cx, id, Action::Listen).await?;
        let version = &auth.resource().row;
        playable(version)?;
        let (Some(stored), Some(media)) = (version.peaks, &version.media) else {
            return Err(Error::Internal("a version is ready without a waveform".to_owned()));
        };
        check_amount(&query, media)?;
        let (pyramid, _) = self.open_blob(&stored).await?;
        let audio = Arc::clone(self.audio());
        let bytes = tokio::task::spawn_blocking(move || audio.window(&pyramid, query, form))
            .await
            .map_err(|error| Error::Internal(error.to_string()))?
            .map_err(refusal)?;
        Ok(Waveform { tag: tag(&bytes), bytes, modified: version.created_at })
    }
}

fn tag(bytes: &Bytes) -> String {
    blake3::hash(bytes).to_hex().get(..32).unwrap_or_default().to_owned()
}

/// Bounds what one answer holds in memory.
fn check_amount(query: &WaveformQuery, media: &MediaFacts) -> Result<()> {
    let pixels = match query.zoom {
        Zoom::Width(width) => u64::from(width),
        Zoom::SamplesPerPixel(samples) => {
            let start = query.start_ms.unwrap_or(0);
            let length_ms =
                query.end_ms.unwrap_or(media.duration_ms).min(media.duration_ms).saturating_sub(start);
            let frames =
                u64::try_from(length_ms).unwrap_or(0).saturating_mul(u64::from(media.sample_rate)) / 1000;
            frames / u64::from(samples.max(1)) + 1
        }
    };
    // A stored row holds a pair for the mix, and one for each channel if there are several.
    let pairs = if media.channels == 1 { 1 } else { 1 + u64::from(media.channels) };
    if pixels.saturating_mul(2 * pairs) > limits::WAVEFORM_VALUES_MAX {
        let detail = "is too fine for the whole recording; ask for a coarser level, a width, or a window";
        return Err(Violation::new("?samples_per_pixel", "too_large", detail).into());
    }
    Ok(())
}

fn refusal(error: WaveformError) -> Error {
    match error {
        WaveformError::NoSuchLevel(levels) => {
            let levels: Vec<String> = levels.iter().map(u32::to_string).collect();
            let detail = format!("is not stored for this recording; there are {}", levels.join(", "));
            Violation::new("?samples_per_pixel", "no_such_level", detail).into()
        }
        WaveformError::EmptyWindow => {
            Violation::new("?start_ms", "empty_window", "must lie within the recording and before end_ms")
                .into()
        }
        WaveformError::Damaged(why) => Error::Internal(why),
    }
}
