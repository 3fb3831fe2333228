//! A decoding child of the real program: it does its work within its limits, and dies of what goes beyond them.

use crate::support::studio::sound;
use audio::{
    Limits,
    child::{Recipe, Resources, Task, Work},
};
use jobs::decoder::{DecodeError, Decoder};
use std::path::Path;

fn order(dir: &Path, name: &str, resources: Resources) -> Task {
    let (input, output) = (dir.join("take.wav"), dir.join(name));
    let recipe = Recipe { target: "wav-32f".parse().expect("a target"), sample_rate: Some(96_000) };
    Task { work: Work::Render { input, output, recipe }, limits: Limits::default(), resources }
}

#[tokio::test]
async fn a_child_that_goes_beyond_its_limits_dies_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("take.wav"), sound(480_000, 1)).expect("a file");
    let decoder = Decoder::new(env!("CARGO_BIN_EXE_backline").into());
    let ample = Resources::to_write(8 * 960_000, 1);
    let written = decoder.render(&order(dir.path(), "good", ample), |_| {}).await.expect("it is written");
    assert_eq!((written.frames, written.sample_rate), (960_000, 96_000));
    for (name, tight) in [
        ("memory", Resources { address_space_bytes: 24 << 20, ..ample }),
        ("output", Resources { file_bytes: 100_000, ..ample }),
    ] {
        let died = decoder.render(&order(dir.path(), name, tight), |_| {}).await;
        assert!(matches!(died, Err(DecodeError::Crashed(_))), "{name}: {died:?}");
    }
    // Nothing to open its files with is our fault, not the recording's.
    let mute = Resources { open_files: 3, ..ample };
    let refused = decoder.render(&order(dir.path(), "files", mute), |_| {}).await;
    assert!(matches!(refused, Err(DecodeError::Engine(_))), "{refused:?}");
    // What is there already is not written over.
    let again = decoder.render(&order(dir.path(), "good", ample), |_| {}).await;
    assert!(matches!(again, Err(DecodeError::Engine(_))), "{again:?}");
}
