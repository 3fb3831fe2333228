//! Everything that symphonia decodes: packets in, interleaved samples out.
//! Delay and padding are trimmed here, not in the decoders, because headers that guess a length must never cut
//! sound. A packet that cannot be decoded becomes silence of its length, so that the rest stays in place in time;
//! at the end of a file it is dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::audio::sample::Sample;
use symphonia::core::audio::{Audio, AudioBuffer, GenericAudioBufferRef};
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions, ReadBytes};
use symphonia::core::packet::Packet;
use symphonia::default::formats as reader;

use crate::error::{AudioError, corrupt, unsupported};
use crate::media::{Codec, Container, Warning};
use crate::probe::Probe;
use crate::read_at::ReadAt;
use crate::sniff::Sniffed;
use crate::source::window::Window;
use crate::source::{Feed, Opened, Samples, interleave, mp4, opus};

/// Packets that may fail before the first one decodes.
const MAX_FALSE_STARTS: u64 = 64;
/// Most samples of silence that stand in for undecodable packets in a row.
const MAX_SILENCE_SAMPLES: usize = 1 << 20;

/// Frames to drop at the start and to deliver at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trim {
    pub skip: u64,
    pub keep: Option<u64>,
}

/// Where it is written what to drop.
pub(super) enum Cut {
    /// In the stream itself: a LAME tag, an Opus header, or nowhere.
    Header,
    /// In the edit list of an MP4 file.
    Edits(mp4::Edits),
    /// Known already.
    Fixed(Trim),
}

/// Where packets come from, and how far that is.
struct Packets {
    reader: Box<dyn FormatReader>,
    position: Arc<AtomicU64>,
    length: u64,
}

/// Which buffer holds the decoded block.
#[derive(Debug, Clone, Copy)]
enum Width {
    Ints,
    Wides,
    Floats,
}

/// What came of one packet.
enum Step {
    /// The stream is over.
    End,
    /// The packet held no sound, or none that can be decoded.
    Nothing,
    /// So many frames lie in the buffer of this width.
    Sound(Width, usize),
}

/// A running decode.
pub(super) struct Coded {
    packets: Packets,
    track: u32,
    decoder: Box<dyn AudioDecoder>,
    sample_rate: u32,
    channels: usize,
    bits: u32,
    declared: Option<u64>,
    /// A recording of a browser says neither how long it is nor where it ends.
    endless: bool,
    trim: Trim,
    /// The first block, decoded while opening.
    primed: Option<(Width, usize)>,
    silence: u64,
    good: u64,
    bad: u64,
    frames: u64,
    buffers: Buffers,
}

/// Interleaved samples of the packet decoded last.
#[derive(Default)]
struct Buffers {
    ints: Vec<i16>,
    wides: Vec<i32>,
    floats: Vec<f32>,
}

/// Opens a container that symphonia demuxes.
pub(super) fn open(input: Arc<dyn ReadAt>, sniffed: Sniffed, cut: Cut) -> Result<Opened, AudioError> {
    let container = sniffed.container;
    let window = Window::new(input, Vec::new(), sniffed.start, sniffed.end);
    let coded = open_window(container, window, sniffed.end, cut)?;
    let params = coded.decoder.codec_params();
    let codec = codec_of(params.codec)?;
    let guessed = match container {
        Container::Mp3 => coded.trim.keep.is_none(),
        Container::Adts | Container::Matroska => true,
        _ => false,
    };
    let probe = Probe {
        container,
        codec,
        sample_rate: coded.sample_rate,
        channels: coded.channels(),
        bit_depth: is_lossless(codec).then_some(coded.bits),
        frames: coded.trim.keep.or(coded.declared),
        frames_estimated: guessed,
    };
    Ok(Opened { probe, warnings: Vec::new(), feed: Feed::Coded(Box::new(coded)) })
}

