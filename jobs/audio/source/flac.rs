//! Native FLAC (RFC 9639), decoded here: frames are cut out, checked and decoded where they lie in the read buffer.
//! Of the metadata only STREAMINFO is read: covers, cue sheets and broken comments can neither cost memory nor make a
//! sound file unreadable. Every frame has a checksum; one that is wrong becomes silence if sound follows.

use std::sync::Arc;

use crate::error::{AudioError, corrupt};
use crate::media::{Codec, Container, Warning};
use crate::probe::Probe;
use crate::read_at::{ReadAt, bytes_at, fill_at};
use crate::sniff::Sniffed;
use crate::source::{Feed, Opened, Samples, interleave};

mod bits;
mod frame;
mod subframe;

use frame::{Decoder, Fault, Header};

/// Most metadata blocks that are stepped over.
const MAX_BLOCKS: usize = 4096;
/// Bytes read at once.
const READ_BYTES: usize = 256 * 1024;
/// Most bytes of a frame: 65,536 samples of eight channels as they are, and their headers.
const MAX_FRAME_BYTES: usize = 65_536 * 8 * 4 + 1024;
/// Damaged frames beyond the sound ones that a recording may have.
const MAX_BAD: u64 = 64;
/// How far the first frame is searched, bytes.
const MAX_SEARCH: u64 = 4 << 20;
/// Most samples of silence that stand in for damaged frames in a row.
const MAX_SILENCE_SAMPLES: u64 = 1 << 20;

pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed) -> Result<Opened, AudioError> {
    let (info, audio) = scan(input.as_ref(), sniffed.start + 4)?;
    let stream = StreamInfo::parse(&info);
    let mut flac = Flac::new(input, stream, audio, sniffed.end.max(audio));
    flac.start()?;
    let probe = Probe {
        container: Container::Flac,
        codec: Codec::Flac,
        sample_rate: stream.sample_rate,
        channels: flac.shape.0 as u32,
        bit_depth: Some(stream.bits),
        frames: (stream.frames > 0).then_some(stream.frames),
        frames_estimated: false,
    };
    Ok(Opened { probe, warnings: Vec::new(), feed: Feed::Flac(Box::new(flac)) })
}

/// A running decode.
pub(super) struct Flac {
    input: Arc<dyn ReadAt>,
    stream: StreamInfo,
    end: u64,
    /// The part of the input that is at hand, from `at` on not decoded yet; `offset` is the position of its end.
    buffer: Vec<u8>,
    at: usize,
    offset: u64,
    /// Where the search for the first frame is given up.
    search_end: u64,
    decoder: Decoder,
    /// Channels, rate and depth of the first frame.
    shape: (usize, u32, u32),
    /// The first frame, decoded while opening.
    primed: Option<Header>,
    /// Whether something was skipped since the last sound frame.
    lost: bool,
    /// Where the last sound frame ends by its own number; numbers count blocks of the size of the first frame.
    position: u64,
    block: u64,
    frames: u64,
    good: u64,
    bad: u64,
    ints: Vec<i16>,
    wides: Vec<i32>,
}

impl Flac {
    fn new(input: Arc<dyn ReadAt>, stream: StreamInfo, offset: u64, end: u64) -> Self {
        Self {
            input,
            stream,
            end,
            buffer: Vec::new(),
            at: 0,
            offset,
            search_end: offset.saturating_add(MAX_SEARCH),
            decoder: Decoder::default(),
            shape: (0, 0, 0),
            primed: None,
            lost: false,
            position: 0,
            block: 0,
            frames: 0,
            good: 0,
            bad: 0,
            ints: Vec::new(),
            wides: Vec::new(),
        }
    }

    /// Decodes the first frame, which proves that the stream can be decoded and says what it is.
    fn start(&mut self) -> Result<(), AudioError> {
        let Some(header) = self.next_frame()? else { return corrupt("nothing in it can be decoded") };
        self.shape = self.shape_of(&header);
        self.block = header.frames as u64;
        // A recording may begin with any number; what is damaged before it was as long as the numbers say, if few.
        let start = self.position_of(&header);
        self.position = if self.lost && start <= (self.bad + 1) * self.block { 0 } else { start };
        self.primed = Some(header);
        Ok(())
    }

    pub(super) fn fraction(&self) -> f32 {
        (self.offset - (self.buffer.len() - self.at) as u64) as f32 / self.end.max(1) as f32
    }

