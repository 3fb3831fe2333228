//! Any `Range` header against a file of any length: what is selected lies inside, in order and apart.
#![no_main]

#[path = "../../../src/api/http/ranges.rs"]
mod ranges;

use ranges::Selection;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((length, header)) = data.split_first_chunk::<8>() else { return };
    let length = u64::from_le_bytes(*length);
    let Ok(header) = std::str::from_utf8(header) else { return };
    match ranges::select(header, length) {
        Selection::Whole | Selection::Unsatisfiable => {}
        Selection::Spans(spans) => {
            assert!(!spans.is_empty());
            assert!(spans.iter().all(|span| span.start < span.end && span.end <= length));
            assert!(spans.is_sorted_by(|a, b| a.end < b.start), "{spans:?}");
        }
    }
});
