//! Every level equals the peaks computed from the sound at that zoom, and the header survives the trip.

use std::io::Cursor;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::peaks::{Peaks, plain};

fn build(samples: &[i16], channels: u16) -> (Vec<u8>, Layout) {
    let mut writer = Writer::new(Cursor::new(Vec::new()), channels, 44_100).expect("memory");
    let mut peaks = Peaks::new(usize::from(channels), BASE_SAMPLES_PER_PIXEL as usize);
    let mut rows = Vec::new();
    for part in samples.chunks(1000 * usize::from(channels)) {
        rows.clear();
        peaks.push(part, &mut rows);
        writer.rows(&rows).expect("memory");
    }
    rows.clear();
    peaks.finish(&mut rows);
    writer.rows(&rows).expect("memory");
    let (file, layout) = writer.finish((samples.len() / usize::from(channels)) as u64).expect("memory");
    (file.into_inner(), layout)
}

fn level_rows(blob: &[u8], layout: &Layout, level: Level) -> Vec<i16> {
    let from = level.offset as usize;
    let to = from + (level.pixels * layout.row_bytes()) as usize;
    blob[from..to].as_chunks::<2>().0.iter().map(|&b| i16::from_le_bytes(b)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn levels_compose_exactly(channels in 1u16..=6, seed in vec(any::<i16>(), 2000..9000)) {
        let n = usize::from(channels);
        let samples: Vec<i16> = seed.iter().cycle().take(seed.len() * 3 / n * n).copied().collect();
        let (blob, layout) = build(&samples, channels);
        prop_assert_eq!(Layout::parse(&blob).expect("own header"), layout);
        prop_assert_eq!(blob.len() as u64, layout.blob_bytes());
        let levels = layout.levels();
        prop_assert_eq!(levels.last().map(|l| l.pixels), Some(1));
        for level in levels {
            let expected = plain::rows(&samples, n, level.samples_per_pixel as usize);
            prop_assert_eq!(level_rows(&blob, &layout, level), expected);
        }
    }

    #[test]
    fn any_header_parses_or_is_refused(bytes in vec(any::<u8>(), 0..80)) {
        if let Ok(layout) = Layout::parse(&bytes) {
            prop_assert!(layout.levels().len() <= 25);
        }
    }
}

#[test]
fn a_foreign_or_newer_blob_is_refused() {
    let (mut blob, _) = build(&[1, 2, 3], 1);
    assert_eq!(Layout::parse(&blob[..20]), Err(PyramidError::NotAPyramid));
    blob[4] = 9;
    assert_eq!(Layout::parse(&blob), Err(PyramidError::UnknownVersion(9)));
    blob[0] = b'X';
    assert_eq!(Layout::parse(&blob), Err(PyramidError::NotAPyramid));
}
