//! `backline demo`: a server with three people and a song of four stems, synthesised on the spot.
//!
//! It fills the instance through the same HTTP API that everybody uses, with passwords made up for this one start.

use super::serve::until_stopped;
use crate::{
    app::{Server, World},
    config::Loaded,
    demo::{SONG_NAME, Stem, TEMPO_BPM, Take},
    telemetry,
};
use anyhow::{Context as _, Result, ensure};
use model::{
    account::InstanceRole,
    text::{Email, PersonName},
};
use reqwest::Method;
use serde_json::{Value, json};
use service::{NewUser, Password, page::PageRequest};
use std::time::{Duration, Instant};

/// Who plays in the band; the first one runs the instance.
const PEOPLE: [(&str, &str, InstanceRole); 3] = [
    ("Ada", "ada@demo.example", InstanceRole::Admin),
    ("Ben", "ben@demo.example", InstanceRole::Member),
    ("Cleo", "cleo@demo.example", InstanceRole::Member),
];
/// How long processing the song may take.
const READY_BOUND: Duration = Duration::from_secs(300);

/// Serves the demo until a signal.
pub async fn run(loaded: &Loaded) -> Result<()> {
    let config = &loaded.config;
    telemetry::init(config)?;
    telemetry::install_panic_hook();
    let server = Server::start(config, World::real(config)?).await?;
    match fill(&server).await? {
        Some(filled) => filled.tell(&server, &config.data_dir),
        None => println!("The demo goes on where it was left: http://{}", server.address()),
    }
    until_stopped(server, config).await
}

/// What was made, for the three lines to try.
pub struct Filled {
    password: String,
    project: String,
    version: String,
    audio: String,
}

impl Filled {
    fn tell(&self, server: &Server, data_dir: &std::path::Path) {
        let site = format!("http://{}", server.address());
        let (_, email, _) = PEOPLE[0];
        println!(
            "Backline demo\n  data      {}\n  address   {site}\n  API       {site}/api/docs",
            data_dir.display()
        );
        println!("  log in    {email}  {}  (ben@ and cleo@ have the same password)", self.password);
        // What stands behind `#` is not sent: the page fills its form in with it.
        println!("  play      {site}/#/log-in/{}/{}", email.replace('@', "%40"), self.password);
        println!("\nTry:\n  TOKEN=$(curl -s {site}/api/v1/auth/login -H 'content-type: application/json' \\");
        println!(
            "    -d '{{\"email\":\"{email}\",\"password\":\"{}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
            self.password
        );
        println!(
            "  curl -s {site}/api/v1/projects/{}/tracks -H \"authorization: Bearer $TOKEN\"",
            self.project
        );
        println!(
            "  curl -s '{site}/api/v1/versions/{}/waveform?width=80' -H \"authorization: Bearer $TOKEN\"",
            self.version
        );
        println!("\nListen for an hour without logging in:\n  {}", self.audio);
    }
}

/// Fills an empty instance; nothing if it has people already.
pub async fn fill(server: &Server) -> Result<Option<Filled>> {
    let instance = server.instance();
    if !instance.service.list_users(&instance.operator(), &PageRequest::first(1)).await?.items.is_empty() {
        return Ok(None);
    }
    let password = made_up(server);
    for (name, email, role) in PEOPLE {
        let fault = |fault: model::violation::Fault| anyhow::anyhow!("the demo's own data: {}", fault.detail);
        let new = NewUser {
            email: Email::parse(email).map_err(fault)?,
            name: PersonName::parse(name).map_err(fault)?,
            role,
            password: Some(Password::parse(&password).map_err(fault)?),
        };
        instance.service.create_user_offline(&instance.operator(), &new).await?;
    }
    let band = Band::login(server, &password).await?;
    let project = band.song().await?;
    let mut version = String::new();
    for stem in Stem::ALL {
        version = band.stem(&project, stem).await?;
    }
    let signed = band.post(&format!("versions/{version}/stream-url"), &json!({"ttl_s": 3600})).await?;
    let audio = signed["url"].as_str().unwrap_or_default();
    let audio = if audio.starts_with('/') { format!("{}{audio}", band.site) } else { audio.to_owned() };
    Ok(Some(Filled { password, project, version, audio }))
}

/// A password for this start alone.
fn made_up(server: &Server) -> String {
    let mut bytes = [0; 9];
    server.instance().world().ids.secret(&mut bytes);
    format!("demo-{}", hex::encode(bytes))
}

/// The first member, speaking HTTP.
struct Band {
    http: reqwest::Client,
    site: String,
    token: String,
}

impl Band {
    async fn login(server: &Server, password: &str) -> Result<Self> {
        let (http, site) = (reqwest::Client::new(), format!("http://{}", server.address()));
        let mut band = Self { http, site, token: String::new() };
        let login = band.post("auth/login", &json!({"email": PEOPLE[0].1, "password": password})).await?;
        login["access_token"].as_str().context("the login has no token")?.clone_into(&mut band.token);
        Ok(band)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the demo could not be filled: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.post(format!("{}/api/v1/{path}", self.site)).json(body)).await
    }

    async fn song(&self) -> Result<String> {
        let body = json!({
            "name": SONG_NAME, "description": "The last bus, the city lights, four stems.", "bpm": TEMPO_BPM,
            "time_signature": "4/4", "key": "A minor", "tags": ["demo"], "color": "#e8b84b",
        });
        id(&self.post("projects", &body).await?)
    }

    /// Makes a track with all its takes; the id of the last one.
    async fn stem(&self, project: &str, stem: Stem) -> Result<String> {
        let track = json!({"name": stem.name(), "kind": "stem", "instrument": stem.name()});
        let track = id(&self.post(&format!("projects/{project}/tracks"), &track).await?)?;
        let mut last = String::new();
        for take in stem.takes() {
            last = self.take(project, &track, take).await?;
        }
        Ok(last)
    }

    async fn take(&self, project: &str, track: &str, take: &Take) -> Result<String> {
        let wav = take.wav();
        let upload = json!({
            "project_id": project, "filename": take.file_name(), "size_bytes": wav.len(), "content_type": "audio/wav",
        });
        let upload = id(&self.post("uploads", &upload).await?)?;
        let url = format!("{}/api/v1/uploads/{upload}/content", self.site);
        self.send(
            self.http.request(Method::PUT, url).header("content-type", "application/octet-stream").body(wav),
        )
        .await?;
        let version = json!({"upload_id": upload, "label": take.label, "changelog": take.changelog});
        let version = id(&self.post(&format!("tracks/{track}/versions"), &version).await?)?;
        self.ready(&version).await?;
        Ok(version)
    }

    async fn ready(&self, version: &str) -> Result<()> {
        let until = Instant::now() + READY_BOUND;
        loop {
            let url = format!("{}/api/v1/versions/{version}", self.site);
            let status =
                self.send(self.http.get(url)).await?["status"].as_str().unwrap_or_default().to_owned();
            match status.as_str() {
                "ready" => return Ok(()),
                "processing" => ensure!(Instant::now() < until, "a take is still being processed"),
                other => anyhow::bail!("a take is {other}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn id(json: &Value) -> Result<String> {
    json["id"].as_str().map(str::to_owned).with_context(|| format!("an answer has no id: {json}"))
}
