//! A data directory of each schema, kept as a backup in `tests/fixtures`, opens and is whole.
//!
//! `BACKLINE_BLESS=1` makes the one of the present schema where it is missing. One that was released is never made anew.

use crate::{
    members::join,
    support::{
        App, Person,
        studio::{Studio, id, sound},
    },
};
use backline::adapters::ids::RandomIds;
use model::{Timestamp, backup::BackupContents, ports::IdGen};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    StoreConfig,
    backup::{self, Order, Restoring},
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A band that has used everything that leaves rows behind.
async fn lived_in() -> Studio {
    let studio = Studio::open().await;
    let ada = &studio.ada;
    let (ben, cleo) = (studio.app.user("ben").await, studio.app.user("cleo").await);
    let project = format!("/api/v1/projects/{}", studio.project);
    join(ada, &project, &ben, "editor").await;
    let invitation = json!({"email": "dora@example.org", "role": "viewer"});
    ada.post(&format!("{project}/invitations"), invitation).await.ok(201);
    ada.patch(&format!("{project}/settings"), json!({"access_requests": true})).await.ok(200);
    cleo.post(&format!("{project}/access-requests"), json!({"message": "Please"})).await.ok(202);
    studio.version(&sound(2400, 1)).await;
    studio.version(&sound(2400, 2)).await;
    let bass =
        ada.post(&format!("{project}/tracks"), json!({"name": "Bass", "notes": "fretless"})).await.ok(201);
    let old = ada.post(&format!("{project}/tracks"), json!({"name": "Old"})).await.ok(201);
    ada.delete(&format!("/api/v1/tracks/{}", id(&old))).await.ok(204);
    let first = json!({"before_id": studio.track});
    ada.post(&format!("/api/v1/tracks/{}/move", id(&bass)), first).await.ok(200);
    ada.patch(&format!("/api/v1/tracks/{}", id(&bass)), json!({"volume": 0.5})).await.ok(200);
    ada.patch(&format!("{project}/settings"), json!({"viewer_can_download": true})).await.ok(200);
    ada.ask(Method::PUT, &format!("{project}/star")).await.ok(204);
    ada.post("/api/v1/me/tokens", json!({"name": "script", "scopes": ["projects:read"]})).await.ok(201);
    ada.patch("/api/v1/me/preferences", json!({"theme": "dark"})).await.ok(200);
    ada.post("/api/v1/projects", json!({"name": "Once more"})).header("idempotency-key", "k").await.ok(201);
    studio.declare(100).await;
    studio
}

/// What must be there, in whatever schema it was written.
async fn look(ada: &Person) {
    let projects = ada.get("/api/v1/projects?sort=name").await.ok(200);
    let names: Vec<&Value> =
        projects["items"].as_array().expect("a list").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["Once more", "Song"]);
    let song = &projects["items"][1];
    assert_eq!(song["starred"], true);
    let path = format!("/api/v1/projects/{}", id(song));
    assert_eq!(ada.get(&format!("{path}/settings")).await.ok(200)["viewer_can_download"], true);
    for (list, count) in [("members", 2), ("invitations", 2), ("access-requests", 1)] {
        let found = ada.get(&format!("{path}/{list}")).await.ok(200);
        assert_eq!(found["items"].as_array().expect("a list").len(), count, "{list}");
    }
    let tracks = ada.get(&format!("{path}/tracks?include=current_version")).await.ok(200);
    let (bass, drums) = (&tracks["items"][0], &tracks["items"][1]);
    assert_eq!(
        (&bass["name"], &bass["notes"], &bass["volume"]),
        (&json!("Bass"), &json!("fretless"), &json!(0.5))
    );
    assert_eq!((&drums["name"], &drums["version_count"]), (&json!("Drums"), &json!(2)));
    assert_eq!(drums["current_version"]["number"], 2);
    let version = format!("/api/v1/versions/{}", drums["current_version_id"].as_str().expect("an id"));
    assert_eq!(ada.get(&format!("{version}/stream?quality=original")).await.body, sound(2400, 2));
    assert_eq!(ada.get(&format!("{version}/waveform")).await.ok(200)["version"], 2);
    let trash = ada.get(&format!("{path}/trash")).await.ok(200);
    assert_eq!(trash["items"].as_array().expect("a list").len(), 1);
    assert_eq!(ada.get("/api/v1/me/tokens").await.ok(200)["items"].as_array().expect("a list").len(), 1);
    assert_eq!(ada.get("/api/v1/me/preferences").await.ok(200)["theme"], "dark");
    assert!(
        ada.get(&format!("{path}/events/log")).await.ok(200)["items"].as_array().expect("a list").len() > 5
    );
}

#[tokio::test]
async fn the_present_schema_has_its_fixture() {
    let path = fixtures().join(format!("schema-{}.tar", store::SCHEMA));
    if std::env::var_os("BACKLINE_BLESS").is_some() && !path.exists() {
        std::fs::create_dir_all(fixtures()).unwrap();
        let studio = lived_in().await;
        studio.app.idle().await;
        let instance = studio.app.server().instance();
        let (store, blobs, to) = (instance.store.clone(), instance.blobs.clone(), path.clone());
        let made = move || {
            let order = Order { target: &to, contents: BackupContents::Everything, now: Timestamp(0) };
            backup::create(&store, &blobs, order, &mut |_| Ok(()))
        };
        tokio::task::spawn_blocking(made).await.unwrap().unwrap();
    }
    assert!(path.exists(), "make it: BACKLINE_BLESS=1 cargo nextest run the_present_schema_has_its_fixture");
}

#[tokio::test]
async fn a_directory_of_every_schema_opens_and_is_whole() {
    for schema in 1..=store::SCHEMA {
        let archive = fixtures().join(format!("schema-{schema}.tar"));
        let app = App::with(|config, world| {
            // Those of the fixture counted from the same start.
            world.ids = Arc::new(RandomIds::default()) as Arc<dyn IdGen>;
            let opened = StoreConfig::new(Arc::clone(&world.clock), Arc::clone(&world.ids));
            let target = &config.data_dir;
            let restoring = Restoring { archive: &archive, target, config: &opened, call_off: &[] };
            let restored = backup::restore(&restoring, &|_| ());
            assert_eq!(restored.expect("the archive is whole").schema, schema);
        })
        .await;
        let ada = app.login("ada").await;
        look(&ada).await;
        // The server looks through every row when it is dropped.
    }
}
