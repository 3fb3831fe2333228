//! WAV, AIFF and FLAC give back every sample, for every depth, channel count and awkward length.

use md5::{Digest, Md5};

use super::*;

const RATE: u32 = 44_100;

fn steps(target: Target) -> f64 {
    match target.form() {
        Form::Integers { bits } => f64::from(1u32 << (bits - 1)),
        Form::Floats => f64::from(1u32 << 23),
    }
}

/// Sounds that are awkward for a predictor, one channel each, as exact multiples of a step.
fn sounds(frames: usize, steps: f64) -> Vec<(&'static str, Vec<f64>)> {
    let quantised = |sound: Vec<f64>| -> Vec<f64> {
        sound.iter().map(|s| (s * steps).round().clamp(-steps, steps - 1.0) / steps).collect()
    };
    let square = (0..frames).map(|i| if i / 50 % 2 == 0 { -1.0 } else { 1.0 }).collect();
    let quiet = noise(frames).iter().map(|s| s * 2.0 / steps).collect();
    let mut clicks = vec![0.0; frames];
    clicks.iter_mut().step_by(997).for_each(|s| *s = -1.0);
    let coarse = noise(frames).iter().map(|s| (s * 128.0).round() / 128.0).collect();
    vec![
        ("noise", quantised(noise(frames))),
        ("sine", quantised(sine(frames, 440.0, RATE, 0.9))),
        ("silence", vec![0.0; frames]),
        ("full scale", quantised(vec![1.0; frames])),
        ("square", quantised(square)),
        ("quiet", quantised(quiet)),
        ("clicks", quantised(clicks)),
        ("coarse", quantised(coarse)),
    ]
}

fn targets() -> Vec<Target> {
    ["wav-16", "wav-24", "wav-32f", "aiff-16", "aiff-24", "aiff-32f", "flac-16", "flac-24"]
        .iter()
        .map(|name| name.parse().expect("a target"))
        .collect()
}

#[test]
fn every_sample_comes_back() {
    for target in targets() {
        for frames in [1, 2, 5, 16, 33, 255, 257, 4096, 4097, 9_999] {
            for (name, mono) in sounds(frames, steps(target)) {
                let shape = Shape { sample_rate: RATE, channels: 1 };
                let file = encode(target, shape, &Tags::default(), &mono);
                assert_eq!(decode(file, shape), mono, "{target}, {name}, {frames} frames");
            }
        }
    }
}

#[test]
fn every_number_of_channels_comes_back() {
    let frames = 5_000;
    for target in targets() {
        for channels in [2usize, 3, 4, 5, 6, 7, 8, 24] {
            let shape = Shape { sample_rate: 96_000, channels: channels as u32 };
            if target.shape_for(shape) != shape {
                continue;
            }
            let planes = sounds(frames, steps(target));
            let sound: Vec<f64> =
                (0..frames * channels).map(|i| planes[i % channels % planes.len()].1[i / channels]).collect();
            let file = encode(target, shape, &Tags::default(), &sound);
            assert_eq!(decode(file, shape), sound, "{target}, {channels} channels");
        }
    }
}

/// Left and right alike, opposite, or much different make FLAC choose each of its stereo modes.
#[test]
fn every_kind_of_stereo_comes_back() {
    let frames = 6_000;
    let shape = Shape { sample_rate: 48_000, channels: 2 };
    for target in targets() {
        let planes = sounds(frames, steps(target));
        for (left_name, left) in &planes {
            for (right_name, right) in &planes {
                let sound: Vec<f64> = left.iter().zip(right).flat_map(|(&l, &r)| [l, r]).collect();
                let file = encode(target, shape, &Tags::default(), &sound);
                assert_eq!(decode(file, shape), sound, "{target}, {left_name} and {right_name}");
            }
        }
    }
}

