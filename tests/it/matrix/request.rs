//! One good request for every operation, made from the document and the things on the stage.

use super::stage::{Ids, password};
use crate::{
    project::PIXEL,
    support::{Person, person::Ask, studio::sound},
};
use reqwest::Method;
use serde_json::{Value, json};

/// Operations that also answer another question, with rows of their own: leaving, comments of others, comments for the team, locked
/// checkpoints.
const VARIANTS: [(&str, &str); 4] = [
    ("deleteCheckpoint", "deleteCheckpoint/locked"),
    ("removeMember", "removeMember/self"),
    ("deleteComment", "deleteComment/owner's"),
    ("createComment", "createComment/team"),
];

/// An operation of the document.
#[derive(Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    tag: String,
    media: Option<String>,
    example: Value,
}

/// Every operation, by name.
pub fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(api::openapi::json()).expect("the document is JSON");
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let content = operation["requestBody"]["content"].as_object();
            let schema =
                content.and_then(|content| content.get("application/json")).map(|json| &json["schema"]);
            let name =
                schema.and_then(|schema| schema["$ref"].as_str()).and_then(|name| name.rsplit('/').next());
            all.push(Operation {
                id: operation["operationId"].as_str().expect("a name").to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                tag: operation["tags"][0].as_str().expect("a tag").to_owned(),
                media: content.and_then(|content| content.keys().next().cloned()),
                example: name
                    .map_or(Value::Null, |name| document["components"]["schemas"][name]["example"].clone()),
            });
        }
    }
    for (id, variant) in VARIANTS {
        let operation = all.iter().find(|operation| operation.id == id).expect("an operation").clone();
        all.push(Operation { id: variant.to_owned(), ..operation });
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

/// Things by name, as one caller has them.
pub struct Things<'a> {
    pub ids: &'a Ids,
    pub caller: &'a str,
}

impl Things<'_> {
    pub fn get(&self, name: &str) -> String {
        let own = self.ids.get(&format!("{name}@{}", self.caller));
        own.or_else(|| self.ids.get(name)).unwrap_or_else(|| panic!("nothing is called {name}")).clone()
    }
}

impl Operation {
    /// Whether other callers find everything as before although it succeeded: it made something, or changed the caller's own account.
    pub fn spares_others(&self, status: u16) -> bool {
        matches!(status, 201 | 202) || matches!(self.tag.as_str(), "auth" | "account")
    }

