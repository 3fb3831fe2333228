//! Checkpoints over HTTP: made, compared, brought back, locked, commented on, mixed, thrown away.

use crate::support::{
    Person,
    band::{Band, text},
    studio::{id, noise, pcm, sound},
};
use serde_json::{Value, json};

/// A band with a song of three tracks; the first has two takes and plays the second.
struct Song {
    band: Band,
    tracks: Vec<String>,
    takes: [String; 2],
}

impl Song {
    async fn new() -> Self {
        let band = Band::meet().await;
        let takes = [&sound(4_800, 1), &sound(4_800, 2)];
        let takes = [id(&band.studio.version(takes[0]).await), id(&band.studio.version(takes[1]).await)];
        let mut tracks = vec![band.studio.track.clone()];
        for name in ["Bass", "Lead"] {
            tracks.push(id(&band
                .ben
                .post(&format!("{}/tracks", band.project()), json!({"name": name}))
                .await
                .ok(201)));
        }
        Self { band, tracks, takes }
    }

    fn at(&self, track: usize) -> String {
        format!("/api/v1/tracks/{}", self.tracks[track])
    }

    fn list(&self) -> String {
        format!("{}/checkpoints", self.band.project())
    }

    async fn keep(&self, name: &str) -> Value {
        self.band.ben.post(&self.list(), json!({"name": name})).await.ok(201)
    }

    /// What everybody hears and sees of the tracks, in their order.
    async fn heard(&self) -> Vec<Value> {
        let list = self.band.vic.get(&format!("{}/tracks", self.band.project())).await.ok(200);
        let fields =
            ["id", "name", "current_version_id", "volume", "pan", "muted", "soloed", "start_offset_ms"];
        let tracks = list["items"].as_array().expect("tracks").iter();
        tracks.map(|track| fields.iter().map(|name| track[name].clone()).collect()).collect()
    }

    async fn events(&self, prefix: &str) -> Vec<String> {
        let log = self.band.ada().get(&format!("{}/events/log?limit=200", self.band.project())).await.ok(200);
        let kinds = log["items"].as_array().expect("events").iter();
        let kinds = kinds.map(|event| event["type"].as_str().expect("a type").to_owned());
        kinds.filter(|kind| kind.starts_with(prefix)).collect()
    }
}

fn at(checkpoint: &Value) -> String {
    format!("/api/v1/checkpoints/{}", id(checkpoint))
}

#[tokio::test]
async fn a_checkpoint_holds_every_track_and_its_fader() {
    let song = Song::new().await;
    let (ben, vic) = (&song.band.ben, &song.band.vic);
    let mix =
        json!({"tracks": {&song.tracks[0]: {"volume": 0.5, "pan": -0.5}, &song.tracks[2]: {"soloed": true}}});
    ben.put(&format!("{}/mix", song.band.project()), mix).await.ok(200);
    let kept = song.keep("Rough mix").await;
    assert_eq!(
        (&kept["kind"], &kept["scope"], &kept["locked"]),
        (&json!("manual"), &json!("whole"), &json!(false))
    );
    let items = kept["items"].as_array().expect("items");
    let names: Vec<_> = items.iter().map(|item| &item["track_name"]).collect();
    assert_eq!(names, ["Drums", "Bass", "Lead"]);
    assert_eq!(
        (&items[0]["version_id"], &items[0]["volume"], &items[0]["pan"]),
        (&json!(song.takes[1]), &json!(0.5), &json!(-0.5))
    );
    assert!(items[1].get("version_id").is_none(), "{kept}");
    assert_eq!(vic.get(&at(&kept)).await.ok(200), kept);
    let same = vic.get(&format!("{}/diff", at(&kept))).await.ok(200);
    assert_eq!(same, json!({"same": true, "added": [], "removed": [], "changed": [], "reordered": false}));

    let project = vic.get(&song.band.project()).await.ok(200);
    assert_eq!(project["counts"]["checkpoints"], json!(1));
    song.keep("Another").await;
    let list = vic.get(&format!("{}?limit=1", song.list())).await.ok(200);
    assert_eq!(list["items"][0]["name"], json!("Another"));
    assert!(list["items"][0].get("items").is_none() && list["next_cursor"].is_string(), "{list}");
}

