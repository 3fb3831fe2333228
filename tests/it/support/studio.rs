//! A band at work: somebody with a project and a track, and sounds to put on it.

use super::{App, Heard, Person};
use async_trait::async_trait;
use audio::wav;
use bytes::Bytes;
use model::ports::{
    AlignInput, AudioAlignment, AudioProbe, AudioRefusal, AudioTools, WaveformError, WaveformForm,
    WaveformQuery,
};
use serde_json::{Value, json};
use std::{fs::File, path::Path, sync::Arc};

/// Ada, her project and a track of it, on a server.
pub struct Studio {
    /// The server.
    pub app: App,
    /// The owner of the project.
    pub ada: Person,
    /// The project's id.
    pub project: String,
    /// The track's id.
    pub track: String,
}

impl Studio {
    /// On a server of its own.
    pub async fn open() -> Self {
        Self::on(App::start().await).await
    }

    /// On a server whose first look at a recording lets everything pass: what is wrong with it shows later.
    pub async fn careless() -> Self {
        let app =
            App::with(|_config, world| world.audio = Arc::new(Careless(Arc::clone(&world.audio)))).await;
        Self::on(app).await
    }

    /// On this server.
    pub async fn on(app: App) -> Self {
        let ada = app.user("ada").await;
        let project = id(&ada.post("/api/v1/projects", json!({"name": "Song"})).await.ok(201));
        let track = json!({"name": "Drums", "kind": "stem"});
        let track = id(&ada.post(&format!("/api/v1/projects/{project}/tracks"), track).await.ok(201));
        Self { app, ada, project, track }
    }

    /// Declares an upload of so many bytes.
    pub async fn declare(&self, size_bytes: usize) -> String {
        let upload = json!({"project_id": self.project, "filename": "take.wav", "size_bytes": size_bytes});
        id(&self.ada.post("/api/v1/uploads", upload).await.ok(201))
    }

    /// Uploads bytes; they are complete and unused.
    pub async fn upload(&self, bytes: &[u8]) -> String {
        let upload = self.declare(bytes.len()).await;
        let put = self.ada.ask(reqwest::Method::PUT, &format!("/api/v1/uploads/{upload}/content"));
        put.body("application/octet-stream", bytes.to_vec()).await.ok(200);
        upload
    }

    /// Makes a version of bytes and waits until its job has ended.
    pub async fn version(&self, bytes: &[u8]) -> Value {
        let body = json!({"upload_id": self.upload(bytes).await});
        let made = self.ada.post(&format!("/api/v1/tracks/{}/versions", self.track), body).await.ok(201);
        self.app.idle().await;
        self.ada.get(&format!("/api/v1/versions/{}", id(&made))).await.ok(200)
    }

    /// Asks for something until it is made: the first answer names the job, and when to come back.
    pub async fn made(&self, path: &str) -> Heard {
        let first = self.ada.get(path).await;
        if first.status == 409 {
            let job = first.problem("processing")["job_id"].as_str().expect("a job").to_owned();
            assert!(!first.header("retry-after").is_empty(), "{path}");
            self.ada.get(&format!("/api/v1/jobs/{job}")).await.ok(200);
            self.app.idle().await;
            return self.ada.get(path).await;
        }
        first
    }

    /// Bytes the person has stored or reserved.
    pub async fn used_bytes(&self) -> i64 {
        self.ada.get("/api/v1/me/storage").await.ok(200)["used_bytes"].as_i64().expect("a number")
    }
}

struct Careless(Arc<dyn AudioTools>);

#[async_trait]
impl AudioTools for Careless {
    async fn probe(&self, _path: &Path) -> Result<AudioProbe, AudioRefusal> {
        Ok(AudioProbe { container: "flac".to_owned(), codec: "flac".to_owned() })
    }
    async fn align(&self, from: &AlignInput, to: &AlignInput) -> Result<AudioAlignment, AudioRefusal> {
        self.0.align(from, to).await
    }
    fn window(
        &self,
        pyramid: &File,
        query: WaveformQuery,
        form: WaveformForm,
    ) -> Result<Bytes, WaveformError> {
        self.0.window(pyramid, query, form)
    }
}

/// The id of a resource.
#[track_caller]
pub fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id: {resource}")).to_owned()
}

/// A stereo WAV file of this length at 48 kHz; another seed is another sound.
pub fn sound(frames: usize, seed: u32) -> Vec<u8> {
    pcm(2, &noise(frames * 2, seed))
}

/// A WAV file of these interleaved samples at 48 kHz.
pub fn pcm(channels: u16, samples: &[i16]) -> Vec<u8> {
    let mut file = Vec::new();
    wav::write_pcm16(&mut file, 48_000, channels, samples).expect("it is short");
    file
}

/// So many samples of noise.
pub fn noise(samples: usize, seed: u32) -> Vec<i16> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as i16
    };
    (0..samples).map(next).collect()
}

/// The same sound as [`sound`], as an AIFF file, which no browser plays.
pub fn aiff(frames: usize, seed: u32) -> Vec<u8> {
    let sound: Vec<u8> = noise(frames * 2, seed).iter().flat_map(|sample| sample.to_be_bytes()).collect();
    let size = |bytes: usize| u32::try_from(bytes).expect("it is short").to_be_bytes();
    // 48,000 as an 80-bit float.
    let rate = [0x40, 0x0e, 0xbb, 0x80, 0, 0, 0, 0, 0, 0];
    let common = [&[0, 2][..], &size(frames), &[0, 16], &rate].concat();
    let data = [&[0; 8][..], &sound].concat();
    let chunk = |name: &[u8; 4], body: &[u8]| [&name[..], &size(body.len()), body].concat();
    let body = [&b"AIFF"[..], &chunk(b"COMM", &common), &chunk(b"SSND", &data)].concat();
    chunk(b"FORM", &body)
}

/// The samples of a WAV file with 16 bits whose sound is the last chunk.
#[track_caller]
pub fn samples(file: &[u8]) -> Vec<i16> {
    let data = file.windows(4).position(|name| name == b"data").expect("a chunk of sound");
    file[data + 8..].as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// A FLAC file whose header is good and whose sound is not: for a careless server.
pub fn broken_sound() -> Vec<u8> {
    let mut file = b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0".to_vec();
    // 44,100 Hz, 2 channels, 16 bits, 44,100 frames, no MD5.
    file.extend([0x0a, 0xc4, 0x42, 0xf0, 0, 0, 0xac, 0x44]);
    file.extend([0; 16]);
    file.extend(std::iter::repeat_n(0x55, 4096));
    file
}
