//! Moods over HTTP: one's own, what a team sees of them, the picture, and the strip along a version.

use crate::support::{
    Person,
    band::Band,
    studio::{id, sound},
};
use model::{
    CommentId, Timestamp,
    emotion::{Distribution, EmotionReading, Label, ReadingStatus},
};
use serde_json::{Value, json};
use store::{Batch, tables::emotion::EmotionReadings};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A band on a Sunday.
struct Mates {
    band: Band,
    ada: Person,
    ben: Person,
    vic: Person,
}

impl Mates {
    async fn meet() -> Self {
        let band = Band::meet().await;
        let (ada, ben, vic) = (band.ada().clone(), band.ben.clone(), band.vic.clone());
        Self { band, ada, ben, vic }
    }

    fn moods(&self) -> String {
        format!("{}/moods", self.band.project())
    }

    fn summary(&self) -> String {
        format!("{}/mood/summary", self.band.project())
    }

    async fn feel(&self, who: &Person, mood: Value) -> Value {
        who.post(&self.moods(), mood).await.ok(201)
    }

    /// Some days go by, and what is over is closed. Everybody logs in again.
    async fn sleep(&mut self, days: i64) {
        self.band.studio.app.clock.advance_ms(days * DAY_MS);
        let instance = self.band.studio.app.server().instance();
        instance.service.close_moods(&instance.operator()).await.expect("the store works");
        for (person, name) in [(&mut self.ada, "ada"), (&mut self.ben, "ben"), (&mut self.vic, "vic")] {
            *person = self.band.studio.app.login(name).await;
        }
    }
}

fn anonymous(mood: &str) -> Value {
    json!({"mood": mood, "intensity": 3, "visibility": "anonymous"})
}

/// The buckets that are shown.
fn shown(summary: &Value) -> Vec<&Value> {
    let buckets = summary["buckets"].as_array().expect("buckets");
    buckets.iter().filter(|bucket| bucket["suppressed"] == false).collect()
}

#[tokio::test]
async fn a_mood_is_recorded_changed_and_deleted() {
    let mates = Mates::meet().await;
    let (ada, ben) = (&mates.ada, &mates.ben);
    let made = json!({"mood": "inspired", "intensity": 4, "note": " That bridge! ", "visibility": "named"});
    let mood = mates.feel(ada, made).await;
    assert_eq!(
        (&mood["mood"], &mood["note"], &mood["user"]["name"]),
        (&json!("inspired"), &json!("That bridge!"), &json!("ada"))
    );
    assert_eq!(
        (&mood["valence"], &mood["arousal"], &mood["revision"]),
        (&json!(0.75), &json!(0.6), &json!(1))
    );
    let hidden = mates.feel(ada, anonymous("tired")).await;
    let at = |mood: &Value| format!("/api/v1/moods/{}", id(mood));
    let found = |list: &Value| list["items"].as_array().expect("a list").iter().map(id).collect::<Vec<_>>();
    let list = ben.get(&format!("{}?limit=1", mates.moods())).await.ok(200);
    assert_eq!((found(&list), &list["next_cursor"]), (vec![id(&mood)], &json!(null)));
    assert_eq!(found(&ada.get(&mates.moods()).await.ok(200)), [id(&hidden), id(&mood)]);
    assert_eq!(found(&ada.get("/api/v1/me/moods").await.ok(200)), [id(&hidden), id(&mood)]);
    assert_eq!(found(&ben.get("/api/v1/me/moods").await.ok(200)), Vec::<String>::new());

    let patch = ada.patch(&at(&mood), json!({"mood": "calm", "note": null})).header("if-match", "\"r1\"");
    let changed = patch.await.ok(200);
    assert_eq!(
        (&changed["mood"], changed.get("note"), &changed["revision"]),
        (&json!("calm"), None, &json!(2))
    );
    ada.patch(&at(&mood), json!({"intensity": 1}))
        .header("if-match", "\"r1\"")
        .await
        .problem("revision_conflict");
    ben.patch(&at(&mood), json!({"intensity": 1})).await.problem("forbidden");
    ben.patch(&at(&hidden), json!({"intensity": 1})).await.problem("not_found");
    ben.delete(&at(&hidden)).await.problem("not_found");
    ada.delete(&at(&hidden)).await.ok(204);
    ada.patch(&at(&hidden), json!({"intensity": 1})).await.problem("not_found");
    let odd = json!({"mood": "hungry", "intensity": 6, "visibility": "loud"});
    assert_eq!(ada.post(&mates.moods(), odd).await.faults(), ["/intensity", "/mood", "/visibility"]);
    mates.band.eve.post(&mates.moods(), anonymous("sad")).await.problem("not_found");
    mates.band.eve.get(&mates.summary()).await.problem("not_found");
    for _ in 0..5 {
        mates.feel(ada, anonymous("sad")).await;
    }
    ada.post(&mates.moods(), anonymous("sad")).await.problem("conflict");
}

