//! A server with everything that an operation may be about, kept as a directory, so that each caller finds it untouched.

use crate::{
    admin::administrator,
    members::join,
    project::PIXEL,
    support::{
        App, PASSWORD, Person,
        studio::{id, sound},
        world::CountedIds,
    },
};
use backline::app::World;
use model::{
    access::Access,
    job::{Job, JobState},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
};
use store::{Batch, tables::job::Jobs};
use tempfile::TempDir;

/// The columns of the matrix. Somebody outside; somebody invited; a member who was removed, one whose account is disabled,
/// one whose token was revoked; a guest of a link that shows everything and allows all it can; the administrator of the
/// instance is no member.
pub const CALLERS: [&str; 11] = [
    "anonymous",
    "outsider",
    "invited",
    "viewer",
    "editor",
    "owner",
    "removed",
    "disabled",
    "revoked",
    "guest",
    "admin",
];
/// Far more ids than one server makes in a test.
const IDS_OF_A_START: u64 = 1 << 32;
const TAKE_FRAMES: usize = 4_800;

/// Ids and secrets by the name of the parameter that they stand for; `name@caller` is one that only this caller has.
pub type Ids = BTreeMap<String, String>;

pub struct Stage {
    dir: Arc<TempDir>,
    tokens: BTreeMap<&'static str, String>,
    starts: AtomicU64,
    /// Those of the project that everything is about.
    pub ids: Ids,
    /// Those of a project that none of the callers but the administrator knows.
    pub foreign: Ids,
}

impl Stage {
    pub async fn set() -> Self {
        let app = App::start().await;
        let (mut tokens, mut ids) = (BTreeMap::new(), Ids::new());
        let root = administrator(&app, "root").await;
        let (owner, editor, viewer) =
            (app.user("owner").await, app.user("editor").await, app.user("viewer").await);
        let band = Band { name: "our", app: &app, owner: &owner, editor: &editor };
        band.furnish(&mut ids).await;
        let enter = format!("/api/v1/share/{}/session", ids["share_token"]);
        let guest = app.anonymous().post(&enter, json!({"name": "Grace"})).await.ok(201);
        tokens.insert("guest", guest["token"].as_str().expect("a token").to_owned());
        let project = format!("/api/v1/projects/{}", ids["project_id"]);
        join(&owner, &project, &viewer, "viewer").await;
        let trashed = format!("/api/v1/projects/{}", ids["trashed_project"]);
        for (person, role) in [(&editor, "editor"), (&viewer, "viewer")] {
            join(&owner, &trashed, person, role).await;
        }
        owner.delete(&trashed).await.ok(204);
        for (name, person) in [("owner", &owner), ("editor", &editor), ("viewer", &viewer), ("admin", &root)]
        {
            belongings(name, person, &ids["project_id"].clone(), &mut ids).await;
        }
        for (name, person) in
            [("viewer", viewer), ("editor", editor), ("owner", owner.clone()), ("admin", root.clone())]
        {
            tokens.insert(name, person.token.expect("a token"));
        }
        for name in ["outsider", "invited", "removed", "disabled", "revoked"] {
            tokens.insert(name, app.user(name).await.token.expect("a token"));
        }
        let lost = Lost { app: &app, owner: &owner, root: &root, project: &project };
        let token = lost.lose(&mut tokens).await;
        ids.insert("invitation_token".to_owned(), token);
        let backup = root.post("/api/v1/admin/backups", json!({"include_audio": false})).await.ok(202);
        assert!(backup["id"].is_string());
        app.idle().await;
        let backups = root.get("/api/v1/admin/backups").await.ok(200);
        ids.insert("name".to_owned(), backups["items"][0]["name"].as_str().expect("a backup").to_owned());
        let foreign = foreign(&app).await;
        app.idle().await;
        ids.insert("failed_job".to_owned(), failed_job(&app, &ids["project_id"]).await);
        Self { dir: app.keep(), tokens, starts: AtomicU64::new(1), ids, foreign }
    }

