//! The guard over damaged and half-made directories.

use std::cell::RefCell;

use super::*;
use crate::store::tests::config;

/// Answers as planned and remembers how often it was asked.
struct Planned(RefCell<Vec<TrialOutcome>>);

impl Trial for Planned {
    fn open(&self, _data_dir: &Path) -> TrialOutcome {
        self.0.borrow_mut().pop().unwrap_or(TrialOutcome::Opens)
    }
}

fn made() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), config(), &Planned(RefCell::default())).unwrap());
    dir
}

#[test]
fn half_made_snapshots_are_removed() {
    let dir = made();
    let half = dir.path().join(STORE_DIR).join("snap.0000000000000001.generating");
    fs::write(&half, b"half").unwrap();
    drop(open(dir.path(), config(), &Planned(RefCell::default())).unwrap());
    assert!(!half.exists());
}

#[test]
fn snapshots_are_moved_aside_when_the_trial_fails() {
    let dir = made();
    let snapshot = dir.path().join(STORE_DIR).join("snap.00000000000000FF");
    fs::write(&snapshot, b"not a snapshot").unwrap();
    let plan = Planned(RefCell::new(vec![TrialOutcome::Opens, TrialOutcome::Damaged("it panicked".into())]));
    drop(open(dir.path(), config(), &plan).unwrap());
    assert!(!snapshot.exists());
    let aside = entries(dir.path())
        .unwrap()
        .into_iter()
        .find(|path| path.to_string_lossy().contains("snapshots-aside"));
    assert!(aside.unwrap().join("snap.00000000000000FF").exists(), "nothing is thrown away");
}

#[test]
fn what_stays_damaged_is_refused_with_what_to_do() {
    let dir = made();
    let damaged = || TrialOutcome::Damaged("it panicked".into());
    let plan = Planned(RefCell::new(vec![damaged(), damaged()]));
    let error = open(dir.path(), config(), &plan).unwrap_err();
    assert!(matches!(error, StoreError::Open { why } if why.contains("restore a backup")));
}

#[test]
fn spilled_leaves_are_refused() {
    let dir = made();
    let spill = dir.path().join(STORE_DIR).join("blobs/42");
    fs::create_dir_all(spill.parent().unwrap()).unwrap();
    fs::write(&spill, b"leaf").unwrap();
    assert!(matches!(open(dir.path(), config(), &Planned(RefCell::default())), Err(StoreError::Open { .. })));
}
