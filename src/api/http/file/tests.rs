//! Files over HTTP: the cases of RFC 9110 and of what players really send.

use super::*;
use poem::http::HeaderMap;
use proptest::prelude::*;
use std::io::Write;

const TAG: &str = "abc123";
const CHANGED: Timestamp = Timestamp(1_795_344_120_125);
const CHANGED_DATE: &str = "Sun, 22 Nov 2026 10:42:00 GMT";

fn contents(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn file(bytes: &[u8]) -> Representation {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Representation {
        source: Source::File(Arc::new(file)),
        length: bytes.len() as u64,
        tag: TAG.to_owned(),
        modified: CHANGED,
        content_type: "audio/wav".to_owned(),
        disposition: Disposition::Inline("take.wav".to_owned()),
    }
}

fn ask(method: Method, file: Representation, headers: &[(HeaderName, &str)]) -> Response {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
    FileReply::<Audio>::new(Conditions::new(method, &headers), file).into_response()
}

fn get(length: usize, headers: &[(HeaderName, &str)]) -> Response {
    ask(Method::GET, file(&contents(length)), headers)
}

async fn bytes(response: Response) -> Vec<u8> {
    response.into_body().into_vec().await.unwrap()
}

#[tokio::test]
async fn head_tells_everything_but_the_bytes() {
    let response = ask(Method::HEAD, file(&contents(1000)), &[(header::RANGE, "bytes=0-1")]);
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        (header::CONTENT_LENGTH, "1000"),
        (header::ACCEPT_RANGES, "bytes"),
        (header::ETAG, "\"abc123\""),
        (header::CONTENT_TYPE, "audio/wav"),
        (header::LAST_MODIFIED, CHANGED_DATE),
        (header::CACHE_CONTROL, "private, no-cache"),
    ] {
        assert_eq!(response.header(&name), Some(value), "{name}");
    }
    assert_eq!(response.header(header::CONTENT_ENCODING), None);
    assert!(bytes(response).await.is_empty());
}

#[tokio::test]
async fn a_range_is_206_even_when_it_is_everything() {
    for (range, span) in [("bytes=0-", 0..1000), ("bytes=0-1", 0..2), ("bytes=-500", 500..1000)] {
        let response = get(1000, &[(header::RANGE, range)]);
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let expected = format!("bytes {}-{}/1000", span.start, span.end - 1);
        assert_eq!(response.header(header::CONTENT_RANGE), Some(&*expected));
        assert_eq!(response.header(header::CONTENT_LENGTH), Some(&*span.len().to_string()));
        assert_eq!(bytes(response).await, contents(1000)[span]);
    }
}

#[tokio::test]
async fn an_unsatisfiable_range_is_416_with_the_length() {
    for range in ["bytes=-0", "bytes=1000-"] {
        let response = get(1000, &[(header::RANGE, range)]);
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        let failure = response.data::<Failure>().unwrap().respond("id", "/");
        assert_eq!(failure.header(header::CONTENT_RANGE), Some("bytes */1000"));
    }
}

#[tokio::test]
async fn a_malformed_range_is_the_whole_file() {
    let response = get(1000, &[(header::RANGE, "bytes=x")]);
    assert_eq!((response.status(), response.header(header::CONTENT_RANGE)), (StatusCode::OK, None));
    assert_eq!(bytes(response).await, contents(1000));
}

