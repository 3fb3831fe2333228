//! The demo, as a newcomer meets it: `backline demo` starts, prints links, and a real browser plays the song from them, seeks
//! to 80 % and goes on from there; on the front page it shows every track with its waveform.

#[path = "browser/browser.rs"]
mod browser;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
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
/// How close a click into a waveform must lead: a pixel and the time until it is looked at, in seconds.
const CLICK_TOLERANCE_S: f64 = 1.0;
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

/// What the demo prints.
struct Greeting {
    /// The address of the server.
    site: String,
    /// The front page, with the login filled in.
    page: String,
    /// A recording.
    audio: String,
}

/// Starts the demo and reads its greeting up to the link to the audio, which is the last.
fn start(dir: &Path) -> Result<(Running, Greeting)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_backline"))
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.join("data"))
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = BufReader::new(child.stdout.take().context("a pipe was asked for")?).lines();
    let running = Running(child);
    let (mut site, mut page, until) = (String::new(), String::new(), Instant::now() + FILL_BOUND);
    for line in lines {
        let line = line?;
        ensure!(Instant::now() < until, "the demo is not filled after {FILL_BOUND:?}");
        let words = line.trim();
        if let Some(address) = words.strip_prefix("address ") {
            address.trim().clone_into(&mut site);
        } else if let Some(link) = words.strip_prefix("play ") {
            link.trim().clone_into(&mut page);
        } else if words.starts_with("http://") && words.contains("/stream") {
            return Ok((running, Greeting { site, page, audio: words.to_owned() }));
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
    let (_running, greeting) = start(dir.path())?;
    plays(&found_out("play.mjs", [format!("{}/", greeting.site), greeting.audio])?)?;
    shows_every_track(&found_out("player.mjs", [greeting.page, "4".to_owned()])?)
}

/// What a script of one line found out.
fn found_out(script: &str, arguments: [String; 2]) -> Result<Value> {
    let said = browser::run(script, &arguments)?.pop().context("the browser said nothing")?;
    ensure!(said["error"].is_null(), "the browser failed: {said}");
    Ok(said)
}

/// The length of the song, in seconds.
fn song() -> f64 {
    f64::from(backline::demo::BARS * backline::demo::BEATS_PER_BAR) * 60.0
        / f64::from(backline::demo::TEMPO_BPM)
}

/// The front page has the four stems, each with a waveform that is not empty, and a click into one seeks.
fn shows_every_track(said: &Value) -> Result<()> {
    ensure!(said["names"] == serde_json::json!(["Drums", "Bass", "Keys", "Lead"]), "{said}");
    let inked = said["ink"].as_array().context("waveforms")?;
    ensure!(inked.len() == 4 && inked.iter().all(|pixels| pixels.as_u64() > Some(3_000)), "{said}");
    let at = said["at"].as_f64().context("a place")?;
    ensure!((at - song() * 0.8).abs() < CLICK_TOLERANCE_S, "a click at 80 % leads to {at} s");
    ensure!(said["complaints"] == serde_json::json!([]), "{said}");
    Ok(())
}

/// An element that plays the recording loads, plays, seeks and plays on.
fn plays(said: &Value) -> Result<()> {
    let number = |name: &str| said[name].as_f64().with_context(|| format!("{name} is missing in {said}"));
    let (duration, at) = (number("duration")?, number("currentTime")?);
    let song = song();
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
