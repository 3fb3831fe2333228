//! MP3, Vorbis and Opus: the length is exact after the delay and padding of the codec are taken off, the sound stays
//! in place, and noise, distortion and offset stay below limits for each target.

use realfft::RealFftPlanner;

use super::*;

/// Length of the sounds, frames: no multiple of any block.
const FRAMES: usize = 200_003;

struct Limit {
    target: &'static str,
    rate: u32,
    /// Least signal to noise of a sine, dB.
    sine_db: f64,
    /// Least signal to noise of music, dB: perceptual codecs put much noise where nobody hears it.
    music_db: f64,
    /// Most distortion of a sine, all harmonics together, dB.
    thd_db: f64,
}

#[rustfmt::skip]
const LIMITS: [Limit; 9] = [
    Limit { target: "mp3-320", rate: 44_100, sine_db: 66.0, music_db: 40.0, thd_db: -110.0 },
    Limit { target: "mp3-128", rate: 48_000, sine_db: 22.0, music_db: 21.0, thd_db: -100.0 },
    Limit { target: "mp3-v0", rate: 44_100, sine_db: 62.0, music_db: 37.0, thd_db: -110.0 },
    Limit { target: "mp3-v5", rate: 32_000, sine_db: 36.0, music_db: 27.0, thd_db: -100.0 },
    Limit { target: "vorbis-9", rate: 44_100, sine_db: 38.0, music_db: 34.0, thd_db: -110.0 },
    Limit { target: "vorbis-5", rate: 48_000, sine_db: 35.0, music_db: 30.0, thd_db: -110.0 },
    Limit { target: "vorbis-3", rate: 22_050, sine_db: 20.0, music_db: 20.0, thd_db: -110.0 },
    Limit { target: "opus-256", rate: 48_000, sine_db: 47.0, music_db: 37.0, thd_db: -95.0 },
    Limit { target: "opus-96", rate: 48_000, sine_db: 37.0, music_db: 31.0, thd_db: -85.0 },
];

fn stereo(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).flat_map(|(&l, &r)| [l, r]).collect()
}

/// Chords that fade, over soft noise: tonal and transient at once.
fn music(rate: u32) -> Vec<f64> {
    let chord = [220.0, 277.2, 329.6, 440.0, 1108.7];
    let tones: Vec<Vec<f64>> = chord.iter().map(|&f| sine(FRAMES, f, rate, 0.12)).collect();
    let soft = noise(FRAMES);
    (0..FRAMES)
        .map(|i| {
            let fade = (-3.0 * (i % 24_000) as f64 / 24_000.0).exp();
            tones.iter().map(|tone| tone[i]).sum::<f64>() * fade + soft[i] * 0.002
        })
        .collect()
}

fn energy(sound: impl Iterator<Item = f64>) -> f64 {
    sound.map(|s| s * s).sum()
}

fn signal_to_noise_db(original: &[f64], decoded: &[f64]) -> f64 {
    let noise = energy(original.iter().zip(decoded).map(|(a, b)| a - b));
    10.0 * (energy(original.iter().copied()) / noise.max(1e-30)).log10()
}

/// Energy of the second to the tenth harmonic over that of the tone, dB, of the middle of `sound`.
fn distortion_db(sound: &[f64], frequency: f64, rate: u32) -> f64 {
    let length = 65_536;
    let mut input: Vec<f64> = sound[FRAMES / 4..][..length].to_vec();
    // Blackman-Harris: side lobes below -92 dB (F. J. Harris, "On the Use of Windows", 1978).
    let cosine = |i: usize, n: f64| (std::f64::consts::TAU * n * i as f64 / length as f64).cos();
    input.iter_mut().enumerate().for_each(|(i, s)| {
        *s *= 0.35875 - 0.48829 * cosine(i, 1.0) + 0.14128 * cosine(i, 2.0) - 0.01168 * cosine(i, 3.0);
    });
    let fft = RealFftPlanner::new().plan_fft_forward(length);
    let mut bins = fft.make_output_vec();
    fft.process(&mut input, &mut bins).expect("lengths agree");
    let around = |frequency: f64| -> f64 {
        let centre = (frequency * length as f64 / f64::from(rate)).round() as usize;
        bins[centre - 4..=centre + 4].iter().map(|bin| bin.norm_sqr()).sum()
    };
    let harmonics = (2..=10).map(|n| frequency * f64::from(n)).filter(|f| *f < 0.45 * f64::from(rate));
    10.0 * (harmonics.map(around).sum::<f64>() / around(frequency)).log10()
}

