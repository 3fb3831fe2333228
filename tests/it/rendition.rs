//! A recording in other forms: made once, when somebody asks, and whole before the first byte is sent.

use crate::{
    members::join,
    support::{
        Person,
        studio::{Studio, aiff, id, noise, samples, sound},
    },
};
use audio::{Encoder, FlacDepth, Shape, Tags, Target};
use serde_json::{Value, json};
use std::io::Cursor;

/// A project with one version that is ready.
struct Take {
    studio: Studio,
    version: Value,
    path: String,
}

impl Take {
    async fn of(bytes: &[u8]) -> Self {
        let studio = Studio::open().await;
        let version = studio.version(bytes).await;
        assert_eq!(version["status"], "ready", "{version}");
        let path = format!("/api/v1/versions/{}", id(&version));
        Self { studio, version, path }
    }

    fn ada(&self) -> &Person {
        &self.studio.ada
    }

    async fn renditions(&self) -> Vec<Value> {
        let page = self.ada().get(&format!("{}/renditions", self.path)).await.ok(200);
        page["items"].as_array().expect("a list").clone()
    }

    /// How many jobs of a kind the project has had.
    async fn jobs(&self, kind: &str) -> usize {
        let jobs = self.ada().get(&format!("/api/v1/projects/{}/jobs", self.studio.project)).await.ok(200);
        jobs["items"].as_array().expect("a list").iter().filter(|job| job["kind"] == kind).count()
    }
}

#[tokio::test]
async fn a_download_is_made_once_for_everybody_who_asks() {
    let take = Take::of(&sound(20_000, 1)).await;
    let path = format!("{}/download?format=flac", take.path);
    let (first, second) = tokio::join!(take.ada().get(&path), take.ada().get(&path));
    let job = first.problem("processing")["job_id"].clone();
    assert_eq!(second.problem("processing")["job_id"], job, "asking twice starts one job");
    take.studio.app.idle().await;
    let file = take.ada().get(&path).await;
    assert_eq!((file.status, file.header("content-type")), (200, "audio/flac"), "{}", file.text());
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"take.flac\"");
    assert!(file.body.starts_with(b"fLaC"));
    let part = take.ada().get(&path).header("range", "bytes=0-3").await;
    assert_eq!((part.status, &part.body[..]), (206, &b"fLaC"[..]));
    assert_eq!(take.jobs("rendition.make").await, 1);

    // Uploaded again, it is the sound it was made from.
    let again = take.studio.version(&file.body).await;
    let wav = take.studio.made(&format!("/api/v1/versions/{}/download?format=wav", id(&again))).await;
    assert_eq!(samples(&wav.body), noise(40_000, 1));

    let described = &take.renditions().await[0];
    assert_eq!(
        (&described["kind"], &described["format"], &described["state"]),
        (&json!("download"), &json!("flac"), &json!("ready"))
    );
    assert_eq!(described["bytes"], file.body.len());
    assert_eq!(format!("\"{}\"", described["blob_sha256"].as_str().expect("a hash")), file.header("etag"));
    let result = format!("/api/v1/jobs/{}/result", job.as_str().expect("a job"));
    let shown = take.ada().get(&format!("/api/v1/jobs/{}", job.as_str().expect("a job"))).await.ok(200);
    assert_eq!((&shown["state"], &shown["result"]["file_url"]), (&json!("succeeded"), &json!(result)));
    assert!(take.ada().get(&result).await.body == file.body);
}

#[tokio::test]
async fn every_format_is_written_and_read_back() {
    let take = Take::of(&sound(60_000, 2)).await;
    for (ask, container, codec, depth) in [
        (json!({"format": "wav", "bit_depth": "24"}), "wav", "pcm", json!(24)),
        (json!({"format": "wav", "bit_depth": "32f"}), "wav", "pcm_float", json!(32)),
        (json!({"format": "aiff"}), "aiff", "pcm", json!(16)),
        (json!({"format": "flac", "sample_rate": 96_000}), "flac", "flac", json!(16)),
        (json!({"format": "mp3", "bitrate": 128_000}), "mp3", "mp3", Value::Null),
        (json!({"format": "vorbis"}), "ogg", "vorbis", Value::Null),
        (json!({"format": "opus", "bitrate": 96_000}), "ogg", "opus", Value::Null),
    ] {
        let job = take.ada().post(&format!("{}/renditions", take.path), ask.clone()).await.ok(202);
        assert_eq!((&job["kind"], &job["subject"]["type"]), (&json!("rendition.make"), &json!("version")));
        let again = take.ada().post(&format!("{}/renditions", take.path), ask.clone()).await.ok(202);
        assert_eq!(id(&again), id(&job), "{ask}");
        take.studio.app.idle().await;
        let file = take.ada().get(&format!("/api/v1/jobs/{}/result", id(&job))).await;
        assert_eq!(file.status, 200, "{ask}: {}", file.text());
        let version = take.studio.version(&file.body).await;
        let media = &version["media"];
        assert_eq!(
            (&media["container"], &media["codec"]),
            (&json!(container), &json!(codec)),
            "{ask}: {version}"
        );
        assert_eq!(media["bit_depth"], depth, "{ask}");
        let rate = ask["sample_rate"].as_i64().unwrap_or(48_000);
        assert_eq!(media["sample_rate"], rate, "{ask}");
        assert_eq!(media["frames"], 60_000 * rate / 48_000, "{ask}: the length is exact");
        let done = take.ada().post(&format!("{}/renditions", take.path), ask.clone()).await.ok(202);
        assert_eq!((id(&done), &done["state"]), (id(&job), &json!("succeeded")));
    }
    assert_eq!(take.renditions().await.len(), 7);
    let page = take.ada().get(&format!("{}/renditions?limit=3", take.path)).await.ok(200);
    assert!(page["next_cursor"].is_string());
}

