//! The front page: links, the forms behind links that were printed or mailed, a player.
//!
//! One document that loads nothing else. Its policy names the hashes of its own style and script, so no other can run in it,
//! whatever gets into the page.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use poem::{Response, http::header};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

const HTML: &str = include_str!("home.html");
const STYLE: &str = include_str!("home.css");
const SCRIPT: &str = include_str!("home.js");

struct Page {
    html: Bytes,
    policy: String,
}

/// The page.
pub fn page() -> Response {
    static PAGE: OnceLock<Page> = OnceLock::new();
    let page = PAGE.get_or_init(put_together);
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, &page.policy)
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::CACHE_CONTROL, "no-cache")
        .body(page.html.clone())
}

fn put_together() -> Page {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; media-src 'self'; img-src data:; \
         form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
        source(STYLE),
        source(SCRIPT)
    );
    Page { html: HTML.replace("{{style}}", STYLE).replace("{{script}}", SCRIPT).into(), policy }
}

/// The source expression of an inline element with this text (CSP Level 3 §2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands between two marks, the first time.
    fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
        text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).expect("both marks").0
    }

    #[test]
    fn the_policy_admits_the_style_and_script_of_the_page_and_no_other() {
        let page = put_together();
        let html = std::str::from_utf8(&page.html).unwrap();
        assert_eq!((html.matches("<script").count(), html.matches("<style").count()), (1, 1));
        for text in [between(html, "<style>", "</style>"), between(html, "<script>", "</script>")] {
            assert!(!text.contains("{{") && page.policy.contains(&source(text)));
        }
        assert!(!page.policy.contains("unsafe"));
        let attributes = [" style=", " onclick=", " onsubmit=", " onload=", "javascript:"];
        assert!(attributes.iter().all(|attribute| !HTML.contains(attribute)));
    }

    #[test]
    fn every_field_has_a_label() {
        for (at, _) in HTML.match_indices("<input") {
            let before = &HTML[..at];
            let (open, close) = (before.rfind("<label>"), before.rfind("</label>"));
            assert!(open.is_some() && open > close, "{}", &HTML[at..at + 40]);
        }
        // The words of the choices would be part of a label around them.
        for (at, _) in HTML.match_indices("<select ") {
            let id = between(&HTML[at..], "id=\"", "\"");
            assert!(HTML[..at].contains(&format!("<label for=\"{id}\">")), "{id}");
        }
    }
}
