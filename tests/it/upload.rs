//! Bytes on their way in: declared, sent, refused, forgotten.

use crate::support::{
    App,
    studio::{Studio, broken_sound, id, sound},
};
use futures::{StreamExt, stream};
use reqwest::{Body, Method};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A body that does not say how long it is.
fn chunked(bytes: &[u8]) -> Body {
    let chunks: Vec<_> = bytes.chunks(1000).map(<[u8]>::to_vec).collect();
    Body::wrap_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>)))
}

#[tokio::test]
async fn an_upload_is_declared_sent_and_used() {
    let studio = Studio::open().await;
    let ada = &studio.ada;
    let bytes = sound(500, 1);
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let declare = json!({
        "project_id": studio.project, "filename": "C:\\takes\\Übung.wav", "size_bytes": bytes.len(),
        "content_type": "audio/wav", "sha256": sha256,
    });
    let heard = ada.post("/api/v1/uploads", declare.clone()).header("idempotency-key", "one").await;
    let upload = heard.ok(201);
    let path = format!("/api/v1/uploads/{}", id(&upload));
    assert_eq!(heard.header("location"), path);
    assert_eq!((&upload["state"], &upload["offset"]), (&json!("open"), &json!(0)));
    assert_eq!((&upload["filename"], &upload["deduplicated"]), (&json!("Übung.wav"), &json!(false)));
    let again = ada.post("/api/v1/uploads", declare.clone()).header("idempotency-key", "one").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.ok(201), upload);
    assert_eq!(studio.used_bytes().await, bytes.len() as i64);

    let put = ada.ask(Method::PUT, &format!("{path}/content")).body("audio/wav", bytes.clone()).await.ok(200);
    assert_eq!((&put["state"], &put["offset"]), (&json!("complete"), &json!(bytes.len())));
    assert_eq!((&put["sha256"], &put["revision"]), (&json!(sha256), &json!(2)));
    ada.ask(Method::PUT, &format!("{path}/content")).body("audio/wav", bytes).await.problem("conflict");
    let made = ada
        .post(&format!("/api/v1/tracks/{}/versions", studio.track), json!({"upload_id": id(&upload)}))
        .await
        .ok(201);
    assert_eq!(made["uploaded_by"]["id"], json!(ada.id));
    ada.get(&path).await.problem("not_found");

    // The same bytes once more need no transfer, from whoever may download them.
    let known = ada.post("/api/v1/uploads", declare).await.ok(201);
    assert_eq!((&known["state"], &known["deduplicated"]), (&json!("complete"), &json!(true)));
    ada.delete(&format!("/api/v1/uploads/{}", id(&known))).await.ok(204);
}

#[tokio::test]
async fn declarations_are_checked() {
    let app = App::with(|config, _world| config.max_upload_bytes = "1MiB".parse().expect("a size")).await;
    let studio = Studio::on(app).await;
    let odd = json!({
        "project_id": studio.project, "filename": "", "size_bytes": 0, "content_type": "sound",
        "sha256": "abc", "tus": true,
    });
    let faults = studio.ada.post("/api/v1/uploads", odd).await.faults();
    assert_eq!(faults, ["/content_type", "/filename", "/sha256", "/size_bytes", "/tus"]);
    let large = json!({"project_id": studio.project, "filename": "a", "size_bytes": 1024 * 1024 + 1});
    studio.ada.post("/api/v1/uploads", large).await.problem("payload_too_large");
    let ben = studio.app.user("ben").await;
    let strange = json!({"project_id": studio.project, "filename": "a", "size_bytes": 1});
    ben.post("/api/v1/uploads", strange.clone()).await.problem("not_found");
    studio.app.anonymous().post("/api/v1/uploads", strange).await.problem("unauthenticated");
    let upload = studio.declare(10).await;
    for path in [format!("/api/v1/uploads/{upload}"), "/api/v1/uploads/1".to_owned()] {
        ben.get(&path).await.problem("not_found");
        ben.delete(&path).await.problem("not_found");
        ben.ask(Method::PUT, &format!("{path}/content")).body("a/b", "1").await.problem("not_found");
    }
    assert_eq!(studio.used_bytes().await, 10);
}