    /// The next block, or none at the end.
    pub(super) fn next(&mut self, warnings: &mut Vec<Warning>) -> Result<Option<Samples<'_>>, AudioError> {
        let header = match self.primed.take() {
            Some(header) => header,
            None => match self.next_frame()? {
                Some(header) => header,
                None => {
                    self.finish(warnings)?;
                    return Ok(None);
                }
            },
        };
        if self.shape_of(&header) != self.shape {
            warnings.push(Warning::FormatChanges);
            self.at = self.buffer.len();
            self.offset = self.end;
            return Ok(None);
        }
        let start = self.position_of(&header);
        let mut silence = 0;
        if self.lost {
            let most = MAX_SILENCE_SAMPLES / header.channels as u64;
            silence = start.saturating_sub(self.position).min(most) as usize;
            warnings.push(Warning::DamagedFrames);
        }
        self.lost = false;
        self.position = start + header.frames as u64;
        self.frames += (silence + header.frames) as u64;
        let unused = 32 - self.shape.2;
        let (planes, lead) = (self.decoder.planes(&header), silence * header.channels);
        Ok(Some(if self.stream.bits <= 16 {
            interleave(&planes, lead, &mut self.ints, |s: i32| (s << unused >> 16) as i16);
            Samples::I16(&self.ints)
        } else {
            interleave(&planes, lead, &mut self.wides, |s: i32| s << unused);
            Samples::I32(&self.wides)
        }))
    }

    fn shape_of(&self, header: &Header) -> (usize, u32, u32) {
        let StreamInfo { sample_rate, bits, .. } = self.stream;
        (header.channels, header.rate.unwrap_or(sample_rate), header.bits.unwrap_or(bits))
    }

    /// The frame at which a block stands in the recording.
    fn position_of(&self, header: &Header) -> u64 {
        if header.counts_samples { header.number } else { header.number.saturating_mul(self.block) }
    }

    /// Decodes the next sound frame; none at the end.
    fn next_frame(&mut self) -> Result<Option<Header>, AudioError> {
        // Enough for most frames; one that is longer is tried again with more.
        let mut wanted = READ_BYTES / 4;
        loop {
            let whole = !self.read(wanted)?;
            let data = &self.buffer[self.at..];
            if data.is_empty() {
                return Ok(None);
            }
            if self.good == 0 && self.offset > self.search_end || self.bad > self.good + MAX_BAD {
                return corrupt("most of it cannot be decoded");
            }
            let Some(header) = Header::parse(data) else {
                self.skip_to_header();
                continue;
            };
            match self.decoder.decode(data, &header, self.stream.bits) {
                Ok(bytes) => {
                    self.at += bytes;
                    self.good += 1;
                    return Ok(Some(header));
                }
                Err(Fault::Cut) if !whole && wanted < MAX_FRAME_BYTES => wanted *= 2,
                Err(Fault::Cut | Fault::Damaged) => {
                    self.bad += 1;
                    self.skip_to_header();
                }
            }
        }
    }

    /// Goes on to the next byte at which a frame may begin.
    fn skip_to_header(&mut self) {
        self.lost = true;
        self.at += 1;
        let rest = &self.buffer[self.at..];
        let found = rest.windows(2).position(|pair| pair[0] == 0xff && pair[1] & 0xfe == 0xf8);
        // The last byte may be the first half of a sync code.
        let last = rest.len() - usize::from(rest.last() == Some(&0xff));
        self.at += found.unwrap_or(last);
    }

    /// Sees to it that so many bytes are at hand, if there are; says whether the input goes on behind them.
    fn read(&mut self, wanted: usize) -> Result<bool, AudioError> {
        if self.buffer.len() - self.at < wanted && self.offset < self.end {
            self.buffer.drain(..self.at);
            self.at = 0;
            let have = self.buffer.len();
            let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
            let more = left.min(wanted.max(READ_BYTES) - have);
            self.buffer.resize(have + more, 0);
            let read = fill_at(self.input.as_ref(), &mut self.buffer[have..], self.offset)?;
            self.buffer.truncate(have + read);
            self.offset += read as u64;
            if read < more {
                self.end = self.offset;
            }
        }
        Ok(self.offset < self.end)
    }

    /// Judges the whole: what is missing, and whether too much was damaged.
    fn finish(&self, warnings: &mut Vec<Warning>) -> Result<(), AudioError> {
        if self.bad > self.good {
            return corrupt("most of it cannot be decoded");
        }
        let short = self.frames < self.stream.frames;
        if short || self.lost && self.stream.frames == 0 {
            warnings.push(Warning::Truncated);
        }
        Ok(())
    }
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

#[derive(Debug, Clone, Copy)]
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

#[cfg(test)]
mod tests;
