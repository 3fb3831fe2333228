//! Conditions of a request on a file, in the order of RFC 9110 §13.2.2.

use crate::http::conditional::{Strength, none_match_names, parse_tags};
use model::Timestamp;
use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{HeaderMap, HeaderValue, Method, header},
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The method and the conditional headers of a request.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub(super) method: Method,
    headers: HeaderMap,
}

impl<'a> FromRequest<'a> for Conditions {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self::new(request.method().clone(), request.headers()))
    }
}

/// What the conditions allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// 412.
    PreconditionFailed,
    /// 304.
    NotModified,
    /// 200 with all of it.
    Whole,
    /// What this `Range` selects.
    Range(String),
}

impl Conditions {
    /// Picks the conditional headers.
    pub fn new(method: Method, headers: &HeaderMap) -> Self {
        let names = [
            header::IF_MATCH,
            header::IF_UNMODIFIED_SINCE,
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::RANGE,
            header::IF_RANGE,
        ];
        let picked = names.into_iter().filter_map(|name| Some((name.clone(), headers.get(&name)?.clone())));
        Self { method, headers: picked.collect() }
    }

    fn text(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn judge(&self, tag: &str, modified: Timestamp) -> Verdict {
        let modified = whole_seconds(modified);
        let unchanged_since = |date: SystemTime| modified <= date;
        let fails = match self.headers.get(header::IF_MATCH) {
            Some(value) => !match_names(value, tag),
            None => self.date(header::IF_UNMODIFIED_SINCE).is_some_and(|date| !unchanged_since(date)),
        };
        if fails {
            return Verdict::PreconditionFailed;
        }
        let known = match self.headers.get(header::IF_NONE_MATCH) {
            Some(value) => none_match_names(value, tag),
            None => self.date(header::IF_MODIFIED_SINCE).is_some_and(unchanged_since),
        };
        if known {
            return Verdict::NotModified;
        }
        // A range has a meaning for GET alone (RFC 9110 §14.2).
        match self.text(header::RANGE) {
            Some(range) if self.method == Method::GET && self.range_holds(tag, modified) => {
                Verdict::Range(range.to_owned())
            }
            Some(_) | None => Verdict::Whole,
        }
    }

    /// `If-Range`: a strong tag that is the same, or the very date of the last change (RFC 9110 §13.1.5).
    fn range_holds(&self, tag: &str, modified: SystemTime) -> bool {
        let Some(value) = self.headers.get(header::IF_RANGE) else { return true };
        let Ok(text) = value.to_str() else { return false };
        match parse_tags(text).as_deref() {
            Some([one]) => one.strength == Strength::Strong && one.opaque == tag,
            Some(_) => false,
            None => httpdate::parse_http_date(text).is_ok_and(|date| date == modified),
        }
    }

    /// A date that cannot be read is no condition (RFC 9110 §13.1.3).
    fn date(&self, name: header::HeaderName) -> Option<SystemTime> {
        self.text(name).and_then(|text| httpdate::parse_http_date(text).ok())
    }
}

/// Whether `If-Match` names this tag, by strong comparison.
fn match_names(value: &HeaderValue, tag: &str) -> bool {
    let Ok(text) = value.to_str() else { return false };
    let strong = |tags: Vec<crate::http::conditional::EntityTag<'_>>| {
        tags.iter().any(|it| it.strength == Strength::Strong && it.opaque == tag)
    };
    text.trim() == "*" || parse_tags(text).is_some_and(strong)
}

/// HTTP dates have no fraction of a second.
fn whole_seconds(instant: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(instant.millis().max(0).cast_unsigned() / 1000)
}

/// An instant as an HTTP date.
pub(super) fn http_date(instant: Timestamp) -> String {
    httpdate::fmt_http_date(whole_seconds(instant))
}
