//! Headers as real recorders write them, right and wrong.

use super::*;
use crate::source::tests::read_i16 as read;

fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    out
}

fn fmt(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let block = channels * bits.div_ceil(8);
    let mut body = Vec::new();
    body.extend_from_slice(&tag.to_le_bytes());
    body.extend_from_slice(&channels.to_le_bytes());
    body.extend_from_slice(&48_000u32.to_le_bytes());
    body.extend_from_slice(&(48_000 * u32::from(block)).to_le_bytes());
    body.extend_from_slice(&block.to_le_bytes());
    body.extend_from_slice(&bits.to_le_bytes());
    chunk(b"fmt ", &body)
}

fn riff(id: &[u8; 4], chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = id.to_vec();
    out.extend_from_slice(&[0xff; 4]);
    out.extend_from_slice(b"WAVE");
    out.extend(chunks.iter().flatten());
    out
}

#[test]
fn odd_chunks_with_and_without_padding() {
    let data = chunk(b"data", &[1, 0, 2, 0]);
    for pad in [&b""[..], &b"\0"[..]] {
        let mut note = chunk(b"note", b"odd");
        note.extend_from_slice(pad);
        let (samples, warnings) =
            read(riff(b"RIFF", &[note, fmt(1, 1, 16), data.clone()])).expect("readable");
        assert_eq!(samples, [1, 2], "padding {pad:?}");
        assert!(warnings.is_empty());
    }
}

#[test]
fn data_before_fmt_and_after_it() {
    let data = chunk(b"data", &[1, 0]);
    assert_eq!(read(riff(b"RIFF", &[data.clone(), fmt(1, 1, 16)])).expect("readable").0, [1]);
    assert_eq!(read(riff(b"RIFF", &[fmt(1, 1, 16), data])).expect("readable").0, [1]);
}

#[test]
fn lost_and_wrong_lengths_are_read_to_the_end() {
    let mut open_end = fmt(1, 1, 16);
    open_end.extend_from_slice(b"data\xff\xff\xff\xff\x01\0\x02\0\x03");
    let (samples, warnings) = read(riff(b"RIFF", &[open_end.clone()])).expect("readable");
    assert_eq!((samples, warnings), (vec![1, 2], vec![Warning::LengthUnknown]));
    let at = open_end.len() - 9;
    open_end[at..at + 4].copy_from_slice(&[0; 4]);
    let (samples, warnings) = read(riff(b"RIFF", &[open_end.clone()])).expect("readable");
    assert_eq!((samples, warnings), (vec![1, 2], vec![Warning::LengthUnknown]));
    open_end[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
    let (samples, warnings) = read(riff(b"RIFF", &[open_end])).expect("readable");
    assert_eq!((samples, warnings), (vec![1, 2], vec![Warning::Truncated]));
}

#[test]
fn rf64_takes_its_sizes_from_ds64() {
    let mut sizes = vec![0u8; 28];
    sizes[8] = 4;
    sizes[16] = 2;
    let mut data = b"data\xff\xff\xff\xff".to_vec();
    data.extend_from_slice(&[1, 0, 2, 0]);
    data.extend_from_slice(&chunk(b"LIST", b"tail"));
    for id in [b"RF64", b"BW64"] {
        let file = riff(id, &[chunk(b"ds64", &sizes), fmt(1, 1, 16), data.clone()]);
        let (samples, warnings) = read(file).expect("readable");
        assert_eq!((samples, warnings), (vec![1, 2], vec![]));
    }
}

#[test]
fn refusals_are_errors_and_never_panics() {
    for (file, code) in [
        (riff(b"RIFF", &[fmt(1, 1, 16)]), "corrupt_audio"),
        (riff(b"RIFF", &[chunk(b"data", &[0; 8])]), "corrupt_audio"),
        (riff(b"RIFF", &[fmt(1, 0, 16), chunk(b"data", &[0; 8])]), "corrupt_audio"),
        (riff(b"RIFF", &[fmt(1, 1, 40), chunk(b"data", &[0; 8])]), "corrupt_audio"),
        (riff(b"RIFF", &[fmt(0x55, 1, 16), chunk(b"data", &[0; 8])]), "unsupported_audio"),
        (riff(b"RIFF", &[fmt(1, 25, 16), chunk(b"data", &[0; 50])]), "too_many_channels"),
        (riff(b"RIFF", &[chunk(b"fmt ", &[1, 0])]), "corrupt_audio"),
    ] {
        assert_eq!(read(file).expect_err("refused").code(), code);
    }
}
