//! The front page in a real browser: the forms behind the links that are printed and mailed.

use crate::{
    admin::administrator,
    browser,
    support::{
        App, PASSWORD,
        studio::{Studio, id, sound},
    },
    track::song,
};
use serde_json::{Value, json};

const ANOTHER: &str = "another good groove";

/// Lets a browser go through these steps; what the page said at each.
async fn browse(steps: Value) -> Vec<Value> {
    let steps = [steps.to_string()];
    let said = tokio::task::spawn_blocking(move || browser::run("forms.mjs", &steps)).await;
    let said = said.expect("no panic").expect("the browser").pop().expect("a line");
    assert_eq!(said["error"], Value::Null, "the page does not do what the steps say");
    assert_eq!(said["complaints"], json!([]), "the browser complains");
    assert_ne!(said["colours"][0], said["colours"][1], "light and dark look the same");
    said["said"].as_array().expect("a step each").clone()
}

fn here() -> bool {
    browser::is_here().expect("a browser where everything is tested")
}

fn text(step: &Value) -> &str {
    step["text"].as_str().expect("a text")
}

/// The link in a mail.
fn link(mail: &str) -> &str {
    mail.split_whitespace().find(|word| word.contains("/#/")).expect("there is a link")
}

#[tokio::test]
async fn the_setup_form_makes_the_administrator() {
    if !here() {
        return;
    }
    let app = App::with(|config, _world| config.registration = None).await;
    let instance = app.server().instance();
    let link = instance.service.setup_link(&instance.operator()).await.expect("the store can be read");
    let link = link.expect("there is no administrator").url;
    let said = browse(json!([
        {"open": format!("{}/", app.url), "until": "Almost ready"},
        {"open": link, "until": "Set up this server"},
        {"fill": {"Your name": "Boss", "E-mail address": "boss@example.org", "Password": "password1",
            "Who may make an account": "anybody"}, "press": "Set up", "faults": 1},
        {"fill": {"Password": PASSWORD}, "press": "Set up", "until": "Your projects"},
        {"press": "Log out", "until": "Log in"},
        {"fill": {"E-mail address": "boss@example.org", "Password": "not this one"}, "press": "Log in",
            "refusals": 1},
        {"fill": {"Password": PASSWORD}, "press": "Log in", "until": "Your projects"},
    ]))
    .await;
    assert!(text(&said[0]).contains("backline admin setup-link"));
    assert_eq!(said[2]["focus"], "password", "the first fault is where one goes on typing");
    assert!(text(&said[3]).contains("You are Boss."));
    assert_eq!((&said[3]["place"], &said[3]["title"]), (&json!("#/"), &json!("Your projects · Backline")));
    let boss = app.login("boss").await.get("/api/v1/me").await.ok(200);
    assert_eq!((&boss["name"], &boss["role"]), (&json!("Boss"), &json!("admin")));
    assert_eq!(app.anonymous().get("/api/v1/info").await.ok(200)["registration"], "open");
    // A link that was used says so.
    let said = browse(json!([
        {"open": link, "until": "Set up this server"},
        {"fill": {"Your name": "Eve", "E-mail address": "eve@example.org", "Password": PASSWORD}, "press": "Set up",
            "refusals": 1},
    ]));
    assert!(text(&said.await[1]).contains("has an administrator already"));
}

#[tokio::test]
async fn forgotten_passwords_addresses_and_invitations_go_through_their_links() {
    if !here() {
        return;
    }
    let app = App::with_mail().await;
    let boss = administrator(&app, "boss").await;
    let invite = boss.post("/api/v1/admin/registration-invites", json!({})).await.ok(201);
    let said = browse(json!([
        {"open": invite["url"], "until": "Make an account"},
        {"fill": {"Your name": "Ada", "E-mail address": "ada@example.org", "Password": PASSWORD},
            "press": "Make the account", "until": "Look into your mail"},
        {"open": format!("{}/#/forgot-password", app.url), "until": "Forgot your password?"},
        {"fill": {"E-mail address": "boss@example.org"}, "press": "Send a link", "until": "Look into your mail"},
    ]))
    .await;
    assert!(text(&said[1]).contains("A mail says how to go on."));
    app.idle().await;
    let (ada, boss) = (app.outbox.to("ada@example.org"), app.outbox.to("boss@example.org"));
    browse(json!([
        {"open": link(&ada[0].text), "until": "Confirm your address"},
        {"press": "Confirm", "until": "Your address is confirmed"},
        {"open": link(&boss[0].text), "until": "Choose a new password"},
        {"fill": {"New password": ANOTHER, "The same again": "another"}, "press": "Set the password", "faults": 1},
        {"fill": {"The same again": ANOTHER}, "press": "Set the password", "until": "Your new password is set"},
    ]))
    .await;
    app.login("ada").await;
    let login = json!({"email": "boss@example.org", "password": ANOTHER});
    app.anonymous().post("/api/v1/auth/login", login).await.ok(200);
}

#[tokio::test]
async fn an_invitation_waits_until_one_is_logged_in() {
    if !here() {
        return;
    }
    let app = App::start().await;
    let (ada, ben) = (app.user("ada").await, app.user("ben").await);
    let (project, _) = song(&ada, &["Drums"]).await;
    let body = json!({"link": true, "role": "editor"});
    let invited = ada.post(&format!("{project}/invitations"), body).await.ok(201);
    let said = browse(json!([
        {"open": invited["url"], "until": "You are invited"},
        {"follow": "Log in", "until": "Log in"},
        {"fill": {"E-mail address": "ben@example.org", "Password": PASSWORD}, "press": "Log in", "until": "You are invited"},
        {"press": "Accept", "until": "Your projects"},
        {"open": invited["url"], "until": "This invitation is over"},
    ]))
    .await;
    assert!(text(&said[0]).contains("ada invites you to “Song” as editor."));
    assert!(!text(&said[0]).contains("Accept") && text(&said[2]).contains("Accept"));
    assert_eq!(ben.get(&project).await.ok(200)["my_role"], "editor");
}

#[tokio::test]
async fn a_share_link_leads_to_what_it_shows() {
    if !here() {
        return;
    }
    let studio = Studio::open().await;
    let take = id(&studio.version(&sound(4_800, 1)).await);
    let body = json!({
        "scope": {"type": "version", "id": take}, "title": "For the label", "password": "between the bars",
        "require_name": true,
    });
    let made = crate::share::link(&studio.ada, &studio.project, body).await;
    let said = browse(json!([
        {"open": made["url"], "until": "For the label"},
        {"fill": {"Your name": "Grace", "Password of the link": "not this one"}, "press": "Listen", "refusals": 1},
        {"fill": {"Password of the link": "between the bars"}, "press": "Listen", "until": "For the label",
            "appears": "Version 1"},
    ]))
    .await;
    assert!(!text(&said[0]).contains("Log in"), "{}", said[0]);
    let end = text(&said[2]);
    assert!(end.contains("You are Grace.") && end.contains("Drums") && end.contains("Version 1"), "{end}");
    let visits = studio.ada.get(&format!("/api/v1/share-links/{}/visits", id(&made))).await.ok(200);
    assert_eq!(visits["items"][0]["name"], "Grace");
}