/// Opens the sound track of `window`; `end` is the last byte of the input that belongs to it.
pub(super) fn open_window(
    container: Container,
    window: Window,
    end: u64,
    cut: Cut,
) -> Result<Coded, AudioError> {
    let position = window.position();
    let reader = guarded(|| open_format(container, window))??;
    let Some(track) = reader.default_track(TrackType::Audio) else {
        return unsupported("a file without a sound track that we can decode");
    };
    let Some(params) = track.codec_params.as_ref().and_then(|p| p.audio()).cloned() else {
        return unsupported("a file without a sound track that we can decode");
    };
    codec_of(params.codec)?;
    let (track_id, declared) = (track.id, track.num_frames);
    let start = u64::try_from(track.start_ts.get()).unwrap_or(0);
    let unmeasured = reader.media_info().duration.is_none();
    let lame = if container == Container::Mp3 { lame_trim(track) } else { Trim::default() };
    let packets = Packets { reader, position, length: end };
    let mut coded = Coded::start(packets, track_id, &params)?;
    let opus_skip = if params.codec == id::CODEC_ID_OPUS { Some(pre_skip(&params)?) } else { None };
    coded.declared = match opus_skip {
        Some(skip) => declared.map(|end| end.saturating_sub(skip + start)),
        None => declared,
    };
    coded.endless = container == Container::Matroska && unmeasured;
    coded.trim = match (cut, opus_skip) {
        (Cut::Header, Some(skip)) => Trim { skip, keep: None },
        (Cut::Header, None) => lame,
        // Edits count in the rate that comes out, which for some AAC is not the one in the header.
        (Cut::Edits(edits), _) => edits.trim(track_id, coded.sample_rate),
        (Cut::Fixed(trim), _) => trim,
    };
    Ok(coded)
}

/// Frames that an Opus stream has in front of its sound.
fn pre_skip(params: &AudioCodecParameters) -> Result<u64, AudioError> {
    let head = opus::Head::parse(params.extra_data.as_deref().unwrap_or_default())?;
    Ok(u64::from(head.pre_skip))
}

/// The LAME tag counts whole frames; only with it the length is exact.
fn lame_trim(track: &Track) -> Trim {
    match (track.delay, track.num_frames) {
        (Some(delay), Some(frames)) if delay > 0 && frames > 0 => {
            Trim { skip: u64::from(delay), keep: Some(frames) }
        }
        _ => Trim::default(),
    }
}

