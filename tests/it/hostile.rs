//! Files that mean harm: mutants of good ones, bombs, absurd lengths. Each costs its own job at most; the server stays small and goes on.
//!
//! A few are tried each time. `BACKLINE_HOSTILE=full` tries 10,000 mutants, half an hour of silence and a large archive.

use crate::support::{
    Person,
    studio::{Studio, aiff, id, noise, pcm, sound},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::fs;

/// Mutants that one track takes.
const PER_TRACK: usize = 500;
/// Mutants on their way at the same time.
const AT_ONCE: usize = 8;
/// How often a client that is told to try again does.
const TRIES_MAX: usize = 200;
/// The largest file that is mutated, in bytes.
const SEED_BYTES_MAX: usize = 150_000;
/// How much this process may grow, in bytes: by the cache of the store (64 MiB) and what is on its way. What is served and
/// stored passes through.
const GROWTH_MAX: u64 = 96 << 20;

/// How much is tried.
struct Effort {
    mutants: usize,
    silence_minutes: u64,
    archive_bytes: usize,
}

impl Effort {
    fn of_today() -> Self {
        match std::env::var("BACKLINE_HOSTILE").as_deref() {
            Ok("full") => Self { mutants: 10_000, silence_minutes: 30, archive_bytes: 300 << 20 },
            Ok(_) | Err(_) => Self { mutants: 120, silence_minutes: 1, archive_bytes: 8 << 20 },
        }
    }
}

/// A little generator (Knuth's MMIX constants): the same mutants every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }

    /// A copy with a few things wrong: bytes, absurd numbers, a piece cut out, doubled, or the end gone.
    fn mutate(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut file = seed.to_vec();
        for _ in 0..=self.roll(6) {
            // Headers are where it hurts: half of the wounds are in the first bytes.
            let reach = if self.roll(2) == 0 { file.len().min(256) } else { file.len() };
            let at = self.roll(reach);
            match self.roll(6) {
                0 | 1 => file[at] ^= 1 << self.roll(8),
                2 => file[at] = self.roll(256) as u8,
                3 => {
                    let end = (at + 1 + self.roll(8)).min(file.len());
                    file[at..end].fill(if self.roll(2) == 0 { 0xff } else { 0 });
                }
                4 => {
                    let end = (at + 1 + self.roll(2_000)).min(file.len());
                    let piece = file[at..end].to_vec();
                    if self.roll(2) == 0 {
                        file.splice(at..at, piece);
                    } else {
                        file.drain(at..end);
                    }
                }
                _ => file.truncate(at.max(16)),
            }
            if file.len() < 16 {
                file.resize(16, 0);
            }
        }
        file
    }
}

/// Good files of every kind that the server takes.
async fn seeds(studio: &Studio) -> Vec<Vec<u8>> {
    let mut seeds = vec![sound(4_000, 1), aiff(4_000, 2), pcm(6, &noise(12_000, 3))];
    let master = studio.version(&sound(20_000, 4)).await;
    for format in ["flac", "mp3", "vorbis", "opus", "wav"] {
        let depth = if format == "wav" { json!("32f") } else { Value::Null };
        let mut wish = json!({"format": format});
        if !depth.is_null() {
            wish["bit_depth"] = depth;
        }
        let job =
            studio.ada.post(&format!("/api/v1/versions/{}/renditions", id(&master)), wish).await.ok(202);
        studio.app.idle().await;
        seeds.push(studio.ada.get(&format!("/api/v1/jobs/{}/result", id(&job))).await.body.to_vec());
    }
    if let Some(corpus) = crate::recordings::corpus() {
        let mut files: Vec<_> = fs::read_dir(corpus.join("files")).expect("the corpus").flatten().collect();
        files.sort_by_key(fs::DirEntry::path);
        let small = files.iter().map(|file| fs::read(file.path()).expect("a listed file"));
        seeds.extend(small.filter(|bytes| (16..=SEED_BYTES_MAX).contains(&bytes.len())));
    }
    seeds
}

