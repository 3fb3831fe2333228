//! Opus (RFC 6716) as a decoder of symphonia's kind, so that it works in every container.
//! The header (RFC 7845 §5.1) is applied here: output gain, and mapping of several streams to up to eight channels
//! (families 0 and 1); pre-skip is left to the caller, the end is cut by what the container says of a packet.

use opus_pure::OpusDecoder;
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error as SymphoniaError, Result as SymphoniaResult, decode_error};
use symphonia::core::packet::PacketRef;

use crate::encode::xiph_order;
use crate::error::{AudioError, corrupt, unsupported};

/// Opus always decodes to this rate, Hz.
pub(super) const RATE: u32 = 48_000;
/// Longest packet: 120 ms.
const MAX_PACKET_FRAMES: usize = 5760;
/// Most channels of mapping family 1.
const MAX_CHANNELS: usize = 8;
/// A channel that no stream feeds.
const SILENT: u8 = 255;

static INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };

/// What the identification header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Frames to drop at the start.
    pub pre_skip: u16,
    gain_q8: i16,
    streams: usize,
    coupled: usize,
    /// For each channel, in the order of the file, which channel of the streams feeds it.
    mapping: Vec<u8>,
}

impl Head {
    /// Reads an `OpusHead` packet.
    pub(super) fn parse(data: &[u8]) -> Result<Self, AudioError> {
        let Some(head) = data.first_chunk::<19>() else { return corrupt("its Opus header is too short") };
        if !head.starts_with(b"OpusHead") || head[8] >> 4 != 0 {
            return unsupported("an Opus recording of an unknown version");
        }
        let channels = usize::from(head[9]);
        let (streams, coupled, mapping) = match head[18] {
            0 if (1..=2).contains(&channels) => (1, channels - 1, vec![0, 1]),
            1 if (1..=MAX_CHANNELS).contains(&channels) => match data.get(19..21 + channels) {
                Some(table) => (usize::from(table[0]), usize::from(table[1]), table[2..].to_vec()),
                None => return corrupt("its Opus header is too short"),
            },
            0 | 1 => return corrupt("its Opus header has an impossible number of channels"),
            _ => return unsupported("an Opus recording with a rare channel layout"),
        };
        let mapping = mapping[..channels].to_vec();
        let impossible = |&m: &u8| m != SILENT && usize::from(m) >= streams + coupled;
        if streams == 0 || coupled > streams || streams > MAX_CHANNELS || mapping.iter().any(impossible) {
            return corrupt("its Opus header makes no sense");
        }
        Ok(Self {
            pre_skip: u16::from_le_bytes([head[10], head[11]]),
            gain_q8: i16::from_le_bytes([head[16], head[17]]),
            streams,
            coupled,
            mapping,
        })
    }

    /// The factor of the output gain, which is in dB with eight bits behind the point.
    fn gain(&self) -> f32 {
        10f32.powf(f32::from(self.gain_q8) / 256.0 / 20.0)
    }

    /// Stream, and channel within it, that feed channel `place` of the file.
    fn source(&self, place: usize) -> Option<(usize, usize)> {
        let index = match self.mapping[place] {
            SILENT => return None,
            index => usize::from(index),
        };
        let paired = 2 * self.coupled;
        Some(if index < paired { (index / 2, index % 2) } else { (index - self.coupled, 0) })
    }
}

/// A running decode.
pub(super) struct Opus {
    params: AudioCodecParameters,
    head: Head,
    streams: Vec<OpusDecoder>,
    /// Interleaved output of each stream for the packet at hand.
    decoded: Vec<Vec<f32>>,
    /// A packet of one stream among several, in its own framing.
    single: Vec<u8>,
    buffer: AudioBuffer<f32>,
}