fn open_format(container: Container, window: Window) -> Result<Box<dyn FormatReader>, AudioError> {
    let mut stream = MediaSourceStream::new(Box::new(window), MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    let opened: Result<Box<dyn FormatReader>, SymphoniaError> = match container {
        Container::Mp3 => reader::MpaReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Ogg => reader::OggReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Adts => reader::AdtsReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Caf => reader::CafReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Matroska => reader::MkvReader::try_new(stream, options).map(|r| Box::new(r) as _),
        Container::Mp4 => stream
            // The reader expects to stand after the size of the first box.
            .read_quad_bytes()
            .map_err(SymphoniaError::from)
            .and_then(|_| reader::IsoMp4Reader::try_new(stream, options))
            .map(|r| Box::new(r) as _),
        Container::Wav | Container::Rf64 | Container::Aiff | Container::Aifc | Container::Flac => {
            return corrupt("its container cannot be demuxed");
        }
    };
    opened.map_err(|error| refusal(&error))
}

fn make_decoder(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, AudioError> {
    if params.codec == id::CODEC_ID_OPUS {
        return Ok(Box::new(opus::Opus::new(params)?));
    }
    // Ogg pages cut Vorbis packets to the sample; MPEG streams are trimmed here.
    let gapless = params.codec == id::CODEC_ID_VORBIS;
    let options = AudioDecoderOptions::default().gapless(gapless).verify(true);
    let made = guarded(|| symphonia::default::get_codecs().make_audio_decoder(params, &options))?;
    made.map_err(|error| refusal(&error))
}

impl Coded {
    /// Makes a decoder and proves on the first packets that it can decode this stream.
    fn start(packets: Packets, track: u32, params: &AudioCodecParameters) -> Result<Self, AudioError> {
        let decoder = make_decoder(params)?;
        let mut coded = Self {
            packets,
            track,
            decoder,
            sample_rate: 0,
            channels: 0,
            bits: bits_of(params),
            declared: None,
            endless: false,
            trim: Trim::default(),
            primed: None,
            silence: 0,
            good: 0,
            bad: 0,
            frames: 0,
            buffers: Buffers::default(),
        };
        let mut warnings = Vec::new();
        while coded.primed.is_none() {
            match coded.decode_packet(&mut warnings)? {
                Step::Sound(width, frames) => coded.primed = Some((width, frames)),
                Step::Nothing => {}
                Step::End => return corrupt("nothing in it can be decoded"),
            }
            if coded.bad > MAX_FALSE_STARTS {
                return corrupt("nothing in it can be decoded");
            }
        }
        Ok(coded)
    }

    pub(super) fn channels(&self) -> u32 {
        self.channels as u32
    }

    pub(super) fn fraction(&self) -> f32 {
        self.packets.position.load(Ordering::Relaxed) as f32 / self.packets.length.max(1) as f32
    }

    /// The next trimmed block, or none at the end.
    pub(super) fn next(&mut self, warnings: &mut Vec<Warning>) -> Result<Option<Samples<'_>>, AudioError> {
        loop {
            if self.trim.keep == Some(0) {
                return Ok(None);
            }
            let step = match self.primed.take() {
                Some((width, frames)) => Step::Sound(width, frames),
                None => self.decode_packet(warnings)?,
            };
            let (width, frames) = match step {
                Step::Sound(width, frames) => (width, frames),
                Step::Nothing => continue,
                Step::End => {
                    self.finish(warnings)?;
                    return Ok(None);
                }
            };
            let (from, to) = self.trim.apply(frames);
            if from == to {
                continue;
            }
            self.frames += (to - from) as u64;
            let range = from * self.channels..to * self.channels;
            return Ok(Some(match width {
                Width::Ints => Samples::I16(&self.buffers.ints[range]),
                Width::Wides => Samples::I32(&self.buffers.wides[range]),
                Width::Floats => Samples::F32(&self.buffers.floats[range]),
            }));
        }
    }

    fn decode_packet(&mut self, warnings: &mut Vec<Warning>) -> Result<Step, AudioError> {
        let packet = match self.packets.next(self.track) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(Step::End),
            Err(Stop::Chained) => return self.follow_chain(warnings),
            Err(Stop::Truncated) => {
                warnings.push(if self.endless { Warning::LengthUnknown } else { Warning::Truncated });
                return Ok(Step::End);
            }
            Err(Stop::Failed(error)) => return Err(error),
        };
        let decoder = &mut self.decoder;
        let decoded = match guarded(|| decoder.decode(&packet))? {
            Ok(decoded) => decoded,
            Err(SymphoniaError::IoError(e)) if e.raw_os_error().is_some() => return Err(AudioError::Io(e)),
            Err(_) => {
                self.bad += 1;
                self.silence = self.silence.saturating_add(packet.block_dur().get().min(1 << 16));
                return Ok(Step::Nothing);
            }
        };
        if decoded.frames() == 0 {
            return Ok(Step::Nothing);
        }
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        if self.channels == 0 {
            (self.sample_rate, self.channels) = (rate, channels);
        } else if (rate, channels) != (self.sample_rate, self.channels) {
            warnings.push(Warning::FormatChanges);
            return Ok(Step::End);
        }
        self.good += 1;
        let lead = usize::try_from(std::mem::take(&mut self.silence)).unwrap_or(usize::MAX);
        if lead > 0 {
            warnings.push(Warning::DamagedFrames);
        }
        let lead = lead.min(MAX_SILENCE_SAMPLES / channels) * channels;
        let (width, samples) = self.buffers.fill(decoded, self.bits, lead);
        Ok(Step::Sound(width, samples / channels))
    }

    /// A chained Ogg stream starts anew: go on if it has the same shape.
    fn follow_chain(&mut self, warnings: &mut Vec<Warning>) -> Result<Step, AudioError> {
        let track = self.packets.reader.default_track(TrackType::Audio);
        let params = track.and_then(|t| t.codec_params.as_ref()).and_then(|p| p.audio());
        match (track, params) {
            (Some(track), Some(params)) if params.codec == self.decoder.codec_params().codec => {
                self.track = track.id;
                self.decoder = make_decoder(params)?;
                if params.codec == id::CODEC_ID_OPUS {
                    self.trim.skip = pre_skip(params)?;
                }
                Ok(Step::Nothing)
            }
            _ => {
                warnings.push(Warning::FormatChanges);
                Ok(Step::End)
            }
        }
    }

    /// Judges the whole: what is missing, what was damaged, and whether the sound is what the file promised.
    fn finish(&mut self, warnings: &mut Vec<Warning>) -> Result<(), AudioError> {
        if self.bad > self.good {
            return corrupt("most of it cannot be decoded");
        }
        if self.silence > 0 {
            warnings.push(Warning::Truncated);
        }
        let short = self.declared.is_some_and(|declared| self.frames < declared);
        let whole = self.bad == 0 && !short && warnings.is_empty();
        if self.decoder.finalize().verify_ok != Some(false) {
            return Ok(());
        }
        match (whole, self.bits) {
            (false, _) => {
                warnings.push(Warning::Truncated);
                Ok(())
            }
            (true, 32) => unsupported("a 32-bit FLAC recording that cannot be decoded exactly"),
            (true, _) => corrupt("its sound does not match its checksum"),
        }
    }
}

