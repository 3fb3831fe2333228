//! Text that people type, parsed once at the edge. A value of one of these types is trimmed, in NFC, and in bounds.

mod fold;

pub use fold::{folded, slug};

use crate::{limits, violation::Fault};
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Trims, normalises to NFC, and refuses control characters and wrong lengths (in characters).
fn line(text: &str, min: usize, max: usize) -> Result<String, Fault> {
    let text: String = text.trim().nfc().collect();
    let length = text.chars().count();
    if length < min {
        return Err(Fault::new("too_short", format!("must have at least {min} character(s)")));
    }
    if length > max {
        return Err(Fault::new("too_long", format!("must have at most {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::new("control_character", "must not contain control characters"));
    }
    Ok(text)
}

/// Like [`line`], but line breaks and tabs are allowed.
fn prose(text: &str, max: usize) -> Result<String, Fault> {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > max || text.len() > limits::USER_TEXT_BYTES_MAX {
        return Err(Fault::new("too_long", format!("must have at most {max} characters and 15 KiB")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Fault::new("control_character", "must not contain control characters"));
    }
    Ok(text)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $parse:expr),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses what a person typed.
            ///
            /// # Errors
            /// A [`Fault`] that says what would be accepted.
            pub fn parse(text: &str) -> Result<Self, Fault> { ($parse)(text).map(Self) }
            /// The text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
        impl AsRef<str> for $name { fn as_ref(&self) -> &str { &self.0 } }
    )+};
}

texts! {
    /// The name of a person as others see it: 1 to 80 characters on one line.
    PersonName = |t: &str| line(t, 1, 80),
    /// The name of a project: 1 to 120 characters.
    ProjectName = |t: &str| line(t, 1, 120),
    /// The name of a checkpoint: 1 to 120 characters.
    CheckpointName = |t: &str| line(t, 1, 120),
    /// The name of a track: 1 to 120 characters.
    TrackName = |t: &str| line(t, 1, 120),
    /// A short label: an instrument, a version label, a device, a token: 1 to 80 characters.
    Label = |t: &str| line(t, 1, 80),
    /// A file name as the client gave it; kept for display and `Content-Disposition`, never used as a path. 1 to 255 characters.
    FileName = |t: &str| line(t.rsplit(['/', '\\']).next().unwrap_or(""), 1, 255),
    /// A few words to somebody: up to 500 characters, several lines.
    Note = |t: &str| prose(t, 500),
    /// A description or a note: up to 4,000 characters, several lines.
    Prose = |t: &str| prose(t, 4_000),
    /// A changelog in Markdown: up to 10,000 characters and 15 KiB.
    Changelog = |t: &str| prose(t, 10_000),
    /// What a comment says, in a subset of Markdown: 1 to 10,000 characters and 15 KiB.
    CommentText = comment,
    /// A tag: 1 to 40 characters, lower case.
    Tag = |t: &str| line(t, 1, 40).map(|t| t.to_lowercase()),
    /// A colour as `#rrggbb`, lower case.
    Color = color,
    /// An e-mail address, trimmed and in lower case; at most 250 bytes, a little less than RFC 5321 §4.5.3.1 allows, so that it
    /// fits a key.
    Email = email,
    /// The unique name for mentions: `[a-z0-9_-]{2,30}`.
    Handle = handle,
    /// A time signature such as `4/4`: 1 to 64 over 1, 2, 4, 8, 16, 32 or 64.
    TimeSignature = time_signature,
    /// A musical key as people write it, such as `F# minor`: 1 to 20 characters.
    MusicalKey = |t: &str| line(t, 1, 20),
    /// A kind of track; `mix`, `stem`, `vocal`, `instrument`, `reference` and `other` are known, others are allowed: `[a-z0-9_-]{1,30}`.
    TrackKind = track_kind,
    /// A BCP 47 language tag, loosely checked: 2 to 35 letters, digits and hyphens.
    Locale = locale,
    /// An IANA time zone name, loosely checked: 1 to 64 characters of `[A-Za-z0-9_+/-]`.
    TimeZone = time_zone,
}

fn comment(text: &str) -> Result<String, Fault> {
    let text = prose(text, 10_000)?;
    if text.is_empty() { Err(Fault::new("too_short", "must have at least 1 character(s)")) } else { Ok(text) }
}

fn color(text: &str) -> Result<String, Fault> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.strip_prefix('#').unwrap_or("");
    if digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(Fault::new("invalid_color", "must be a colour such as #e8b84b"))
    }
}

