//! The protocol, without a second process: the tests of the binary start real children.

use super::*;
use crate::pyramid::{HEADER_BYTES, Layout};
use crate::{Features, wav};

fn task(dir: &tempfile::TempDir, work: Work) -> Task {
    let input = dir.path().join("take");
    let resources = Resources::ANALYSE;
    Task { work, input, limits: Limits::default(), resources }
}

fn messages(task: &Task) -> Vec<Message> {
    let mut out = Vec::new();
    perform(task, &mut out).expect("memory");
    let text = String::from_utf8(out).expect("JSON is UTF-8");
    assert!(text.lines().all(|line| line.len() <= MAX_LINE_BYTES));
    text.lines().map(|line| Message::parse(line).expect("own messages")).collect()
}

#[test]
fn a_recording_is_named_and_analysed() {
    let dir = tempfile::tempdir().expect("a directory");
    let samples: Vec<i16> = (0..96_000).map(|i| ((i % 200) * 100) as i16).collect();
    let mut file = File::create(dir.path().join("take")).expect("a file");
    wav::write_pcm16(&mut file, 48_000, 2, &samples).expect("written");
    let named = messages(&task(&dir, Work::Probe));
    assert!(matches!(&named[..], [Message::Probed { probe }] if probe.frames == Some(48_000)), "{named:?}");

    let (pyramid, features) = (dir.path().join("pyramid"), dir.path().join("features"));
    let order = task(&dir, Work::Analyse { pyramid: pyramid.clone(), features: features.clone() });
    assert_eq!(serde_json::from_str::<Task>(&order.to_argument().expect("UTF-8")).expect("own task"), order);
    let said = messages(&order);
    let Some(Message::Analysed { facts }) = said.last() else { panic!("no verdict: {said:?}") };
    assert_eq!((facts.media.frames, facts.media.duration_ms, facts.media.channels), (48_000, 1000, 2));
    assert!(said[..said.len() - 1].iter().all(|m| matches!(m, Message::Progress { .. })));
    let blob = std::fs::read(pyramid).expect("written");
    let layout = Layout::parse(&blob[..HEADER_BYTES]).expect("a pyramid");
    assert_eq!(blob.len() as u64, layout.blob_bytes());
    let track = Features::from_bytes(&std::fs::read(features).expect("written")).expect("features");
    assert_eq!((track.onsets.len(), track.chroma.len()), (200, 10));
}

#[test]
fn refusals_are_verdicts() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("take"), b"once upon a time").expect("a file");
    let said = messages(&task(&dir, Work::Probe));
    assert!(
        matches!(&said[..], [Message::Failed { code, permanent: true, .. }] if code == "unsupported_audio"),
        "{said:?}"
    );
    std::fs::remove_file(dir.path().join("take")).expect("removed");
    let said = messages(&task(&dir, Work::Probe));
    assert!(
        matches!(&said[..], [Message::Failed { code, permanent: false, .. }] if code == "storage_error"),
        "{said:?}"
    );
}
