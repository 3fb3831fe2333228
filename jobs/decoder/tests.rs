//! Tests: a shell plays the child.

use super::*;
use audio::child::{Resources, Work};
use std::time::Instant;

fn task() -> Task {
    Task {
        work: Work::Probe { input: "/dev/null".into() },
        limits: audio::Limits::default(),
        resources: Resources::PROBE,
    }
}

fn child(script: &str) -> Decoder {
    Decoder::new("/bin/sh".into()).with_arguments(vec!["-c".into(), script.into()])
}

async fn fails(script: &str) -> DecodeError {
    child(script).with_stall(Duration::from_millis(300)).probe(&task()).await.unwrap_err()
}

#[tokio::test]
async fn a_crash_a_hang_and_nonsense_are_told_apart() {
    assert!(matches!(fails("kill -9 $$").await, DecodeError::Crashed(_)));
    assert!(matches!(fails("exit 3").await, DecodeError::Crashed(_)));
    assert!(matches!(fails("sleep 60").await, DecodeError::Stalled));
    assert!(matches!(fails("echo hello").await, DecodeError::Crashed(_)));
    assert!(matches!(fails("head -c 200000 /dev/zero").await, DecodeError::Crashed(_)));
    let refusal = r#"echo '{"type":"failed","code":"corrupt_audio","message":"no","permanent":true}'"#;
    assert!(matches!(fails(refusal).await, DecodeError::Refused { code, .. } if code == "corrupt_audio"));
    let ours = r#"echo '{"type":"failed","code":"io","message":"no","permanent":false}'"#;
    assert!(matches!(fails(ours).await, DecodeError::Engine(_)));
    let missing = Decoder::new("/nonexistent".into()).probe(&task()).await;
    assert!(matches!(missing, Err(DecodeError::Engine(_))));
}

#[tokio::test]
async fn a_child_gets_nothing_but_its_task() {
    let dir = tempfile::tempdir().unwrap();
    let _secret = std::fs::File::create(dir.path().join("secret-handle")).unwrap();
    let script = r#"
        handles=$(ls -l /proc/self/fd | grep -c secret-handle)
        names=$(env | grep -vc -e '^PWD=' -e '^SHLVL=' -e '^_=')
        echo "{\"type\":\"failed\",\"code\":\"$0 $handles $names\",\"message\":\"\",\"permanent\":true}""#;
    let DecodeError::Refused { code, .. } = fails(script).await else { panic!("no answer") };
    assert_eq!(code, "decode-child 0 0");
}

#[tokio::test]
async fn the_child_dies_with_whoever_waits_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("pid");
    let decoder = child(&format!("echo $$ > {}; exec sleep 60", mark.display()));
    let task = task();
    let waiting = tokio::time::timeout(Duration::from_millis(500), decoder.probe(&task));
    assert!(waiting.await.is_err());
    let pid = std::fs::read_to_string(&mark).unwrap();
    let started = Instant::now();
    let status = format!("/proc/{}/stat", pid.trim());
    let gone = || std::fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
    while !gone() {
        assert!(started.elapsed() < Duration::from_secs(10), "the child lives on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