    /// A server on a copy of it, with this access table.
    pub async fn open(&self, access: Access) -> App {
        let copy = tempfile::tempdir().expect("a temporary directory");
        copy_dir(self.dir.path(), copy.path());
        let ids = self.starts.fetch_add(1, Ordering::Relaxed) * IDS_OF_A_START;
        App::on(Arc::new(copy), |_config, world: &mut World| {
            world.access = access;
            world.ids = Arc::new(CountedIds::after(ids));
        })
        .await
    }

    /// A caller in front of this server.
    pub fn caller(&self, app: &App, name: &str) -> Person {
        let nobody = app.anonymous();
        self.tokens.get(name).map_or_else(|| nobody.clone(), |token| nobody.with_token(token))
    }
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let (kind, to) = (entry.file_type().expect("a kind"), to.join(entry.file_name()));
        if kind.is_dir() {
            std::fs::create_dir_all(&to).expect("a directory");
            copy_dir(&entry.path(), &to);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}

/// Who makes things.
struct Band<'a> {
    name: &'static str,
    app: &'a App,
    owner: &'a Person,
    editor: &'a Person,
}

impl Band<'_> {
    /// How the editor feels.
    async fn mood(&self, project: &str) -> String {
        let mood = json!({"mood": "proud", "intensity": 5, "visibility": "named"});
        id(&self.editor.post(&format!("{project}/moods"), mood).await.ok(201))
    }

    /// A project with one of everything.
    async fn furnish(&self, ids: &mut Ids) {
        let Self { name, app, owner, editor } = self;
        let mut put = |name: &str, value: String| {
            ids.insert(name.to_owned(), value);
        };
        let trashed = owner.post("/api/v1/projects", json!({"name": "Trashed"})).await.ok(201);
        put("trashed_project", id(&trashed));
        let project_id = id(&owner.post("/api/v1/projects", json!({"name": "Song"})).await.ok(201));
        let project = format!("/api/v1/projects/{project_id}");
        join(owner, &project, editor, "editor").await;
        owner.ask(reqwest::Method::PUT, &format!("{project}/cover")).body("image/png", PIXEL).await.ok(200);
        put("user_id", self.mate(&project).await);
        let tracks = format!("{project}/tracks");
        let mut made = Vec::new();
        for name in ["Drums", "Bass", "Trashed"] {
            made.push(id(&owner.post(&tracks, json!({"name": name, "kind": "stem"})).await.ok(201)));
        }
        let mut versions = Vec::new();
        for seed in 1..=3 {
            let upload = take(owner, &project_id, seed).await;
            let body = json!({"upload_id": upload, "make_current": seed == 1});
            let version = owner.post(&format!("/api/v1/tracks/{}/versions", made[0]), body).await.ok(201);
            versions.push(id(&version));
            app.idle().await;
        }
        owner.delete(&format!("/api/v1/versions/{}", versions[2])).await.ok(204);
        owner.delete(&format!("/api/v1/tracks/{}", made[2])).await.ok(204);
        let say = json!({"body": "Louder.", "version_id": versions[0], "start_ms": 10});
        let comment = id(&editor.post(&format!("{project}/comments"), say).await.ok(201));
        let reply = json!({"body": "Quieter.", "parent_id": comment});
        owner.post(&format!("{project}/comments"), reply).await.ok(201);
        let other = id(&owner.post(&format!("{project}/comments"), json!({"body": "Mine."})).await.ok(201));
        editor.put(&format!("/api/v1/comments/{comment}/reactions/%F0%9F%91%8D"), json!({})).await;
        let link = owner
            .post(&format!("{project}/invitations"), json!({"link": true, "role": "viewer"}))
            .await
            .ok(201);
        let kept = self.checkpoints(&project, &made[0]).await;
        let share = owner.post(&format!("{project}/share-links"), everything()).await.ok(201);
        let mixdown = owner.post(&format!("{project}/mixdowns"), json!({"format": "wav"})).await.ok(202);
        app.idle().await;
        for (name, value) in [
            ("project_id", &project_id),
            ("track_id", &made[0]),
            ("other_track", &made[1]),
            ("trashed_track", &made[2]),
            ("version_id", &versions[0]),
            ("other_version", &versions[1]),
            ("trashed_version", &versions[2]),
            ("checkpoint_id", &kept[0]),
            ("locked_checkpoint", &kept[1]),
            ("trashed_checkpoint", &kept[2]),
            ("comment_id", &comment),
            ("comment_of_owner", &other),
            ("mood_id", &self.mood(&project).await),
            ("invitation_id", &id(&link)),
            ("link_id", &id(&share)),
            ("share_token", &share["token"].as_str().expect("a token").to_owned()),
            ("job_id", &id(&mixdown)),
            ("token", &link["token"].as_str().expect("a token").to_owned()),
        ] {
            put(name, value.clone());
        }
        owner.patch(&format!("{project}/settings"), json!({"access_requests": true})).await.ok(200);
        let asker = app.user(&format!("{name}-asks")).await;
        let request =
            asker.post(&format!("{project}/access-requests"), json!({"message": "Me too."})).await.ok(202);
        put("request_id", id(&request));
        belongings("", owner, &project_id, ids).await;
    }

    /// Three checkpoints: an open one, a locked one without this track, and one in the trash.
    async fn checkpoints(&self, project: &str, track: &str) -> Vec<String> {
        let checkpoints = format!("{project}/checkpoints");
        let mut kept = Vec::new();
        for name in ["Kept", "Locked", "Trashed"] {
            kept.push(id(&self.editor.post(&checkpoints, json!({"name": name})).await.ok(201)));
        }
        let lock = json!({"remove_tracks": [track], "locked": true});
        self.editor.patch(&format!("/api/v1/checkpoints/{}", kept[1]), lock).await.ok(200);
        self.editor.delete(&format!("/api/v1/checkpoints/{}", kept[2])).await.ok(204);
        kept
    }

    /// A viewer with a picture: whom others change, show and remove.
    async fn mate(&self, project: &str) -> String {
        let mate = self.app.user(&format!("{}-mate", self.name)).await;
        join(self.owner, project, &mate, "viewer").await;
        mate.ask(reqwest::Method::PUT, "/api/v1/me/avatar").body("image/png", PIXEL).await.ok(200);
        mate.id
    }
}

