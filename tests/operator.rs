//! The operator at work: the real program speaks to the server that holds a directory, and opens one that nobody holds.

#[path = "child/client.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod client;
#[path = "child/server.rs"]
#[expect(dead_code, reason = "shared with the other tests of the whole program")]
mod server;

use anyhow::{Context, Result, ensure};
use client::Client;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::{Data, EMAIL, PASSWORD, Server};

const BEN: &str = "ben@example.org";

/// Runs a command that must succeed; what it printed.
async fn said(data: &Data, line: &str, input: &str) -> Result<String> {
    let ran = data.run(&line.split(' ').collect::<Vec<_>>(), input).await?;
    ensure!(ran.status.success(), "{line}: {} {}", ran.status, ran.stderr);
    Ok(ran.stdout.trim().to_owned())
}

/// Runs a command that must be refused; why it was.
async fn refused(data: &Data, line: &str, input: &str) -> Result<String> {
    let ran = data.run(&line.split(' ').collect::<Vec<_>>(), input).await?;
    ensure!(ran.status.code() == Some(1), "{line}: {} {} {}", ran.status, ran.stdout, ran.stderr);
    Ok(ran.stderr)
}

async fn listed(data: &Data) -> Result<Vec<Value>> {
    let lines = said(data, "admin list-users --json", "").await?;
    lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Name, role and status of everybody.
fn people(users: &[Value]) -> Vec<(String, String, String)> {
    let text = |user: &Value, name: &str| user[name].as_str().unwrap_or_default().to_owned();
    users.iter().map(|user| (text(user, "name"), text(user, "role"), text(user, "status"))).collect()
}

fn create_user(email: &str, name: &str, role: &str) -> String {
    format!("admin create-user --email {email} --name {name} --role {role} --password-stdin")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_managed_while_a_server_runs_and_while_none_does() -> Result<()> {
    let parent = tempfile::tempdir()?;
    let data = Data::new(parent.path())?;
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let first = said(&data, "admin setup-link", "").await?;
    let second = said(&data, "admin setup-link", "").await?;
    ensure!(first.starts_with(&format!("{}/#/setup/", server.url)) && first != second, "{first} {second}");

    let told = said(&data, &create_user(EMAIL, "Ada", "admin"), PASSWORD).await?;
    ensure!(told == format!("{EMAIL} can log in (admin)"), "{told}");
    let ada = Client::login(&server).await?;
    ensure!(refused(&data, "admin setup-link", "").await?.contains("has an administrator"));
    ensure!(refused(&data, &create_user(EMAIL, "Eve", "member"), PASSWORD).await?.contains("exists"));
    ensure!(refused(&data, &create_user(BEN, "Ben", "member"), "short").await?.contains("password"));
    said(&data, &create_user(BEN, "Ben", "member"), PASSWORD).await?;
    said(&data, &format!("admin set-role --email {BEN} --role admin"), "").await?;
    let link = said(&data, &format!("admin reset-password --email {BEN}"), "").await?;
    let (_, token) = link.rsplit_once("/#/reset-password/").context("a link")?;
    let body = json!({"token": token, "new_password": "another good groove"});
    ada.send(ada.request(Method::POST, "auth/password/reset").json(&body)).await?;
    let body = json!({"email": BEN, "password": "another good groove"});
    ensure!(ada.post("auth/login", body).await?.context("an answer")?["user"]["role"] == "admin");
    ensure!(
        refused(&data, "admin reset-password --email nobody@example.org", "").await?.contains("no account")
    );
    let running = listed(&data).await?;
    server.stop().await?;

    ensure!(people(&listed(&data).await?) == people(&running), "the same accounts either way");
    let person = |name: &str| (name.to_owned(), "admin".to_owned(), "active".to_owned());
    ensure!(people(&running) == [person("Ada"), person("Ben")], "{running:?}");
    said(&data, &create_user("cleo@example.org", "Cleo", "member"), PASSWORD).await?;
    said(&data, &format!("admin set-role --email {BEN} --role member"), "").await?;
    ensure!(said(&data, "admin list-users", "").await?.lines().count() == 3);
    ensure!(data.doctor().await?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_writes_a_backup_that_another_directory_is_made_from() -> Result<()> {
    let parent = tempfile::tempdir()?;
    let data = Data::with_admin(parent.path()).await?;
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let acks = std::sync::Mutex::default();
    Client::login(&server).await?.one_song("Night Bus", &acks).await?.context("the server runs")?;
    let told = said(&data, "backup create", "").await?;
    let (kept, rest) = told.split_once(": ").context("a file and what it is")?;
    ensure!(rest.starts_with("written; the state after event "), "{told}");
    ensure!(std::path::Path::new(kept).starts_with(data.path().join("backups")), "{told}");
    let out = parent.path().join("out.tar");
    let out = out.to_str().context("a path")?;
    said(&data, &format!("backup create --out {out}"), "").await?;
    ensure!(refused(&data, &format!("backup create --out {out}"), "").await?.contains("exists"));
    let names = said(&data, "backup list", "").await?;
    ensure!(names.lines().count() == 1, "one that was fetched is not kept: {names}");
    ensure!(refused(&data, &format!("backup restore {out}"), "").await?.contains("a server is running"));
    server.stop().await?;
    ensure!(said(&data, "backup list", "").await? == names);
    said(&data, "backup create --without-audio", "").await?;
    ensure!(said(&data, "backup list", "").await?.lines().count() == 2);

    let elsewhere = tempfile::tempdir()?;
    let copy = Data::new(elsewhere.path())?;
    said(&copy, &format!("backup verify {out}"), "").await?;
    said(&copy, &format!("backup restore {out}"), "").await?;
    ensure!(copy.doctor().await?.success());
    let mut server = Server::start(&copy)?;
    server.ready().await?;
    let client = Client::login(&server).await?;
    let acks = acks.into_inner().context("no writer panics")?;
    client.verify(&acks).await?;
    let (status, _) = client.get(&format!("versions/{}/download", acks.versions[0])).await?;
    ensure!(status == StatusCode::OK, "the recording is not there: {status}");
    server.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_server_puts_a_backup_in_the_place_of_its_data() -> Result<()> {
    let parent = tempfile::tempdir()?;
    let data = Data::with_admin(parent.path()).await?;
    let mut server = Server::start(&data)?;
    server.ready().await?;
    let acks = std::sync::Mutex::default();
    let client = Client::login(&server).await?;
    client.one_song("Night Bus", &acks).await?.context("the server runs")?;
    let told = said(&data, "backup create", "").await?;
    let name = told.split(": ").next().and_then(|path| path.rsplit('/').next()).context("a name")?;
    client.post("projects", json!({"name": "Later"})).await?.context("the server runs")?;
    let gone = client.request(Method::POST, "admin/backups/nothing.tar/restore").send().await?;
    ensure!(gone.status() == StatusCode::NOT_FOUND, "{}", gone.status());
    let order = client.request(Method::POST, &format!("admin/backups/{name}/restore")).send().await?;
    ensure!(order.status() == StatusCode::ACCEPTED, "{}", order.status());

    // Nobody is logged in any more once the server is back.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while client.get("me").await.map_or(true, |(status, _)| status != StatusCode::UNAUTHORIZED) {
        ensure!(std::time::Instant::now() < until, "the server does not come back");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let client = Client::login(&server).await?;
    client.verify(&acks.into_inner().context("no writer panics")?).await?;
    let (_, projects) = client.get("projects").await?;
    let names: Vec<_> =
        projects["items"].as_array().context("a list")?.iter().map(|it| &it["name"]).collect();
    ensure!(names == [&json!("Night Bus")], "{names:?}");
    let (_, log) = client.get("admin/audit?action=backup.restored").await?;
    ensure!(log["items"].as_array().map(Vec::len) == Some(1), "{log}");
    let kept = std::fs::read_dir(data.path())?.filter_map(Result::ok);
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("before-restore-"));
    ensure!(kept.count() == 1, "what was there is kept");
    server.stop().await?;
    ensure!(data.doctor().await?.success());
    Ok(())
}
