//! The public corpus: every file of `manifest.json` must come out as the tools of its format say, and the waveform
//! of every FLAC and WAV file must equal audiowaveform's byte for byte. `BACKLINE_TEST_DATA` names the data
//! (default `../shared/data` beside the workspace); without it the tests say loudly that they were skipped.

use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use md5::{Digest, Md5};
use serde_json::Value;

use crate::convert::to_f64;
use crate::pyramid::Layout;
use crate::waveform::{Bits, Mix, Query, Zoom};
use crate::{
    AudioError, Encoder, Limits, PcmDepth, Samples, Shape, Source, Tags, Target, Warning, analyse, probe,
};

pub(crate) fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("BACKLINE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let audio = root.join("audio");
    if !audio.join("manifest.json").is_file() {
        eprintln!("SKIPPED: no audio corpus at {}; set BACKLINE_TEST_DATA", audio.display());
        return None;
    }
    Some(audio)
}

fn entries(audio: &Path) -> Vec<Value> {
    let text = fs::read_to_string(audio.join("manifest.json")).expect("a manifest");
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert!(entries.len() >= 33, "the manifest lists all files");
    entries
}

fn name(entry: &Value) -> &str {
    entry["file"].as_str().expect("a file name")
}

fn open(audio: &Path, entry: &Value) -> Result<Source, AudioError> {
    let file = File::open(audio.join(name(entry))).expect("a listed file");
    Source::open(Arc::new(file), &Limits::default())
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// MD5 of the sound as little-endian integers of `bits`.
fn pcm_md5(source: &mut Source, bits: u32) -> Result<String, AudioError> {
    let mut hash = Md5::new();
    while let Some(block) = source.next_block()? {
        let bytes: Vec<u8> = match (block.samples, bits) {
            (Samples::I16(s), 16) => s.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (Samples::I32(s), 24) => s.iter().flat_map(|v| v.to_le_bytes()[1..].to_vec()).collect(),
            (Samples::I32(s), 32) => s.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (other, bits) => panic!("{bits}-bit sound expected, got {other:?}"),
        };
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[test]
fn every_accepted_file_has_the_expected_frames() {
    let Some(audio) = corpus() else { return };
    for entry in entries(&audio).iter().filter(|e| e["verdict"] == "accept") {
        let mut source = open(&audio, entry).unwrap_or_else(|e| panic!("{}: {e}", name(entry)));
        let expected = &entry["expected"];
        assert_eq!(
            u64::from(source.probe().sample_rate),
            number(&expected["sample_rate"]),
            "{}",
            name(entry)
        );
        assert_eq!(u64::from(source.probe().channels), number(&expected["channels"]), "{}", name(entry));
        while source.next_block().unwrap_or_else(|e| panic!("{}: {e}", name(entry))).is_some() {}
        let distance = source.frames().abs_diff(number(&expected["frames"]));
        assert!(
            distance <= number(&expected["frames_tolerance"]),
            "{}: {} frames, {:?}",
            name(entry),
            source.frames(),
            source.warnings()
        );
    }
}

/// The sound of `source` as a WAV file, opened again.
fn through_wav(mut source: Source, depth: PcmDepth) -> Result<Source, AudioError> {
    let (sample_rate, channels) = (source.probe().sample_rate, source.probe().channels);
    let mut file = Cursor::new(Vec::new());
    let shape = Shape { sample_rate, channels };
    let mut encoder = Encoder::create(Target::Wav(depth), shape, &Tags::default(), None, &mut file)?;
    let mut sound = Vec::new();
    while let Some(block) = source.next_block()? {
        to_f64(block.samples, &mut sound);
        encoder.push_f64(&sound)?;
    }
    encoder.finish()?;
    Source::open(Arc::new(file.into_inner()), &Limits::default())
}

#[test]
fn lossless_sound_has_the_expected_md5() {
    let Some(audio) = corpus() else { return };
    let mut checked = 0;
    for entry in &entries(&audio) {
        let pcm = &entry["expected"]["pcm"];
        let (Some(md5), Some(format)) = (pcm["md5"].as_str(), pcm["format"].as_str()) else { continue };
        let bits = format[1..3].parse().expect("s16le, s24le or s32le");
        let mut source = open(&audio, entry).unwrap_or_else(|e| panic!("{}: {e}", name(entry)));
        assert_eq!(pcm_md5(&mut source, bits).expect("readable"), md5, "{}", name(entry));
        let depth = match bits {
            16 => PcmDepth::Int16,
            24 => PcmDepth::Int24,
            _ => continue,
        };
        let mut wav = through_wav(open(&audio, entry).expect("opened before"), depth).expect("a WAV file");
        assert_eq!(pcm_md5(&mut wav, bits).expect("readable"), md5, "{} as WAV", name(entry));
        checked += 1;
    }
    assert!(checked >= 15, "only {checked} files had an MD5 to check");
}

#[test]
fn waveforms_equal_audiowaveforms_byte_for_byte() {
    let Some(audio) = corpus() else { return };
    let mut checked = 0;
    for entry in &entries(&audio) {
        let Some(references) = entry["expected"]["peaks_reference"]["files"].as_array() else { continue };
        let mut source = open(&audio, entry).unwrap_or_else(|e| panic!("{}: {e}", name(entry)));
        let mut blob = Cursor::new(Vec::new());
        let cancel = AtomicBool::new(false);
        let analysis = analyse(&mut source, &mut blob, &mut |_| {}, &cancel).expect("readable");
        let blob = blob.into_inner();
        for reference in references {
            let reference = reference.as_str().expect("a file name");
            let query = Query {
                zoom: Zoom::SamplesPerPixel(if reference.contains(".z256.") { 256 } else { 1024 }),
                mix: if reference.contains(".mono8.") { Mix::Mono } else { Mix::Split },
                bits: if reference.contains(".mono8.") { Bits::Eight } else { Bits::Sixteen },
                ..Query::default()
            };
            let mut expected = fs::read(audio.join(reference)).expect("a listed file");
            let mut found = render(&analysis.pyramid, &blob, &query);
            if analysis.facts.warnings.contains(&Warning::LengthDiffers) {
                cut_to_claimed_length(&mut found, &mut expected);
            }
            assert_eq!(found, expected, "{reference}");
            checked += 1;
        }
    }
    assert!(checked >= 60, "only {checked} waveforms had a reference");
}

/// libsndfile, and with it audiowaveform, stops where a wrong header says; the real sound goes on. What the
/// reference has in whole pixels must be equal.
fn cut_to_claimed_length(found: &mut Vec<u8>, expected: &mut Vec<u8>) {
    let last_pixel = if expected[4] & 1 == 1 { 2 } else { 4 };
    expected.truncate(expected.len() - last_pixel);
    assert!(found.len() > expected.len(), "the whole sound is longer than the header says");
    found.truncate(expected.len());
    found[16..20].copy_from_slice(&expected[16..20]);
}

fn render(layout: &Layout, blob: &[u8], query: &Query) -> Vec<u8> {
    let slice = layout.select(query).unwrap_or_else(|error| panic!("{error}"));
    let range = slice.byte_range();
    slice.dat(&blob[range.start as usize..range.end as usize])
}

#[test]
fn rejects_are_refused_with_a_permanent_code() {
    let Some(audio) = corpus() else { return };
    for entry in entries(&audio).iter().filter(|e| e["verdict"] == "reject") {
        let file = Arc::new(File::open(audio.join(name(entry))).expect("a listed file"));
        let error = probe(file, &Limits::default()).expect_err(name(entry));
        assert!(error.is_permanent(), "{}: {error}", name(entry));
    }
}

#[test]
fn doubtful_files_come_out_right_or_not_at_all() {
    let Some(audio) = corpus() else { return };
    for entry in entries(&audio).iter().filter(|e| e["verdict"] == "accept_or_reject") {
        let Ok(mut source) = open(&audio, entry) else { continue };
        let outcome = loop {
            match source.next_block() {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(source.frames()),
                Err(error) => break Err(error),
            }
        };
        let expected = number(&entry["expected"]["frames"]);
        match outcome {
            Ok(frames) => assert_eq!(frames, expected, "{}: {:?}", name(entry), source.warnings()),
            Err(error) => assert!(error.is_permanent(), "{}: {error}", name(entry)),
        }
    }
}

/// Bytes flipped, stretches overwritten, ends cut off: every file must still lead to sound or to a refusal.
#[test]
fn mutated_files_lead_to_an_answer() {
    let Some(audio) = corpus() else { return };
    let limits = Limits { max_duration_s: 60, ..Limits::default() };
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for entry in &entries(&audio) {
        let original = fs::read(audio.join(name(entry))).expect("a listed file");
        for round in 0..16 {
            let mut bytes = original.clone();
            match round % 4 {
                0 => bytes.truncate(random(original.len())),
                1 => (0..8).for_each(|_| bytes[random(original.len())] ^= 1 << random(8)),
                2 => (0..8).for_each(|_| bytes[random(original.len().min(256))] = random(256) as u8),
                _ => {
                    let from = random(original.len());
                    let to = (from + random(2000)).min(original.len());
                    bytes[from..to].fill([0, 0xff][random(2)]);
                }
            }
            let size = bytes.len() as u64;
            let outcome = Source::open(Arc::new(bytes), &limits).and_then(|mut source| {
                while source.next_block()?.is_some() {}
                Ok(source.frames())
            });
            match outcome {
                // No coding here packs more than this many frames into a byte, constant FLAC blocks aside.
                Ok(frames) => assert!(frames <= 65_536 * size, "{}: {frames} frames", name(entry)),
                Err(error) => assert!(error.is_permanent(), "{}: {error}", name(entry)),
            }
        }
    }
}
