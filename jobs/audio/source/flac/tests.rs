//! Damage of every kind, and depths for which there is no encoder here.

use std::io::Cursor;

use super::*;
use crate::source::tests::read_i16;
use crate::{Encoder, FlacDepth, Limits, Shape, Source, Tags, Target};

/// Frames of a block of the encoder.
const BLOCK: usize = 4096;

/// Seven and a half blocks of a little music, and where each frame begins in its file.
fn song() -> (Vec<i16>, Vec<u8>, Vec<usize>) {
    let mut noise = 1u32;
    let sound: Vec<i16> = (0..BLOCK * 15)
        .map(|i| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((i as f64 / 40.0).sin() * 9000.0) as i16 + (noise >> 26) as i16
        })
        .collect();
    let mut file = Cursor::new(Vec::new());
    let shape = Shape { sample_rate: 44_100, channels: 2 };
    let target = Target::Flac(FlacDepth::Int16);
    let mut encoder =
        Encoder::create(target, shape, &Tags::default(), None, &mut file).expect("a usual shape");
    encoder.push_f64(&sound.iter().map(|&s| f64::from(s) / 32_768.0).collect::<Vec<_>>()).expect("memory");
    encoder.finish().expect("memory");
    let file = file.into_inner();
    let starts = (0..file.len()).filter(|&at| Header::parse(&file[at..]).is_some()).collect();
    (sound, file, starts)
}

#[test]
fn a_damaged_frame_is_silent_and_the_rest_stays_in_place() {
    let (sound, file, starts) = song();
    assert_eq!(starts.len(), 8);
    assert_eq!(read_i16(file.clone()).expect("sound"), (sound.clone(), vec![]));
    // In the header, in the middle, in the checksum; the first frame and one on the way.
    for frame in [0, 3] {
        for at in [starts[frame] + 1, starts[frame] + 500, starts[frame + 1] - 1] {
            let mut damaged = file.clone();
            damaged[at] ^= 0x10;
            let mut expected = sound.clone();
            expected[frame * BLOCK * 2..(frame + 1) * BLOCK * 2].fill(0);
            let (found, warnings) = read_i16(damaged).expect("sound");
            assert!(found == expected, "frame {frame}, byte {at}");
            assert_eq!(warnings, [Warning::DamagedFrames]);
        }
    }
}

#[test]
fn what_is_missing_and_what_is_too_much_is_told() {
    let (sound, file, starts) = song();
    let whole = |frames: usize| sound[..frames * BLOCK * 2].to_vec();
    // Cut within a frame and between two.
    for end in [starts[5] - 7, starts[5]] {
        let frames = if end == starts[5] { 5 } else { 4 };
        assert_eq!(read_i16(file[..end].to_vec()).expect("sound"), (whole(frames), vec![Warning::Truncated]));
    }
    // Something else behind the end, as old taggers leave it.
    let tagged = [&file[..], b"TAG a song of which the name is not read"].concat();
    assert_eq!(read_i16(tagged).expect("sound"), (sound.clone(), vec![]));
    // A piece out of the middle begins with a number of its own, and plays.
    let middle = [&file[..starts[0]], &file[starts[4]..]].concat();
    assert_eq!(read_i16(middle).expect("sound"), (sound[4 * BLOCK * 2..].to_vec(), vec![Warning::Truncated]));
}

#[test]
fn noise_behind_a_good_header_is_no_recording() {
    let (_, file, starts) = song();
    let mut noise = file[..starts[0]].to_vec();
    noise.extend((0..100_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8));
    let opened = Source::open(Arc::new(noise), &Limits::default());
    assert!(matches!(opened.map(|_| ()), Err(AudioError::Corrupt { .. })));
    // So is one sound frame among many broken ones.
    let broken: Vec<u8> = file[starts[1]..starts[2] - 1].iter().copied().chain([0]).collect();
    let mostly = [&file[..starts[1]], &broken.repeat(80)].concat();
    assert!(matches!(read_i16(mostly), Err(AudioError::Corrupt { .. })));
}

/// A frame of 32-bit samples as they are, the second of `channels` with one bit more.
fn wide_frame(assignment: u8, channels: [(u32, &[i64]); 2]) -> Vec<u8> {
    let frames = channels[0].1.len();
    let mut file = b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0".to_vec();
    // 44,100 Hz, 2 channels, 32 bits, unknown length, no MD5.
    file.extend([0x0a, 0xc4, 0x43, 0xf0, 0, 0, 0, 0]);
    file.extend([0; 16]);
    let start = file.len();
    file.extend([0xff, 0xf8, 0x69, assignment << 4 | 0b1110, 0, frames as u8 - 1]);
    file.push(crate::crc::crc8(&file[start..]));
    let mut bits = String::new();
    for (width, samples) in channels {
        bits.push_str("00000010");
        for sample in samples {
            let text = format!("{:064b}", sample);
            bits.push_str(&text[64 - width as usize..]);
        }
    }
    bits.push_str(&"0".repeat(bits.len().wrapping_neg() % 8));
    file.extend(bits.as_bytes().chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | (bit & 1))));
    let sum = crate::crc::crc16(&file[start..]);
    file.extend(sum.to_be_bytes());
    file
}

#[test]
fn differences_of_32_bit_samples_are_exact() {
    const LOW: i64 = i32::MIN as i64;
    const HIGH: i64 = i32::MAX as i64;
    let (left, right) = ([HIGH, LOW, LOW, 5, -1], [LOW, HIGH, LOW, -6, 0]);
    let side: Vec<i64> = left.iter().zip(right).map(|(l, r)| l - r).collect();
    let mid: Vec<i64> = left.iter().zip(right).map(|(l, r)| (l + r) >> 1).collect();
    let expected: Vec<i32> = left.iter().zip(right).flat_map(|(&l, r)| [l as i32, r as i32]).collect();
    for (assignment, first, second) in [
        (1, (32, &left[..]), (32, &right[..])),
        (8, (32, &left), (33, &side)),
        (9, (33, &side), (32, &right)),
        (10, (32, &mid), (33, &side)),
    ] {
        let file = wide_frame(assignment, [first, second]);
        let mut source = Source::open(Arc::new(file), &Limits::default()).expect("FLAC");
        let block = source.next_block().expect("readable").expect("sound");
        let Samples::I32(found) = block.samples else { panic!("32 bits") };
        assert_eq!(found, expected, "assignment {assignment}");
    }
}
