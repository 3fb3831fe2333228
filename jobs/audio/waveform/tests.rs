//! Selection and rendering on a pyramid small enough to check by hand.

use std::io::Cursor;

use super::*;
use crate::pyramid::{HEADER_BYTES, Writer};

/// Two channels at 1000 Hz, 1000 frames, four pixels of (−512·i, 256·i) on the left and twice that on the right.
fn blob() -> (Vec<u8>, Layout) {
    let mut writer = Writer::new(Cursor::new(Vec::new()), 2, 1000).expect("memory");
    for i in 0..4i16 {
        writer.rows(&[-700 * i, 300 * i, -512 * i, 256 * i, -1024 * i, 512 * i]).expect("memory");
    }
    let (file, layout) = writer.finish(1000).expect("memory");
    (file.into_inner(), layout)
}

fn raw<'b>(blob: &'b [u8], slice: &Slice) -> &'b [u8] {
    let range = slice.byte_range();
    &blob[range.start as usize..range.end as usize]
}

#[test]
fn levels_are_named_or_picked_by_width() {
    let (_, layout) = blob();
    let spp = |zoom| layout.select(&Query { zoom, ..Query::default() }).map(|s| s.samples_per_pixel());
    assert_eq!(spp(Zoom::Finest), Ok(256));
    assert_eq!(spp(Zoom::SamplesPerPixel(1024)), Ok(1024));
    for beyond in [2048, 1 << 31] {
        assert_eq!(spp(Zoom::SamplesPerPixel(beyond)), Ok(beyond));
    }
    assert_eq!(spp(Zoom::Width(4)), Ok(256));
    assert_eq!(spp(Zoom::Width(3)), Ok(512));
    assert_eq!(spp(Zoom::Width(1)), Ok(1024));
    assert_eq!(spp(Zoom::Width(0)), Err(QueryError::NoWidth));
    let available = vec![256, 512, 1024];
    assert_eq!(spp(Zoom::SamplesPerPixel(300)), Err(QueryError::NoSuchLevel { wanted: 300, available }));
}

#[test]
fn windows_grow_to_whole_pixels_and_end_with_the_sound() {
    let (_, layout) = blob();
    let rows = |start_ms, end_ms| {
        layout.select(&Query { start_ms, end_ms, ..Query::default() }).map(|s| {
            let first = (s.byte_range().start - HEADER_BYTES as u64) / 12;
            first..first + s.pixels()
        })
    };
    assert_eq!(rows(0, None), Ok(0..4));
    assert_eq!(rows(256, Some(512)), Ok(1..2));
    assert_eq!(rows(255, Some(513)), Ok(0..3));
    assert_eq!(rows(900, Some(u64::MAX)), Ok(3..4));
    let empty = |start_ms| Err(QueryError::EmptyWindow { start_ms, duration_ms: 1000 });
    assert_eq!(rows(5000, None), empty(5000));
    assert_eq!(rows(500, Some(500)), empty(500));
    assert_eq!(rows(500, Some(400)), empty(500));
}

#[test]
fn dat_has_audiowaveforms_headers_and_truncated_bytes() {
    let (blob, layout) = blob();
    let mono = layout.select(&Query::default()).expect("valid");
    let dat = mono.dat(raw(&blob, &mono));
    assert_eq!(dat[..20], [1, 0, 0, 0, 1, 0, 0, 0, 0xe8, 3, 0, 0, 0, 1, 0, 0, 4, 0, 0, 0]);
    let bytes: Vec<i8> = dat[20..].iter().map(|&b| b as i8).collect();
    assert_eq!(bytes, [0, 0, -2, 1, -5, 2, -8, 3], "-700 / 256 truncates to -2");
    let query =
        Query { mix: Mix::Split, bits: Bits::Sixteen, start_ms: 256, end_ms: Some(512), ..Query::default() };
    let split = layout.select(&query).expect("valid");
    let dat = split.dat(raw(&blob, &split));
    assert_eq!(dat[..24], [2, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(dat[24..], [0x00, 0xfe, 0x00, 0x01, 0x00, 0xfc, 0x00, 0x02]);
}

#[test]
fn json_keys_stand_in_audiowaveforms_order() {
    let (blob, layout) = blob();
    let query = Query { zoom: Zoom::Width(1), mix: Mix::Split, bits: Bits::Sixteen, ..Query::default() };
    let slice = layout.select(&query).expect("valid");
    assert_eq!(
        slice.json(raw(&blob, &slice)),
        r#"{"version":2,"channels":2,"sample_rate":1000,"samples_per_pixel":1024,"bits":16,"length":1,"data":[-1536,768,-3072,1536]}"#
    );
    assert_eq!(
        slice.peaks_json(raw(&blob, &slice)),
        r#"{"duration":1.000000,"sample_rate":1000,"peaks":[[-0.04688,0.02344],[-0.09375,0.04688]]}"#
    );
}