/// Uploads a file as a version; none if it was refused at the door.
async fn offer(studio: &Studio, track: &str, bytes: impl AsRef<[u8]>) -> Option<String> {
    let body = json!({"upload_id": studio.upload(bytes.as_ref()).await});
    let path = format!("/api/v1/tracks/{track}/versions");
    let mut made = studio.ada.post(&path, body.clone()).await;
    // Many at once on one track, while others become ready there: told to try again, a client does.
    for _ in 0..TRIES_MAX {
        if made.status != 409 {
            break;
        }
        made = studio.ada.post(&path, body.clone()).await;
    }
    if made.status == 422 {
        let code = made.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(["unsupported_audio", "corrupt_audio"].contains(&code.as_str()), "{}", made.text());
        return None;
    }
    Some(id(&made.ok(201)))
}

/// It plays, or says why not.
async fn verdict(ada: &Person, version: &str) -> Value {
    let version = ada.get(&format!("/api/v1/versions/{version}")).await.ok(200);
    match version["status"].as_str() {
        Some("ready") => assert!(version["media"]["frames"].as_i64() > Some(0), "{version}"),
        Some("failed") => assert!(version["failure"]["detail"].is_string(), "{version}"),
        _ => panic!("it did not end: {version}"),
    }
    version
}

async fn another_track(studio: &Studio) -> String {
    let track = json!({"name": "Mutants", "kind": "stem"});
    id(&studio.ada.post(&format!("/api/v1/projects/{}/tracks", studio.project), track).await.ok(201))
}

/// Bytes of memory that this process, in which the server runs, has now.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident size");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") * 1024
}

#[tokio::test]
async fn mutants_cost_their_own_job_at_most() {
    let studio = Studio::open().await;
    let seeds = seeds(&studio).await;
    let mut dice = Dice(7);
    let (effort, before) = (Effort::of_today(), resident());
    let (mut refused, mut ready, mut failed, mut grown) = (0, 0, 0, 0);
    for round in 0..effort.mutants.div_ceil(PER_TRACK) {
        let track = another_track(&studio).await;
        let count = PER_TRACK.min(effort.mutants - round * PER_TRACK);
        // Made one by one, so that this process holds those on their way and no more.
        let mutants = (0..count).map(|_| {
            let seed = dice.roll(seeds.len());
            dice.mutate(&seeds[seed])
        });
        let by_hand = (round == 0).then(sound_only_at_first);
        let offers = mutants.chain(by_hand).map(|mutant| offer(&studio, &track, mutant));
        let made: Vec<Option<String>> = stream::iter(offers).buffer_unordered(AT_ONCE).collect().await;
        studio.app.settled().await;
        for version in made {
            match version {
                None => refused += 1,
                Some(version) => match verdict(&studio.ada, &version).await["status"].as_str() {
                    Some("ready") => ready += 1,
                    _ => failed += 1,
                },
            }
        }
        studio.app.anonymous().get("/healthz").await.ok(200);
        grown = resident().saturating_sub(before);
        println!("after {} mutants: grown by {} KiB", round * PER_TRACK + count, grown / 1024);
    }
    println!(
        "{} mutants: {refused} refused at the door, {failed} failed, {ready} ready; the server grew by {} KiB",
        effort.mutants,
        grown / 1024
    );
    assert!(grown < GROWTH_MAX, "the server grew by {grown} bytes");
    assert!(
        refused > 0 && failed > 0 && ready > 0,
        "the mutants do not reach every end: {refused} refused, {failed} failed, {ready} ready"
    );
}

#[tokio::test]
async fn bombs_end_within_their_limits() {
    let (studio, effort) = (Studio::open().await, Effort::of_today());
    let bomb = silence(effort.silence_minutes);
    assert!(bomb.len() < 45_000, "{} bytes", bomb.len());
    let version = offer(&studio, &studio.track, &bomb).await.expect("it is a good file");
    studio.app.settled().await;
    let version = verdict(&studio.ada, &version).await;
    assert_eq!(version["media"]["duration_ms"], effort.silence_minutes * 60_000, "{version}");
    assert_eq!(version["media"]["channels"], 8);
    assert!(version["loudness"].is_null(), "silence has no loudness");

    let used = studio.used_bytes().await;
    let mut archive = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
    archive.resize(effort.archive_bytes, 0x5a);
    assert_eq!(offer(&studio, &studio.track, &archive).await, None, "an archive is no recording");
    assert_eq!(studio.used_bytes().await, used, "nothing of it stays");
}

