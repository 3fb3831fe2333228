//! A new version takes over the open comments of the one before.

use crate::{
    share::{guest, link},
    support::{
        band::{Band, at},
        studio::id,
    },
};
use audio::wav;
use serde_json::{Value, json};

/// Eight seconds of hits at moments that never repeat, after so much silence: 8 kHz, mono.
fn drums(silence_ms: usize) -> Vec<u8> {
    let mut samples = vec![0_i16; silence_ms * 8];
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    while samples.len() < silence_ms * 8 + 64_000 {
        let rest = 600 + (next() % 2_400) as usize;
        samples.extend(std::iter::repeat_n(0, rest));
        for step in 0..400 {
            let level = 12_000 - step * 30;
            samples.push((next() % 2_000) as i16 * i16::try_from(level / 1_000).expect("a small number") / 2);
        }
    }
    let mut file = Vec::new();
    wav::write_pcm16(&mut file, 8_000, 1, &samples).expect("it is short");
    file
}

async fn take(band: &Band, bytes: &[u8], more: Value) -> String {
    let mut body = json!({"upload_id": band.studio.upload(bytes).await});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let made = band.ada().post(&format!("/api/v1/tracks/{}/versions", band.studio.track), body).await.ok(201);
    band.studio.app.idle().await;
    id(&made)
}

async fn on(band: &Band, version: &str) -> Vec<Value> {
    let list = format!("{}?version_id={version}&sort=timeline", band.comments());
    band.ben.get(&list).await.ok(200)["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn open_comments_move_with_the_music() {
    let band = Band::meet().await;
    let first = take(&band, &drums(0), json!({})).await;
    let say = async |who, body: &str, start: i64| {
        band.say(who, json!({"body": body, "version_id": first, "start_ms": start, "end_ms": start + 500}))
            .await
    };
    let open = say(&band.vic, "still open", 2_000).await;
    let team =
        band.say(&band.ben, json!({"body": "for us", "version_id": first, "visibility": "team"})).await;
    let done = say(band.ada(), "settled", 3_000).await;
    band.ben.post(&format!("{}/resolve", at(&done)), json!({})).await.ok(200);
    let scope = json!({"scope": {"type": "project"}, "can_see_comments": true, "can_see_versions": true});
    let made = link(band.ada(), &band.studio.project, scope).await;
    let grace = guest(&band.studio.app, &made, "Grace").await;
    let mut hers =
        grace.listen(&format!("/api/v1/projects/{}/events?types=comment.*", band.studio.project)).await;
    let mut vic =
        band.vic.listen(&format!("/api/v1/projects/{}/events?types=comment.*", band.studio.project)).await;

    let second = take(&band, &drums(750), json!({"carry_comments": "unresolved"})).await;
    let carried = on(&band, &second).await;
    let found: Vec<_> = carried.iter().map(|comment| &comment["id"]).collect();
    assert_eq!(found, [&open["id"], &team["id"]], "the open ones, with what has no moment last");
    let placement = &carried[0]["placement"];
    assert!(placement["confidence"].as_f64() >= Some(0.3), "{placement}");
    let moved = placement["start_ms"].as_i64().expect("a moment");
    assert!((2_740..=2_760).contains(&moved), "{placement}");
    assert_eq!(placement["end_ms"], json!(moved + 500));
    assert_eq!((&carried[0]["version_id"], &carried[0]["start_ms"]), (&json!(first), &json!(2_000)));
    assert_eq!(carried[0]["carried_from_version_id"], json!(first));
    assert_eq!(vic.hear().await["type"], "comment.carried_over");
    // One entry tells of the threads of everybody; the one about those of the team passes guests by.
    let next = band.say(&band.ben, json!({"body": "next", "version_id": second})).await;
    for told in ["comment.carried_over", "comment.created"] {
        assert_eq!(hers.hear().await["type"], told);
    }
    band.ben.delete(&at(&next)).await.ok(204);

    let counts = async |who: &crate::support::Person, version: &str| {
        who.get(&format!("/api/v1/versions/{version}")).await.ok(200)["comment_counts"].clone()
    };
    assert_eq!(counts(&band.vic, &second).await, json!({"open": 1, "resolved": 0}));
    assert_eq!(counts(&band.ben, &second).await, json!({"open": 2, "resolved": 0}));
    assert_eq!(band.open(&band.ben).await, (2, 2), "linked, not copied");
    let how = json!({"resolved_in_version_id": second});
    band.ben.post(&format!("{}/resolve", at(&open)), how).await.ok(200);
    assert_eq!(counts(&band.vic, &second).await, json!({"open": 0, "resolved": 1}));
    assert_eq!(counts(&band.vic, &first).await, json!({"open": 0, "resolved": 2}));

    let third =
        take(&band, &drums(250), json!({"carry_comments": "unresolved", "parent_version_id": second})).await;
    let carried = on(&band, &third).await;
    assert_eq!(carried.len(), 1, "{carried:?}");
    assert_eq!((&carried[0]["id"], &carried[0]["version_id"]), (&team["id"], &json!(first)));
    assert_eq!(carried[0]["carried_from_version_id"], json!(second));
    band.ben.delete(&at(&team)).await.ok(204);
    assert_eq!(on(&band, &third).await, [Value::Null; 0]);
}

#[tokio::test]
async fn nothing_is_carried_unless_it_is_asked_for() {
    let band = Band::meet().await;
    let first = take(&band, &drums(0), json!({"carry_comments": "unresolved"})).await;
    band.say(&band.vic, json!({"body": "open", "version_id": first, "start_ms": 100})).await;
    let second = take(&band, &drums(0), json!({})).await;
    assert_eq!(on(&band, &second).await, [Value::Null; 0]);
    let noise = crate::support::studio::sound(48_000, 9);
    let third =
        take(&band, &noise, json!({"carry_comments": "unresolved", "parent_version_id": first})).await;
    let carried = on(&band, &third).await;
    assert_eq!(carried[0]["placement"]["start_ms"], json!(100), "other music: it stays where it was");
    assert!(carried[0]["placement"]["confidence"].as_f64() < Some(0.3), "{carried:?}");
}
