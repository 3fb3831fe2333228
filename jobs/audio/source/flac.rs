//! Native FLAC (RFC 9639). Only STREAMINFO is handed to the decoder: covers, cue sheets and broken comments in
//! the other metadata blocks can neither cost memory nor make a sound file unreadable.

use std::sync::Arc;

use crate::error::{AudioError, corrupt};
use crate::media::{Codec, Container};
use crate::probe::Probe;
use crate::read_at::{ReadAt, bytes_at};
use crate::sniff::Sniffed;
use crate::source::window::Window;
use crate::source::{Feed, Opened, coded};

/// Most metadata blocks that are stepped over.
const MAX_BLOCKS: usize = 4096;

pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    let (info, audio) = scan(input.as_ref(), sniffed.start + 4)?;
    let mut head = b"fLaC\x80\0\0\x22".to_vec();
    head.extend_from_slice(&info);
    let window = Window::new(input, head, audio, sniffed.end.max(audio));
    let stream = StreamInfo::parse(&info);
    let coded = coded::open_window(Container::Flac, window, sniffed.end, coded::Cut::Header)?;
    let probe = Probe {
        container: Container::Flac,
        codec: Codec::Flac,
        sample_rate: stream.sample_rate,
        channels: coded.channels(),
        bit_depth: Some(stream.bits),
        frames: (stream.frames > 0).then_some(stream.frames),
        frames_estimated: false,
    };
    Ok(Opened { probe, warnings: Vec::new(), feed: Feed::Coded(Box::new(coded)) })
}

/// Finds STREAMINFO and the first byte after the metadata.
fn scan(input: &dyn ReadAt, mut at: u64) -> Result<([u8; 34], u64), AudioError> {
    let mut info = None;
    for _ in 0..MAX_BLOCKS {
        let Some([kind, l0, l1, l2]) = bytes_at::<4>(input, at)? else { break };
        let length = u64::from(u32::from_be_bytes([0, l0, l1, l2]));
        if kind & 0x7f == 0 && info.is_none() {
            info = bytes_at::<34>(input, at + 4)?;
        }
        at += 4 + length;
        if kind & 0x80 != 0 {
            return match info {
                Some(info) if at < input.size()? => Ok((info, at)),
                Some(_) => Err(AudioError::Empty),
                None => corrupt("its stream description is missing"),
            };
        }
    }
    corrupt("it ends within its metadata")
}

struct StreamInfo {
    sample_rate: u32,
    bits: u32,
    frames: u64,
}

impl StreamInfo {
    /// RFC 9639 §8.2: 20 bits rate, 3 channels − 1, 5 bits − 1, 36 total samples, from byte 10.
    fn parse(b: &[u8; 34]) -> Self {
        let word = b[10..18].iter().fold(0u64, |w, &byte| w << 8 | u64::from(byte));
        Self {
            sample_rate: (word >> 44) as u32,
            bits: (word >> 36 & 31) as u32 + 1,
            frames: word & 0xf_ffff_ffff,
        }
    }
}