/// Everything changes: a name, a fader, the order, the version, a track goes, its version too, another comes.
async fn disturbed(song: &Song) -> String {
    let ben = &song.band.ben;
    ben.patch(&song.at(0), json!({"name": "Kit", "volume": 1.5, "start_offset_ms": 40})).await.ok(200);
    ben.put(&format!("{}/current-version", song.at(0)), json!({"version_id": song.takes[0]})).await.ok(200);
    ben.delete(&format!("/api/v1/versions/{}", song.takes[1])).await.ok(204);
    ben.post(&format!("{}/move", song.at(2)), json!({"before_id": song.tracks[0]})).await.ok(200);
    ben.delete(&song.at(1)).await.ok(204);
    let keys = json!({"name": "Keys", "soloed": true});
    id(&ben.post(&format!("{}/tracks", song.band.project()), keys).await.ok(201))
}

#[tokio::test]
async fn a_checkpoint_comes_back_and_so_does_what_was_before() {
    let song = Song::new().await;
    let (ben, vic) = (&song.band.ben, &song.band.vic);
    let first = song.heard().await;
    let kept = song.keep("Rough mix").await;
    let keys = disturbed(&song).await;
    let second = song.heard().await;

    let diff = vic.get(&format!("{}/diff?with=current", at(&kept))).await.ok(200);
    assert_eq!((&diff["same"], &diff["reordered"]), (&json!(false), &json!(true)));
    assert_eq!(
        (&diff["added"][0]["track_id"], &diff["removed"][0]["track_id"]),
        (&json!(keys), &json!(song.tracks[1]))
    );
    assert_eq!(
        diff["changed"][0]["fields"],
        json!(["version_id", "track_name", "volume", "start_offset_ms"])
    );
    assert_eq!(
        (&diff["changed"][0]["before"]["track_name"], &diff["changed"][0]["after"]["track_name"]),
        (&json!("Drums"), &json!("Kit"))
    );
    assert_eq!(diff["changed"].as_array().map(Vec::len), Some(1));

    let mut live = vic.listen(&format!("{}/events?types=checkpoint.*", song.band.project())).await;
    let restore = format!("{}/restore", at(&kept));
    let again = || ben.post(&restore, json!({})).header("idempotency-key", "once");
    let done = again().await.ok(200);
    assert_eq!((&done["set_aside"], &done["missing"]), (&json!([keys]), &json!([])));
    let now = song.heard().await;
    assert_eq!(now[..3], first);
    assert_eq!(
        (&now[3][0], &now[3][5], &now[3][6]),
        (&json!(keys), &json!(true), &json!(false)),
        "muted, and last"
    );
    assert_eq!(live.hear().await["type"], "checkpoint.created");
    let told = live.hear().await;
    assert_eq!((&told["type"], &told["data"]["name"]), (&json!("checkpoint.restored"), &json!("Rough mix")));
    assert_eq!(again().await.ok(200), done, "a repeat restores nothing more");
    let diff = vic.get(&format!("{}/diff", at(&kept))).await.ok(200);
    assert_eq!(
        (&diff["changed"], &diff["removed"], &diff["reordered"]),
        (&json!([]), &json!([]), &json!(false))
    );

    let before = json!({"id": done["checkpoint_before_id"]});
    let auto = vic.get(&at(&before)).await.ok(200);
    assert_eq!(
        (&auto["kind"], &auto["name"]),
        (&json!("auto_before_restore"), &json!("Before restoring Rough mix"))
    );
    let between = vic.get(&format!("{}/diff?with={}", at(&kept), id(&before))).await.ok(200);
    assert_eq!(between["reordered"], json!(true));
    let done = ben.post(&format!("{}/restore", at(&before)), json!({})).await.ok(200);
    assert_eq!((&done["back_in_trash"], &done["set_aside"]), (&json!([song.tracks[1]]), &json!([])));
    assert_eq!(song.heard().await, second);
    assert_eq!(vic.get(&format!("{}/diff", at(&before))).await.ok(200)["same"], json!(true));
}