#[tokio::test]
async fn what_browsers_cannot_play_has_its_preview_at_once() {
    let take = Take::of(&aiff(96_000, 3)).await;
    assert_eq!(take.version["media"]["browser_playable"], false);
    let preview = take.ada().get(&format!("{}/stream", take.path)).await;
    assert_eq!((preview.status, preview.header("content-type")), (200, "audio/mpeg"), "{}", preview.text());
    let original = take.ada().get(&format!("{}/stream?quality=original", take.path)).await;
    assert_eq!((original.status, original.header("content-type")), (200, "audio/aiff"));
    let link = take.ada().post(&format!("{}/stream-url", take.path), json!({})).await.ok(200);
    let url = link["url"].as_str().expect("an address");
    let heard = take.studio.app.anonymous().get(url).header("range", "bytes=0-99").await;
    assert_eq!((heard.status, heard.body == preview.body[..100]), (206, true));
    let described = &take.renditions().await[0];
    assert_eq!((&described["kind"], &described["bitrate"]), (&json!("stream_high"), &json!(256_000)));
    assert_eq!(take.jobs("rendition.make").await, 0, "it was made with the version");
    // The same recording once more has the same preview.
    let twin = take.studio.version(&aiff(96_000, 3)).await;
    let twin = take.ada().get(&format!("/api/v1/versions/{}/stream", id(&twin))).await;
    assert_eq!(twin.header("etag"), preview.header("etag"));
}

/// An hour of quiet noise at 44.1 kHz in stereo, as FLAC.
fn hour() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let shape = Shape { sample_rate: 44_100, channels: 2 };
    let target = Target::Flac(FlacDepth::Int16);
    let mut encoder =
        Encoder::create(target, shape, &Tags::default(), None, &mut file).expect("a usual shape");
    let second: Vec<f64> = noise(88_200, 9).iter().map(|s| f64::from(s / 4096) / 32_768.0).collect();
    (0..3600).for_each(|_| encoder.push_f64(&second).expect("memory"));
    encoder.finish().expect("memory");
    file.into_inner()
}

#[tokio::test]
async fn an_hour_of_flac_is_ready_with_its_preview() {
    if std::env::var("BACKLINE_HOSTILE").as_deref() != Ok("full") {
        eprintln!("SKIPPED: an hour of music takes minutes; BACKLINE_HOSTILE=full runs it");
        return;
    }
    let take = Take::of(&hour()).await;
    assert_eq!(take.version["media"]["duration_ms"], 3_600_000, "{}", take.version);
    assert_eq!(take.version["media"]["browser_playable"], true);
    let described = &take.renditions().await[0];
    assert_eq!((&described["kind"], &described["bitrate"]), (&json!("stream_high"), &json!(256_000)));
    assert_eq!(take.jobs("rendition.make").await, 0, "it was made with the version");
}

#[tokio::test]
async fn qualities_are_made_when_they_are_asked_for() {
    let take = Take::of(&sound(48_000, 4)).await;
    let link = || take.ada().post(&format!("{}/stream-url", take.path), json!({"quality": "low"}));
    let job = link().await.problem("processing")["job_id"].clone();
    let stream = take.ada().get(&format!("{}/stream?quality=low", take.path)).await;
    assert_eq!(stream.problem("processing")["job_id"], job, "the job is started once");
    take.studio.app.idle().await;
    let url = link().await.ok(200)["url"].as_str().expect("an address").to_owned();
    let low = take.studio.app.anonymous().get(&url).await;
    assert_eq!((low.status, low.header("content-type")), (200, "audio/mpeg"));
    let high = take.studio.made(&format!("{}/stream?quality=high", take.path)).await;
    assert!(high.body.len() > 2 * low.body.len(), "{} and {}", high.body.len(), low.body.len());
    let lossless = take.ada().get(&format!("{}/stream?quality=lossless", take.path)).await;
    assert_eq!((lossless.status, lossless.header("content-type")), (200, "audio/wav"), "it plays as it is");
    let mp3 = take.studio.version(&low.body).await;
    let same = take.ada().get(&format!("/api/v1/versions/{}/stream?quality=high", id(&mp3))).await;
    assert!(same.body == low.body, "a small file is not coded again");
}