#[tokio::test]
async fn conditions_are_judged_in_the_order_of_the_rfc() {
    let (ours, other) = ("\"abc123\"", "\"other\"");
    let (later, earlier) = ("Sun, 22 Nov 2026 11:00:00 GMT", "Sun, 22 Nov 2026 10:00:00 GMT");
    let range = (header::RANGE, "bytes=0-1");
    let cases: &[(&[(HeaderName, &str)], u16)] = &[
        (&[(header::IF_MATCH, ours)], 200),
        (&[(header::IF_MATCH, "*")], 200),
        (&[(header::IF_MATCH, other)], 412),
        (&[(header::IF_MATCH, "W/\"abc123\"")], 412),
        (&[(header::IF_UNMODIFIED_SINCE, earlier)], 412),
        (&[(header::IF_UNMODIFIED_SINCE, CHANGED_DATE)], 200),
        (&[(header::IF_MATCH, ours), (header::IF_UNMODIFIED_SINCE, earlier)], 200),
        (&[(header::IF_NONE_MATCH, ours)], 304),
        (&[(header::IF_NONE_MATCH, "W/\"abc123\", \"x\"")], 304),
        (&[(header::IF_NONE_MATCH, other)], 200),
        (&[(header::IF_MATCH, other), (header::IF_NONE_MATCH, ours)], 412),
        (&[(header::IF_MODIFIED_SINCE, CHANGED_DATE)], 304),
        (&[(header::IF_MODIFIED_SINCE, later)], 304),
        (&[(header::IF_MODIFIED_SINCE, earlier)], 200),
        (&[(header::IF_MODIFIED_SINCE, "last week")], 200),
        (&[(header::IF_NONE_MATCH, other), (header::IF_MODIFIED_SINCE, later)], 200),
        (&[(header::IF_NONE_MATCH, ours), range.clone()], 304),
        (&[(header::IF_MATCH, other), range.clone()], 412),
        (&[(header::IF_RANGE, ours), range.clone()], 206),
        (&[(header::IF_RANGE, other), range.clone()], 200),
        (&[(header::IF_RANGE, "W/\"abc123\""), range.clone()], 200),
        (&[(header::IF_RANGE, CHANGED_DATE), range.clone()], 206),
        (&[(header::IF_RANGE, later), range.clone()], 200),
        (&[(header::IF_RANGE, "nonsense"), range.clone()], 200),
        (&[(header::IF_RANGE, other), (header::RANGE, "bytes=5000-")], 200),
    ];
    for (headers, expected) in cases {
        assert_eq!(get(1000, headers).status().as_u16(), *expected, "{headers:?}");
    }
}

#[tokio::test]
async fn several_ranges_are_one_multipart_body_of_the_announced_length() {
    let response = get(1000, &[(header::RANGE, "bytes=0-9,500-509")]);
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    let content_type = response.content_type().unwrap().to_owned();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let announced: usize = response.header(header::CONTENT_LENGTH).unwrap().parse().unwrap();
    let body = bytes(response).await;
    assert_eq!(body.len(), announced);
    let mut expected = Vec::new();
    for span in [0..10, 500..510] {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: audio/wav\r\nContent-Range: bytes {}-{}/1000\r\n\r\n",
            span.start,
            span.end - 1
        );
        expected.extend_from_slice(head.as_bytes());
        expected.extend_from_slice(&contents(1000)[span]);
    }
    expected.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_large_file_comes_whole_and_in_blocks() {
    let length = model::limits::BLOB_READ_BYTES * 5 + 17;
    assert_eq!(bytes(get(length, &[])).await, contents(length));
    let response = get(length, &[(header::RANGE, "bytes=1000-900000")]);
    assert_eq!(bytes(response).await, contents(length)[1000..=900_000]);
}

#[tokio::test]
async fn a_file_that_shrank_breaks_the_body_off() {
    let mut representation = file(&contents(1000));
    representation.length = 2000;
    let response = ask(Method::GET, representation, &[]);
    assert!(response.into_body().into_vec().await.is_err());
}

#[tokio::test]
async fn an_aborted_body_lets_go_of_its_file() {
    let representation = file(&contents(1_000_000));
    let Source::File(handle) = &representation.source else { unreachable!() };
    let handle = Arc::clone(handle);
    let mut body = ask(Method::GET, representation, &[]).into_body().into_bytes_stream();
    futures::StreamExt::next(&mut body).await.unwrap().unwrap();
    assert_eq!(Arc::strong_count(&handle), 2);
    drop(body);
    assert_eq!(Arc::strong_count(&handle), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn random_ranges_joined_equal_the_file(cuts in proptest::collection::btree_set(1usize..700_000, 63)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = contents(700_000);
        let ends = cuts.iter().copied().chain([700_000]);
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let representation = file(&whole);
        let joined = starts.zip(ends).flat_map(|(start, end)| {
            let range = format!("bytes={start}-{}", end - 1);
            runtime.block_on(bytes(ask(Method::GET, representation.clone(), &[(header::RANGE, &range)])))
        });
        prop_assert_eq!(joined.collect::<Vec<_>>(), whole);
    }
}

#[tokio::test]
async fn bytes_in_memory_answer_like_a_file() {
    let mut representation = file(&contents(1000));
    representation.source = Source::Memory(contents(1000).into());
    let response = ask(Method::GET, representation.clone(), &[(header::RANGE, "bytes=10-19")]);
    assert_eq!(bytes(response).await, contents(1000)[10..20]);
    let response = ask(Method::GET, representation, &[(header::RANGE, "bytes=0-9,500-509")]);
    let announced: usize = response.header(header::CONTENT_LENGTH).unwrap().parse().unwrap();
    assert_eq!(announced, bytes(response).await.len());
}