impl Opus {
    pub(super) fn new(params: &AudioCodecParameters) -> Result<Self, AudioError> {
        let head = Head::parse(params.extra_data.as_deref().unwrap_or_default())?;
        let Some(channels) = params.channels.clone().filter(|c| c.count() == head.mapping.len()) else {
            return corrupt("its Opus header makes no sense");
        };
        let width = |stream: usize| if stream < head.coupled { 2 } else { 1 };
        let streams = (0..head.streams)
            .map(|stream| OpusDecoder::new(RATE as i32, width(stream)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(AudioError::encoder)?;
        let decoded = (0..head.streams).map(|stream| vec![0.0; MAX_PACKET_FRAMES * width(stream)]).collect();
        let buffer = AudioBuffer::new(AudioSpec::new(RATE, channels), MAX_PACKET_FRAMES);
        Ok(Self { params: params.clone(), head, streams, decoded, single: Vec::new(), buffer })
    }

    /// Decodes every stream of a packet; returns the frames, of which all streams must have the same number.
    fn decode_streams(&mut self, packet: &[u8]) -> SymphoniaResult<usize> {
        let mut rest = packet;
        let mut frames = None;
        let last = self.streams.len() - 1;
        for (index, (decoder, out)) in self.streams.iter_mut().zip(&mut self.decoded).enumerate() {
            let data = if index == last {
                rest
            } else {
                let taken = take_self_delimited(rest, &mut self.single);
                rest =
                    &rest[taken.ok_or(SymphoniaError::DecodeError("opus: invalid multistream packet"))?..];
                &self.single
            };
            // An empty packet would ask for concealment.
            if data.is_empty() {
                return decode_error("opus: empty packet");
            }
            let n = decoder
                .decode(data, MAX_PACKET_FRAMES, out)
                .map_err(|_| SymphoniaError::DecodeError("opus: invalid packet"))?;
            if *frames.get_or_insert(n) != n {
                return decode_error("opus: streams of different length");
            }
        }
        Ok(frames.unwrap_or(0))
    }
}

impl AudioDecoder for Opus {
    fn reset(&mut self) {
        for decoder in &mut self.streams {
            // Only a decoder of an impossible shape cannot be reset, and these were made.
            drop(decoder.reset_state());
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> SymphoniaResult<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let frames = self.decode_streams(packet.data)?;
        self.buffer.render_silence(Some(frames));
        let gain = self.head.gain();
        let channels = self.head.mapping.len();
        for (channel, &place) in xiph_order(channels).iter().enumerate().take(channels) {
            let (Some((stream, offset)), Some(plane)) =
                (self.head.source(place), self.buffer.plane_mut(channel))
            else {
                continue;
            };
            let width = if stream < self.head.coupled { 2 } else { 1 };
            let from = self.decoded[stream][offset..].iter().step_by(width);
            plane.iter_mut().zip(from).for_each(|(to, &sample)| *to = sample * gain);
        }
        let cut = usize::try_from(packet.trim_end.get()).unwrap_or(usize::MAX);
        self.buffer.truncate(frames.saturating_sub(cut));
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

/// Takes the packet of one stream off the front of `data` and puts it, in ordinary framing, into `out`; returns the
/// bytes taken. The two differ in one length (RFC 6716 appendix B), which is left out here.
fn take_self_delimited(data: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let toc = *data.first()?;
    // Bytes before the length of the last frame, bytes of the frames before it, of padding, and equal frames.
    let (mut at, mut others, mut padding, mut equal) = (1, 0, 0, 1);
    match toc & 3 {
        0 => {}
        1 => equal = 2,
        2 => (others, at) = length(data, at)?,
        _ => {
            let count = *data.get(at)?;
            at += 1;
            let frames = usize::from(count & 0x3f);
            if frames == 0 {
                return None;
            }
            let mut more = if count & 0x40 != 0 { 255 } else { 0 };
            while more == 255 {
                more = *data.get(at)?;
                at += 1;
                padding += usize::from(more.min(254));
            }
            if count & 0x80 == 0 {
                equal = frames;
            } else {
                for _ in 1..frames {
                    let (size, after) = length(data, at)?;
                    (others, at) = (others + size, after);
                }
            }
        }
    }
    let (last, body) = length(data, at)?;
    let end = body + others + last * equal + padding;
    out.clear();
    out.extend_from_slice(&data[..at]);
    out.extend_from_slice(data.get(body..end)?);
    Some(end)
}

/// The length of a frame at `at`, and the byte after it (RFC 6716 §3.2.1).
fn length(data: &[u8], at: usize) -> Option<(usize, usize)> {
    match *data.get(at)? {
        short @ 0..252 => Some((usize::from(short), at + 1)),
        long => Some((usize::from(*data.get(at + 1)?) * 4 + usize::from(long), at + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn self_delimited_packets_lose_one_length() {
        let take = |data: &[u8]| {
            let mut out = Vec::new();
            take_self_delimited(data, &mut out).map(|taken| (taken, out))
        };
        assert_eq!(take(&[0, 2, 7, 8, 99]), Some((4, vec![0, 7, 8])), "one frame");
        assert_eq!(take(&[1, 2, 7, 8, 9, 10, 99]), Some((6, vec![1, 7, 8, 9, 10])), "two equal frames");
        assert_eq!(take(&[2, 1, 2, 7, 8, 9, 99]), Some((6, vec![2, 1, 7, 8, 9])), "two frames");
        assert_eq!(take(&[3, 3, 1, 7, 8, 9, 99]), Some((6, vec![3, 3, 7, 8, 9])), "three equal frames");
        assert_eq!(
            take(&[3, 0xc2, 1, 1, 2, 7, 8, 9, 0, 99]),
            Some((9, vec![3, 0xc2, 1, 1, 7, 8, 9, 0])),
            "two frames and a byte of padding"
        );
        for broken in [&[][..], &[0], &[0, 5, 1], &[3, 0], &[3, 0x41, 255], &[2, 252]] {
            assert_eq!(take(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn heads_are_checked() {
        let head = |channels: u8, family: u8, table: &[u8]| {
            let mut data = b"OpusHead\x01".to_vec();
            data.extend_from_slice(&[channels, 0x38, 1, 0, 0, 0, 0, 0, 0xff, family]);
            data.extend_from_slice(table);
            Head::parse(&data)
        };
        let stereo = head(2, 0, &[]).expect("stereo");
        assert_eq!((stereo.pre_skip, stereo.source(1)), (312, Some((0, 1))));
        assert!((stereo.gain() - 0.891).abs() < 0.001, "-256 in Q7.8 is -1 dB");
        let surround = head(6, 1, &[4, 2, 0, 4, 1, 2, 3, 5]).expect("5.1");
        assert_eq!([1, 3, 5].map(|place| surround.source(place)), [Some((2, 0)), Some((1, 0)), Some((3, 0))]);
        for (channels, family, table) in [
            (3, 0, &[][..]),
            (0, 0, &[]),
            (2, 1, &[1]),
            (2, 1, &[1, 1, 0, 2]),
            (1, 1, &[0, 0, 0]),
            (4, 2, &[]),
        ] {
            assert!(head(channels, family, table).is_err(), "{channels} channels, family {family}");
        }
    }
}
