//! Playing and showing as JSON and as parameters.

use super::{Time, account::preferences::Quality};
use crate::http::body::{Checks, Input};
use model::{
    Violations, account, limits,
    ports::{WaveformBits, WaveformChannels, WaveformQuery, Zoom},
    violation::Fault,
};
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use service::stream_url::StreamLink;

/// A link for `<audio>`.
#[derive(Debug, Object)]
pub struct StreamUrl {
    /// The address, relative to this server; it plays one version and nothing else.
    pub url: String,
    /// Until when it plays, if the login it was made under lasts.
    pub expires_at: Time,
}

impl From<StreamLink> for StreamUrl {
    fn from(link: StreamLink) -> Self {
        let url = format!("/api/v1/versions/{}/stream?token={}", link.version_id, link.token);
        Self { url, expires_at: link.expires_at.into() }
    }
}

/// What a link for `<audio>` may say.
#[derive(Debug, Object)]
pub struct CreateStreamUrl {
    /// How good the sound is to be; without it, the original if browsers play its format.
    quality: Option<Quality>,
    /// For how many seconds it plays: 1 to 3600, which is the default.
    ttl_s: Option<i64>,
}

/// A link for `<audio>` as it is asked for.
pub struct NewStreamUrl {
    /// How good the sound is to be.
    pub quality: Option<account::Quality>,
    /// For how many seconds.
    pub ttl_s: i64,
}

impl Input for CreateStreamUrl {
    type Value = NewStreamUrl;

    fn example() -> Value {
        json!({"ttl_s": 3600})
    }

    fn parse(self) -> Result<NewStreamUrl, Violations> {
        let mut faults = Violations::default();
        let ttl_s = faults.optional("/ttl_s", self.ttl_s, |seconds| {
            if (1..=limits::STREAM_URL_TTL_S_MAX).contains(&seconds) {
                Ok(seconds)
            } else {
                Err(Fault::new("out_of_range", "must be between 1 and 3600"))
            }
        });
        let quality = self.quality.map(Into::into);
        faults.finish(Some(NewStreamUrl { quality, ttl_s: ttl_s.unwrap_or(limits::STREAM_URL_TTL_S_MAX) }))
    }
}

/// The channels of a waveform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Channels {
    /// One: their mean.
    #[default]
    Mono,
    /// Each on its own.
    Split,
}

/// The parameters of a waveform as they came.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaveformParams {
    /// `?width`
    pub width: Option<i32>,
    /// `?samples_per_pixel`
    pub samples_per_pixel: Option<i32>,
    /// `?channels`
    pub channels: Option<Channels>,
    /// `?bits`
    pub bits: Option<i32>,
    /// `?start_ms`
    pub start_ms: Option<i64>,
    /// `?end_ms`
    pub end_ms: Option<i64>,
}

impl WaveformParams {
    /// What is asked for. Without a zoom: 256 samples a pixel.
    ///
    /// # Errors
    /// Every parameter that is out of bounds.
    pub fn parse(self) -> Result<WaveformQuery, Violations> {
        let mut faults = Violations::default();
        let width =
            faults.optional("?width", self.width, |pixels| within(pixels, limits::WAVEFORM_WIDTH_MAX));
        let level = faults.optional("?samples_per_pixel", self.samples_per_pixel, |n| within(n, i32::MAX));
        if width.is_some() && level.is_some() {
            faults.0.push(Fault::new("exclusive", "give either width or samples_per_pixel").at("?width"));
        }
        let bits = faults.optional("?bits", self.bits, |bits| match bits {
            8 => Ok(WaveformBits::Eight),
            16 => Ok(WaveformBits::Sixteen),
            _ => Err(Fault::new("unknown_value", "must be 8 or 16")),
        });
        let start_ms = faults.optional("?start_ms", self.start_ms, not_negative);
        let end_ms = faults.optional("?end_ms", self.end_ms, not_negative);
        let zoom = match (width, level) {
            (Some(width), _) => Zoom::Width(width),
            (None, level) => Zoom::SamplesPerPixel(level.unwrap_or(limits::WAVEFORM_SAMPLES_PER_PIXEL)),
        };
        let channels = match self.channels.unwrap_or_default() {
            Channels::Mono => WaveformChannels::Mono,
            Channels::Split => WaveformChannels::Split,
        };
        let bits = bits.unwrap_or(WaveformBits::Eight);
        faults.finish(Some(WaveformQuery { zoom, channels, bits, start_ms, end_ms }))
    }
}

fn within(value: i32, max: i32) -> Result<u32, Fault> {
    match u32::try_from(value) {
        Ok(number) if number > 0 && value <= max => Ok(number),
        Ok(_) | Err(_) => Err(Fault::new("out_of_range", format!("must be between 1 and {max}"))),
    }
}

fn not_negative(ms: i64) -> Result<i64, Fault> {
    if ms >= 0 { Ok(ms) } else { Err(Fault::new("out_of_range", "must not be negative")) }
}