#[tokio::test]
async fn more_bytes_than_declared_are_refused_and_nothing_stays() {
    let studio = Studio::open().await;
    let bytes = vec![7; 3001];
    for body in [chunked(&bytes), Body::from(bytes)] {
        let upload = studio.declare(3000).await;
        let path = format!("/api/v1/uploads/{upload}");
        let put = studio.ada.ask(Method::PUT, &format!("{path}/content"));
        put.body("application/octet-stream", body).await.problem("payload_too_large");
        studio.ada.get(&path).await.problem("not_found");
        assert_eq!(studio.used_bytes().await, 0);
    }
    assert_eq!(studio.app.parts(), Vec::<String>::new());
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let studio = Studio::open().await;
    let upload = studio.declare(100_000).await;
    let mut socket = TcpStream::connect(studio.app.address()).await.unwrap();
    let head = format!(
        "PUT /api/v1/uploads/{upload}/content HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n",
        studio.ada.token.as_deref().unwrap()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[0; 0x10000], b"\r\n"].concat();
    let mut sent = 0_u64;
    // It ends: a server that went on reading would take a gigabyte.
    while sent < 1 << 30 && socket.write_all(&chunk).await.is_ok() {
        sent += 0x10000;
    }
    assert!(sent < 1 << 28, "{sent} bytes were taken");
    studio.ada.get(&format!("/api/v1/uploads/{upload}")).await.problem("not_found");
    assert_eq!(studio.used_bytes().await, 0);
    assert_eq!(studio.app.parts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_transfer_that_breaks_off_may_be_tried_again() {
    let studio = Studio::open().await;
    let bytes = sound(100_000, 2);
    let upload = studio.declare(bytes.len()).await;
    let path = format!("/api/v1/uploads/{upload}/content");
    let mut socket = TcpStream::connect(studio.app.address()).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
        studio.ada.token.as_deref().unwrap(),
        bytes.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bytes[..1000]).await.unwrap();
    drop(socket);
    // The server notices in its own time; until then bytes are still arriving.
    for _ in 0..500 {
        let put = studio.ada.ask(Method::PUT, &path).body("application/octet-stream", bytes.clone()).await;
        if put.status == 200 {
            return;
        }
        put.problem("conflict");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the upload stays taken");
}

#[tokio::test]
async fn other_bytes_than_declared_are_refused() {
    let studio = Studio::open().await;
    let bytes = sound(50, 3);
    let declare = json!({
        "project_id": studio.project, "filename": "a.wav", "size_bytes": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)),
    });
    let upload = id(&studio.ada.post("/api/v1/uploads", declare).await.ok(201));
    let path = format!("/api/v1/uploads/{upload}/content");
    let put = |body: Vec<u8>| studio.ada.ask(Method::PUT, &path).body("application/octet-stream", body);
    put(bytes[..50].to_vec()).await.problem("validation_failed");
    put(sound(50, 4)).await.problem("checksum_mismatch");
    let body = json!({"upload_id": upload});
    let early = studio.ada.post(&format!("/api/v1/tracks/{}/versions", studio.track), body).await;
    early.problem("conflict");
    put(bytes).await.ok(200);
}

fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--cut\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    body
}

