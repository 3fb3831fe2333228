//! A real browser for tests: what it plays and hears. Node, Chromium and the packages of this folder must be there.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{path::Path, process::Command};

/// The scripts.
fn scripts() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// Whether there is a browser; says so loudly if not.
///
/// # Errors
/// Without one where everything must be tested: `BACKLINE_STRICT=1`.
pub fn is_here() -> Result<bool> {
    let there = |program: &str| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let here = there("node")
        && there(&std::env::var("BACKLINE_CHROMIUM").unwrap_or_else(|_| "chromium".into()))
        && scripts().join("node_modules/playwright-core").exists();
    if !here {
        let strict = std::env::var_os("BACKLINE_STRICT").is_some_and(|strict| strict != "0");
        ensure!(!strict, "the browser test cannot run");
        eprintln!("SKIPPED: the browser test needs node, chromium and the packages of tests/browser");
    }
    Ok(here)
}

/// What a script prints for each address: one line of JSON.
///
/// # Errors
/// When it does not come to its end.
pub fn run(script: &str, arguments: &[String]) -> Result<Vec<Value>> {
    let output = Command::new("node").arg(scripts().join(script)).args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    said.with_context(|| format!("the browser said {text} {}", String::from_utf8_lossy(&output.stderr)))
}