#[test]
fn noise_distortion_and_offset_stay_below_their_limits() {
    for limit in &LIMITS {
        let Limit { target: name, rate, .. } = *limit;
        let target: Target = name.parse().expect("a target");
        let shape = Shape { sample_rate: rate, channels: 2 };
        let (left, right) = (sine(FRAMES, 997.0, rate, 0.5), sine(FRAMES, 1499.0, rate, 0.5));
        let tones = stereo(&left, &right);
        let decoded = decode(encode(target, shape, &Tags::default(), &tones), shape);
        assert_eq!(decoded.len(), tones.len(), "{name}: every frame and no more");
        let sine_db = signal_to_noise_db(&tones, &decoded);
        let decoded_left: Vec<f64> = decoded.iter().copied().step_by(2).collect();
        let thd_db = distortion_db(&decoded_left, 997.0, rate);
        let offset = decoded_left.iter().sum::<f64>() / FRAMES as f64;

        let song = music(rate);
        let song = stereo(&song, &song.iter().map(|s| s * 0.7).collect::<Vec<_>>());
        let decoded = decode(encode(target, shape, &Tags::default(), &song), shape);
        let music_db = signal_to_noise_db(&song, &decoded);
        println!(
            "{name}: sine {sine_db:.1} dB, music {music_db:.1} dB, THD {thd_db:.1} dB, offset {offset:.1e}"
        );
        assert!(sine_db >= limit.sine_db, "{name}: a sine has {sine_db:.1} dB over its noise");
        assert!(music_db >= limit.music_db, "{name}: music has {music_db:.1} dB over its noise");
        assert!(thd_db <= limit.thd_db, "{name}: THD {thd_db:.1} dB");
        assert!(offset.abs() < 1e-4, "{name}: an offset of {offset}");
    }
}

#[test]
fn short_sounds_keep_their_length() {
    for name in ["mp3-192", "mp3-v4", "vorbis-4", "opus-64"] {
        let target: Target = name.parse().expect("a target");
        for channels in [1, 2] {
            for frames in [1usize, 100, 576, 959, 960, 961, 1_152, 1_153, 2_400, 10_007] {
                let shape = target.shape_for(Shape { sample_rate: 48_000, channels });
                let sound: Vec<f64> = noise(frames * channels as usize).iter().map(|s| s * 0.3).collect();
                let decoded = decode(encode(target, shape, &Tags::default(), &sound), shape);
                assert_eq!(decoded.len(), sound.len(), "{name}, {frames} frames, {channels} channels");
            }
        }
    }
}

#[test]
fn silence_stays_silent() {
    for name in ["mp3-128", "mp3-v2", "vorbis-6", "opus-96"] {
        let target: Target = name.parse().expect("a target");
        let shape = Shape { sample_rate: 48_000, channels: 2 };
        let decoded = decode(encode(target, shape, &Tags::default(), &vec![0.0; 96_000]), shape);
        assert_eq!(decoded.len(), 96_000);
        let loudest = decoded.iter().fold(0.0f64, |most, s| most.max(s.abs()));
        assert!(loudest < 1e-4, "{name}: silence comes back at {loudest}");
    }
}

/// A tone in one channel must come back in that channel.
#[test]
fn surround_channels_stay_in_place() {
    for name in ["vorbis-5", "opus-450"] {
        let target: Target = name.parse().expect("a target");
        for channels in 3..=8usize {
            let shape = Shape { sample_rate: 48_000, channels: channels as u32 };
            // The LFE channel of 5.1 and more carries low sound only.
            let tones: Vec<Vec<f64>> = (0..channels)
                .map(|channel| sine(24_000, 40.0 + 20.0 * channel as f64, 48_000, 0.4))
                .collect();
            let sound: Vec<f64> = (0..24_000 * channels).map(|i| tones[i % channels][i / channels]).collect();
            let decoded = decode(encode(target, shape, &Tags::default(), &sound), shape);
            assert_eq!(decoded.len(), sound.len());
            for channel in 0..channels {
                let of = |sound: &[f64]| -> Vec<f64> {
                    sound[channel..].iter().copied().step_by(channels).collect()
                };
                let found = signal_to_noise_db(&of(&sound), &of(&decoded));
                assert!(found > 10.0, "{name}, channel {channel} of {channels}: {found:.1} dB");
            }
        }
    }
}