/// A link that shows all of the project and lets guests do what guests can.
fn everything() -> Value {
    json!({"scope": {"type": "project"}, "can_comment": true, "can_download": true, "can_see_comments": true,
        "can_see_versions": true, "can_approve": true, "can_upload": true})
}

/// What only its owner may name: a login, a token, an upload that is open and one that is complete.
async fn belongings(name: &str, person: &Person, project: &str, ids: &mut Ids) {
    let key = |thing: &str| if name.is_empty() { thing.to_owned() } else { format!("{thing}@{name}") };
    ids.insert(key("self"), person.id.clone());
    let sessions = person.get("/api/v1/me/sessions").await.ok(200);
    ids.insert(key("session_id"), id(&sessions["items"][0]));
    let token = json!({"name": "Export", "scopes": ["projects:read"]});
    let token = person.post("/api/v1/me/tokens", token).await.ok(201);
    ids.insert(key("token_id"), id(&token));
    let declared =
        json!({"project_id": project, "filename": "take.wav", "size_bytes": sound(TAKE_FRAMES, 9).len()});
    let open = person.post("/api/v1/uploads", declared).await;
    if open.status == 201 {
        ids.insert(key("upload_id"), id(&open.json()));
        ids.insert(key("complete_upload"), take(person, project, 7).await);
    }
}

