//! MP3 by LAME, with an ID3v2 tag in front and the LAME tag in the first frame, from which gapless players know the
//! delay and padding of the encoder.

use std::io::{Seek, SeekFrom, Write};

use mp3lame_encoder::{Bitrate, Builder, DualPcm, FlushGap, Mode, MonoPcm, Quality, VbrMode};

use super::{Mp3Rate, Out, Shape, Writer};
use crate::error::AudioError;
use crate::tags::{Tags, id3};

/// What LAME asks for at the end of a stream, bytes.
const FLUSH_BYTES: usize = 7200;

/// An MP3 file in the making.
pub(super) struct Mp3<'s> {
    out: Out<'s>,
    lame: mp3lame_encoder::Encoder,
    planes: Vec<Vec<f32>>,
    frames: Vec<u8>,
    /// Where the first frame lies, behind the ID3v2 tag.
    start: u64,
}

impl<'s> Mp3<'s> {
    pub(super) fn create(
        rate: Mp3Rate,
        shape: Shape,
        tags: &Tags,
        mut out: Out<'s>,
    ) -> Result<Self, AudioError> {
        let lame = configure(rate, shape)?;
        let tag = id3::write(tags);
        out.write_all(&tag)?;
        let planes = vec![Vec::new(); shape.channels as usize];
        Ok(Self { out, lame, planes, frames: Vec::new(), start: tag.len() as u64 })
    }

    fn write_frames(&mut self) -> Result<(), AudioError> {
        self.out.write_all(&self.frames)?;
        self.frames.clear();
        Ok(())
    }
}

fn configure(rate: Mp3Rate, shape: Shape) -> Result<mp3lame_encoder::Encoder, AudioError> {
    let mode = if shape.channels == 1 { Mode::Mono } else { Mode::JointStereo };
    let builder = Builder::new().ok_or_else(|| AudioError::encoder("LAME has no memory"))?;
    let builder = builder
        .with_num_channels(shape.channels as u8)
        .and_then(|b| b.with_sample_rate(shape.sample_rate))
        .and_then(|b| b.with_output_sample_rate(std::num::NonZeroU32::new(shape.sample_rate)))
        .and_then(|b| b.with_mode(mode))
        .and_then(|b| b.with_to_write_vbr_tag(true))
        .and_then(|b| match rate {
            Mp3Rate::Cbr(kbps) => b.with_vbr_mode(VbrMode::Off)?.with_brate(bitrate(kbps)),
            Mp3Rate::Vbr(quality) => b.with_vbr_mode(VbrMode::Mtrh)?.with_vbr_quality(vbr_quality(quality)),
        })
        .map_err(AudioError::encoder)?;
    builder.build().map_err(AudioError::encoder)
}

impl Writer for Mp3<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        let channels = self.planes.len();
        for (channel, plane) in self.planes.iter_mut().enumerate() {
            plane.clear();
            plane.extend(interleaved[channel..].iter().step_by(channels).map(|&s| s as f32));
        }
        self.frames.reserve(mp3lame_encoder::max_required_buffer_size(self.planes[0].len()));
        match self.planes.as_slice() {
            [left, right] => self.lame.encode_to_vec(DualPcm { left, right }, &mut self.frames),
            planes => self.lame.encode_to_vec(MonoPcm(&planes[0]), &mut self.frames),
        }
        .map_err(AudioError::encoder)?;
        self.write_frames()
    }

    fn finish(mut self: Box<Self>) -> Result<u64, AudioError> {
        self.frames.reserve(FLUSH_BYTES);
        self.lame.flush_to_vec::<FlushGap>(&mut self.frames).map_err(AudioError::encoder)?;
        self.write_frames()?;
        let bytes = self.out.stream_position()?;
        // The first frame that LAME wrote keeps the place of the tag, which is known only now.
        self.frames.reserve(self.lame.lame_tag_size());
        if self.lame.lame_tag_encode_to_vec(&mut self.frames).is_some() {
            self.out.seek(SeekFrom::Start(self.start))?;
            self.write_frames()?;
        }
        self.out.flush()?;
        Ok(bytes)
    }
}

fn bitrate(kbps: u16) -> Bitrate {
    match kbps {
        ..=32 => Bitrate::Kbps32,
        33..=40 => Bitrate::Kbps40,
        41..=48 => Bitrate::Kbps48,
        49..=64 => Bitrate::Kbps64,
        65..=80 => Bitrate::Kbps80,
        81..=96 => Bitrate::Kbps96,
        97..=112 => Bitrate::Kbps112,
        113..=128 => Bitrate::Kbps128,
        129..=160 => Bitrate::Kbps160,
        161..=192 => Bitrate::Kbps192,
        193..=224 => Bitrate::Kbps224,
        225..=256 => Bitrate::Kbps256,
        257.. => Bitrate::Kbps320,
    }
}

fn vbr_quality(quality: u8) -> Quality {
    match quality {
        0 => Quality::Best,
        1 => Quality::SecondBest,
        2 => Quality::NearBest,
        3 => Quality::VeryNice,
        4 => Quality::Nice,
        5 => Quality::Good,
        6 => Quality::Decent,
        7 => Quality::Ok,
        8 => Quality::SecondWorst,
        9.. => Quality::Worst,
    }
}
