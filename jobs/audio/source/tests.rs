//! Kinds of files for which there is no encoder here, and what a test needs to look at any file.

use super::*;

#[path = "../../../tests/fuzz/targets/made.rs"]
mod made;

/// All samples of a 16-bit recording, and the warnings.
pub(in crate::source) fn read_i16(file: Vec<u8>) -> Result<(Vec<i16>, Vec<Warning>), AudioError> {
    let mut source = Source::open(Arc::new(file), &Limits::default())?;
    let mut all = Vec::new();
    while let Some(block) = source.next_block()? {
        match block.samples {
            Samples::I16(s) => all.extend_from_slice(s),
            other => panic!("16-bit sound expected, got {other:?}"),
        }
    }
    Ok((all, source.warnings()))
}

fn made(name: &str) -> Vec<u8> {
    let found = made::only_read().into_iter().find(|(made, _)| *made == name);
    found.unwrap_or_else(|| panic!("there is no file {name}")).1
}

#[test]
fn plain_samples_come_out_of_every_container() {
    for name in ["caf", "mov", "mkv"] {
        let (samples, warnings) = read_i16(made(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((samples, warnings), (vec![1, 2, 3, 4], vec![]), "{name}");
    }
    for (name, frames) in [("ima", 2 * 505 + 169), ("ms", 2 * 500 + 164)] {
        let (samples, warnings) = read_i16(made(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((samples.len(), warnings), (frames, vec![]), "{name}");
    }
}

#[test]
fn bare_aac_is_read() {
    let mut source = Source::open(Arc::new(made("adts")), &Limits::default()).expect("ADTS");
    let probe = source.probe().clone();
    assert_eq!((probe.container, probe.codec), (Container::Adts, Codec::Aac));
    assert_eq!((probe.sample_rate, probe.channels), (44_100, 2));
    while let Some(block) = source.next_block().expect("readable") {
        let Samples::F32(sound) = block.samples else { panic!("AAC is decoded to floats") };
        assert!(sound.iter().all(|s| s.abs() < 1e-6), "silence");
    }
    assert_eq!(source.frames(), 20 * 1024);
}
