//! The audio engine against the tools a band would install instead: ffmpeg and BBC audiowaveform.
//!
//! `cargo bench -p backline-audio --bench audio [-- PART_OF_A_ROW]`. Every row is CPU time of whole processes, ours and theirs in turn in
//! one run; the ratio is what counts. ffmpeg comes from the system's packages; audiowaveform is built from its public
//! source (cmake; libmad, libid3tag, libsndfile, libgd, boost) and named by `AUDIOWAVEFORM` or found in `PATH`. Rows of
//! a missing tool are skipped loudly. `BACKLINE_BENCH_MINUTES` (60), `BACKLINE_BENCH_ROUNDS` (3) and
//! `BACKLINE_BENCH_DIR` (here; 4 GB for 60 minutes) may be set.

#[path = "audio/engine.rs"]
mod engine;
#[path = "audio/quality.rs"]
mod quality;
#[path = "audio/race.rs"]
mod race;
#[path = "audio/recordings.rs"]
mod recordings;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use race::{Program, Race};

/// What a row races: its name, our task, the recording, and the figures to reach.
type Row = (&'static str, &'static str, &'static str, f64, f64);

const PEAKS: [Row; 7] = [
    ("wav 16 peaks", "peaks", "s16.wav", 0.25, 0.15),
    ("wav 24 peaks", "peaks", "s24.wav", 0.25, 0.15),
    ("wav float peaks", "peaks", "f32.wav", 0.25, 0.15),
    ("flac peaks", "peaks", "s16.flac", 0.80, 0.72),
    ("mp3 peaks", "peaks", "mp3.mp3", 0.58, 0.50),
    ("ogg peaks", "peaks", "vorbis.ogg", 0.45, 0.40),
    ("opus peaks", "peaks", "opus.opus", 0.52, 0.47),
];

/// Name, target, options of ffmpeg, figure to reach.
const ENCODE: [(&str, &str, &[&str], f64); 5] = [
    ("encode flac", "flac-16", &["-c:a", "flac", "-f", "flac"], 1.15),
    ("encode mp3 192k", "mp3-192", &["-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"], 1.0),
    ("encode vorbis q6", "vorbis-6", &["-c:a", "libvorbis", "-q:a", "6", "-f", "ogg"], 0.8),
    ("encode opus 128k", "opus-128", &["-c:a", "libopus", "-b:a", "128k", "-f", "ogg"], 0.95),
    ("encode pcm 24", "wav-24", &["-c:a", "pcm_s24le", "-f", "wav"], 0.5),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, child, task, input] = &arguments[..]
        && child == engine::ARGUMENT
    {
        return engine::perform(task, Path::new(input));
    }
    let number =
        |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (minutes, rounds) = (number("BACKLINE_BENCH_MINUTES", 60), number("BACKLINE_BENCH_ROUNDS", 3));
    let ffmpeg = race::find("FFMPEG", "ffmpeg");
    let audiowaveform = race::find("AUDIOWAVEFORM", "audiowaveform");
    let place = std::env::var_os("BACKLINE_BENCH_DIR").unwrap_or_else(|| OsString::from("."));
    let dir = tempfile::tempdir_in(place).expect("a directory to work in");
    quality::print();
    let Some(ffmpeg) = ffmpeg else {
        println!("SKIPPED: everything else, because there is no ffmpeg (apt-get install ffmpeg)");
        return;
    };
    println!(
        "\n{minutes}-minute stereo recordings, {rounds} rounds, CPU seconds (median); load {}",
        race::load()
    );
    recordings::make(dir.path(), &ffmpeg, minutes);
    let only = arguments.into_iter().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    let race = Race::new(usize::try_from(rounds).unwrap_or(1), only);
    let at = |name: &str| dir.path().join(name);
    match &audiowaveform {
        Some(tool) => {
            for (name, task, file, must, aim) in PEAKS {
                let theirs = waveform(tool, &at(file), dir.path());
                race.run(name, &ours(task, &at(file)), &[theirs], must, aim);
            }
            for (name, file) in [("wav 16 full pass", "s16.wav"), ("flac full pass", "s16.flac")] {
                let theirs = [waveform(tool, &at(file), dir.path()), loudness(&ffmpeg, &at(file))];
                race.run(name, &ours("analyse", &at(file)), &theirs, 0.85, 0.65);
            }
        }
        None => {
            println!("SKIPPED: peaks and the full pass, because there is no audiowaveform (AUDIOWAVEFORM=…)")
        }
    }
    for (name, target, options, must) in ENCODE {
        let theirs = coded(&ffmpeg, &at("s16.wav"), options, dir.path());
        race.run(name, &ours(&format!("encode:{target}"), &at("s16.wav")), &[theirs], must, must);
    }
    // What an upload costs until it is ready with its preview, against one ffmpeg that decodes, measures and encodes.
    let measured = ["-af", "ebur128=peak=true", "-c:a", "libmp3lame", "-b:a", "256k", "-f", "mp3"];
    let theirs = coded(&ffmpeg, &at("s16.flac"), &measured, dir.path());
    race.run("flac upload to preview", &ours("upload:mp3-256", &at("s16.flac")), &[theirs], 1.0, 1.0);
    println!("load {}", race::load());
}

/// Ourselves as a child with one task.
fn ours(task: &str, input: &Path) -> Program {
    let program = std::env::current_exe().expect("this program has a name");
    Program::new(program).with(engine::ARGUMENT).with(task).with(input)
}

fn waveform(tool: &Path, input: &Path, dir: &Path) -> Program {
    let out: PathBuf = dir.join("waveform.dat");
    Program::new(tool)
        .with("-q")
        .with("-i")
        .with(input)
        .with("-o")
        .with(out)
        .with("-z")
        .with("256")
        .with("-b")
        .with("8")
}

fn coded(ffmpeg: &Path, input: &Path, options: &[&str], dir: &Path) -> Program {
    let program =
        Program::new(ffmpeg).with("-v").with("error").with("-nostats").with("-threads").with("1").with("-y");
    let program = options.iter().fold(program.with("-i").with(input), Program::with);
    program.with(dir.join("theirs.coded"))
}

fn loudness(ffmpeg: &Path, input: &Path) -> Program {
    let program = Program::new(ffmpeg).with("-v").with("error").with("-nostats").with("-threads").with("1");
    program.with("-i").with(input).with("-af").with("ebur128=peak=true").with("-f").with("null").with("-")
}
