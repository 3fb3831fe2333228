//! Tags survive encoding, old forms are read, and nonsense is survived.

use std::io::Cursor;

use super::*;
use crate::convert::Shape;
use crate::encode::{Encoder, Target};

fn all() -> Tags {
    Tags {
        title: Some("Über den Wolken".into()),
        artist: Some("Die Nachtschicht".into()),
        album: Some("Keller".into()),
        track_number: Some(7),
        date: Some("2026-11-22".into()),
        comment: Some("third take, \u{1f3b8} louder".into()),
        cover: Some(Cover {
            media_type: "image/png".into(),
            bytes: (0..70_000u32).map(|i| i as u8).collect(),
        }),
        loops: vec![Loop { start: 100, end: 4_900 }],
    }
}

fn encoded(target: &str, tags: &Tags) -> Vec<u8> {
    let target: Target = target.parse().expect("a target");
    let shape = target.shape_for(Shape { sample_rate: 48_000, channels: 2 });
    let mut file = Cursor::new(Vec::new());
    let mut encoder = Encoder::create(target, shape, tags, None, &mut file).expect("a target");
    encoder.push_f64(&[0.25; 10_000]).expect("whole frames");
    encoder.finish().expect("a file");
    file.into_inner()
}

const TARGETS: [&str; 7] = ["wav-16", "aiff-24", "aiff-32f", "flac-16", "mp3-128", "vorbis-4", "opus-96"];

#[test]
fn every_format_keeps_every_tag() {
    for target in TARGETS {
        assert_eq!(Tags::read(&encoded(target, &all())), all(), "{target}");
        assert_eq!(Tags::read(&encoded(target, &Tags::default())), Tags::default(), "{target}");
        let title = Tags { title: Some("Only this".into()), ..Tags::default() };
        assert_eq!(Tags::read(&encoded(target, &title)), title, "{target}");
    }
}

#[test]
fn tagged_files_are_still_sound() {
    for target in TARGETS {
        let file = std::sync::Arc::new(encoded(target, &all()));
        let mut source = crate::Source::open(file, &crate::Limits::default()).expect(target);
        while source.next_block().expect(target).is_some() {}
        assert_eq!((source.frames(), source.warnings()), (5_000, vec![]), "{target}");
    }
}

/// A tag of version 2.2 or 2.3 in front of two frames of silence.
fn mp3_with(tag: &[u8]) -> Vec<u8> {
    let mut frame = vec![0u8; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
    [tag, &frame, &frame].concat()
}

#[test]
fn old_id3_tags_are_read() {
    let mut frames = b"TT2\0\0\x05\0Caf\xe9COM\0\0\x08\0eng\0wow".to_vec();
    frames.extend_from_slice(b"PIC\0\0\x0a\0JPG\x03\0\xff\xd8\xff\xe0");
    let mut tag = b"ID3\x02\0\0\0\0\0".to_vec();
    tag.push(frames.len() as u8);
    tag.extend_from_slice(&frames);
    let found = Tags::read(&mp3_with(&tag));
    assert_eq!((found.title.as_deref(), found.comment.as_deref()), (Some("Café"), Some("wow")));
    assert_eq!(
        found.cover.map(|c| (c.media_type, c.bytes)),
        Some(("image/jpeg".into(), vec![0xff, 0xd8, 0xff, 0xe0]))
    );

    // Version 2.3, unsynchronised: a zero behind every 0xff.
    let body =
        b"TPE1\0\0\0\x09\0\0\x01\xff\x00\xfeR\0e\0x\0TYER\0\0\0\x05\0\0\x001999TRCK\0\0\0\x04\0\0\x003/9";
    let mut tag = b"ID3\x03\0\x80\0\0\0".to_vec();
    tag.push(body.len() as u8);
    tag.extend_from_slice(body);
    let found = Tags::read(&mp3_with(&tag));
    assert_eq!(
        (found.artist.as_deref(), found.date.as_deref(), found.track_number),
        (Some("Rex"), Some("1999"), Some(3))
    );
}

#[test]
fn id3v1_fills_what_is_missing() {
    let mut file = mp3_with(b"");
    let mut tag = vec![0u8; 128];
    tag[..8].copy_from_slice(b"TAGTitle");
    tag[33..37].copy_from_slice(b"Band");
    tag[126] = 12;
    file.extend_from_slice(&tag);
    let found = Tags::read(&file);
    assert_eq!((found.title.as_deref(), found.artist.as_deref()), (Some("Title"), Some("Band")));
    assert_eq!(found.track_number, Some(12));
}

#[test]
fn broken_tags_are_read_as_far_as_they_go() {
    for target in TARGETS {
        let file = encoded(target, &all());
        for cut in (0..file.len().min(80_000)).step_by(617) {
            drop(Tags::read(&file[..cut].to_vec()));
        }
        for at in (0..file.len().min(600)).step_by(3) {
            let mut bent = file.clone();
            bent[at] ^= 0x81;
            drop(Tags::read(&bent));
        }
    }
}

#[test]
fn missing_tags_come_from_the_other_and_loops_follow_the_rate() {
    let mine = Tags { title: Some("Mine".into()), ..Tags::default() };
    let both = mine.or(all());
    assert_eq!((both.title.as_deref(), both.album.as_deref()), (Some("Mine"), Some("Keller")));
    assert_eq!(both.at_rate(48_000, 44_100).loops, [Loop { start: 92, end: 4_502 }]);
}
