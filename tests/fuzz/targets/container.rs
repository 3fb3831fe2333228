//! Any bytes as a file: recognising it, reading its headers and its tags must end, in bounded memory, without a panic.
#![no_main]

use std::sync::Arc;

use audio::read_at::ReadAt;
use audio::{Limits, Source, Tags};

libfuzzer_sys::fuzz_target!(
    init: {
        // Decoders that panic are caught and refused; what is not caught aborts.
        std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
    },
    |data: &[u8]| {
        let limits = Limits::default();
        let file: Arc<dyn ReadAt> = Arc::new(data.to_vec());
        if let Ok(source) = Source::open(Arc::clone(&file), &limits) {
            let probe = source.probe();
            assert!((1..=limits.max_channels).contains(&probe.channels));
            assert!((limits.min_sample_rate..=limits.max_sample_rate).contains(&probe.sample_rate));
            assert_eq!(source.frames(), 0, "nothing is delivered before it is asked for");
        }
        let tags = Tags::read(file.as_ref());
        assert!(tags.loops.iter().all(|each| each.start < each.end));
        assert!(tags.cover.is_none_or(|cover| cover.bytes.len() <= data.len()));
    }
);
