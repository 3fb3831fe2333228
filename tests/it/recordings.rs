//! Real recordings from register to playback. `BACKLINE_TEST_DATA` names the data, by default `../shared/data` beside the
//! workspace; without it this says loudly that it was skipped.

use crate::support::studio::{Studio, id};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The real recordings and their manifest.
pub fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("BACKLINE_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let audio = root.join("audio");
    if audio.join("manifest.json").is_file() {
        return Some(audio);
    }
    eprintln!("SKIPPED: no audio corpus at {}; set BACKLINE_TEST_DATA", audio.display());
    None
}

struct Recording<'c> {
    corpus: &'c Path,
    entry: Value,
}

impl Recording<'_> {
    fn file(&self) -> &str {
        self.entry["file"].as_str().expect("a file name")
    }
    fn bytes(&self) -> Vec<u8> {
        fs::read(self.corpus.join(self.file())).expect("a listed file")
    }
    fn expected(&self, name: &str) -> i64 {
        self.entry["expected"][name].as_i64().expect("a number")
    }
}

#[tokio::test]
async fn real_recordings_go_from_register_to_playback() {
    let Some(audio) = corpus() else { return };
    let text = fs::read_to_string(audio.join("manifest.json")).expect("a manifest");
    let entries: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert!(entries.len() >= 33, "the manifest lists all files");
    let studio = Studio::open().await;
    let (mut played, mut compared, mut checked) = (0, 0, 0);
    for entry in entries {
        let recording = Recording { corpus: &audio, entry };
        match recording.entry["verdict"].as_str() {
            Some("accept") => {
                let version = accepted(&studio, &recording).await;
                compared += shows(&studio, &recording, &version).await;
                checked += usize::from(holds_its_samples(&studio, &recording, &version).await);
                played += 1;
            }
            Some("reject") => refused(&studio, &recording).await,
            _ => either(&studio, &recording).await,
        }
    }
    assert!(played >= 26, "only {played} recordings were played");
    assert!(checked >= 15, "only {checked} recordings had a checksum");
    assert!(compared >= 60, "only {compared} waveforms had a reference");
}

/// It plays, and is what the manifest says.
async fn accepted(studio: &Studio, recording: &Recording<'_>) -> Value {
    let (file, bytes) = (recording.file(), recording.bytes());
    let version = studio.version(&bytes).await;
    assert_eq!(version["status"], "ready", "{file}: {version}");
    let media = &version["media"];
    assert_eq!(media["sample_rate"], recording.expected("sample_rate"), "{file}");
    assert_eq!(media["channels"], recording.expected("channels"), "{file}");
    let frames = media["frames"].as_i64().expect("frames");
    let distance = (frames - recording.expected("frames")).abs();
    assert!(distance <= recording.expected("frames_tolerance"), "{file}: {frames} frames");
    let path = format!("/api/v1/versions/{}", id(&version));
    plays(studio, &path, &version, &bytes, file).await;
    version
}

/// Its samples at the depth that the manifest names are those of other decoders. Says whether it names any.
async fn holds_its_samples(studio: &Studio, recording: &Recording<'_>, version: &Value) -> bool {
    let pcm = &recording.entry["expected"]["pcm"];
    let depth = match pcm["format"].as_str() {
        None => return false,
        Some("s16le") => 16,
        Some("s24le") => 24,
        Some(other) => panic!("{}: no such depth: {other}", recording.file()),
    };
    let path = format!("/api/v1/versions/{}/download?format=wav&bit_depth={depth}", id(version));
    let wav = studio.made(&path).await;
    assert_eq!(wav.status, 200, "{}: {}", recording.file(), wav.text());
    let sound = sound_of(&wav.body);
    assert_eq!(hex::encode(Md5::digest(sound)), pcm["md5"], "{}", recording.file());
    true
}

/// The samples of a WAV file.
fn sound_of(file: &[u8]) -> &[u8] {
    let mut at = 12;
    loop {
        let size = u32::from_le_bytes(file[at + 4..at + 8].try_into().expect("four bytes")) as usize;
        if &file[at..at + 4] == b"data" {
            // The length a file says may be wrong; ours are right, and those uploaded so are served as they are.
            return &file[at + 8..(at + 8 + size).min(file.len())];
        }
        at += 8 + size + size % 2;
    }
}

