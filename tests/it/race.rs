//! Two acts at once that cannot both hold: whoever comes second is told, and nothing is left half done. The server compares every
//! counter and index with the rows when it is dropped.

use crate::{
    admin::administrator,
    support::{
        band::{Band, at, text},
        studio::{Studio, id, sound},
    },
};
use serde_json::{Value, json};
use std::{future::IntoFuture as _, time::Duration};

#[tokio::test]
async fn a_reply_and_the_deletion_of_its_thread() {
    let band = Band::meet().await;
    let (ben, vic) = (&band.ben, &band.vic);
    for round in 0..20 {
        let root = band.say(vic, text("first")).await;
        let reply = json!({"body": "second", "parent_id": root["id"]});
        let (said, gone) = tokio::join!(
            ben.post(&band.comments(), reply).into_future(),
            vic.delete(&at(&root)).into_future()
        );
        gone.ok(204);
        let left = ben.get(&at(&root)).await;
        if said.status == 201 {
            let left = left.ok(200);
            assert_eq!((&left["body"], &left["reply_count"]), (&json!(""), &json!(1)), "round {round}");
            ben.get(&at(&said.json())).await.ok(200);
        } else {
            said.problem("not_found");
            left.problem("not_found");
        }
    }
}

#[tokio::test]
async fn a_comment_and_the_deletion_of_its_track() {
    let band = Band::meet().await;
    let (ada, ben) = (band.ada(), &band.ben);
    let track = format!("/api/v1/tracks/{}", band.studio.track);
    for round in 0..20 {
        let comment = json!({"body": "here", "track_id": band.studio.track});
        let (said, gone) =
            tokio::join!(ben.post(&band.comments(), comment).into_future(), ada.delete(&track).into_future());
        gone.ok(204);
        let count = async || ada.get(&track).await.ok(200)["open_comment_count"].clone();
        if said.status == 201 {
            let said = said.json();
            ben.get(&at(&said)).await.problem("not_found");
            ada.post_empty(&format!("{track}/restore")).await.ok(200);
            assert_eq!(count().await, json!(1), "round {round}");
            ben.delete(&at(&said)).await.ok(204);
        } else {
            assert!(said.status == 404 || said.faults() == ["/track_id"], "round {round}: {}", said.text());
            ada.post_empty(&format!("{track}/restore")).await.ok(200);
            assert_eq!(count().await, json!(0), "round {round}");
        }
    }
}

#[tokio::test]
async fn a_take_and_the_deletion_of_its_track() {
    let studio = Studio::open().await;
    let ada = &studio.ada;
    let track = format!("/api/v1/tracks/{}", studio.track);
    let mut there = 0;
    for round in 0..10u8 {
        let upload = studio.upload(&sound(2_400, u32::from(round))).await;
        // Looking at the bytes takes a moment: the deletion comes before, within and after.
        let delete = async {
            tokio::time::sleep(Duration::from_millis(u64::from(round) * 6)).await;
            ada.delete(&track).await.ok(204);
        };
        let make = ada.post(&format!("{track}/versions"), json!({"upload_id": upload}));
        let (made, ()) = tokio::join!(make.into_future(), delete);
        if made.status == 201 {
            there += 1;
        } else {
            made.problem("not_found");
            ada.delete(&format!("/api/v1/uploads/{upload}")).await.ok(204);
        }
        ada.post_empty(&format!("{track}/restore")).await.ok(200);
        let versions = ada.get(&format!("{track}/versions")).await.ok(200);
        assert_eq!(versions["items"].as_array().map(Vec::len), Some(there), "round {round}");
    }
}

#[tokio::test]
async fn two_uploads_for_the_last_bytes_of_a_quota() {
    let studio = Studio::open().await;
    let boss = administrator(&studio.app, "boss").await;
    boss.patch("/api/v1/admin/settings", json!({"quota_bytes": 1000})).await.ok(200);
    let upload = json!({"project_id": studio.project, "filename": "take.wav", "size_bytes": 600});
    for round in 0..20 {
        let declare = || studio.ada.post("/api/v1/uploads", upload.clone()).into_future();
        let (one, two) = tokio::join!(declare(), declare());
        let (good, bad) = if one.status == 201 { (one, two) } else { (two, one) };
        bad.problem("quota_exceeded");
        assert_eq!(studio.used_bytes().await, 600, "round {round}");
        studio.ada.delete(&format!("/api/v1/uploads/{}", id(&good.ok(201)))).await.ok(204);
    }
}

#[tokio::test]
async fn the_same_reaction_twice() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("!")).await;
    let path = format!("{}/reactions/%F0%9F%91%8D", at(&comment));
    for _ in 0..20 {
        let put = || band.vic.ask(reqwest::Method::PUT, &path).into_future();
        let (one, two) = tokio::join!(put(), put());
        for heard in [one, two] {
            heard.ok(200);
        }
        let seen: Value = band.ada().get(&at(&comment)).await.ok(200);
        assert_eq!(seen["reactions"][0]["count"], json!(1));
        let take_back = || band.vic.delete(&path).into_future();
        let (one, two) = tokio::join!(take_back(), take_back());
        for heard in [one, two] {
            heard.ok(200);
        }
        assert_eq!(band.ada().get(&at(&comment)).await.ok(200)["reactions"], json!([]));
    }
}