#[tokio::test]
async fn some_of_it_comes_back_and_the_rest_stays() {
    let song = Song::new().await;
    let ben = &song.band.ben;
    let kept = song.keep("First").await;
    for track in [0, 1] {
        ben.patch(&song.at(track), json!({"name": "Other", "volume": 0.1})).await.ok(200);
    }
    let first_take = json!({"version_id": song.takes[0]});
    ben.put(&format!("{}/current-version", song.at(0)), first_take).await.ok(200);
    let restore = format!("{}/restore", at(&kept));
    ben.post(&restore, json!({"include_mix": false})).await.ok(200);
    let heard = song.heard().await;
    assert_eq!(
        (&heard[0][1], &heard[0][2], &heard[0][3]),
        (&json!("Other"), &json!(song.takes[1]), &json!(0.1))
    );
    ben.post(&restore, json!({"tracks": [song.tracks[1]]})).await.ok(200);
    let heard = song.heard().await;
    assert_eq!((&heard[0][1], &heard[1][1], &heard[1][3]), (&json!("Other"), &json!("Bass"), &json!(1.0)));
    let strange = json!({"tracks": [song.tracks[0], song.takes[0]]});
    assert_eq!(ben.post(&restore, strange).await.faults(), ["/tracks/1"]);

    let chosen = json!({"name": "One", "tracks": {&song.tracks[0]: song.takes[0]}});
    let chosen = ben.post(&song.list(), chosen).await.ok(201);
    assert_eq!((&chosen["scope"], chosen["items"].as_array().map(Vec::len)), (&json!("chosen"), Some(1)));
    let diff = ben.get(&format!("{}/diff", at(&chosen))).await.ok(200);
    assert_eq!((&diff["added"], &diff["changed"][0]["fields"]), (&json!([]), &json!(["version_id"])));
    ben.post(&format!("{}/restore", at(&chosen)), json!({})).await.ok(200);
    assert_eq!(song.heard().await[0][2], json!(song.takes[0]));
    assert_eq!(ben.get(&format!("{}/diff", at(&chosen))).await.ok(200)["same"], json!(true));

    let change = json!({"tracks": {&song.tracks[0]: song.takes[1]}, "name": "Two", "description": "why"});
    let tag = format!("\"r{}\"", chosen["revision"]);
    let changed = ben.patch(&at(&chosen), change.clone()).header("if-match", &tag).await.ok(200);
    assert_eq!(
        (&changed["items"][0]["version_id"], &changed["description"]),
        (&json!(song.takes[1]), &json!("why"))
    );
    ben.patch(&at(&chosen), change).header("if-match", &tag).await.problem("revision_conflict");
    let less = ben.patch(&at(&kept), json!({"remove_tracks": [song.tracks[2]]})).await.ok(200);
    assert_eq!((&less["scope"], less["items"].as_array().map(Vec::len)), (&json!("chosen"), Some(2)));
}

#[tokio::test]
async fn what_a_locked_checkpoint_holds_stays() {
    let song = Song::new().await;
    let (ada, ben, vic) = (song.band.ada(), &song.band.ben, &song.band.vic);
    let kept = song.keep("Sent out").await;
    vic.patch(&at(&kept), json!({"locked": true})).await.problem("forbidden");
    let locked = ben.patch(&at(&kept), json!({"locked": true})).await.ok(200);
    assert_eq!((&locked["locked"], &locked["revision"]), (&json!(true), &json!(2)));
    ben.patch(&at(&kept), json!({"name": "Sent out on Friday"})).await.ok(200);
    ben.delete(&format!("/api/v1/versions/{}", song.takes[1])).await.problem("conflict");
    ben.delete(&format!("/api/v1/versions/{}", song.takes[0])).await.ok(204);
    for track in [0, 1] {
        ada.delete(&song.at(track)).await.problem("conflict");
    }
    ben.patch(&at(&kept), json!({"remove_tracks": [song.tracks[0]]})).await.problem("conflict");
    ben.patch(&at(&kept), json!({"locked": false})).await.problem("forbidden");
    ben.delete(&at(&kept)).await.problem("forbidden");
    ada.patch(&at(&kept), json!({"locked": false})).await.ok(200);
    ben.delete(&song.at(1)).await.ok(204);
    ben.patch(&at(&kept), json!({"locked": true})).await.problem("conflict");
    ben.post_empty(&format!("{}/restore", song.at(1))).await.ok(200);
    ben.patch(&at(&kept), json!({"locked": true})).await.ok(200);

    ada.delete(&at(&kept)).await.ok(204);
    vic.get(&at(&kept)).await.problem("not_found");
    ben.delete(&song.at(1)).await.ok(204);
    let trash = ben.get(&format!("{}/trash", song.band.project())).await.ok(200);
    let found: Vec<_> = trash["items"].as_array().expect("a list").iter().map(|item| &item["type"]).collect();
    assert_eq!(found, ["track", "version", "checkpoint"]);
    assert_eq!(trash["items"][2]["title"], json!("Sent out on Friday"));
    let paged = ben.get(&format!("{}/trash?limit=2", song.band.project())).await.ok(200);
    let next = paged["next_cursor"].as_str().expect("there is more");
    let rest = ben.get(&format!("{}/trash?limit=2&cursor={next}", song.band.project())).await.ok(200);
    assert_eq!(rest["items"][0]["type"], json!("checkpoint"));
    vic.post_empty(&format!("{}/undelete", at(&kept))).await.problem("forbidden");
    let back = ben.post_empty(&format!("{}/undelete", at(&kept))).await.ok(200);
    assert_eq!((&back["locked"], &back["name"]), (&json!(false), &json!("Sent out on Friday")));
    ben.post_empty(&format!("{}/undelete", at(&kept))).await.problem("conflict");
    let told = song.events("checkpoint.").await;
    let expected = ["created", "locked", "updated", "updated", "locked", "deleted", "undeleted"];
    assert_eq!(told, expected.map(|kind| format!("checkpoint.{kind}")));
}