#[tokio::test]
async fn others_hear_of_named_moods_alone() {
    let mates = Mates::meet().await;
    let mut live = mates.vic.listen(&format!("{}/events?types=mood.*", mates.band.project())).await;
    let mut own = mates.ada.listen("/api/v1/events?types=mood.*").await;
    let hidden = mates.feel(&mates.ada, anonymous("tired")).await;
    let named = json!({"mood": "proud", "intensity": 5, "visibility": "named"});
    let named = mates.feel(&mates.ada, named).await;
    let told = live.hear().await;
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("mood.recorded"), &json!(id(&named))));
    assert_eq!(own.hear().await["data"]["id"], json!(id(&hidden)));
    assert_eq!(own.hear().await["data"]["id"], json!(id(&named)));
    let path = format!("/api/v1/moods/{}", id(&named));
    mates.ada.patch(&path, json!({"visibility": "private"})).await.ok(200);
    let told = live.hear().await;
    assert_eq!((&told["type"], told.get("data")), (&json!("mood.deleted"), None));
    mates.ada.patch(&path, json!({"visibility": "named"})).await.ok(200);
    assert_eq!(live.hear().await["type"], "mood.recorded");
}

#[tokio::test]
async fn a_team_sees_days_and_weeks_that_hide_each_of_them() {
    let mut mates = Mates::meet().await;
    mates.feel(&mates.ada, anonymous("happy")).await;
    mates.feel(&mates.ben, anonymous("happy")).await;
    mates.feel(&mates.vic, anonymous("tired")).await;
    assert_eq!(shown(&mates.vic.get(&mates.summary()).await.ok(200)).len(), 0, "the day is not over");
    mates.sleep(1).await;
    mates.feel(&mates.ada, anonymous("sad")).await;
    mates.feel(&mates.ben, anonymous("sad")).await;
    mates.sleep(1).await;
    let days = mates.vic.get(&mates.summary()).await.ok(200);
    assert_eq!((&days["min_group_size"], days["buckets"].as_array().map(Vec::len)), (&json!(3), Some(30)));
    let [day] = shown(&days)[..] else { panic!("one day: {days}") };
    assert_eq!((&day["from"], &day["contributors"]), (&json!("2026-11-22T00:00:00.000Z"), &json!(3)));
    assert_eq!(day["distribution"], json!({"happy": 2, "tired": 1}));
    assert_eq!(
        (&day["mean_valence"], &day["mean_intensity"], &day["trend_valence"]),
        (&json!(0.467), &json!(3.0), &json!(0.467))
    );
    let last = days["buckets"].as_array().and_then(|buckets| buckets.last()).expect("a day");
    let silent =
        json!({"from": "2026-11-23T00:00:00.000Z", "to": "2026-11-24T00:00:00.000Z", "suppressed": true});
    assert_eq!(*last, silent, "not even how many they are");
    let range = format!("{}?from=2026-11-22T23:00:00Z&to=2026-11-23T00:00:01Z", mates.summary());
    assert_eq!(
        mates.vic.get(&range).await.ok(200)["buckets"].as_array().map(Vec::len),
        Some(2),
        "whole days"
    );
    let weeks = mates.vic.get(&format!("{}?bucket=week", mates.summary())).await.ok(200);
    assert_eq!(shown(&weeks)[0]["distribution"], json!({"happy": 2, "tired": 1}));
    for (query, fault) in [
        ("from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "?to"),
        ("from=2020-01-01T00:00:00Z", "?from"),
        ("bucket=version", "?track_id"),
        ("bucket=hour", "?bucket"),
    ] {
        assert_eq!(mates.vic.get(&format!("{}?{query}", mates.summary())).await.faults(), [fault], "{query}");
    }
    mates
        .ada
        .patch(&format!("{}/settings", mates.band.project()), json!({"mood_visibility": "editors"}))
        .await
        .ok(200);
    mates.vic.get(&mates.summary()).await.problem("forbidden");
    mates.ben.get(&mates.summary()).await.ok(200);
    mates
        .ada
        .patch(&format!("{}/settings", mates.band.project()), json!({"mood_visibility": "off"}))
        .await
        .ok(200);
    mates.ada.get(&mates.summary()).await.problem("forbidden");
}

#[tokio::test]
async fn versions_are_compared() {
    let mut mates = Mates::meet().await;
    let mut versions = Vec::new();
    for (seed, mood) in [(1, "bored"), (2, "inspired")] {
        let version = id(&mates.band.studio.version(&sound(4_800, seed)).await);
        for who in [&mates.ada, &mates.ben, &mates.vic] {
            let about =
                json!({"mood": mood, "intensity": 4, "visibility": "anonymous", "version_id": version});
            mates.feel(who, about).await;
        }
        versions.push(version);
    }
    mates.sleep(1).await;
    let query = format!("bucket=version&track_id={}", mates.band.studio.track);
    let summary = mates.vic.get(&format!("{}?{query}", mates.summary())).await.ok(200);
    let told: Vec<_> = shown(&summary)
        .iter()
        .map(|bucket| (bucket["version_number"].clone(), bucket["mean_valence"].clone()))
        .collect();
    assert_eq!(told, [(json!(1), json!(-0.4)), (json!(2), json!(0.75))]);
    let svg = mates.vic.get(&format!("{}.svg?{query}", mates.summary())).await;
    assert!(svg.text().contains("v2: 3 people or more, inspired 3, valence +0.75"));
}

#[tokio::test]
async fn the_picture_is_a_file_that_is_recognised_again() {
    let mut mates = Mates::meet().await;
    for who in [&mates.ada, &mates.ben, &mates.vic] {
        mates.feel(who, anonymous("happy")).await;
    }
    mates.sleep(1).await;
    let path = format!("{}.svg", mates.summary());
    let picture = mates.vic.get(&path).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.header("content-security-policy").starts_with("sandbox"));
    assert!(picture.text().contains("prefers-color-scheme"));
    let again = mates.vic.get(&path).header("if-none-match", picture.header("etag")).await;
    assert_eq!(again.status, 304);
    let dark = mates.vic.get(&format!("{path}?theme=dark")).await;
    assert!(!dark.text().contains("prefers-color-scheme") && dark.text().contains("#15171c"));
    mates.band.studio.app.login("eve").await.get(&path).await.problem("not_found");
}