/// A complete upload.
async fn take(person: &Person, project: &str, seed: u32) -> String {
    let bytes = sound(TAKE_FRAMES, seed);
    let upload = json!({"project_id": project, "filename": "take.wav", "size_bytes": bytes.len()});
    let upload = id(&person.post("/api/v1/uploads", upload).await.ok(201));
    let put = person.ask(reqwest::Method::PUT, &format!("/api/v1/uploads/{upload}/content"));
    put.body("application/octet-stream", bytes).await.ok(200);
    upload
}

/// Those who may not, or not yet.
struct Lost<'a> {
    app: &'a App,
    owner: &'a Person,
    root: &'a Person,
    project: &'a str,
}

impl Lost<'_> {
    /// Lets them in and out again; the secret of the one invitation that waits.
    async fn lose(&self, tokens: &mut BTreeMap<&'static str, String>) -> String {
        let Self { app, owner, root, project } = self;
        for name in ["removed", "disabled", "revoked"] {
            let person = app.login(name).await;
            join(owner, project, &person, "editor").await;
            match name {
                "removed" => drop(owner.delete(&format!("{project}/members/{}", person.id)).await.ok(204)),
                "disabled" => {
                    let user = format!("/api/v1/admin/users/{}", person.id);
                    root.patch(&user, json!({"status": "disabled"})).await.ok(200);
                }
                _ => {
                    let scopes: Vec<String> = scopes();
                    let made = person
                        .post("/api/v1/me/tokens", json!({"name": "All", "scopes": scopes}))
                        .await
                        .ok(201);
                    let secret = made["secret"].as_str().expect("a secret").to_owned();
                    person.with_token(&secret).get(project).await.ok(200);
                    person.delete(&format!("/api/v1/me/tokens/{}", id(&made))).await.ok(204);
                    tokens.insert("revoked", secret);
                }
            }
        }
        let invitation = json!({"email": "invited@example.org", "role": "editor"});
        let made = owner.post(&format!("{project}/invitations"), invitation).await.ok(201);
        made["token"].as_str().expect("a token").to_owned()
    }
}

fn scopes() -> Vec<String> {
    let document: Value = serde_json::from_str(api::openapi::json()).expect("the document is JSON");
    let tags = document["tags"].as_array().expect("tags").iter();
    let names = tags.map(|tag| tag["name"].as_str().expect("a name").to_owned());
    names.filter(|name| name != "admin").map(|name| format!("{name}:write")).collect()
}

async fn foreign(app: &App) -> Ids {
    let (owner, editor) = (app.user("zoe").await, app.user("zack").await);
    let mut ids = Ids::new();
    Band { name: "their", app, owner: &owner, editor: &editor }.furnish(&mut ids).await;
    let settings = format!("/api/v1/projects/{}/settings", ids["project_id"]);
    owner.patch(&settings, json!({"access_requests": false})).await.ok(200);
    ids.insert("user_id".to_owned(), editor.id);
    ids.retain(|name, _| name.ends_with("_id"));
    ids
}

/// A job that was given up, written into the store: no request makes one fail.
async fn failed_job(app: &App, project: &str) -> String {
    let instance = app.server().instance();
    let (at, id) = (instance.operator().now, uuid::Uuid::from_u128(7));
    let job = Job {
        id: id.into(),
        kind: "mix.tell".to_owned(),
        payload_version: 1,
        payload: json!({ "project": project }).to_string(),
        queue: "brief".to_owned(),
        priority: 1,
        state: JobState::Failed,
        attempts: 5,
        max_attempts: 5,
        run_at: None,
        lease: None,
        cancel_requested: false,
        cause_seq: 0,
        dedup_key: project.to_owned(),
        project_id: None,
        created_by: None,
        subject: None,
        progress: 0.0,
        stage: None,
        error: None,
        result: None,
        queued_at: at,
        started_at: Some(at),
        finished_at: Some(at),
    };
    let mut batch = Batch::new();
    batch.insert::<Jobs>(&job.id, &job);
    instance.store.commit(batch).await.expect("the store works");
    id.to_string()
}

/// The password of everybody on the stage.
pub const fn password() -> &'static str {
    PASSWORD
}