#[tokio::test]
async fn people_talk_about_a_checkpoint() {
    let song = Song::new().await;
    let (ben, vic) = (&song.band.ben, &song.band.vic);
    let (kept, other) = (song.keep("First").await, song.keep("Second").await);
    let on = json!({"body": "louder bass", "checkpoint_id": kept["id"]});
    let said = song.band.say(vic, on).await;
    song.band.say(ben, text("about the song")).await;
    let reply = song.band.say(ben, json!({"body": "yes", "parent_id": said["id"]})).await;
    assert_eq!(reply["checkpoint_id"], kept["id"]);
    assert_eq!(song.band.find(vic, &format!("checkpoint_id={}", id(&kept))).await, ["louder bass"]);
    assert_eq!(song.band.find(vic, &format!("checkpoint_id={}", id(&other))).await, [""; 0]);
    assert_eq!(vic.get(&at(&kept)).await.ok(200)["open_comment_count"], json!(1));
    assert_eq!(song.band.open(vic).await.0, 2);
    let both = json!({"body": "x", "checkpoint_id": kept["id"], "track_id": song.tracks[0]});
    assert_eq!(ben.post(&song.band.comments(), both).await.faults(), ["/checkpoint_id"]);

    ben.delete(&at(&kept)).await.ok(204);
    assert_eq!(song.band.open(vic).await.0, 1, "what is in the trash does not count");
    assert_eq!(song.band.find(vic, "").await, ["about the song"]);
    let comment = format!("/api/v1/comments/{}", id(&said));
    vic.get(&comment).await.problem("not_found");
    vic.get(&format!("{}?checkpoint_id={}", song.band.comments(), id(&kept))).await.problem("not_found");
    let on = json!({"body": "too late", "checkpoint_id": kept["id"]});
    vic.post(&song.band.comments(), on).await.problem("not_found");
    ben.post_empty(&format!("{}/undelete", at(&kept))).await.ok(200);
    assert_eq!(song.band.open(vic).await.0, 2);
    vic.post(&format!("{comment}/resolve"), json!({})).await.ok(200);
    assert_eq!(vic.get(&at(&kept)).await.ok(200)["open_comment_count"], json!(0));

    ben.delete(&at(&kept)).await.ok(204);
    song.band.studio.app.clock.advance_ms(31 * 24 * 3600 * 1000);
    let instance = song.band.studio.app.server().instance();
    instance.service.purge_trash(&instance.operator()).await.expect("the store works");
    let ben = song.band.studio.app.login("ben").await;
    ben.post_empty(&format!("{}/undelete", at(&kept))).await.problem("not_found");
    let trash = ben.get(&format!("{}/trash", song.band.project())).await.ok(200);
    assert_eq!(trash["items"], json!([]));
    // The server compares every counter when it is dropped.
}

