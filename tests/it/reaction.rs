//! Reactions over HTTP.

use crate::support::{
    Person,
    band::{Band, at, text},
};
use model::limits;
use serde_json::{Value, json};

async fn react(who: &Person, comment: &Value, emoji: &str) -> Value {
    who.ask(reqwest::Method::PUT, &format!("{}/reactions/{emoji}", at(comment))).await.ok(200)
}

#[tokio::test]
async fn one_person_reacts_once_with_one_emoji() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("done")).await;
    react(&band.ben, &comment, "👍").await;
    band.studio.app.clock.advance_ms(1);
    react(&band.vic, &comment, "❤").await;
    band.studio.app.clock.advance_ms(1);
    for _ in 0..2 {
        let all = react(&band.vic, &comment, "👍").await;
        let thumbs = &all[0];
        assert_eq!(
            (&thumbs["emoji"], &thumbs["count"], &thumbs["me"]),
            (&json!("👍"), &json!(2), &json!(true))
        );
        let names: Vec<_> =
            thumbs["first_principals"].as_array().expect("people").iter().map(|who| &who["name"]).collect();
        assert_eq!(names, [&json!("ben"), &json!("vic")]);
        assert_eq!(
            (&all[1]["emoji"], &all[1]["count"]),
            (&json!("❤️"), &json!(1)),
            "in its recommended spelling"
        );
    }
    let seen = band.ada().get(&at(&comment)).await;
    assert_eq!(seen.ok(200)["reactions"][0]["me"], json!(false));
    assert_eq!(seen.ok(200)["revision"], json!(1), "reactions are not part of the revision");
    let listed = band.find(&band.vic, "").await;
    assert_eq!(listed, ["done"]);

    let who = band.ada().get(&format!("{}/reactions?limit=2", at(&comment))).await.ok(200);
    assert_eq!(who["items"].as_array().map(Vec::len), Some(2));
    let cursor = who["next_cursor"].as_str().expect("there is more");
    let rest = band.ada().get(&format!("{}/reactions?limit=2&cursor={cursor}", at(&comment))).await.ok(200);
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));

    let gone = band.vic.delete(&format!("{}/reactions/❤️", at(&comment))).await.ok(200);
    assert_eq!(gone.as_array().map(Vec::len), Some(1));
    assert_eq!(band.vic.delete(&format!("{}/reactions/❤️", at(&comment))).await.ok(200), gone);
}

#[tokio::test]
async fn only_one_emoji_is_a_reaction() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("?")).await;
    for word in ["ok", "1", "👍👍", "%20", ":+1:", "%F0%9F%91"] {
        let path = format!("{}/reactions/{word}", at(&comment));
        let refused = band.ben.ask(reqwest::Method::PUT, &path).await;
        assert!(matches!(refused.status, 404 | 422), "{word}: {}", refused.status);
    }
    for emoji in ["👍🏽", "🇩🇪", "👨‍👩‍👧", "1️⃣"] {
        react(&band.ben, &comment, emoji).await;
    }
    let eve = band.eve.ask(reqwest::Method::PUT, &format!("{}/reactions/👍", at(&comment))).await;
    eve.problem("not_found");
}

#[tokio::test]
async fn a_person_has_so_many_emoji_for_one_comment() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("!")).await;
    let faces: Vec<char> = ('😀'..'😮').collect();
    for face in &faces[..limits::REACTIONS_PER_PERSON_MAX] {
        react(&band.ben, &comment, &face.to_string()).await;
    }
    let one_more = format!("{}/reactions/{}", at(&comment), faces[limits::REACTIONS_PER_PERSON_MAX]);
    band.ben.ask(reqwest::Method::PUT, &one_more).await.problem("conflict");
    react(&band.ben, &comment, &faces[0].to_string()).await;
    band.vic.ask(reqwest::Method::PUT, &one_more).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_react_at_once_are_all_counted() {
    let band = Band::meet().await;
    let comment = band.say(band.ada(), text("!")).await;
    let people = [band.ada(), &band.ben, &band.vic];
    let faces = ["😀", "😁", "😂", "🤣"];
    let all = people.into_iter().flat_map(|who| faces.map(|face| react(who, &comment, face)));
    futures::future::join_all(all).await;
    let seen = band.ada().get(&at(&comment)).await.ok(200);
    let counts: Vec<_> =
        seen["reactions"].as_array().expect("a list").iter().map(|one| &one["count"]).collect();
    assert_eq!(counts, [&json!(3), &json!(3), &json!(3), &json!(3)]);
}