#[test]
fn flac_carries_its_length_and_checksum() {
    let shape = Shape { sample_rate: 12_345, channels: 2 };
    for (target, bytes) in [(FlacDepth::Int16, 2), (FlacDepth::Int24, 3)] {
        let scale = f64::from(1u32 << (8 * bytes - 1));
        let sound: Vec<f64> = noise(20_001 * 2).iter().map(|s| (s * scale / 2.0).round() / scale).collect();
        let file = encode(Target::Flac(target), shape, &Tags::default(), &sound);
        let little_endian = |s: &f64| ((s * scale) as i32).to_le_bytes()[..bytes].to_vec();
        let md5: [u8; 16] = Md5::digest(sound.iter().flat_map(little_endian).collect::<Vec<u8>>()).into();
        assert_eq!(file[26..42], md5);
        assert_eq!(u64::from_be_bytes(file[18..26].try_into().expect("eight")) & 0xf_ffff_ffff, 20_001);
    }
}

#[test]
fn flac_is_as_small_as_it_should_be() {
    let shape = Shape { sample_rate: RATE, channels: 1 };
    let bits_per_sample = |sound: &[f64], target| {
        encode(target, shape, &Tags::default(), sound).len() as f64 * 8.0 / sound.len() as f64
    };
    let quantised = |scale: f64, sound: Vec<f64>| -> Vec<f64> {
        sound.iter().map(|s| (s * scale).round() / scale).collect()
    };
    let flac16 = Target::Flac(FlacDepth::Int16);
    let flac24 = Target::Flac(FlacDepth::Int24);
    let loud = quantised(32_768.0, noise(100_000).iter().map(|s| s * 0.999).collect());
    assert!(bits_per_sample(&loud, flac16) < 16.1, "white noise cannot be predicted, but costs nothing more");
    // A sine is perfectly predictable but for its rounding.
    let tone = quantised(32_768.0, sine(100_000, 440.0, RATE, 0.9));
    let found = bits_per_sample(&tone, flac16);
    assert!(found < 4.5, "{found} bits for a sine");
    let wasted = bits_per_sample(&tone, flac24);
    assert!(wasted < found + 0.5, "{wasted} bits for a sine of 16 bits in 24, {found} in 16");
}

/// A file of zeros behind a header, as large as it says.
struct Vast {
    header: Vec<u8>,
    size: u64,
}

impl ReadAt for Vast {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let n = buf.len().min(usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX));
        buf[..n].fill(0);
        if offset < self.header.len() as u64 {
            self.header.read_at(&mut buf[..n], offset)?;
        }
        Ok(n)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.size)
    }
}

/// Keeps the start of a file and counts the rest.
#[derive(Default)]
struct Head {
    kept: Vec<u8>,
    at: u64,
    size: u64,
}

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let from = usize::try_from(self.at).unwrap_or(usize::MAX);
        if from < 4096 {
            self.kept.resize(self.kept.len().max(from + bytes.len().min(4096)), 0);
            let n = bytes.len().min(self.kept.len() - from);
            self.kept[from..from + n].copy_from_slice(&bytes[..n]);
        }
        self.at += bytes.len() as u64;
        self.size = self.size.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Head {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.at = match to {
            io::SeekFrom::Start(at) => at,
            io::SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            io::SeekFrom::End(by) => self.size.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn wav_beyond_four_gigabytes_becomes_rf64() {
    // 24 channels of 32-bit floats: 96 bytes a frame.
    let shape = Shape { sample_rate: 768_000, channels: 24 };
    let frames = (u64::from(u32::MAX) / 96) + 1_000;
    let silence = vec![0.0; 4096 * 24];
    for hint in [None, Some(frames)] {
        let mut head = Head::default();
        let mut encoder =
            Encoder::create(Target::Wav(PcmDepth::Float32), shape, &Tags::default(), hint, &mut head)
                .expect("WAV");
        let mut left = frames as usize;
        while left > 0 {
            let now = left.min(4096);
            encoder.push_f64(&silence[..now * 24]).expect("written");
            left -= now;
        }
        assert_eq!(encoder.finish().expect("RF64").frames, frames);
        let vast = Vast { size: head.size, header: head.kept };
        assert_eq!(vast.header[..4], *b"RF64");
        let source = Source::open(Arc::new(vast), &Limits::default()).expect("RF64");
        assert_eq!(source.probe().frames, Some(frames));
        assert_eq!(source.warnings(), []);
    }
}
