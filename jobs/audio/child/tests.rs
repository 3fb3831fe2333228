//! The protocol, without a second process: the tests of the binary start real children.

use super::*;
use crate::pyramid::{HEADER_BYTES, Layout};
use crate::{Features, wav};

fn task(work: Work) -> Task {
    Task { work, limits: Limits::default(), resources: Resources::ANALYSE }
}

fn take(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("take")
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
    let named = messages(&task(Work::Probe { input: take(&dir) }));
    assert!(matches!(&named[..], [Message::Probed { probe }] if probe.frames == Some(48_000)), "{named:?}");

    let (pyramid, features) = (dir.path().join("pyramid"), dir.path().join("features"));
    let order = task(Work::Analyse {
        input: take(&dir),
        pyramid: pyramid.clone(),
        features: features.clone(),
        preview: None,
    });
    assert_eq!(serde_json::from_str::<Task>(&order.to_argument().expect("UTF-8")).expect("own task"), order);
    let said = messages(&order);
    let Some(Message::Analysed { facts, preview: None }) = said.last() else {
        panic!("no verdict: {said:?}")
    };
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
    let said = messages(&task(Work::Probe { input: take(&dir) }));
    assert!(
        matches!(&said[..], [Message::Failed { code, permanent: true, .. }] if code == "unsupported_audio"),
        "{said:?}"
    );
    std::fs::remove_file(dir.path().join("take")).expect("removed");
    let said = messages(&task(Work::Probe { input: take(&dir) }));
    assert!(
        matches!(&said[..], [Message::Failed { code, permanent: false, .. }] if code == "storage_error"),
        "{said:?}"
    );
}

#[test]
fn a_recording_is_written_in_another_format_and_once_more_on_the_way() {
    let dir = tempfile::tempdir().expect("a directory");
    let samples: Vec<i16> = (0..96_000).map(|i| (i * 31 % 20_011) as i16).collect();
    let mut file = File::create(dir.path().join("take")).expect("a file");
    wav::write_pcm16(&mut file, 48_000, 2, &samples).expect("written");
    let recipe = |name: &str| Recipe { target: name.parse().expect("a target"), sample_rate: None };
    let output = dir.path().join("take.flac");
    let order = Work::Render { input: take(&dir), output: output.clone(), recipe: recipe("flac-16") };
    let said = messages(&task(order));
    let Some(Message::Rendered { written }) = said.last() else { panic!("no verdict: {said:?}") };
    assert_eq!((written.frames, written.sample_rate, written.channels), (48_000, 48_000, 2));
    assert_eq!(written.bytes, std::fs::metadata(&output).expect("written").len());
    let mut source = Source::open(Arc::new(File::open(&output).expect("written")), &Limits::default());
    let source = source.as_mut().expect("a recording");
    let mut heard = Vec::new();
    while let Some(block) = source.next_block().expect("sound") {
        let Samples::I16(block) = block.samples else { panic!("16 bits") };
        heard.extend_from_slice(block);
    }
    assert!(heard == samples, "nothing is lost");

    // Long enough to be called long: the preview is made in the same pass.
    let preview = |name: &str, long_ms| {
        let (output, recipe) = (dir.path().join(name), recipe("mp3-256"));
        let preview = Some(Preview { output, recipe, long_ms });
        let (pyramid, features) = (dir.path().join(format!("p{name}")), dir.path().join(format!("f{name}")));
        let said = messages(&task(Work::Analyse { input: take(&dir), pyramid, features, preview }));
        match said.last() {
            Some(Message::Analysed { preview, .. }) => *preview,
            other => panic!("no verdict: {other:?}"),
        }
    };
    assert_eq!(preview("long", 1000).map(|written| written.frames), Some(48_000));
    assert_eq!(preview("short", 1001), None);
}
