//! `AudioTools` over the audio crate: a probe in a restricted child of this binary, and windows of a stored pyramid.
//!
//! The child gets one path and no handle, no variable and no descriptor of ours. When it dies, hangs or talks nonsense the
//! file is to blame; only when it cannot be started are we.

use async_trait::async_trait;
use audio::{
    child::{Resources, Task, Work},
    pyramid::{HEADER_BYTES, Layout},
    waveform::{Bits, Mix, Query, QueryError, Zoom as Level},
};
use bytes::Bytes;
use jobs::decoder::{DecodeError, Decoder};
use model::{
    limits,
    ports::{
        AlignInput, AudioAlignment, AudioProbe, AudioRefusal, AudioTools, WaveformBits, WaveformChannels,
        WaveformError, WaveformForm, WaveformQuery, Zoom,
    },
};
use std::{fs::File, os::unix::fs::FileExt, path::Path, time::Duration};
use tokio::sync::Semaphore;

/// Probes that run at the same time.
const PROBES_AT_ONCE: usize = 4;
/// Comparisons that run at the same time: each takes a core for seconds.
const COMPARISONS_AT_ONCE: usize = 1;

/// The audio crate behind the port.
#[derive(Debug)]
pub struct AudioChild {
    decoder: Decoder,
    places: Semaphore,
    listener: Decoder,
    listening: Semaphore,
}

impl AudioChild {
    /// `decoder` starts a `backline` that becomes a decoding child when it is told to: usually the running program.
    pub fn new(decoder: Decoder) -> Self {
        let listener = decoder.clone();
        let decoder = decoder.with_stall(Duration::from_millis(limits::PROBE_WAIT_MS));
        let (places, listening) = (Semaphore::new(PROBES_AT_ONCE), Semaphore::new(COMPARISONS_AT_ONCE));
        Self { decoder, places, listener, listening }
    }
}

#[async_trait]
impl AudioTools for AudioChild {
    async fn probe(&self, path: &Path) -> Result<AudioProbe, AudioRefusal> {
        let task = Task {
            work: Work::Probe { input: path.to_owned() },
            limits: audio::Limits::default(),
            resources: Resources::PROBE,
        };
        let _place = self.places.acquire().await.map_err(|error| AudioRefusal::Engine(error.to_string()))?;
        let probe = self.decoder.probe(&task).await.map_err(refusal)?;
        Ok(AudioProbe { container: probe.container.name().to_owned(), codec: probe.codec.name().to_owned() })
    }

    async fn align(&self, from: &AlignInput, to: &AlignInput) -> Result<AudioAlignment, AudioRefusal> {
        let task = Task {
            work: Work::Align {
                recordings: [from.recording.clone(), to.recording.clone()],
                features: [from.features.clone(), to.features.clone()],
            },
            limits: audio::Limits::default(),
            resources: Resources::ALIGN,
        };
        let place = self.listening.acquire().await;
        let _place = place.map_err(|error| AudioRefusal::Engine(error.to_string()))?;
        let found = self.listener.align(&task).await.map_err(refusal)?;
        Ok(AudioAlignment { offset_ms: found.offset_ms, confidence: found.confidence })
    }

    fn window(
        &self,
        pyramid: &File,
        query: WaveformQuery,
        form: WaveformForm,
    ) -> Result<Bytes, WaveformError> {
        let mut head = [0; HEADER_BYTES];
        read(pyramid, &mut head, 0)?;
        let layout = Layout::parse(&head).map_err(|error| WaveformError::Damaged(error.to_string()))?;
        let slice = layout.select(&level(&query)).map_err(|error| match error {
            QueryError::NoSuchLevel { available, .. } => WaveformError::NoSuchLevel(available),
            QueryError::EmptyWindow { .. } | QueryError::NoWidth => WaveformError::EmptyWindow,
        })?;
        let range = slice.byte_range();
        let length = usize::try_from(range.end - range.start)
            .map_err(|error| WaveformError::Damaged(error.to_string()))?;
        let mut raw = vec![0; length];
        read(pyramid, &mut raw, range.start)?;
        Ok(match form {
            WaveformForm::Dat => slice.dat(&raw).into(),
            WaveformForm::Json => slice.json(&raw).into(),
            WaveformForm::Peaks => slice.peaks_json(&raw).into(),
        })
    }
}

/// A probe is short and reads little: a child that dies or hangs over it does so because of the file.
fn refusal(error: DecodeError) -> AudioRefusal {
    match error {
        DecodeError::Refused { code, message } => AudioRefusal::File { code, detail: message },
        DecodeError::Crashed(_) | DecodeError::Stalled => AudioRefusal::File {
            code: "corrupt_audio".to_owned(),
            detail: "This file makes the decoder fail. Please export it again and upload the new file."
                .to_owned(),
        },
        DecodeError::Engine(why) => AudioRefusal::Engine(why),
    }
}

fn read(pyramid: &File, into: &mut [u8], at: u64) -> Result<(), WaveformError> {
    pyramid.read_exact_at(into, at).map_err(|error| WaveformError::Damaged(error.to_string()))
}

fn level(query: &WaveformQuery) -> Query {
    Query {
        zoom: match query.zoom {
            Zoom::SamplesPerPixel(samples) => Level::SamplesPerPixel(samples),
            Zoom::Width(pixels) => Level::Width(pixels),
        },
        mix: match query.channels {
            WaveformChannels::Mono => Mix::Mono,
            WaveformChannels::Split => Mix::Split,
        },
        bits: match query.bits {
            WaveformBits::Eight => Bits::Eight,
            WaveformBits::Sixteen => Bits::Sixteen,
        },
        start_ms: query.start_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0),
        end_ms: query.end_ms.map(|ms| u64::try_from(ms).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests;
