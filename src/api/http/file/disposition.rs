//! `Content-Disposition` (RFC 6266) with names in any language (RFC 8187, formerly 5987).

use std::fmt;

/// Whether a browser shows the bytes or saves them, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Shown or played; the name is for "save as".
    Inline(String),
    /// Saved.
    Attachment(String),
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            Self::Inline(name) => ("inline", name),
            Self::Attachment(name) => ("attachment", name),
        };
        write!(f, "{kind}; filename=\"{}\"", plain(name))?;
        if plain(name) != *name {
            write!(f, "; filename*=UTF-8''{}", encoded(name))?;
        }
        Ok(())
    }
}

/// The name for clients that know only ASCII. `%` is left out because some decode it.
fn plain(name: &str) -> String {
    let known = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    name.chars().map(|c| if known(c) { c } else { '_' }).collect()
}

/// RFC 8187 §3.2.1: `attr-char` as it is, every other byte of the UTF-8 as `%XX`.
fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_language_and_none_that_break_out() {
        assert_eq!(Disposition::Inline("take 1.wav".into()).to_string(), r#"inline; filename="take 1.wav""#);
        assert_eq!(
            Disposition::Attachment("Übung €.flac".into()).to_string(),
            r#"attachment; filename="_bung _.flac"; filename*=UTF-8''%C3%9Cbung%20%E2%82%AC.flac"#
        );
        let nasty = Disposition::Inline("a\"; x=\r\nSet-Cookie: b".into()).to_string();
        assert!(!nasty.contains(['\r', '\n']));
        assert_eq!(nasty.matches('"').count(), 2);
    }
}