impl Trim {
    /// The part of the next `frames` that is to be delivered.
    fn apply(&mut self, frames: usize) -> (usize, usize) {
        let from = self.skip.min(frames as u64);
        self.skip -= from;
        let left = frames as u64 - from;
        let take = self.keep.map_or(left, |keep| keep.min(left));
        if let Some(keep) = &mut self.keep {
            *keep -= take;
        }
        (from as usize, (from + take) as usize)
    }
}

/// Runs foreign code on foreign bytes: a panic in it makes the file unreadable, and nothing worse. What it worked on
/// is not used any more after that.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| AudioError::Corrupt { what: "it makes the decoder fail" })
}

/// Why no packet came.
enum Stop {
    Chained,
    Truncated,
    Failed(AudioError),
}

impl Packets {
    fn next(&mut self, track: u32) -> Result<Option<Packet>, Stop> {
        loop {
            match guarded(|| self.reader.next_packet()).map_err(Stop::Failed)? {
                Ok(Some(packet)) if packet.track_id == track => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(SymphoniaError::ResetRequired) => return Err(Stop::Chained),
                Err(SymphoniaError::IoError(e)) if e.raw_os_error().is_some() => {
                    return Err(Stop::Failed(AudioError::Io(e)));
                }
                // Demuxers cannot go on after any other failure: what was read so far is the sound.
                Err(_) => return Err(Stop::Truncated),
            }
        }
    }
}

impl Buffers {
    /// Interleaves `decoded` behind `lead` samples of silence; returns where, and how many samples that are.
    fn fill(&mut self, decoded: GenericAudioBufferRef<'_>, bits: u32, lead: usize) -> (Width, usize) {
        use GenericAudioBufferRef as Ref;
        let Self { ints, wides, floats } = self;
        match decoded {
            Ref::S32(b) if bits <= 16 => (Width::Ints, planes(b, lead, ints, |s| (s >> 16) as i16)),
            Ref::S32(b) => (Width::Wides, planes(b, lead, wides, |s| s)),
            Ref::F32(b) => (Width::Floats, planes(b, lead, floats, |s| s)),
            Ref::F64(b) => (Width::Floats, planes(b, lead, floats, |s| s as f32)),
            Ref::S16(b) => (Width::Ints, planes(b, lead, ints, |s| s)),
            Ref::S8(b) => (Width::Ints, planes(b, lead, ints, |s| i16::from(s) << 8)),
            Ref::U8(b) => (Width::Ints, planes(b, lead, ints, |s| (i16::from(s) - 128) << 8)),
            Ref::S24(b) => (Width::Wides, planes(b, lead, wides, |s| s.inner() << 8)),
            Ref::U16(b) => (Width::Ints, planes(b, lead, ints, |s| (s ^ 0x8000) as i16)),
            Ref::U24(b) => {
                (Width::Wides, planes(b, lead, wides, |s| ((s.inner() << 8) ^ 0x8000_0000) as i32))
            }
            Ref::U32(b) => (Width::Wides, planes(b, lead, wides, |s| (s ^ 0x8000_0000) as i32)),
        }
    }
}

