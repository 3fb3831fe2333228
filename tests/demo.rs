//! The demo, as a newcomer meets it: `backline demo` starts, prints a link, and a real browser plays the song from it, seeks
//! to 80 % and goes on from there.

#[path = "browser/browser.rs"]
mod browser;

use anyhow::{Context, Result, ensure};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Four stems with all takes are uploaded and processed by a debug build on a busy machine.
const FILL_BOUND: Duration = Duration::from_secs(300);
/// How close to the asked place the browser must be, in seconds.
const SEEK_TOLERANCE_S: f64 = 0.1;
/// How close the browser's duration must be to the song's, in seconds.
const DURATION_TOLERANCE_S: f64 = 0.05;

/// A process that is ended with its handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the demo and reads its greeting up to the link to the audio: the site and the link.
fn start(dir: &Path) -> Result<(Running, String, String)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_backline"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.join("data"))
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().context("a pipe was asked for")?).lines();
    let running = Running(child);
    let (mut site, until) = (String::new(), Instant::now() + FILL_BOUND);
    for line in lines {
        let line = line?;
        ensure!(Instant::now() < until, "the demo is not filled after {FILL_BOUND:?}");
        let words = line.trim();
        if let Some(address) = words.strip_prefix("address ") {
            address.trim().clone_into(&mut site);
        } else if words.starts_with("http://") && words.contains("/stream") {
            return Ok((running, site, words.to_owned()));
        }
    }
    anyhow::bail!("the demo ended before it printed its link")
}

#[test]
fn the_demo_song_plays_in_a_browser() -> Result<()> {
    if !browser::is_here()? {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let (_running, site, audio) = start(dir.path())?;
    let said = browser::run("play.mjs", &[format!("{site}/"), audio])?;
    let said = said.first().context("the browser said nothing")?;
    ensure!(said["error"].is_null(), "the browser failed: {said}");
    let number = |name: &str| said[name].as_f64().with_context(|| format!("{name} is missing in {said}"));
    let (duration, at) = (number("duration")?, number("currentTime")?);
    let song = f64::from(backline::demo::BARS * backline::demo::BEATS_PER_BAR) * 60.0
        / f64::from(backline::demo::TEMPO_BPM);
    ensure!(
        (duration - song).abs() < DURATION_TOLERANCE_S,
        "the browser sees {duration} s, the song has {song} s"
    );
    ensure!(
        (at - duration * 0.8).abs() < SEEK_TOLERANCE_S,
        "the browser is at {at} s of {duration} s after a seek to 80 %"
    );
    ensure!(number("playedOnTo")? > at, "the browser does not play on after the seek: {said}");
    Ok(())
}