/// It shows what audiowaveform shows. Returns how many waveforms were compared.
async fn shows(studio: &Studio, recording: &Recording<'_>, version: &Value) -> usize {
    let (file, path) = (recording.file(), format!("/api/v1/versions/{}", id(version)));
    let dat = studio.ada.get(&format!("{path}/waveform.dat")).await;
    assert_eq!(dat.status, 200, "{file}: {}", dat.text());
    let references = recording.entry["expected"]["peaks_reference"]["files"].as_array().cloned();
    let references = references.unwrap_or_default();
    for reference in &references {
        let reference = reference.as_str().expect("a file name");
        same_waveform(studio, &path, recording.corpus, reference, version).await;
    }
    references.len()
}

async fn plays(studio: &Studio, path: &str, version: &Value, bytes: &[u8], file: &str) {
    let quality = if version["media"]["browser_playable"] == true {
        ""
    } else {
        let preview = studio.ada.get(&format!("{path}/stream")).await;
        assert_eq!((preview.status, preview.header("content-type")), (200, "audio/mpeg"), "{file}");
        "?quality=original"
    };
    let (from, to) = (bytes.len() / 3, (bytes.len() / 3 + 1000).min(bytes.len()));
    let range = format!("bytes={from}-{}", to - 1);
    let part = studio.ada.get(&format!("{path}/stream{quality}")).header("range", &range).await;
    assert_eq!(part.status, 206, "{file}: {}", part.text());
    assert!(part.body == bytes[from..to], "{file}");
    let kind = part.header("content-type");
    assert!(kind.starts_with("audio/"), "{file} is served as {kind}");
}

async fn same_waveform(studio: &Studio, path: &str, corpus: &Path, reference: &str, version: &Value) {
    let level = if reference.contains(".z256.") { 256 } else { 1024 };
    let shape = if reference.contains(".mono8.") { "channels=mono&bits=8" } else { "channels=split&bits=16" };
    let query = format!("samples_per_pixel={level}&{shape}");
    let heard = studio.ada.get(&format!("{path}/waveform.dat?{query}")).await;
    assert_eq!(heard.status, 200, "{reference}: {}", heard.text());
    let (mut found, mut expected) =
        (heard.body.to_vec(), fs::read(corpus.join(reference)).expect("a listed file"));
    let warnings = version["warnings"].as_array().expect("warnings");
    let wrong_header = |warning: &Value| warning.as_str().is_some_and(|text| text.contains("length written"));
    if warnings.iter().any(wrong_header) {
        // audiowaveform stops where the wrong header says; what it has in whole pixels must be equal.
        expected.truncate(expected.len() - if expected[4] & 1 == 1 { 2 } else { 4 });
        assert!(found.len() > expected.len(), "{reference}");
        found.truncate(expected.len());
        found[16..20].copy_from_slice(&expected[16..20]);
    }
    assert!(found == expected, "{reference}");
}

/// It makes no version that plays, with a reason, and nothing of it stays where it was refused.
async fn refused(studio: &Studio, recording: &Recording<'_>) {
    let (file, used) = (recording.file(), studio.used_bytes().await);
    let upload = studio.upload(&recording.bytes()).await;
    let made =
        studio.ada.post(&format!("/api/v1/tracks/{}/versions", studio.track), json!({"upload_id": upload}));
    let made = made.await;
    assert_eq!(made.status, 422, "{file}: {}", made.text());
    assert!(matches!(made.json()["code"].as_str(), Some("unsupported_audio" | "corrupt_audio")), "{file}");
    assert_eq!(studio.used_bytes().await, used, "{file} left something behind");
}

/// It plays, or it says why not; the server goes on either way.
async fn either(studio: &Studio, recording: &Recording<'_>) {
    let upload = studio.upload(&recording.bytes()).await;
    let made =
        studio.ada.post(&format!("/api/v1/tracks/{}/versions", studio.track), json!({"upload_id": upload}));
    let made = made.await;
    if made.status == 422 {
        return;
    }
    let made = made.ok(201);
    studio.app.idle().await;
    let version = studio.ada.get(&format!("/api/v1/versions/{}", id(&made))).await.ok(200);
    let failure = version["failure"]["code"].as_str();
    assert_eq!(version["status"] == "failed", failure.is_some(), "{}: {version}", recording.file());
}
