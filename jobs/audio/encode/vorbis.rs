//! Ogg Vorbis by libvorbis (aoTuV tuning). The last page tells the exact length, the block in front is silent by
//! design of the codec, so a decoder gives back every frame and no more.

use std::io::{Seek, Write};
use std::num::{NonZeroU8, NonZeroU32};

use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoder, VorbisEncoderBuilder};

use super::{Out, Shape, Writer, xiph_order};
use crate::error::AudioError;
use crate::tags::{Tags, comments};

/// The number of the stream within its file, any number: "BACK".
const SERIAL: i32 = 0x4241_434b;

/// An Ogg Vorbis file in the making.
pub(super) struct Vorbis<'s> {
    encoder: VorbisEncoder<Out<'s>>,
    planes: Vec<Vec<f32>>,
}

impl<'s> Vorbis<'s> {
    pub(super) fn create(quality: i8, shape: Shape, tags: &Tags, out: Out<'s>) -> Result<Self, AudioError> {
        let rate = NonZeroU32::new(shape.sample_rate).ok_or(AudioError::Target)?;
        let channels =
            u8::try_from(shape.channels).ok().and_then(NonZeroU8::new).ok_or(AudioError::Target)?;
        let mut builder = VorbisEncoderBuilder::new_with_serial(rate, channels, out, SERIAL);
        let target_quality = f32::from(quality) / 10.0;
        builder.bitrate_management_strategy(VorbisBitrateManagementStrategy::QualityVbr { target_quality });
        builder.comment_tags(comments::pairs(tags)).map_err(AudioError::encoder)?;
        let encoder = builder.build().map_err(AudioError::encoder)?;
        Ok(Self { encoder, planes: vec![Vec::new(); shape.channels as usize] })
    }
}

impl Writer for Vorbis<'_> {
    fn push(&mut self, interleaved: &[f64]) -> Result<(), AudioError> {
        let channels = self.planes.len();
        for (channel, &place) in xiph_order(channels).iter().enumerate().take(channels) {
            let plane = &mut self.planes[place];
            plane.clear();
            plane.extend(interleaved[channel..].iter().step_by(channels).map(|&s| s as f32));
        }
        if interleaved.is_empty() {
            // An empty block would end the stream.
            return Ok(());
        }
        self.encoder.encode_audio_block(&self.planes).map_err(AudioError::encoder)
    }

    fn finish(self: Box<Self>) -> Result<u64, AudioError> {
        let mut out = self.encoder.finish().map_err(AudioError::encoder)?;
        out.flush()?;
        Ok(out.stream_position()?)
    }
}