#[tokio::test]
async fn absurd_lengths_are_not_believed() {
    let studio = Studio::open().await;
    let wav = sound(1_000, 1);
    let with = |at: usize, bytes: &[u8]| {
        let mut file = wav.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let huge = (1u64 << 63).to_le_bytes();
    let mut rf64 =
        [b"RF64".as_slice(), &[0xff; 4], b"WAVEds64", &28u32.to_le_bytes(), &huge, &huge, &huge, &[0; 4]]
            .concat();
    rf64.extend_from_slice(&wav[12..36]);
    rf64.extend_from_slice(b"data\xff\xff\xff\xff");
    rf64.extend_from_slice(&wav[44..]);
    let mut endless_aiff = aiff(1_000, 2);
    endless_aiff[22..26].fill(0xff);
    let mut endless_flac = silence(0);
    endless_flac[21] |= 0x0f;
    endless_flac[22..26].fill(0xff);
    let mut mp4 = b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom\0\0\0\0\0\0\0\x01mdat".to_vec();
    mp4.extend_from_slice(&(1u64 << 63).to_be_bytes());
    mp4.extend_from_slice(&wav);
    let files = [
        with(40, &[0xff; 4]),
        with(4, &[0xff; 4]),
        with(16, &[0xff; 4]),
        rf64,
        endless_aiff,
        endless_flac,
        mp4,
    ];
    for (at, file) in files.iter().enumerate() {
        let Some(version) = offer(&studio, &studio.track, file).await else { continue };
        studio.app.settled().await;
        let version = verdict(&studio.ada, &version).await;
        let frames = version["media"]["frames"].as_u64().unwrap_or(0);
        assert!(frames <= 70_000, "file {at} has {frames} frames in {} bytes", file.len());
    }
}

/// Minutes of silence in eight channels, as small as FLAC makes them: one constant subframe a channel. For 0 minutes: one frame.
fn silence(minutes: u64) -> Vec<u8> {
    const BLOCK: u64 = 65_535;
    const RATE: u64 = 44_100;
    let total = minutes * 60 * RATE;
    // 44,100 Hz in 20 bits, channels less one in 3, bits less one in 5, the length in 36.
    let packed = (RATE << 44) | (7 << 41) | (15 << 36) | total;
    let mut file = b"fLaC\x80\0\0\x22\xff\xff\xff\xff\0\0\0\0\0\0".to_vec();
    file.extend_from_slice(&packed.to_be_bytes());
    file.extend_from_slice(&[0; 16]);
    let (mut number, mut left) = (0u32, total.max(BLOCK));
    while left > 0 {
        let block = left.min(BLOCK);
        // Fixed block size; the block size in 16 bits, 44.1 kHz; 8 channels of 16 bits.
        let mut frame = vec![0xff, 0xf8, 0x79, 0x78];
        frame.extend_from_slice(char::from_u32(number).expect("below the surrogates").to_string().as_bytes());
        frame.extend_from_slice(&(block as u16 - 1).to_be_bytes());
        frame.push(crc(&frame, 8, 0x07) as u8);
        frame.extend_from_slice(&[0; 8 * 3]);
        frame.extend_from_slice(&crc(&frame, 16, 0x8005).to_be_bytes());
        file.extend_from_slice(&frame);
        number += 1;
        left -= block;
    }
    file
}

/// A FLAC whose first frame is sound, which opens the door, and whose other frames are not.
fn sound_only_at_first() -> Vec<u8> {
    const START: usize = 4 + 4 + 34;
    // Header with a number of one byte, eight constant subframes, checksum.
    const FRAME: usize = 8 + 8 * 3 + 2;
    let mut file = silence(1);
    for frame in file[START..].chunks_mut(FRAME).skip(1) {
        if let Some(end) = frame.last_mut() {
            *end ^= 0xff;
        }
    }
    file
}

/// The checksums of FLAC: most significant bit first, starting with 0.
fn crc(bytes: &[u8], width: u32, polynomial: u16) -> u16 {
    let mask = (1u32 << width) - 1;
    let fold = |crc: u32, byte: &u8| {
        let start = crc ^ (u32::from(*byte) << (width - 8));
        (0..8).fold(start, |crc, _| {
            let shifted = (crc << 1) & mask;
            if crc >> (width - 1) & 1 == 1 { shifted ^ u32::from(polynomial) } else { shifted }
        })
    };
    bytes.iter().fold(0, fold) as u16
}