#[tokio::test]
async fn who_may_not_download_gets_no_file_by_another_door() {
    let take = Take::of(&sound(5_000, 5)).await;
    let ben = take.studio.app.user("ben").await;
    let wish = json!({"format": "flac"});
    for path in ["renditions", "analysis", "download?format=wav", "stream?quality=high"] {
        ben.get(&format!("{}/{path}", take.path)).await.problem("not_found");
    }
    ben.post(&format!("{}/renditions", take.path), wish.clone()).await.problem("not_found");
    join(&take.studio.ada, &format!("/api/v1/projects/{}", take.studio.project), &ben, "viewer").await;
    ben.post(&format!("{}/renditions", take.path), wish.clone()).await.problem("forbidden");
    ben.get(&format!("{}/download?format=wav", take.path)).await.problem("forbidden");
    ben.get(&format!("{}/renditions", take.path)).await.ok(200);

    // Ben may listen, so he may start a stream; its file is not his to download.
    let job =
        ben.get(&format!("{}/stream?quality=high", take.path)).await.problem("processing")["job_id"].clone();
    take.studio.app.idle().await;
    let result = format!("/api/v1/jobs/{}/result", job.as_str().expect("a job"));
    assert_eq!(ben.get(&format!("{}/stream?quality=high", take.path)).await.status, 200);
    ben.get(&result).await.problem("forbidden");
    take.ada().get(&result).await.problem("forbidden");
    let settings = json!({"viewer_can_download": true});
    take.ada().patch(&format!("/api/v1/projects/{}/settings", take.studio.project), settings).await.ok(200);
    assert_eq!(ben.get(&result).await.status, 200);
}

#[tokio::test]
async fn what_a_format_does_not_have_is_refused_by_name() {
    let take = Take::of(&sound(2_000, 6)).await;
    let wrong = json!({"format": "flac", "bit_depth": "32f", "bitrate": 1, "sample_rate": 44_101});
    let refused = take.ada().post(&format!("{}/renditions", take.path), wrong).await;
    assert_eq!(refused.faults(), ["/bit_depth", "/bitrate", "/sample_rate"]);
    let odd = take.ada().post(&format!("{}/renditions", take.path), json!({"format": "tape"})).await;
    assert_eq!(odd.faults(), ["/format"]);
    for (query, fault) in
        [("format=mp3&bit_depth=16", "?bit_depth"), ("bit_depth=16", "?bit_depth"), ("format=aac", "?format")]
    {
        assert_eq!(take.ada().get(&format!("{}/download?{query}", take.path)).await.faults(), [fault]);
    }
    assert_eq!(take.jobs("rendition.make").await, 0);
}

#[tokio::test]
async fn a_rendition_that_is_called_off_can_be_asked_for_again() {
    // Long enough that the call comes before the end.
    let take = Take::of(&sound(90 * 48_000, 7)).await;
    let path = format!("{}/download?format=mp3", take.path);
    let job = take.ada().get(&path).await.problem("processing")["job_id"].as_str().expect("a job").to_owned();
    let called = loop {
        let called = take.ada().post_empty(&format!("/api/v1/jobs/{job}/cancel")).await;
        // The row is made a moment after the event.
        if called.status != 503 {
            break called;
        }
    };
    called.ok(202);
    take.studio.app.idle().await;
    let shown = take.ada().get(&format!("/api/v1/jobs/{job}")).await.ok(200);
    assert_eq!(shown["state"], "cancelled", "{shown}");
    take.ada().get(&format!("/api/v1/jobs/{job}/result")).await.problem("conflict");
    assert_eq!(take.renditions().await, Vec::<Value>::new());
    let another =
        take.ada().get(&path).await.problem("processing")["job_id"].as_str().expect("a job").to_owned();
    assert_ne!(another, job);
    take.ada().post_empty(&format!("/api/v1/jobs/{another}/cancel")).await;
    take.studio.app.idle().await;
}

#[tokio::test]
async fn the_measurements_are_shown() {
    let take = Take::of(&sound(5 * 48_000, 8)).await;
    let path = format!("{}/analysis", take.path);
    let heard = take.ada().get(&path).await;
    let analysis = heard.ok(200);
    assert_eq!(analysis["loudness"], take.version["loudness"]);
    assert_eq!(analysis["short_term"]["step_ms"], 1000);
    let curve = analysis["short_term"]["lufs"].as_array().expect("a curve");
    assert_eq!(curve.len(), 5, "{analysis}");
    assert_eq!(analysis["silence"], json!([]));
    let known = take.ada().get(&path).header("if-none-match", heard.header("etag")).await;
    assert_eq!(known.status, 304);
}
