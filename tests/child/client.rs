//! Writers that note what was acknowledged, and the check that it is there.

use super::server::{EMAIL, PASSWORD, Server};
use anyhow::{Result, ensure};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What the server acknowledged.
#[derive(Debug, Default)]
pub struct Acks {
    /// Project and name.
    pub projects: Vec<(String, String)>,
    /// Track and name.
    pub tracks: Vec<(String, String)>,
    /// Project and its new description.
    pub renames: Vec<(String, String)>,
    pub versions: Vec<String>,
    /// Made and not yet used.
    pub uploads: Vec<String>,
}

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// One attempt: the answer, or nothing if the server was cut down.
type Answer = Result<Option<Value>>;

impl Client {
    pub async fn login(server: &Server) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build()?;
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let login = http.post(format!("{}/api/v1/auth/login", server.url)).json(&body).send().await?;
        let answer: Value = login.error_for_status()?.json().await?;
        let token = answer["access_token"].as_str().unwrap_or_default().to_owned();
        ensure!(!token.is_empty(), "the login gave no token: {answer}");
        Ok(Self { http, url: server.url.clone(), token })
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1/{path}", self.url)).bearer_auth(&self.token)
    }

    /// Sends; a connection that breaks is the kill, an answer that is no success is a defect.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let Ok(answer) = request.send().await else { return Ok(None) };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Ok(None) };
        ensure!(status.is_success(), "{status}: {text}");
        Ok(Some(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// Writes until the server is gone.
    pub async fn write_until_cut(self, round: u64, writer: usize, acks: Arc<Mutex<Acks>>) -> Result<()> {
        for i in 0.. {
            if self.one_song(&format!("song {round}.{writer}.{i}"), &acks).await?.is_none() {
                break;
            }
        }
        Ok(())
    }

    pub async fn one_song(&self, name: &str, acks: &Mutex<Acks>) -> Result<Option<()>> {
        let note = |change: &dyn Fn(&mut Acks)| change(&mut acks.lock().expect("no writer panics"));
        let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
        let Some(project) = self.post("projects", json!({"name": name})).await? else { return Ok(None) };
        let project = id(&project);
        note(&|acks| acks.projects.push((project.clone(), name.to_owned())));
        let Some(track) =
            self.post(&format!("projects/{project}/tracks"), json!({"name": name, "kind": "stem"})).await?
        else {
            return Ok(None);
        };
        let track = id(&track);
        note(&|acks| acks.tracks.push((track.clone(), name.to_owned())));
        let patch =
            self.request(Method::PATCH, &format!("projects/{project}")).json(&json!({"description": name}));
        if self.send(patch).await?.is_none() {
            return Ok(None);
        }
        note(&|acks| acks.renames.push((project.clone(), name.to_owned())));
        let wav = recording(name);
        let upload = json!({"filename": "take.wav", "size_bytes": wav.len(), "content_type": "audio/wav", "project_id": project});
        let Some(upload) = self.post("uploads", upload).await? else { return Ok(None) };
        let upload = id(&upload);
        note(&|acks| acks.uploads.push(upload.clone()));
        let content = self
            .request(Method::PUT, &format!("uploads/{upload}/content"))
            .header("content-type", "application/octet-stream")
            .body(wav);
        if self.send(content).await?.is_none() {
            return Ok(None);
        }
        let version = self.post(&format!("tracks/{track}/versions"), json!({"upload_id": upload})).await?;
        let Some(version) = version else { return Ok(None) };
        // The answer is the version, or the version beside its job.
        let version = if version["id"].is_string() { id(&version) } else { id(&version["version"]) };
        note(&|acks| acks.versions.push(version.clone()));
        note(&|acks| acks.uploads.retain(|open| *open != upload));
        Ok(Some(()))
    }

    pub async fn get(&self, path: &str) -> Result<(StatusCode, Value)> {
        let answer = self.request(Method::GET, path).send().await?;
        Ok((answer.status(), answer.json().await.unwrap_or_default()))
    }

    /// Gives up what a kill left half-way: a person may only have so many uploads open.
    pub async fn drop_uploads(&self, uploads: Vec<String>) -> Result<()> {
        for upload in uploads {
            self.request(Method::DELETE, &format!("uploads/{upload}")).send().await?;
        }
        Ok(())
    }

    pub async fn version_status(&self, version: &str) -> Result<String> {
        let (status, body) = self.get(&format!("versions/{version}")).await?;
        ensure!(status == StatusCode::OK, "version {version} was acknowledged and answers {status}");
        Ok(body["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Everything acknowledged is there.
    pub async fn verify(&self, acks: &Acks) -> Result<()> {
        for (kind, things) in [("projects", &acks.projects), ("tracks", &acks.tracks)] {
            for (id, name) in things {
                let (status, body) = self.get(&format!("{kind}/{id}")).await?;
                ensure!(
                    status == StatusCode::OK && body["name"] == *name,
                    "{kind} {id} {name}: {status} {body}"
                );
            }
        }
        for (id, description) in &acks.renames {
            let (_, body) = self.get(&format!("projects/{id}")).await?;
            ensure!(body["description"] == *description, "project {id} lost its description: {body}");
        }
        for id in &acks.versions {
            self.version_status(id).await?;
        }
        Ok(())
    }
}

/// A tenth of a second of a tone, different for each name, as 16-bit PCM in WAV.
fn recording(name: &str) -> Vec<u8> {
    let pitch = 200.0 + name.bytes().map(f64::from).sum::<f64>() % 700.0;
    let sample = |n: u32| {
        let value = (f64::from(n) * pitch * std::f64::consts::TAU / 44_100.0).sin() * 12_000.0;
        #[expect(clippy::cast_possible_truncation, reason = "the amplitude is below 32,768")]
        let sample = value as i16;
        sample
    };
    let samples: Vec<i16> = (0..4410).map(sample).collect();
    let mut wav = Vec::new();
    audio::wav::write_pcm16(&mut wav, 44_100, 1, &samples).expect("a vector takes everything");
    wav
}