/// Puts a reading of a comment where the analysis would put it.
async fn read(mates: &Mates, comment: &Value, label: Label) {
    let comment_id: CommentId = id(comment).parse().expect("an id");
    let reading = EmotionReading {
        comment_id,
        status: ReadingStatus::Ok,
        model: "test".to_owned(),
        model_version: "1".to_owned(),
        probabilities: Some(Distribution::certain(label)),
        language: Some("en".to_owned()),
        edits: 0,
        correction: None,
        updated_at: Timestamp(0),
    };
    mates.band.studio.app.idle().await;
    let store = &mates.band.studio.app.server().instance().store;
    let mut batch = Batch::new();
    match store.get::<EmotionReadings>(&comment_id).await.expect("the store works") {
        Some(old) => drop(batch.replace::<EmotionReadings>(&comment_id, &old, &reading)),
        None => drop(batch.insert::<EmotionReadings>(&comment_id, &reading)),
    }
    store.commit(batch).await.expect("the store works");
}

#[tokio::test]
async fn a_version_says_what_each_second_makes_people_feel() {
    let mates = Mates::meet().await;
    let (ada, ben, vic) = (&mates.ada, &mates.ben, &mates.vic);
    let version = id(&mates.band.studio.version(&sound(240_000, 1)).await);
    let at = |start: i64, end: Option<i64>, visibility: &str| json!({"body": "So.", "version_id": version, "start_ms": start, "end_ms": end, "visibility": visibility});
    for (who, start, end, visibility, label) in [
        (ben, 1_200, None, "everyone", Label::Excitement),
        (vic, 1_000, Some(3_000), "everyone", Label::Love),
        (ada, 4_000, None, "team", Label::Disapproval),
    ] {
        let mut comment = at(start, end, visibility);
        if end.is_none() {
            comment.as_object_mut().expect("an object").remove("end_ms");
        }
        let comment = mates.band.say(who, comment).await;
        read(&mates, &comment, label).await;
    }
    let path = format!("{}/mood/timeline?version_id={version}", mates.band.project());
    let strip = ben.get(&path).await.ok(200);
    assert_eq!((&strip["duration_ms"], &strip["step_ms"]), (&json!(5_000), &json!(1_000)));
    let told = |strip: &Value| -> Vec<(Value, Value, Value)> {
        let segments = strip["segments"].as_array().expect("segments").iter();
        segments
            .map(|part| (part["start_ms"].clone(), part["comments"].clone(), part["valence"].clone()))
            .collect()
    };
    let both = [(json!(1_000), json!(2), json!(0.8)), (json!(2_000), json!(1), json!(0.85))];
    assert_eq!(told(&strip)[..2], both);
    assert_eq!(strip["segments"][2]["dominant"], "critical");
    assert_eq!(told(&vic.get(&path).await.ok(200)), both, "what the team says among itself is not in it");
    let other = format!("{}/mood/timeline?version_id={}", mates.band.project(), mates.band.studio.project);
    ben.get(&other).await.problem("not_found");
    mates.band.settings(json!({"emotion_analysis": false})).await;
    ben.get(&path).await.problem("analysis_off");
}

