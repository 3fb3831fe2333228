//! What people react with: one emoji, in the one spelling that Unicode recommends.

use crate::violation::Fault;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Exactly one emoji of the Unicode list for general interchange (UTS #51), fully qualified: `❤` and `❤️` are the same value.
/// At most 35 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Emoji(String);

impl Emoji {
    /// Parses one emoji.
    ///
    /// # Errors
    /// A [`Fault`] for anything else: text, two emoji, a sequence that no font draws as one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match emojis::get(text) {
            Some(emoji) => Ok(Self(emoji.as_str().to_owned())),
            None => Err(Fault::new("invalid_emoji", "must be exactly one emoji such as 👍")),
        }
    }
    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_segmentation::UnicodeSegmentation;

    #[test]
    fn one_emoji_is_one_however_many_characters_it_has() {
        for text in ["👍", "👍🏽", "🇩🇪", "👨‍👩‍👧", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍❤️‍💋‍👨🏿"]
        {
            let emoji = Emoji::parse(text).unwrap();
            assert_eq!(emoji.as_str().graphemes(true).count(), 1, "{text}");
        }
        assert_eq!(Emoji::parse("❤").unwrap(), Emoji::parse("❤️").unwrap());
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", " ", "a", "1", "👍👍", "👍 ", ":+1:", "é", "🇩", "👍\u{200d}", "<b>", "\u{fe0f}"]
        {
            assert_eq!(Emoji::parse(text).unwrap_err().code, "invalid_emoji", "{text:?}");
        }
    }

    #[test]
    fn every_emoji_fits_a_key() {
        assert!(emojis::iter().all(|emoji| emoji.as_str().len() <= 35));
    }
}
