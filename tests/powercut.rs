//! Power cuts: nothing that was acknowledged is lost, nothing is torn, and no reader was ahead of what is durable.
//!
//! One traced run of a writer (this program again, with `shim.c` preloaded) gives the order of all writes and syncs. From it
//! the disk is built as a cut at any moment could leave it, hundreds of times, and each one is opened and compared with what
//! the writer had acknowledged by then.

#[path = "powercut/image.rs"]
mod image;
#[path = "powercut/trace.rs"]
mod trace;
#[path = "powercut/writer.rs"]
mod writer;

use anyhow::{Context, Result, ensure};
use image::{Chance, Disk};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use trace::Call;

/// How many moments are tried.
const IMAGES: u64 = 240;
/// The shim's own source.
const SHIM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/powercut/shim.c");

fn main() {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("writer") {
        let dir = words.next().expect("writer needs a directory");
        writer::run(Path::new(&dir)).expect("the writer writes");
        return;
    }
    let law = |name, check: fn()| {
        Trial::test(name, move || {
            check();
            Ok(())
        })
    };
    let trials = vec![
        law(
            "a_sync_covers_what_was_written_before_it_began",
            image::laws::a_sync_covers_what_was_written_before_it_began,
        ),
        law(
            "a_name_is_absent_until_its_directory_is_synced",
            image::laws::a_name_is_absent_until_its_directory_is_synced,
        ),
        Trial::test("acknowledged_writes_survive_power_cuts", || {
            acknowledged_writes_survive_power_cuts().map_err(|error| Failed::from(format!("{error:#}")))
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn acknowledged_writes_survive_power_cuts() -> Result<()> {
    let Some(shim) = build_shim()? else {
        ensure!(
            std::env::var_os("BACKLINE_STRICT").is_none_or(|strict| strict == "0"),
            "no C compiler or no Linux: the power-cut test cannot run"
        );
        eprintln!("SKIPPED: power cuts need Linux and a C compiler");
        return Ok(());
    };
    let calls = traced_run(&shim)?;
    let last_name =
        calls.iter().position(|call| matches!(call, Call::Write { path, .. } if path == writer::ACKS));
    let first = last_name.context("the writer acknowledged nothing")? as u64;
    let mut chance = Chance(0xBAC4_11E5);
    let mut cuts: Vec<u64> = (0..IMAGES)
        .map(|_| first + chance.below(calls.len() as u64 - first))
        .chain([calls.len() as u64])
        .collect();
    cuts.sort_unstable();
    let mut disk = Disk::default();
    let mut told = writer::Told::default();
    let mut at = 0;
    for cut in &cuts {
        for call in &calls[at..*cut as usize] {
            match call {
                Call::Write { path, data, .. } if path == writer::ACKS => told.hear(data),
                other => disk.follow(other),
            }
        }
        at = *cut as usize;
        let dir = tempfile::tempdir()?;
        disk.cut(dir.path(), &mut chance)?;
        writer::verify(dir.path(), &told)
            .with_context(|| format!("a cut after call {cut} of {}", calls.len()))?;
    }
    eprintln!(
        "{} crash images from {} traced calls, {} acknowledged batches, {} events seen: all there",
        cuts.len(),
        calls.len(),
        told.acknowledged(),
        told.seen()
    );
    Ok(())
}

/// Compiles the shim; `None` where that is not possible.
fn build_shim() -> Result<Option<tempfile::TempDir>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let dir = tempfile::tempdir()?;
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(dir.path().join("shim.so"))
        .args([SHIM, "-ldl", "-lpthread"])
        .status();
    match built {
        Ok(status) => {
            ensure!(status.success(), "the shim does not compile");
            Ok(Some(dir))
        }
        Err(_) => Ok(None),
    }
}

/// Runs the writer with the shim and reads what it did.
fn traced_run(shim: &tempfile::TempDir) -> Result<Vec<Call>> {
    let root = tempfile::tempdir()?;
    let root_path: PathBuf = fs::canonicalize(root.path())?;
    let trace = shim.path().join("trace");
    let status = Command::new(std::env::current_exe()?)
        .arg("writer")
        .arg(&root_path)
        .env("LD_PRELOAD", shim.path().join("shim.so"))
        .env("BACKLINE_TRACE_ROOT", &root_path)
        .env("BACKLINE_TRACE_FILE", &trace)
        .status()?;
    ensure!(status.success(), "the writer failed");
    Ok(trace::read(&trace)?)
}
