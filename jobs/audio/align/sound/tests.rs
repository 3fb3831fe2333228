//! Real recordings against changed copies of themselves and against each other.

use std::fs::File;
use std::io::Cursor;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::corpus::corpus;
use crate::{Encoder, FlacDepth, Mp3Rate, Tags, Target, analyse};

/// Music of more than a few seconds.
const RECORDINGS: [&str; 4] = [
    "files/005_flac-test-files_45_-_no_total_number_of_samples_set.flac",
    "files/031_data_sorohanro_-_solo-trumpet-06.hq.ogg",
    "files/032_data_admiralbob77_-_Choice_-_Drum-bass.ogg",
    "files/033_wavesurfer.js_demo.wav",
];

type Recording = (Arc<dyn ReadAt>, Features);

fn recording(input: Arc<dyn ReadAt>) -> Recording {
    let mut source = Source::open(Arc::clone(&input), &Limits::default()).expect("readable");
    let cancel = AtomicBool::new(false);
    let analysis = analyse(&mut source, Cursor::new(Vec::new()), &mut |_| {}, &cancel).expect("readable");
    (input, analysis.features)
}

/// The same performance as another file: later, quieter, mono, at another rate, in another coding.
fn copy(original: &Recording, late_ms: u64, target: Target) -> Recording {
    let mut source = Source::open(Arc::clone(&original.0), &Limits::default()).expect("readable");
    let given = Shape { sample_rate: source.probe().sample_rate, channels: source.probe().channels };
    let wanted = target.shape_for(Shape { sample_rate: 32_000, channels: 1 });
    let mut converter = Converter::new(given, Form::Floats, wanted, target.form()).expect("usual rates");
    let mut file = Cursor::new(Vec::new());
    let mut encoder =
        Encoder::create(target, wanted, &Tags::default(), None, &mut file).expect("a usual shape");
    let silence = vec![0.0; (late_ms * u64::from(wanted.sample_rate) / 1000) as usize];
    encoder.push_f64(&silence).expect("memory");
    let mut decoded = Vec::new();
    while let Some(block) = source.next_block().expect("readable") {
        to_f64(block.samples, &mut decoded);
        decoded.iter_mut().for_each(|sample| *sample *= 0.4);
        encoder.push_f64(converter.push(&decoded)).expect("memory");
    }
    encoder.push_f64(converter.finish()).expect("memory");
    encoder.finish().expect("memory");
    recording(Arc::new(file.into_inner()))
}

fn compare(a: &Recording, b: &Recording) -> Alignment {
    align_recordings((Arc::clone(&a.0), &a.1), (Arc::clone(&b.0), &b.1), &Limits::default())
        .expect("readable")
}

fn recordings() -> Option<Vec<Recording>> {
    let audio = corpus()?;
    let open = |name: &str| recording(Arc::new(File::open(audio.join(name)).expect("a listed file")));
    Some(RECORDINGS.iter().map(|name| open(name)).collect())
}

#[test]
fn silence_in_front_is_found_to_the_millisecond() {
    let Some(recordings) = recordings() else { return };
    for (name, original) in RECORDINGS.iter().zip(&recordings) {
        for (late_ms, target) in [
            (0, Target::Flac(FlacDepth::Int16)),
            (1_234, Target::Opus { kbps: 48 }),
            (7_777, Target::Mp3(Mp3Rate::Cbr(96))),
            (310, Target::Vorbis { quality: 2 }),
        ] {
            let late = copy(original, late_ms, target);
            let found = compare(original, &late);
            assert!(found.offset_ms.abs_diff(late_ms as i64) <= 2, "{name}, {late_ms} ms: {found:?}");
            assert!(found.confidence >= 0.5, "{name}, {late_ms} ms: {found:?}");
            assert!(
                compare(&late, original).offset_ms.abs_diff(-(late_ms as i64)) <= 2,
                "{name} the other way"
            );
        }
    }
}

#[test]
fn different_songs_give_no_confidence() {
    let Some(recordings) = recordings() else { return };
    for (i, a) in recordings.iter().enumerate() {
        for (j, b) in recordings.iter().enumerate().filter(|&(j, _)| j != i) {
            let found = compare(a, b);
            assert!(found.confidence < 0.3, "{} and {}: {found:?}", RECORDINGS[i], RECORDINGS[j]);
        }
    }
}