fn email(text: &str) -> Result<String, Fault> {
    let fault = || Fault::new("invalid_email", "must be an e-mail address such as ada@example.org");
    let text = line(text, 3, 250).map_err(|_| fault())?.to_lowercase();
    if text.len() > 250 {
        return Err(fault());
    }
    let (local, domain) = text.rsplit_once('@').ok_or_else(fault)?;
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.chars().any(|c| {
            c.is_whitespace() || matches!(c, '@' | '<' | '>' | '"' | ',' | ';' | ':' | '\\' | '(' | ')')
        });
    let domain_ok = domain.split('.').all(|part| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    if local_ok && domain_ok { Ok(text) } else { Err(fault()) }
}

fn handle(text: &str) -> Result<String, Fault> {
    let ok = (2..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    let reserved = matches!(text, "all" | "editors" | "owners" | "everyone" | "here");
    match (ok, reserved) {
        (true, false) => Ok(text.to_owned()),
        (true, true) => Err(Fault::new("reserved", "is reserved for mentions of groups")),
        (false, _) => Err(Fault::new("invalid_handle", "must be 2 to 30 of a-z, 0-9, _ and -")),
    }
}

fn time_signature(text: &str) -> Result<String, Fault> {
    let parsed =
        text.trim().split_once('/').and_then(|(n, d)| Some((n.parse::<u8>().ok()?, d.parse::<u8>().ok()?)));
    match parsed {
        Some((n @ 1..=64, d)) if d.is_power_of_two() && d <= 64 => Ok(format!("{n}/{d}")),
        _ => Err(Fault::new("invalid_time_signature", "must be a time signature such as 4/4 or 7/8")),
    }
}

fn track_kind(text: &str) -> Result<String, Fault> {
    let text = text.trim().to_ascii_lowercase();
    let ok = (1..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    ok.then_some(text).ok_or_else(|| Fault::new("invalid_kind", "must be 1 to 30 of a-z, 0-9, _ and -"))
}

fn locale(text: &str) -> Result<String, Fault> {
    let ok = (2..=35).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    ok.then(|| text.to_owned())
        .ok_or_else(|| Fault::new("invalid_locale", "must be a language tag such as en or pt-BR"))
}

fn time_zone(text: &str) -> Result<String, Fault> {
    let ok = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-' | b'/'));
    ok.then(|| text.to_owned())
        .ok_or_else(|| Fault::new("invalid_time_zone", "must be a time zone such as Europe/Berlin"))
}

impl Handle {
    /// A first proposal for a handle, made from a person's name; `suffix` > 0 is appended to make it unique.
    pub fn propose(name: &PersonName, suffix: u32) -> Self {
        let base: String = name
            .as_str()
            .nfd()
            .filter_map(|c| match c {
                'a'..='z' | '0'..='9' | '_' => Some(c),
                'A'..='Z' => Some(c.to_ascii_lowercase()),
                ' ' | '-' | '.' => Some('-'),
                _ => None,
            })
            .take(24)
            .collect();
        let base = base.trim_matches('-');
        let base = if base.len() < 2 { "musician" } else { base };
        let text = if suffix == 0 { base.to_owned() } else { format!("{base}-{suffix}") };
        Self::parse(&text).unwrap_or_else(|_| Self(format!("{base}-1")))
    }
}

/// A tempo in beats per minute, 10 to 999.
///
/// # Errors
/// A [`Fault`] outside that range.
pub fn parse_bpm(bpm: f64) -> Result<f64, Fault> {
    if (10.0..=999.0).contains(&bpm) {
        Ok(bpm)
    } else {
        Err(Fault::new("out_of_range", "must be between 10 and 999"))
    }
}

#[cfg(test)]
mod tests;