#[tokio::test]
async fn a_checkpoint_is_mixed_as_it_was() {
    let song = Song::new().await;
    let ben = &song.band.ben;
    let stem = |seed| pcm(1, &noise(9_600, seed).into_iter().map(|sample| sample / 4).collect::<Vec<_>>());
    let quiet = song.band.studio.version(&stem(7)).await;
    ben.patch(&song.at(0), json!({"volume": 0.5})).await.ok(200);
    let kept = song.keep("Quiet").await;
    song.band.studio.version(&stem(8)).await;
    ben.patch(&song.at(0), json!({"volume": 1.0, "muted": true})).await.ok(200);
    let mixed = async |person: &Person, order: Value| {
        let job = person.post(&format!("{}/mixdowns", song.band.project()), order).await.ok(202);
        song.band.studio.app.idle().await;
        person.get(&format!("/api/v1/jobs/{}/result", id(&job))).await.body.to_vec()
    };
    let order = json!({"format": "wav", "bit_depth": "16"});
    ben.post(&format!("{}/mixdowns", song.band.project()), order).await.problem("conflict");
    let at_checkpoint =
        mixed(ben, json!({"format": "wav", "bit_depth": "16", "checkpoint_id": kept["id"]})).await;
    let same = json!({
        "format": "wav", "bit_depth": "16", "version_ids": [quiet["id"]],
        "mix": {"tracks": {&song.tracks[0]: {"volume": 0.5, "muted": false}}},
    });
    assert_eq!(mixed(ben, same).await, at_checkpoint, "the take and the fader of then");
    let strange = json!({"format": "wav", "checkpoint_id": song.tracks[0]});
    assert_eq!(
        ben.post(&format!("{}/mixdowns", song.band.project()), strange).await.faults(),
        ["/checkpoint_id"]
    );
    ben.delete(&format!("/api/v1/versions/{}", id(&quiet))).await.ok(204);
    let gone = json!({"format": "wav", "checkpoint_id": kept["id"]});
    ben.post(&format!("{}/mixdowns", song.band.project()), gone).await.problem("conflict");
}

#[tokio::test]
async fn others_may_not_and_faults_are_named() {
    let song = Song::new().await;
    let (ada, ben, vic, eve) = (song.band.ada(), &song.band.ben, &song.band.vic, &song.band.eve);
    let once = || ben.post(&song.list(), json!({"name": "First"})).header("idempotency-key", "k");
    let kept = once().await.ok(201);
    assert_eq!(once().await.ok(201)["id"], kept["id"]);
    vic.post(&song.list(), json!({"name": "No"})).await.problem("forbidden");
    eve.post(&song.list(), json!({"name": "No"})).await.problem("not_found");
    for (path, body) in [("restore", json!({})), ("undelete", Value::Null)] {
        let path = format!("{}/{path}", at(&kept));
        vic.post(&path, body.clone()).await.problem("forbidden");
        eve.post(&path, body).await.problem("not_found");
    }
    for path in [song.list(), at(&kept), format!("{}/diff", at(&kept))] {
        vic.get(&path).await.ok(200);
        eve.get(&path).await.problem("not_found");
        song.band.studio.app.anonymous().get(&path).await.problem("unauthenticated");
    }
    vic.delete(&at(&kept)).await.problem("forbidden");
    eve.patch(&at(&kept), json!({"name": "Mine"})).await.problem("not_found");

    let other = id(&eve.post("/api/v1/projects", json!({"name": "Other"})).await.ok(201));
    let strange =
        id(&eve.post(&format!("/api/v1/projects/{other}/checkpoints"), json!({"name": "X"})).await.ok(201));
    ben.get(&format!("{}/diff?with={strange}", at(&kept))).await.problem("not_found");
    assert_eq!(ben.get(&format!("{}/diff?with=yesterday", at(&kept))).await.faults(), ["?with"]);
    let faulty = json!({"name": " ", "tracks": {"nonsense": song.takes[0]}});
    assert_eq!(ben.post(&song.list(), faulty).await.faults(), ["/name", "/tracks/nonsense"]);
    let faulty = json!({"name": "X", "tracks": {&song.tracks[1]: song.takes[0]}});
    assert_eq!(ben.post(&song.list(), faulty).await.faults(), [format!("/tracks/{}", song.tracks[1])]);
    assert_eq!(ben.post(&song.list(), json!({"name": "X", "tracks": {}})).await.faults(), ["/tracks"]);
    let faulty = json!({"remove_tracks": [song.takes[0]]});
    assert_eq!(ben.patch(&at(&kept), faulty).await.faults(), ["/remove_tracks"]);

    ada.post_empty(&format!("{}/archive", song.band.project())).await.ok(200);
    ben.post(&song.list(), json!({"name": "X"})).await.problem("project_archived");
    ben.post(&format!("{}/restore", at(&kept)), json!({})).await.problem("project_archived");
    vic.get(&at(&kept)).await.ok(200);
}
