//! Our side of a race: one task over one recording in a process of its own.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use audio::child::{self, Preview, Recipe, Resources, Task, Work};
use audio::convert::to_f64;
use audio::peaks::{Peaks, to_i16};
use audio::pyramid::{BASE_SAMPLES_PER_PIXEL, Writer};
use audio::{Converter, Encoder, Form, Limits, Shape, Source, Tags, Target, analyse};

/// What makes this program a child.
pub const ARGUMENT: &str = "--task";

/// Performs `task`, and prints the most memory it took, in KiB.
pub fn perform(task: &str, input: &Path) {
    let file = File::open(input).expect("the recording was made before");
    let input_file = Arc::new(file);
    let open = || Source::open(input_file.clone(), &Limits::default()).expect("a sound recording");
    let scratch = |name| {
        let path = input.with_file_name(name);
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .expect("room to write")
    };
    let analysed = || {
        let cancel = AtomicBool::new(false);
        analyse(&mut open(), scratch("ours.pyramid"), &mut |_| {}, &cancel).expect("a sound recording");
    };
    match task.split_once(':') {
        None if task == "peaks" => peaks(&mut open(), scratch("ours.pyramid")),
        None if task == "analyse" => analysed(),
        Some(("encode", target)) => encode(&mut open(), target, scratch("ours.coded")),
        Some(("upload", preview)) => upload(input, preview),
        _ => panic!("no task is called {task}"),
    }
    println!("{}", high_water_kib());
}

/// Peaks and pyramid alone, as audiowaveform makes them.
fn peaks(source: &mut Source, file: File) {
    let (channels, rate) = (source.probe().channels, source.probe().sample_rate);
    let mut writer = Writer::new(file, channels as u16, rate).expect("room to write");
    let mut peaks = Peaks::new(channels as usize, BASE_SAMPLES_PER_PIXEL as usize);
    let (mut rows, mut scratch) = (Vec::new(), Vec::new());
    while let Some(block) = source.next_block().expect("a sound recording") {
        peaks.push(to_i16(block.samples, &mut scratch), &mut rows);
        writer.rows(&rows).expect("room to write");
        rows.clear();
    }
    peaks.finish(&mut rows);
    writer.rows(&rows).expect("room to write");
    writer.finish(source.frames()).expect("room to write");
}

/// What the child of an upload does: everything, and the preview on the way.
fn upload(input: &Path, preview: &str) {
    let fresh = |name| {
        let path = input.with_file_name(name);
        drop(std::fs::remove_file(&path));
        path
    };
    let recipe = Recipe { target: preview.parse().expect("the name of a target"), sample_rate: None };
    let work = Work::Analyse {
        input: input.to_owned(),
        pyramid: fresh("ours.pyramid"),
        features: fresh("ours.features"),
        preview: Some(Preview { output: fresh("ours.preview"), recipe, long_ms: 0 }),
    };
    let task = Task { work, limits: Limits::default(), resources: Resources::ANALYSE };
    let mut said = Vec::new();
    child::perform(&task, &mut said).expect("memory");
    let said = String::from_utf8_lossy(&said);
    assert!(said.lines().last().is_some_and(|verdict| verdict.contains("\"analysed\"")), "{said}");
}

/// A rendition, as jobs make it.
fn encode(source: &mut Source, target: &str, file: File) {
    let target: Target = target.parse().expect("the name of a target");
    let probe = source.probe().clone();
    let given = Shape { sample_rate: probe.sample_rate, channels: probe.channels };
    let shape = target.shape_for(given);
    let mut converter = Converter::new(given, Form::of(&probe), shape, target.form()).expect("usual shapes");
    let mut encoder = Encoder::create(target, shape, &Tags::default(), None, file).expect("usual shapes");
    let mut decoded = Vec::new();
    while let Some(block) = source.next_block().expect("a sound recording") {
        to_f64(block.samples, &mut decoded);
        encoder.push_f64(converter.push(&decoded)).expect("room to write");
    }
    encoder.push_f64(converter.finish()).expect("room to write");
    encoder.finish().expect("room to write");
}

fn high_water_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
