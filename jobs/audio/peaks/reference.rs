//! Waveforms of generated files equal audiowaveform's byte for byte; `reference.txt` has the digests of its output.
//!
//! To make that list anew: build audiowaveform (its README says how), then run this test with
//! `BACKLINE_AUDIOWAVEFORM=<the program> BACKLINE_BLESS=1`. Without the second variable the program's output is
//! compared with the list. Without both, which is how build machines run it, the list alone is used.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::*;
use crate::{Limits, Source};

mod files;

use files::{Case, cases};

const LIST: &str = include_str!("reference.txt");

/// Zooms, depths and mixes that every file takes some of.
const ZOOMS: [u32; 12] = [2, 3, 10, 64, 100, 255, 256, 512, 1000, 4096, 44_100, 65_536];

#[derive(Debug, Clone, Copy)]
struct Request {
    samples_per_pixel: u32,
    bits: u32,
    split: bool,
}

/// Three requests a file, so that all of them together meet every zoom at both depths and mixes.
fn requests(index: usize) -> [Request; 3] {
    std::array::from_fn(|turn| {
        let number = index * 3 + turn;
        Request {
            samples_per_pixel: ZOOMS[number % ZOOMS.len()],
            bits: if (number / ZOOMS.len()).is_multiple_of(2) { 8 } else { 16 },
            split: (index + turn) % 2 == 1,
        }
    })
}

/// The `.dat` file that the engine makes for a request, by the plain rules of its format.
fn dat(case: &Case, request: Request) -> Vec<u8> {
    let mut source =
        Source::open(Arc::new(case.bytes()), &Limits::default()).unwrap_or_else(|e| panic!("{case:?}: {e}"));
    let (channels, rate) = (source.probe().channels as usize, source.probe().sample_rate);
    let mut peaks = Peaks::new(channels, request.samples_per_pixel as usize);
    let (mut rows, mut scratch) = (Vec::new(), Vec::new());
    while let Some(block) = source.next_block().unwrap_or_else(|e| panic!("{case:?}: {e}")) {
        peaks.push(to_i16(block.samples, &mut scratch), &mut rows);
    }
    peaks.finish(&mut rows);
    assert_eq!(source.frames(), case.frames as u64, "{case:?}");
    let split = request.split && channels > 1;
    let pixels = rows.len() / row_len(channels);
    let mut out = Vec::new();
    let flags = u32::from(request.bits == 8);
    let version = if split { 2 } else { 1 };
    for field in [version, flags, rate, request.samples_per_pixel, pixels as u32] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    if split {
        out.extend_from_slice(&(channels as u32).to_le_bytes());
    }
    for row in rows.chunks(row_len(channels)) {
        let values = if split { &row[2..] } else { &row[..2] };
        match request.bits {
            8 => out.extend(values.iter().map(|v| (v / 256) as i8 as u8)),
            _ => out.extend(values.iter().flat_map(|v| v.to_le_bytes())),
        }
    }
    out
}

fn audiowaveform(program: &Path, dir: &Path, case: &Case, request: Request) -> Vec<u8> {
    let (input, output) = (dir.join(case.file_name()), dir.join("out.dat"));
    std::fs::write(&input, case.bytes()).expect("a directory of our own");
    let mut command = Command::new(program);
    // It knows files by their names, and AIFF by none; its library then looks into them.
    let format = if matches!(input.extension(), Some(end) if end == "flac") { "flac" } else { "wav" };
    command.arg("-q").arg("-i").arg(&input).arg("-o").arg(&output).args(["--input-format", format]);
    command.args(["-z", &request.samples_per_pixel.to_string(), "-b", &request.bits.to_string()]);
    if request.split {
        command.arg("--split-channels");
    }
    assert!(command.status().expect("the program runs").success(), "{case:?} {request:?}");
    let bytes = std::fs::read(&output).expect("it wrote its output");
    std::fs::remove_file(&output).expect("it is ours");
    bytes
}

fn line(case: &Case, request: Request, dat: &[u8]) -> String {
    let mix = if request.split { "split" } else { "mono" };
    let digest: String = Sha256::digest(dat).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{} {} {} {mix} {digest}", case.file_name(), request.samples_per_pixel, request.bits)
}

#[test]
fn generated_files_equal_audiowaveforms_output() {
    let cases = cases();
    assert!(cases.len() >= 40);
    let program = std::env::var_os("BACKLINE_AUDIOWAVEFORM");
    let dir = tempfile::tempdir().expect("a directory");
    let mut list = String::from(
        "# file, samples per pixel, bits, mix, SHA-256 of the .dat file that audiowaveform 1.10.3 writes\n",
    );
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        for request in requests(index) {
            let ours = line(case, request, &dat(case, request));
            let theirs = match &program {
                Some(program) => {
                    line(case, request, &audiowaveform(Path::new(program), dir.path(), case, request))
                }
                None => ours.clone(),
            };
            if ours != theirs || program.is_none() && !LIST.lines().any(|known| known == ours) {
                wrong.push(ours);
            }
            writeln!(list, "{theirs}").expect("a string takes everything");
        }
    }
    assert!(wrong.is_empty(), "not as audiowaveform:\n{}", wrong.join("\n"));
    if program.is_some() && std::env::var_os("BACKLINE_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peaks/reference.txt");
        std::fs::write(path, list).expect("the list can be written");
    } else {
        assert_eq!(list, LIST, "the committed list is another");
    }
}
