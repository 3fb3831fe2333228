//! ADPCM inside WAV: blocks of `block_align` bytes, each decoded on its own by symphonia's codec.

use std::sync::Arc;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use crate::error::{AudioError, corrupt};
use crate::media::{Codec, Container, Warning};
use crate::probe::Probe;
use crate::read_at::{ReadAt, fill_at};
use crate::source::coded::{Coded, Packets, Trim};
use crate::source::riff::Fmt;
use crate::source::{Feed, Opened};

/// The blocks of a data chunk, delivered as packets.
pub(super) struct Blocks {
    input: Arc<dyn ReadAt>,
    at: u64,
    start: u64,
    end: u64,
    block_bytes: usize,
    frames_per_block: u64,
}

impl Blocks {
    pub(super) fn next(&mut self) -> Result<Option<Packet>, AudioError> {
        let want = self.block_bytes.min(self.end.saturating_sub(self.at) as usize);
        let mut block = vec![0; want];
        let n = fill_at(self.input.as_ref(), &mut block, self.at)?;
        if n == 0 {
            return Ok(None);
        }
        // A block that is cut off decodes to its end with silence; `fact` trims what is too much.
        block.resize(self.block_bytes, 0);
        self.at += n as u64;
        Ok(Some(Packet::new(0, Timestamp::new(0), Duration::new(self.frames_per_block), block)))
    }

    pub(super) fn fraction(&self) -> f32 {
        (self.at - self.start) as f32 / (self.end - self.start).max(1) as f32
    }
}

/// Opens the ADPCM data at `data` (offset, bytes).
pub(super) fn open(
    input: Arc<dyn ReadAt>,
    container: Container,
    codec: Codec,
    fmt: &Fmt,
    fact: Option<u64>,
    data: (u64, u64),
    warnings: Vec<Warning>,
) -> Result<Opened, AudioError> {
    let (channels, block) = (u64::from(fmt.channels), u64::from(fmt.block_align));
    let (id, head, first) = match codec {
        Codec::MsAdpcm => (CODEC_ID_ADPCM_MS, 7, 2),
        _ => (CODEC_ID_ADPCM_IMA_WAV, 4, 1),
    };
    if block <= head * channels || channels > 2 {
        return corrupt("its ADPCM blocks are impossible");
    }
    let frames_per_block = (block - head * channels) * 2 / channels + first;
    let mut params = AudioCodecParameters::new();
    params
        .for_codec(id)
        .with_sample_rate(fmt.sample_rate)
        .with_channels(Channels::Discrete(fmt.channels))
        .with_max_frames_per_packet(frames_per_block)
        .with_frames_per_block(frames_per_block);
    let whole = data.1.div_ceil(block) * frames_per_block;
    let frames = fact.filter(|&n| n > 0 && n <= whole).unwrap_or(whole);
    let probe = Probe {
        container,
        codec,
        sample_rate: fmt.sample_rate,
        channels: u32::from(fmt.channels),
        bit_depth: None,
        frames: Some(frames),
        frames_estimated: false,
    };
    let blocks = Blocks {
        input,
        at: data.0,
        start: data.0,
        end: data.0 + data.1,
        block_bytes: block as usize,
        frames_per_block,
    };
    let trim = Trim { skip: 0, keep: Some(frames) };
    let coded = Coded::start(Packets::Blocks(blocks), 0, &params, trim)?;
    Ok(Opened { probe, warnings, feed: Feed::Coded(Box::new(coded)) })
}