/// Interleaves `buffer` behind `lead` samples of silence; returns how many samples that are.
fn planes<S: Sample, T: Copy + Default>(
    buffer: &AudioBuffer<S>,
    lead: usize,
    out: &mut Vec<T>,
    convert: impl Fn(S) -> T,
) -> usize {
    let planes: Vec<&[S]> = buffer.iter_planes().collect();
    interleave(&planes, lead, out, convert);
    out.len()
}

/// ALAC keeps its depth in the sixth byte of its configuration, which symphonia does not copy out; old files have two
/// boxes of twelve bytes before it.
fn bits_of(params: &AudioCodecParameters) -> u32 {
    let known = match (params.codec, &params.extra_data) {
        (id::CODEC_ID_ALAC, Some(config)) => {
            let before = if config.get(4..8) == Some(b"frma") { 24 } else { 0 };
            config.get(before + 5).map(|&bits| u32::from(bits))
        }
        (id::CODEC_ID_ADPCM_IMA_QT, _) => Some(16),
        _ => None,
    };
    known.or(params.bits_per_sample).unwrap_or(32)
}

fn is_lossless(codec: Codec) -> bool {
    matches!(codec, Codec::Flac | Codec::Alac | Codec::Pcm | Codec::PcmFloat)
}

fn codec_of(codec: AudioCodecId) -> Result<Codec, AudioError> {
    Ok(match codec {
        id::CODEC_ID_FLAC => Codec::Flac,
        id::CODEC_ID_ALAC => Codec::Alac,
        id::CODEC_ID_MP1 => Codec::Mp1,
        id::CODEC_ID_MP2 => Codec::Mp2,
        id::CODEC_ID_MP3 => Codec::Mp3,
        id::CODEC_ID_AAC => Codec::Aac,
        id::CODEC_ID_VORBIS => Codec::Vorbis,
        id::CODEC_ID_PCM_ALAW => Codec::Alaw,
        id::CODEC_ID_PCM_MULAW => Codec::Mulaw,
        id::CODEC_ID_ADPCM_MS => Codec::MsAdpcm,
        id::CODEC_ID_ADPCM_IMA_QT | id::CODEC_ID_ADPCM_IMA_WAV => Codec::ImaAdpcm,
        id::CODEC_ID_PCM_F32LE | id::CODEC_ID_PCM_F32BE | id::CODEC_ID_PCM_F64LE | id::CODEC_ID_PCM_F64BE => {
            Codec::PcmFloat
        }
        id::CODEC_ID_PCM_S8
        | id::CODEC_ID_PCM_U8
        | id::CODEC_ID_PCM_S16LE
        | id::CODEC_ID_PCM_S16BE
        | id::CODEC_ID_PCM_S24LE
        | id::CODEC_ID_PCM_S24BE
        | id::CODEC_ID_PCM_S32LE
        | id::CODEC_ID_PCM_S32BE => Codec::Pcm,
        id::CODEC_ID_OPUS => Codec::Opus,
        id::CODEC_ID_SPEEX => return unsupported("a Speex recording"),
        id::CODEC_ID_AC3 => return unsupported("a Dolby Digital recording"),
        _ => return unsupported("a sound file in a rare coding"),
    })
}

fn refusal(error: &SymphoniaError) -> AudioError {
    match error {
        SymphoniaError::IoError(e) => match e.raw_os_error() {
            Some(code) => AudioError::Io(std::io::Error::from_raw_os_error(code)),
            None => AudioError::Corrupt { what: "it ends too early" },
        },
        SymphoniaError::Unsupported(_) => AudioError::Unsupported { what: "a sound file in a rare coding" },
        _ => AudioError::Corrupt { what: "its headers make no sense" },
    }
}