#[tokio::test]
async fn the_summary_says_what_comments_feel_like() {
    let mut mates = Mates::meet().await;
    for (who, label) in [(0, Label::Joy), (1, Label::Disapproval), (2, Label::Joy)] {
        let who = [&mates.ada, &mates.ben, &mates.vic][who].clone();
        let comment = mates.band.say(&who, json!({"body": "So."})).await;
        read(&mates, &comment, label).await;
    }
    mates.feel(&mates.ada, anonymous("calm")).await;
    mates.sleep(1).await;
    let days = mates.vic.get(&mates.summary()).await.ok(200);
    let last = days["buckets"].as_array().and_then(|buckets| buckets.last()).expect("a day");
    assert_eq!(last["suppressed"], true, "one mood is not shown");
    assert_eq!(last["comment_emotions"], json!({"hyped": 0.667, "critical": 0.333}));
    assert_eq!((&last["comment_valence"], &last["comment_friction"]), (&json!(0.58), &json!(0.167)));
}

#[tokio::test]
async fn whoever_left_still_has_their_moods() {
    let mut mates = Mates::meet().await;
    for who in [&mates.ada, &mates.ben, &mates.vic] {
        mates.feel(who, anonymous("happy")).await;
    }
    mates.sleep(1).await;
    let before = mates.ada.get(&mates.summary()).await.ok(200);
    mates.vic.delete(&format!("{}/members/{}", mates.band.project(), mates.vic.id)).await.ok(204);
    mates.vic.get(&mates.summary()).await.problem("not_found");
    let mine = mates.vic.get("/api/v1/me/moods").await.ok(200);
    let mood = id(&mine["items"][0]);
    mates.vic.patch(&format!("/api/v1/moods/{mood}"), json!({"intensity": 1})).await.problem("not_found");
    mates.vic.delete(&format!("/api/v1/moods/{mood}")).await.ok(204);
    mates.sleep(1).await;
    let after = mates.ada.get(&mates.summary()).await.ok(200);
    assert_eq!(shown(&before), shown(&after), "nobody learns what it was");
    assert_eq!(mates.vic.get("/api/v1/me/moods").await.ok(200)["items"], json!([]));
}
