//! Playing: HEAD, ranges, conditions, links, and what stops them. The points are those of the audio design, "Streaming".

use crate::support::{
    Person,
    studio::{Studio, id, sound},
};
use futures::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A version that plays, and its bytes.
struct Record {
    studio: Studio,
    bytes: Vec<u8>,
    version: Value,
    path: String,
}

impl Record {
    async fn cut(frames: usize) -> Self {
        let studio = Studio::open().await;
        let bytes = sound(frames, 1);
        let version = studio.version(&bytes).await;
        assert_eq!(version["status"], "ready", "{version}");
        let path = format!("/api/v1/versions/{}/stream", id(&version));
        Self { studio, bytes, version, path }
    }

    fn ada(&self) -> &Person {
        &self.studio.ada
    }

    fn tag(&self) -> String {
        format!("\"{}\"", self.version["media"]["sha256"].as_str().expect("a hash"))
    }

    /// The status and body of a range.
    async fn range(&self, range: &str) -> (u16, Vec<u8>, String) {
        let heard = self.ada().get(&self.path).header("range", range).await;
        (heard.status, heard.body.to_vec(), heard.header("content-range").to_owned())
    }
}

#[tokio::test]
async fn point_1_head_says_everything_but_the_bytes() {
    let record = Record::cut(5000).await;
    let head = record.ada().ask(reqwest::Method::HEAD, &record.path).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for (name, expected) in [
        ("content-length", record.bytes.len().to_string()),
        ("accept-ranges", "bytes".to_owned()),
        ("etag", record.tag()),
        ("content-type", "audio/wav".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("cache-control", "private, no-cache".to_owned()),
        ("content-encoding", String::new()),
    ] {
        assert_eq!(head.header(name), expected, "{name}");
    }
    let whole = record.ada().get(&record.path).await;
    assert_eq!((whole.status, whole.body == record.bytes), (200, true));
    let download = record.ada().get(&record.path.replace("stream", "download?format=original")).await;
    assert_eq!(download.header("content-disposition"), "attachment; filename=\"take.wav\"");
    assert!(download.body == record.bytes);
}

#[tokio::test]
async fn point_2_ranges() {
    let record = Record::cut(5000).await;
    let (bytes, len) = (&record.bytes, record.bytes.len());
    for (range, from, to) in [
        ("bytes=0-".to_owned(), 0, len),
        ("bytes=0-1".to_owned(), 0, 2),
        ("bytes=-500".to_owned(), len - 500, len),
        (format!("bytes={}-", len - 1), len - 1, len),
        ("bytes=100-99999999999999999999999999".to_owned(), 100, len),
        ("bytes=-99999999999999999999999999".to_owned(), 0, len),
    ] {
        let (status, body, place) = record.range(&range).await;
        assert_eq!((status, place), (206, format!("bytes {from}-{}/{len}", to - 1)), "{range}");
        assert!(body == bytes[from..to], "{range}");
    }
    for range in ["bytes=-0".to_owned(), format!("bytes={len}-"), "bytes=99999999999999999999-".to_owned()] {
        let refused = record.ada().get(&record.path).header("range", &range).await;
        refused.problem("range_not_satisfiable");
        assert_eq!(refused.header("content-range"), format!("bytes */{len}"), "{range}");
    }
    for range in ["bytes=abc", "bytes=5-1", "lines=0-1", "bytes=", "bytes=1"] {
        let (status, body, _) = record.range(range).await;
        assert_eq!((status, body.len()), (200, len), "{range}");
    }
}

#[tokio::test]
async fn point_3_conditions() {
    let record = Record::cut(5000).await;
    let tag = record.tag();
    let date = record.ada().get(&record.path).await.header("last-modified").to_owned();
    let early = "Sun, 01 Jan 2006 00:00:00 GMT";
    let weak = format!("W/{tag}");
    for (name, value, status) in [
        ("if-range", tag.as_str(), 206),
        ("if-range", "\"other\"", 200),
        ("if-range", weak.as_str(), 200),
        ("if-range", date.as_str(), 206),
        ("if-range", early, 200),
        ("if-none-match", tag.as_str(), 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"other\"", 206),
        ("if-modified-since", date.as_str(), 304),
        ("if-match", tag.as_str(), 206),
        ("if-match", "\"other\"", 412),
        ("if-match", weak.as_str(), 412),
        ("if-unmodified-since", early, 412),
        ("if-unmodified-since", date.as_str(), 206),
    ] {
        let heard = record.ada().get(&record.path).header("range", "bytes=0-9").header(name, value).await;
        assert_eq!(heard.status, status, "{name}: {value}");
        if status == 304 {
            assert_eq!((heard.body.len(), heard.header("etag")), (0, tag.as_str()));
        }
    }
    // RFC 9110 §13.2.2: If-Match comes first, If-None-Match before If-Range.
    let both =
        record.ada().get(&record.path).header("if-match", "\"other\"").header("if-none-match", &tag).await;
    both.problem("precondition_failed");
    let both = record.ada().get(&record.path).header("range", "bytes=0-9").header("if-range", "\"other\"");
    assert_eq!(both.header("if-none-match", &tag).await.status, 304);
}

#[tokio::test]
async fn point_4_many_ranges_never_multiply_the_file() {
    let record = Record::cut(5000).await;
    let (bytes, len) = (&record.bytes, record.bytes.len());
    let heard = record.ada().get(&record.path).header("range", "bytes=0-9,1000-1009,-5").await;
    assert_eq!(heard.status, 206);
    let kind = heard.header("content-type").to_owned();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").expect("several parts");
    let mut expected = Vec::new();
    for (from, to) in [(0, 10), (1000, 1010), (len - 5, len)] {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: audio/wav\r\nContent-Range: bytes {from}-{}/{len}\r\n\r\n",
            to - 1
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&bytes[from..to]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
    assert!(lower(heard.body.as_ref()) == lower(&expected), "{}", heard.text());
    assert_eq!(heard.header("content-length"), heard.body.len().to_string());

    for many in [16, 17, 1000] {
        let ranges = vec!["0-"; many].join(",");
        let heard = record.ada().get(&record.path).header("range", &format!("bytes={ranges}")).await;
        assert!(matches!(heard.status, 200 | 206), "{many}");
        assert!(heard.body.len() <= len + 1000, "{many} ranges gave {} bytes", heard.body.len());
    }
    let apart: Vec<_> = (0..17).map(|n| format!("{0}-{0}", n * 1000)).collect();
    let (status, body, _) = record.range(&format!("bytes={}", apart.join(","))).await;
    assert_eq!((status, body.len()), (200, len), "more than 16 are answered with the whole");
}

#[tokio::test]
async fn point_5_ranges_join_to_the_file_and_nothing_stays_open() {
    let record = Record::cut(2_000_000).await;
    let (bytes, len) = (&record.bytes, record.bytes.len());
    let mut cuts: Vec<_> = (1..64).map(|n: usize| n.wrapping_mul(2_654_435_761) % len).collect();
    cuts.extend([0, len]);
    cuts.sort();
    cuts.dedup();
    let ranges = cuts.windows(2).map(|cut| {
        let range = format!("bytes={}-{}", cut[0], cut[1] - 1);
        let record = &record;
        async move { record.range(&range).await.1 }
    });
    let parts: Vec<_> = stream::iter(ranges).buffered(8).collect().await;
    assert!(parts.concat() == *bytes);
    let whole = || async { record.ada().get(&record.path).await.body == *bytes };
    assert!(join_all((0..20).map(|_| whole())).await.into_iter().all(|same| same), "20 at once");

    for _ in 0..20 {
        let mut socket = TcpStream::connect(record.studio.app.address()).await.unwrap();
        let token = record.ada().token.as_deref().unwrap();
        let head =
            format!("GET {} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n", record.path);
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut some = vec![0; 10_000];
        socket.read_exact(&mut some).await.unwrap();
    }
    let blob = blake3::hash(bytes).to_hex().to_string();
    for _ in 0..500 {
        if open_files(&blob) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} handles of the file stay open", open_files(&blob));
}

/// Handles of this process on a file of this name.
fn open_files(name: &str) -> usize {
    let handles = std::fs::read_dir("/proc/self/fd").expect("this is Linux").flatten();
    let targets = handles.filter_map(|handle| std::fs::read_link(handle.path()).ok());
    targets.filter(|target| target.to_string_lossy().contains(name)).count()
}

#[tokio::test]
async fn point_6_who_may_comes_before_which_range() {
    let record = Record::cut(5000).await;
    let absurd = format!("bytes={}-", record.bytes.len());
    let nobody = record.studio.app.anonymous();
    nobody.get(&record.path).header("range", &absurd).await.problem("unauthenticated");
    let ben = record.studio.app.user("ben").await;
    ben.get(&record.path).header("range", &absurd).await.problem("not_found");

    let made = record.ada().post(&format!("{}-url", record.path), json!({"ttl_s": 600})).await.ok(200);
    let url = made["url"].as_str().expect("an address").to_owned();
    let part = nobody.get(&url).header("range", "bytes=0-1").await;
    assert_eq!((part.status, part.body.len()), (206, 2));
    assert_eq!(nobody.ask(reqwest::Method::HEAD, &url).await.status, 200);
    nobody.get(&format!("{url}x")).await.problem("unauthenticated");
    let other = record.studio.version(&sound(100, 9)).await;
    let stolen = url.replace(&id(&record.version), &id(&other));
    nobody.get(&stolen).await.problem("unauthenticated");
    nobody.get(&url.replace("/stream?", "/download?")).await.problem("unauthenticated");
    nobody.get(&url.replace("/stream?", "?")).await.problem("unauthenticated");
    record.studio.app.clock.advance_ms(600_000);
    nobody.get(&url).header("range", &absurd).await.problem("token_expired");
}

#[tokio::test]
async fn a_link_stops_with_the_login_it_was_made_under() {
    let record = Record::cut(5000).await;
    let nobody = record.studio.app.anonymous();
    let phone = record.studio.app.login("ada").await;
    let make = |who: Person| {
        let path = format!("{}-url", record.path);
        async move { who.post(&path, json!({})).await.ok(200)["url"].as_str().expect("an address").to_owned() }
    };
    let (of_phone, of_ada) = (make(phone.clone()).await, make(record.ada().clone()).await);
    let plays = |url: String| {
        let nobody = &nobody;
        async move { nobody.get(&url).header("range", "bytes=10-19").await.status }
    };
    assert_eq!(plays(of_phone.clone()).await, 206);
    record.ada().delete("/api/v1/me/sessions").await.ok(204);
    assert_eq!((plays(of_phone).await, plays(of_ada.clone()).await), (401, 206));
    record.ada().delete(&format!("/api/v1/versions/{}", id(&record.version))).await.ok(204);
    assert_eq!(plays(of_ada).await, 404);
}

#[tokio::test]
async fn odd_wishes_are_named() {
    let record = Record::cut(5000).await;
    assert_eq!(record.ada().get(&format!("{}?quality=original", record.path)).await.status, 200);
    assert_eq!(record.ada().get(&format!("{}?quality=best", record.path)).await.faults(), ["?quality"]);
    let odd = json!({"ttl_s": 3601, "forever": true});
    assert_eq!(
        record.ada().post(&format!("{}-url", record.path), odd).await.faults(),
        ["/forever", "/ttl_s"]
    );
}
