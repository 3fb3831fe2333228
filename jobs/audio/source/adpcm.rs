//! IMA and Microsoft ADPCM inside WAV (IMA Digital Audio Focus Group 1992; Microsoft Multimedia Standards Update
//! 1994): blocks of `block_align` bytes that decode on their own. Written here in integers because symphonia rounds
//! IMA steps differently from every other tool, and the waveform has to be equal to the bit.

use std::sync::Arc;

use crate::error::{AudioError, corrupt};
use crate::media::{Codec, Container, Warning};
use crate::probe::Probe;
use crate::read_at::{ReadAt, fill_at};
use crate::source::riff::Fmt;
use crate::source::{Feed, Opened, Samples};

/// Blocks read at once, bytes at most (but one block at least).
const READ_BYTES: usize = 64 * 1024;

/// The two codings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ima,
    Microsoft,
}

/// A running decode.
pub(super) struct Adpcm {
    kind: Kind,
    channels: usize,
    input: Arc<dyn ReadAt>,
    start: u64,
    at: u64,
    end: u64,
    block_bytes: usize,
    frames_left: u64,
    bytes: Vec<u8>,
    out: Vec<i16>,
}

/// Opens the ADPCM data at `data` (offset, bytes); `fact` is the number of frames, if the file says so.
pub(super) fn open(
    input: Arc<dyn ReadAt>,
    container: Container,
    codec: Codec,
    fmt: &Fmt,
    fact: Option<u64>,
    data: (u64, u64),
    warnings: Vec<Warning>,
) -> Result<Opened, AudioError> {
    let kind = if codec == Codec::MsAdpcm { Kind::Microsoft } else { Kind::Ima };
    let (channels, block_bytes) = (usize::from(fmt.channels), usize::from(fmt.block_align));
    if kind.frames(block_bytes, channels) < 2 || channels > 2 {
        return corrupt("its ADPCM blocks are impossible");
    }
    let (whole, rest) = (data.1 / block_bytes as u64, (data.1 % block_bytes as u64) as usize);
    let present = whole * kind.frames(block_bytes, channels) as u64 + kind.frames(rest, channels) as u64;
    let frames = fact.filter(|&n| n > 0 && n <= present).unwrap_or(present);
    let probe = Probe {
        container,
        codec,
        sample_rate: fmt.sample_rate,
        channels: u32::from(fmt.channels),
        bit_depth: None,
        frames: Some(frames),
        frames_estimated: false,
    };
    let feed = Adpcm {
        kind,
        channels,
        input,
        start: data.0,
        at: data.0,
        end: data.0 + data.1,
        block_bytes,
        frames_left: frames,
        bytes: Vec::new(),
        out: Vec::new(),
    };
    Ok(Opened { probe, warnings, feed: Feed::Adpcm(feed) })
}

impl Adpcm {
    pub(super) fn fraction(&self) -> f32 {
        (self.at - self.start) as f32 / (self.end - self.start).max(1) as f32
    }

    /// The next stretch of sound, or none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Samples<'_>>, AudioError> {
        let most = (READ_BYTES / self.block_bytes).max(1) * self.block_bytes;
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        self.bytes.resize(most.min(left), 0);
        let n = fill_at(self.input.as_ref(), &mut self.bytes, self.at)?;
        self.at += n as u64;
        self.out.clear();
        for block in self.bytes[..n].chunks(self.block_bytes) {
            match self.kind {
                Kind::Ima => ima_block(block, self.channels, &mut self.out),
                Kind::Microsoft => microsoft_block(block, self.channels, &mut self.out),
            }
        }
        let frames = (self.out.len() / self.channels) as u64;
        let keep = frames.min(self.frames_left);
        self.frames_left -= keep;
        self.out.truncate(keep as usize * self.channels);
        Ok((keep > 0).then_some(Samples::I16(&self.out)))
    }
}

impl Kind {
    /// Frames in a block that is `bytes` long, perhaps cut off.
    fn frames(self, bytes: usize, channels: usize) -> usize {
        let head = channels * if self == Self::Ima { 4 } else { 7 };
        match (self, bytes.checked_sub(head)) {
            (_, None) => 0,
            (Self::Ima, Some(body)) => 1 + body / (4 * channels) * 8,
            (Self::Microsoft, Some(body)) => 2 + body * 2 / channels,
        }
    }
}

fn le16(b: &[u8], at: usize) -> i16 {
    i16::from_le_bytes([b[at], b[at + 1]])
}

