//! A band around a project: its owner, an editor, a viewer, and somebody outside.

use super::{Person, studio::Studio};
use crate::members::join;
use serde_json::{Value, json};

/// Ada owns the studio's project, Ben edits it, Vic views it, Eve has nothing to do with it.
pub struct Band {
    /// The project and its track.
    pub studio: Studio,
    /// An editor.
    pub ben: Person,
    /// A viewer.
    pub vic: Person,
    /// An outsider.
    pub eve: Person,
}

impl Band {
    /// On a server of its own.
    pub async fn meet() -> Self {
        let studio = Studio::open().await;
        let (ben, vic) = (studio.app.user("ben").await, studio.app.user("vic").await);
        let eve = studio.app.user("eve").await;
        let band = Self { studio, ben, vic, eve };
        join(band.ada(), &band.project(), &band.ben, "editor").await;
        join(band.ada(), &band.project(), &band.vic, "viewer").await;
        band
    }

    /// The owner.
    pub fn ada(&self) -> &Person {
        &self.studio.ada
    }

    /// The project's path.
    pub fn project(&self) -> String {
        format!("/api/v1/projects/{}", self.studio.project)
    }

    /// Where the project's comments are.
    pub fn comments(&self) -> String {
        format!("{}/comments", self.project())
    }

    /// Somebody writes a comment.
    pub async fn say(&self, who: &Person, comment: Value) -> Value {
        who.post(&self.comments(), comment).await.ok(201)
    }

    /// The bodies of the comments that somebody finds.
    pub async fn find(&self, who: &Person, query: &str) -> Vec<String> {
        let list = who.get(&format!("{}?{query}", self.comments())).await.ok(200);
        bodies(&list)
    }

    /// How many threads somebody counts as open in the project and on the track.
    pub async fn open(&self, who: &Person) -> (i64, i64) {
        let project = who.get(&self.project()).await.ok(200);
        let track = who.get(&format!("/api/v1/tracks/{}", self.studio.track)).await.ok(200);
        let number = |value: &Value| value.as_i64().expect("a number");
        (number(&project["counts"]["open_comments"]), number(&track["open_comment_count"]))
    }

    /// The owner changes the project's settings.
    pub async fn settings(&self, change: Value) {
        let settings = format!("{}/settings", self.project());
        self.ada().patch(&settings, change).await.ok(200);
    }
}

/// The bodies of a list of comments.
pub fn bodies(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list").iter();
    items.map(|comment| comment["body"].as_str().expect("a body").to_owned()).collect()
}

/// The address of a comment.
pub fn at(comment: &Value) -> String {
    format!("/api/v1/comments/{}", comment["id"].as_str().expect("an id"))
}

/// A comment that only says something.
pub fn text(body: &str) -> Value {
    json!({ "body": body })
}
