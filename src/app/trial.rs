//! The trial opening of a store in a short-lived child of this program: sled may panic on a damaged directory.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use store::guard::{Trial, TrialOutcome};

/// The first argument that makes the binary try to open the data directory named by the second.
pub const TRIAL_ARGUMENT: &str = "trial-child";
/// How the child says that the directory cannot be opened for another reason than damage.
const REFUSED: u8 = 3;

/// Starts the child.
pub(super) struct ChildTrial {
    program: PathBuf,
}

impl ChildTrial {
    pub(super) fn new(program: PathBuf) -> Self {
        Self { program }
    }
}

impl Trial for ChildTrial {
    fn open(&self, data_dir: &Path) -> TrialOutcome {
        let child = Command::new(&self.program)
            .arg(TRIAL_ARGUMENT)
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .output();
        match child {
            Ok(output) if output.status.success() => TrialOutcome::Opens,
            Ok(output) => {
                let said =
                    String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("it ended").to_owned();
                if output.status.code() == Some(REFUSED.into()) {
                    TrialOutcome::Unknown(said)
                } else {
                    TrialOutcome::Damaged(said)
                }
            }
            Err(error) => TrialOutcome::Unknown(error.to_string()),
        }
    }
}

/// The child's whole life; its exit code.
pub fn try_opening(data_dir: &Path) -> u8 {
    match store::guard::trial(data_dir) {
        Ok(()) => 0,
        Err(error) => {
            let why = error.to_string();
            eprintln!("{why}");
            if why.to_lowercase().contains("corrupt") { 1 } else { REFUSED }
        }
    }
}
