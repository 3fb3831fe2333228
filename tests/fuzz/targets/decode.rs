//! Any bytes as a recording: reading it through must end in sound or in a refusal that is final.
#![no_main]

use std::sync::Arc;

use audio::{AudioError, Limits, Source};

/// No coding packs more frames into a byte than constant blocks of FLAC.
const FRAMES_PER_BYTE: u64 = 65_536;

libfuzzer_sys::fuzz_target!(
    init: {
        std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
    },
    |data: &[u8]| {
        let limits = Limits { max_duration_s: 20, ..Limits::default() };
        match read(data, &limits) {
            Ok(frames) => assert!(frames <= FRAMES_PER_BYTE * data.len() as u64, "{frames} frames"),
            Err(error) => assert!(error.is_permanent(), "{error}"),
        }
    }
);

fn read(data: &[u8], limits: &Limits) -> Result<u64, AudioError> {
    let mut source = Source::open(Arc::new(data.to_vec()), limits)?;
    let channels = source.probe().channels as usize;
    let mut frames = 0;
    while let Some(block) = source.next_block()? {
        assert!(block.frames > 0 && block.samples.len() == block.frames * channels);
        frames += block.frames as u64;
    }
    assert_eq!(source.frames(), frames);
    assert!((0.0..=1.0).contains(&source.fraction()));
    assert!(source.next_block()?.is_none(), "the end is the end");
    Ok(frames)
}