    /// The parameters of the path.
    pub fn params(&self) -> Vec<&str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
    }

    /// What stands for a parameter of the path where it is not simply the thing of that name.
    pub fn thing<'a>(&self, param: &'a str) -> &'a str {
        match (self.id.as_str(), param) {
            ("restoreProject", "project_id") => "trashed_project",
            ("restoreTrack", "track_id") => "trashed_track",
            ("restoreVersion", "version_id") => "trashed_version",
            ("declineInvitation" | "acceptInvitation", "token") => "invitation_token",
            ("undeleteCheckpoint", "checkpoint_id") => "trashed_checkpoint",
            ("deleteCheckpoint/locked", "checkpoint_id") => "locked_checkpoint",
            ("openShareLink" | "createGuestSession" | "getSharedContent", "token") => "share_token",
            ("removeMember/self", "user_id") => "self",
            ("adminRetryJob", "job_id") => "failed_job",
            ("deleteComment/owner's", "comment_id") => "comment_of_owner",
            _ => param,
        }
    }

    /// The address with these values for its parameters.
    pub fn address(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.path.split('/').map(|part| {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some("emoji") => "%F0%9F%91%8D".to_owned(),
                Some("code") => "not_found".to_owned(),
                Some(param) => value(param),
                None => part.to_owned(),
            }
        });
        let asked = if matches!(self.id.as_str(), "search" | "suggest") { "?q=song" } else { "" };
        parts.collect::<Vec<_>>().join("/") + asked
    }

    /// What stands behind the path, where an operation needs it.
    pub fn query(&self, things: &Things<'_>) -> String {
        match self.id.as_str() {
            "compareVersions" => {
                format!("?a={}&b={}", things.get("version_id"), things.get("other_version"))
            }
            "getMoodAlongTrack" => format!("?version_id={}", things.get("version_id")),
            _ => String::new(),
        }
    }

    /// The whole request.
    pub fn ask(&self, person: &Person, things: &Things<'_>) -> Ask {
        let address = self.address(|param| things.get(self.thing(param))) + &self.query(things);
        self.with_body(person.ask(self.method.clone(), &address), self.json(things))
    }

    /// With this body, or whatever else the operation takes.
    pub fn with_body(&self, ask: Ask, json: Value) -> Ask {
        match self.media.as_deref() {
            // The head of RFC 6455 §4.1.
            None if self.id == "openWebsocket" => ask
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-version", "13")
                .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            None => ask,
            Some("application/json") => ask.json(&json),
            Some("multipart/form-data") => {
                let (head, tail) = (
                    "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"take.wav\"\r\ncontent-type: audio/wav\r\n\r\n",
                    "\r\n--cut--\r\n",
                );
                let form = [head.as_bytes(), &sound(4_800, 11), tail.as_bytes()].concat();
                ask.body("multipart/form-data; boundary=cut", form)
            }
            Some(_) if self.id == "putUploadContent" => ask.body("application/octet-stream", sound(4_800, 9)),
            Some(_) => ask.body("image/png", PIXEL),
        }
    }

    /// The example of the document, where that is not about things that are not there.
    pub fn json(&self, things: &Things<'_>) -> Value {
        let new = || format!("new-{}@example.org", things.caller);
        let thing = |name: &str| things.get(name);
        match self.id.as_str() {
            "changeMyPassword" => {
                json!({"current_password": password(), "new_password": "two strings, no groove"})
            }
            "changeMyEmail" => json!({"new_email": new(), "password": password()}),
            "adminUpdateSettings" => json!({"quota_bytes": null, "mood_min_group_size": 4}),
            "updateMe" => json!({"name": "New", "bio": "Plays the engine."}),
            "createInvitation" => json!({"email": new(), "role": "editor"}),
            "register" => json!({"email": new(), "name": "New", "password": password()}),
            "login" => json!({"email": "owner@example.org", "password": password()}),
            "createComment" => json!({"body": "Here.", "version_id": thing("version_id"), "start_ms": 20}),
            "createComment/team" => json!({"body": "Between us.", "visibility": "team"}),
            "updateComment" => json!({"body": "There."}),
            "resolveComment" => json!({"resolved_in_version_id": thing("other_version")}),
            "recordMood" => {
                json!({"mood": "calm", "intensity": 2, "visibility": "anonymous", "version_id": thing("version_id")})
            }
            "createCheckpoint" => {
                json!({"name": "Mix", "tracks": {thing("track_id"): thing("version_id")}})
            }
            "restoreCheckpoint" => json!({"tracks": [thing("track_id")]}),
            "setReviewStatus" => json!({"status": "in_review", "reviewers": [thing("user_id")]}),
            "createMixdown" => json!({"format": "wav"}),
            "createRendition" => json!({"format": "flac"}),
            "createVersion" => json!({"upload_id": thing("complete_upload")}),
            "createUpload" => {
                json!({"project_id": thing("project_id"), "filename": "a.wav", "size_bytes": 1000})
            }
            "createShareLink" => json!({"scope": {"type": "track", "id": thing("track_id")}}),
            "moveTrack" => json!({"after_id": thing("other_track")}),
            "putSharedMix" => json!({"tracks": {thing("track_id"): {"volume": 0.5}}}),
            "reorderTracks" => json!({"track_ids": [thing("other_track"), thing("track_id")]}),
            "setCurrentVersion" => json!({"version_id": thing("other_version")}),
            "transferOwnership" => json!({"user_id": thing("user_id")}),
            _ => self.example.clone(),
        }
    }
}
