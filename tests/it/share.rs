//! Share links over HTTP, as those see them who make them; and how guests come in, all at once.

use crate::support::{
    App, Heard, Person,
    band::Band,
    studio::{Studio, id, sound},
};
use futures::future::join_all;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Makes a link.
pub async fn link(who: &Person, project: &str, body: Value) -> Value {
    who.post(&format!("/api/v1/projects/{project}/share-links"), body).await.ok(201)
}

/// Asks to come in.
pub async fn enter(app: &App, link: &Value, body: Value) -> Heard {
    let token = link["token"].as_str().unwrap_or_else(|| panic!("no token: {link}"));
    app.anonymous().post(&format!("/api/v1/share/{token}/session"), body).await
}

/// A guest of this link.
pub async fn guest(app: &App, link: &Value, name: &str) -> Person {
    let session = enter(app, link, json!({"name": name})).await.ok(201);
    app.anonymous().with_token(session["token"].as_str().expect("a token"))
}

#[tokio::test]
async fn a_link_is_made_shown_changed_and_closed() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let links = format!("/api/v1/projects/{}/share-links", studio.project);
    let body = json!({"scope": {"type": "track", "id": studio.track}, "title": "For the label", "can_comment": true});
    let send = || ada.post(&links, body.clone()).header("idempotency-key", "k");
    let made = send().await.ok(201);
    assert_eq!(id(&send().await.ok(201)), id(&made), "a repeat makes no second one");
    assert_eq!(made["scope"], json!({"type": "track", "id": studio.track}));
    assert_eq!(
        (&made["state"], &made["visits"], &made["has_password"]),
        (&json!("open"), &json!(0), &json!(false))
    );
    let token = made["token"].as_str().expect("a token");
    assert!(made["url"].as_str().expect("a link").ends_with(&format!("/#/share/{token}")));

    let seen = app.anonymous().get(&format!("/api/v1/share/{token}")).await.ok(200);
    let branding = json!({"project_name": "Song"});
    assert_eq!(
        seen,
        json!({"title": "For the label", "needs_password": false, "needs_name": false, "branding": branding})
    );
    app.anonymous().get("/api/v1/share/nonsense").await.problem("not_found");
    let session = enter(app, &made, json!({"name": "Grace", "email": "grace@example.org"})).await.ok(201);
    assert_eq!(session["capabilities"], json!(["visit", "listen", "comment"]));
    assert!(session["token"].as_str().expect("a token").starts_with("blg_"));

    let path = format!("/api/v1/share-links/{}", id(&made));
    let shown = ada.get(&path).await.ok(200);
    assert_eq!((&shown["visits"], &shown["revision"]), (&json!(1), &json!(1)));
    assert_eq!(
        shown["last_visited_at"],
        ada.get(&format!("{path}/visits")).await.ok(200)["items"][0]["visited_at"]
    );
    let visits = ada.get(&format!("{path}/visits")).await.ok(200);
    assert_eq!(
        (&visits["items"][0]["name"], &visits["items"][0]["email"], &visits["items"][0]["guest_id"]),
        (&json!("Grace"), &json!("grace@example.org"), &session["guest"]["id"])
    );
    let changed =
        ada.patch(&path, json!({"title": null, "can_download": true})).header("if-match", "\"r1\"").await;
    let changed = changed.ok(200);
    assert_eq!((changed.get("title"), &changed["can_download"]), (None, &json!(true)));
    ada.patch(&path, json!({"title": "x"})).header("if-match", "\"r1\"").await.problem("revision_conflict");

    ada.delete(&path).await.ok(204);
    ada.delete(&path).await.ok(204);
    let closed = ada.get(&links).await.ok(200)["items"][0].clone();
    assert_eq!((&closed["state"], closed.get("url")), (&json!("revoked"), None));
    app.anonymous().get(&format!("/api/v1/share/{token}")).await.problem("gone");
    enter(app, &made, json!({})).await.problem("gone");
    ada.patch(&path, json!({"title": "x"})).await.problem("conflict");
}