#[tokio::test]
async fn a_form_brings_a_version_in_one_request() {
    let studio = Studio::open().await;
    let path = format!("/api/v1/tracks/{}/versions/upload", studio.track);
    let send =
        |body: Body| studio.ada.ask(Method::POST, &path).body("multipart/form-data; boundary=cut", body);
    let bytes = sound(2000, 5);
    let whole = form(&[
        ("label", None, b"rough"),
        ("file", Some("take 1.wav"), &bytes),
        ("make_current", None, b"false"),
        ("changelog", None, "lauter\nals gestern".as_bytes()),
    ]);
    let made = send(whole.clone().into()).await.ok(201);
    assert_eq!((&made["label"], &made["filename"]), (&json!("rough"), &json!("take 1.wav")));
    assert_eq!(made["changelog"], "lauter\nals gestern");
    assert_eq!(studio.used_bytes().await, bytes.len() as i64);
    let second = send(chunked(&whole)).await.ok(201);
    assert_eq!(second["number"], 2);
    studio.app.idle().await;
    let ready = studio.ada.get(&format!("/api/v1/versions/{}", id(&made))).await.ok(200);
    assert_eq!((&ready["status"], &ready["is_current"]), (&json!("ready"), &json!(false)));
    let used = studio.used_bytes().await;

    let odd = form(&[
        ("file", Some("a.wav"), &bytes),
        ("label", None, &[b'x'; 81]),
        ("make_current", None, b"perhaps"),
        ("colour", None, b"red"),
    ]);
    assert_eq!(send(odd.into()).await.faults(), ["/colour", "/label", "/make_current"]);
    assert_eq!(send(form(&[("label", None, b"a")]).into()).await.faults(), ["/file"]);
    let twice = form(&[("file", Some("a"), &bytes), ("file", Some("b"), &bytes)]);
    assert_eq!(send(twice.into()).await.faults(), ["/file"]);
    send(form(&[("file", Some("a"), b"once upon a time")]).into()).await.problem("unsupported_audio");
    send(whole[..whole.len() / 2].to_vec().into()).await.problem("validation_failed");
    assert_eq!(studio.used_bytes().await, used, "nothing stays behind");
    assert_eq!(studio.app.parts(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_recording_makes_no_version() {
    let studio = Studio::open().await;
    let upload = studio.upload(b"%PDF-1.7 a score").await;
    let path = format!("/api/v1/tracks/{}/versions", studio.track);
    studio.ada.post(&path, json!({"upload_id": upload})).await.problem("unsupported_audio");
    studio.ada.get(&format!("/api/v1/uploads/{upload}")).await.problem("not_found");
    assert_eq!(studio.ada.get(&path).await.ok(200)["items"], json!([]));
    assert_eq!(studio.used_bytes().await, 0);
}

#[tokio::test]
async fn damage_that_shows_later_fails_the_version() {
    let studio = Studio::careless().await;
    let broken = studio.version(&broken_sound()).await;
    assert_eq!((&broken["status"], &broken["number"]), (&json!("failed"), &json!(1)));
    assert_eq!(broken["failure"]["code"], "corrupt_audio");
    assert_eq!(studio.used_bytes().await, broken_sound().len() as i64);
}

#[tokio::test]
async fn uploads_at_the_same_time_keep_apart() {
    let studio = Studio::open().await;
    let sent: Vec<_> = (0..8).map(|seed| sound(20_000, seed)).collect();
    let uploads = sent.iter().map(|bytes| studio.upload(bytes));
    let uploads: Vec<_> = stream::iter(uploads).buffered(8).collect().await;
    for (bytes, upload) in sent.iter().zip(uploads) {
        let upload = studio.ada.get(&format!("/api/v1/uploads/{upload}")).await.ok(200);
        assert_eq!(upload["sha256"], hex::encode(Sha256::digest(bytes)));
    }
}

#[tokio::test]
async fn a_request_that_stops_in_its_head_costs_nothing() {
    let studio = Studio::open().await;
    let upload = studio.declare(10).await;
    let mut socket = TcpStream::connect(studio.app.address()).await.unwrap();
    socket.write_all(format!("PUT /api/v1/uploads/{upload}/content HTTP/1.1\r\n").as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _closed = socket.read_to_end(&mut answer).await;
    studio.ada.delete(&format!("/api/v1/uploads/{upload}")).await.ok(204);
}
