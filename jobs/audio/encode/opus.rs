//! Ogg Opus (RFC 6716, RFC 7845): 20 ms packets; the header says how many frames the encoder is late (pre-skip), the
//! last page where the sound ends, so that a decoder gives back every frame and no more.

use std::io::{Seek, Write};

use opus_pure::{
    Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead, OpusMSEncoder, OpusTags, RateControl,
};

use super::{Out, Shape, Writer, xiph_order};
use crate::error::AudioError;
use crate::tags::{Tags, comments};

const RATE: i32 = 48_000;
/// 20 ms.
const PACKET_FRAMES: usize = 960;
/// The number of the stream within its file, any number: "BACK".
const SERIAL: u32 = 0x4241_434b;

enum Codec {
    Plain(Box<OpusEncoder>),
    Surround(Box<OpusMSEncoder>),
}

/// An Ogg Opus file in the making.
pub(super) struct Opus<'s> {
    writer: OggOpusWriter<Out<'s>>,
    codec: Codec,
    channels: usize,
    pre_skip: u64,
    /// Frames taken.
    frames: u64,
    /// Samples that do not fill a packet yet, in the order of the codec.
    open: Vec<f32>,
    packet: Vec<u8>,
}

impl<'s> Opus<'s> {
    pub(super) fn create(kbps: u16, shape: Shape, tags: &Tags, out: Out<'s>) -> Result<Self, AudioError> {
        let channels = shape.channels as usize;
        let bitrate = i32::from(kbps) * 1000;
        let (codec, head) = if channels <= 2 {
            let mut encoder =
                OpusEncoder::new(RATE, channels, Application::Audio).map_err(AudioError::encoder)?;
            encoder.bitrate_bps = bitrate;
            settle(&mut encoder);
            let head = OpusHead::for_encoder(&encoder, shape.sample_rate);
            (Codec::Plain(Box::new(encoder)), head)
        } else {
            let mut encoder =
                OpusMSEncoder::new(RATE, channels, 1, Application::Audio).map_err(AudioError::encoder)?;
            encoder.set_bitrate(bitrate);
            encoder.streams_mut().iter_mut().for_each(settle);
            let head = OpusHead::for_ms_encoder(&encoder, shape.sample_rate);
            (Codec::Surround(Box::new(encoder)), head)
        };
        let mut opus_tags = OpusTags { vendor: comments::VENDOR.to_owned(), comments: Vec::new() };
        for (name, value) in comments::pairs(tags) {
            opus_tags.push(name, &value).map_err(AudioError::encoder)?;
        }
        let pre_skip = u64::from(head.pre_skip);
        let writer = OggOpusWriter::with_serial(out, head, opus_tags, SERIAL).map_err(AudioError::encoder)?;
        let packet = vec![0; MAX_PACKET_BYTES * channels];
        Ok(Self { writer, codec, channels, pre_skip, frames: 0, open: Vec::new(), packet })
    }

    /// Encodes the whole packets in `open`; with `last` the final one is cut at the end of the sound.
    fn drain(&mut self) -> Result<(), AudioError> {
        let packet_samples = PACKET_FRAMES * self.channels;
        let whole = self.open.len() / packet_samples * packet_samples;
        let end = (self.frames + self.pre_skip) as i64;
        for block in self.open[..whole].chunks_exact(packet_samples) {
            let n = match &mut self.codec {
                Codec::Plain(encoder) => encoder.encode(block, PACKET_FRAMES, &mut self.packet),
                Codec::Surround(encoder) => encoder.encode(block, PACKET_FRAMES, &mut self.packet),
            }
            .map_err(AudioError::encoder)?;
            let left = u32::try_from(end - self.writer.granule()).unwrap_or(u32::MAX);
            // Only the packets behind the end of the sound, of which there is one, are cut.
            self.writer
                .write_packet_with_duration(&self.packet[..n], left.min(PACKET_FRAMES as u32))
                .map_err(AudioError::encoder)?;
        }
        self.open.drain(..whole);
        Ok(())
    }
}

fn settle(encoder: &mut OpusEncoder) {
    encoder.rate_control = RateControl::Vbr;
    encoder.complexity = 10;
}

impl Writer for Opus<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        let channels = self.channels;
        let from = self.open.len();
        self.open.resize(from + interleaved.len(), 0.0);
        for (channel, &place) in xiph_order(channels).iter().enumerate().take(channels) {
            let to = self.open[from + place..].iter_mut().step_by(channels);
            to.zip(interleaved[channel..].iter().step_by(channels)).for_each(|(to, &s)| *to = s as f32);
        }
        self.frames += (interleaved.len() / channels) as u64;
        self.drain()
    }

    fn finish(mut self: Box<Self>) -> Result<u64, AudioError> {
        // Silence pushes out what is still inside the encoder and fills the last packet.
        let packet_frames = PACKET_FRAMES as u64;
        let packets = (self.frames + self.pre_skip).div_ceil(packet_frames);
        let missing = packets * packet_frames - self.frames;
        self.open.resize(self.open.len() + missing as usize * self.channels, 0.0);
        self.drain()?;
        let mut out = self.writer.finish().map_err(AudioError::encoder)?;
        out.flush()?;
        Ok(out.stream_position()?)
    }
}