#[tokio::test]
async fn every_fault_of_a_link_is_named() {
    let studio = Studio::open().await;
    let links = format!("/api/v1/projects/{}/share-links", studio.project);
    let faults = async |body: Value| studio.ada.post(&links, body).await.faults();
    assert_eq!(faults(json!({"scope": {"type": "track"}})).await, ["/scope/id"]);
    let all = json!({"scope": {"type": "project"}, "title": "", "password": "short", "max_visits": 0});
    assert_eq!(faults(all).await, ["/max_visits", "/password", "/title"]);
    let past = json!({"scope": {"type": "project"}, "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(faults(past).await, ["/expires_at"]);
    let other = Studio::on(App::start().await).await;
    for scope in [
        json!({"type": "track", "id": other.project}),
        json!({"type": "version", "id": studio.track}),
        json!({"type": "checkpoint", "id": studio.track}),
    ] {
        studio.ada.post(&links, json!({"scope": scope})).await.problem("not_found");
    }
}

#[tokio::test]
async fn members_share_as_their_role_says_and_a_link_goes_with_the_right_of_its_maker() {
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let path = crate::members::project(&ada).await;
    let project = path.rsplit('/').next().expect("an id").to_owned();
    crate::members::join(&ada, &path, &ben, "viewer").await;
    let links = format!("{path}/share-links");
    let everything = json!({"scope": {"type": "project"}});
    ben.post(&links, everything.clone()).await.problem("forbidden");
    ben.get(&links).await.problem("forbidden");
    app.user("eve").await.get(&links).await.problem("not_found");

    let member = format!("{path}/members/{}", ben.id);
    ada.patch(&member, json!({"role": "editor"})).await.ok(200);
    let made = link(&ben, &project, everything.clone()).await;
    let guest = guest(&app, &made, "Grace").await;
    let content = format!("/api/v1/share/{}/content", made["token"].as_str().expect("a token"));
    guest.get(&content).await.ok(200);
    ada.patch(&member, json!({"role": "viewer"})).await.ok(200);
    guest.get(&content).await.problem("unauthenticated");
    enter(&app, &made, json!({})).await.problem("gone");
    let one = format!("/api/v1/share-links/{}", id(&made));
    assert_eq!(ada.get(&one).await.ok(200)["state"], json!("revoked"));
    // Whoever changes it vouches for it from then on.
    let kept = ada.patch(&one, json!({"title": "Ours"})).await.ok(200);
    assert_eq!((&kept["state"], &kept["vouched_by"]), (&json!("open"), &json!(ada.id)));
    guest.get(&content).await.ok(200);

    ada.post_empty(&format!("{path}/archive")).await.ok(200);
    guest.get(&content).await.ok(200);
    ada.patch(&one, json!({"title": "x"})).await.problem("project_archived");
    ada.delete(&one).await.ok(204);
    guest.get(&content).await.problem("unauthenticated");
}

#[tokio::test]
async fn a_password_is_asked_for_and_a_new_one_sends_everybody_out() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let body = json!({"scope": {"type": "project"}, "password": "between the bars", "require_name": true});
    let made = link(ada, &studio.project, body).await;
    let seen =
        app.anonymous().get(&format!("/api/v1/share/{}", made["token"].as_str().expect("one"))).await.ok(200);
    assert_eq!(seen, json!({"needs_password": true, "needs_name": true, "branding": {}}));
    enter(app, &made, json!({"name": "Grace"})).await.problem("share_password_required");
    enter(app, &made, json!({"password": "wrong", "name": "Grace"})).await.problem("share_password_required");
    let right = json!({"password": "between the bars"});
    assert_eq!(enter(app, &made, right).await.faults(), ["/name"]);
    let right = json!({"password": "between the bars", "name": "Grace"});
    let session = enter(app, &made, right.clone()).await.ok(201);
    let guest = app.anonymous().with_token(session["token"].as_str().expect("a token"));
    let tracks = format!("/api/v1/projects/{}/tracks", studio.project);
    guest.get(&tracks).await.ok(200);
    let path = format!("/api/v1/share-links/{}", id(&made));
    ada.patch(&path, json!({"password": "another bar again"})).await.ok(200);
    guest.get(&tracks).await.problem("unauthenticated");
    enter(app, &made, right).await.problem("share_password_required");

    for _ in 0..6 {
        enter(app, &made, json!({"password": "wrong", "name": "Grace"})).await;
    }
    let right = json!({"password": "another bar again", "name": "Grace"});
    let waits = enter(app, &made, right.clone()).await;
    waits.problem("rate_limited");
    assert!(!waits.header("retry-after").is_empty());
    app.clock.advance_ms(60_000);
    enter(app, &made, right).await.ok(201);
}

#[tokio::test]
async fn links_and_guests_lapse() {
    let app = App::start().await;
    let now = app.user("ada").await;
    let studio_project = crate::members::project(&now).await;
    let project = studio_project.rsplit('/').next().expect("an id");
    let forever = link(&now, project, json!({"scope": {"type": "project"}})).await;
    let soon = now.patch(
        &format!(
            "/api/v1/share-links/{}",
            id(&link(&now, project, json!({"scope": {"type": "project"}})).await)
        ),
        json!({"expires_at": "2999-01-01T00:00:00Z"}),
    );
    assert_eq!(soon.await.ok(200)["expires_at"], json!("2999-01-01T00:00:00.000Z"));
    let tracks = format!("{studio_project}/tracks");
    let guest = guest(&app, &forever, "Grace").await;
    guest.get(&tracks).await.ok(200);
    app.clock.advance_ms(DAY_MS);
    guest.get(&tracks).await.problem("unauthenticated");
    let ada = app.login("ada").await;
    let later = ada.get("/api/v1/me/sessions").await.ok(200)["items"][0]["expires_at"].clone();
    let lapsing = link(&ada, project, json!({"scope": {"type": "project"}, "expires_at": later})).await;
    let guest = self::guest(&app, &lapsing, "Grace").await;
    guest.get(&tracks).await.ok(200);
    app.clock.advance_ms(31 * DAY_MS);
    guest.get(&tracks).await.problem("unauthenticated");
    enter(&app, &lapsing, json!({})).await.problem("gone");
    enter(&app, &forever, json!({})).await.ok(201);
}

#[tokio::test]
async fn of_many_at_once_as_many_come_in_as_a_link_allows() {
    let studio = Studio::open().await;
    let made =
        link(&studio.ada, &studio.project, json!({"scope": {"type": "project"}, "max_visits": 3})).await;
    let heard = join_all((0..12).map(|_| enter(&studio.app, &made, json!({})))).await;
    for heard in &heard {
        if heard.status != 201 {
            heard.problem("gone");
        }
    }
    assert_eq!(heard.iter().filter(|heard| heard.status == 201).count(), 3);
    let shown = studio.ada.get(&format!("/api/v1/share-links/{}", id(&made))).await.ok(200);
    assert_eq!((&shown["visits"], &shown["state"]), (&json!(3), &json!("used_up")));
}

#[tokio::test]
async fn nobody_comes_in_beside_a_link_that_closes() {
    let studio = Studio::open().await;
    let (app, ada) = (&studio.app, &studio.ada);
    let tracks = format!("/api/v1/projects/{}/tracks", studio.project);
    for _ in 0..5 {
        let made = link(ada, &studio.project, json!({"scope": {"type": "project"}})).await;
        let path = format!("/api/v1/share-links/{}", id(&made));
        let close = async {
            tokio::task::yield_now().await;
            ada.delete(&path).await.ok(204);
        };
        let (heard, ()) = tokio::join!(join_all((0..8).map(|_| enter(app, &made, json!({})))), close);
        for heard in heard {
            match heard.status {
                201 => {
                    let guest = app.anonymous().with_token(heard.json()["token"].as_str().expect("a token"));
                    guest.get(&tracks).await.problem("unauthenticated");
                }
                _ => drop(heard.problem("gone")),
            }
        }
    }
}

#[tokio::test]
async fn links_and_guests_go_with_their_project() {
    let studio = Studio::open().await;
    let made =
        link(&studio.ada, &studio.project, json!({"scope": {"type": "project"}, "can_comment": true})).await;
    let guest = guest(&studio.app, &made, "Grace").await;
    studio.version(&sound(4_800, 1)).await;
    let body = json!({"body": "Lovely", "track_id": studio.track});
    guest.post(&format!("/api/v1/projects/{}/comments", studio.project), body).await.ok(201);
    studio.ada.delete(&format!("/api/v1/projects/{}", studio.project)).await.ok(204);
    guest.get(&format!("/api/v1/projects/{}/tracks", studio.project)).await.problem("not_found");
    enter(&studio.app, &made, json!({})).await.problem("gone");
    let instance = studio.app.server().instance();
    studio.app.clock.advance_ms(31 * DAY_MS);
    instance.service.purge_trash(&instance.operator()).await.expect("the store works");
    // The clock starts the same job, and may have begun before.
    for _ in 0..500 {
        if enter(&studio.app, &made, json!({})).await.status == 404 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the link is still there");
}

#[tokio::test]
async fn viewers_do_not_hear_who_came_by_a_link() {
    let band = Band::meet().await;
    let (app, project) = (&band.studio.app, band.project());
    let mut vics = band.vic.listen(&format!("{project}/events")).await;
    let mut bens = band.ben.listen(&format!("{project}/events")).await;
    let made = link(band.ada(), &band.studio.project, json!({"scope": {"type": "project"}})).await;
    guest(app, &made, "Grace").await;
    band.ada().delete(&format!("/api/v1/share-links/{}", id(&made))).await.ok(204);
    band.ada().patch(&project, json!({"description": "Something for everybody"})).await.ok(200);
    assert_eq!(vics.hear().await["type"], "project.updated");
    for told in ["share_link.created", "share_link.visited", "guest.joined", "share_link.revoked"] {
        assert_eq!(bens.hear().await["type"], told);
    }
    for path in ["/events/log", "/activity"] {
        let (vic, ben) = (
            band.vic.get(&format!("{project}{path}")).await,
            band.ben.get(&format!("{project}{path}")).await,
        );
        assert!(!vic.text().contains("share_link") && !vic.text().contains("guest"), "{}", vic.text());
        assert!(ben.text().contains("guest.joined"), "{}", ben.text());
    }
    assert!(!band.vic.get("/api/v1/activity").await.text().contains("guest.joined"));
}
