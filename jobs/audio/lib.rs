//! The audio engine: it recognises, decodes and measures recordings in one pass.
//!
//! `probe` names a file, `Source` streams its samples, `analyse` turns them into facts, a peak pyramid and
//! alignment features, `waveform` renders the pyramid for clients, `align` compares two feature tracks,
//! `convert` and `encode` write a recording in another format, `tags` keeps what it says about itself, and
//! `child` runs all of it in a restricted process. Synchronous, bounded memory for any length, no server types.
//! Invariant: nothing here trusts a length, name or count found in a file.

pub mod align;
pub mod analyse;
pub mod child;
mod clips;
pub mod convert;
#[cfg(test)]
mod corpus;
mod correlation;
mod crc;
pub mod encode;
pub mod error;
pub mod features;
pub mod key;
pub mod limits;
pub mod loudness;
pub mod media;
pub mod mix;
pub mod peaks;
pub mod probe;
pub mod pyramid;
pub mod read_at;
pub mod silence;
pub mod sniff;
pub mod source;
pub mod tags;
pub mod tempo;
pub mod wav;
pub mod waveform;

pub use align::{Alignment, align, align_recordings};
pub use analyse::{Analysis, Facts, analyse};
pub use convert::{Converter, Form, Shape};
pub use encode::{Encoded, Encoder, FlacDepth, Mp3Rate, PcmDepth, Target};
pub use error::AudioError;
pub use features::Features;
pub use key::Key;
pub use limits::Limits;
pub use loudness::{Curve, Loudness};
pub use media::{Codec, Container, Media, Warning, playable_in_browser};
pub use probe::{Probe, probe};
pub use read_at::ReadAt;
pub use silence::Stretch;
pub use source::{Block, Samples, Source};
pub use tags::Tags;
pub use tempo::Tempo;