/// One IMA block: per channel first sample and step index, then four bytes (eight samples) per channel in turn.
fn ima_block(block: &[u8], channels: usize, out: &mut Vec<i16>) {
    let frames = Kind::Ima.frames(block.len(), channels);
    let base = out.len();
    out.resize(base + frames * channels, 0);
    if frames == 0 {
        return;
    }
    for channel in 0..channels {
        let mut predictor = i32::from(le16(block, channel * 4));
        let mut index = i32::from(block[channel * 4 + 2]).min(88);
        out[base + channel] = predictor as i16;
        for frame in 1..frames {
            let (group, nibble) = ((frame - 1) / 8, (frame - 1) % 8);
            let byte = block[4 * channels + (group * channels + channel) * 4 + nibble / 2];
            let code = i32::from(byte >> (nibble % 2 * 4) & 0x0f);
            let step = IMA_STEPS[index as usize];
            let mut difference = step >> 3;
            difference += if code & 1 != 0 { step >> 2 } else { 0 };
            difference += if code & 2 != 0 { step >> 1 } else { 0 };
            difference += if code & 4 != 0 { step } else { 0 };
            predictor += if code & 8 != 0 { -difference } else { difference };
            predictor = predictor.clamp(-32768, 32767);
            index = (index + IMA_INDEX[code as usize & 7]).clamp(0, 88);
            out[base + frame * channels + channel] = predictor as i16;
        }
    }
}

/// One Microsoft block: predictors, deltas and the first two samples of all channels, then nibbles in turn.
fn microsoft_block(block: &[u8], channels: usize, out: &mut Vec<i16>) {
    let frames = Kind::Microsoft.frames(block.len(), channels);
    let base = out.len();
    out.resize(base + frames * channels, 0);
    if frames == 0 {
        return;
    }
    for channel in 0..channels {
        let (first, second) = MS_COEFFICIENTS[usize::from(block[channel]).min(6)];
        let word = |index: usize| i32::from(le16(block, channels + (index * channels + channel) * 2));
        let (mut delta, mut last, mut before) = (word(0), word(1), word(2));
        out[base + channel] = before as i16;
        out[base + channels + channel] = last as i16;
        for frame in 2..frames {
            let nibble = (frame - 2) * channels + channel;
            let byte = block[7 * channels + nibble / 2];
            let code = i32::from(if nibble.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f });
            let signed = if code & 8 != 0 { code - 16 } else { code };
            let predicted = (last * first + before * second) >> 8;
            let sample = (signed * delta + predicted).clamp(-32768, 32767);
            delta = ((MS_ADAPTATION[code as usize] * delta) >> 8).clamp(16, i32::from(i16::MAX));
            (before, last) = (last, sample);
            out[base + frame * channels + channel] = sample as i16;
        }
    }
}

const IMA_INDEX: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

const IMA_STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88,
    97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658,
    724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660,
    4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818,
    18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

const MS_ADAPTATION: [i32; 16] =
    [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

const MS_COEFFICIENTS: [(i32, i32); 7] =
    [(256, 0), (512, -256), (0, 0), (192, 64), (240, 0), (460, -208), (392, -232)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microsoft_blocks_begin_with_their_two_samples() {
        // Predictor 2 has no memory: every later sample is nibble × delta.
        let mut out = Vec::new();
        microsoft_block(&[2, 16, 0, 0x64, 0, 0xc8, 0, 0x1f], 1, &mut out);
        assert_eq!(out, [200, 100, 16, -16]);
    }

    #[test]
    fn ima_steps_are_sums_of_shifted_steps() {
        // Step 7 (index 0): code 7 adds 0 + 1 + 3 + 7 = 11 and moves the index to 8 (step 16).
        let mut out = Vec::new();
        ima_block(&[100, 0, 0, 0, 0x07, 0, 0, 0], 1, &mut out);
        assert_eq!(out[..3], [100, 111, 113]);
        assert_eq!(out.len(), 9);
    }

    #[test]
    fn cut_blocks_decode_as_far_as_they_go() {
        for length in 0..40 {
            for channels in 1..=2 {
                let (mut ima, mut microsoft) = (Vec::new(), Vec::new());
                ima_block(&vec![0xff; length], channels, &mut ima);
                microsoft_block(&vec![0xff; length], channels, &mut microsoft);
                assert_eq!(ima.len(), Kind::Ima.frames(length, channels) * channels);
                assert_eq!(microsoft.len(), Kind::Microsoft.frames(length, channels) * channels);
            }
        }
    }
}
