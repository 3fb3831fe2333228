//! Text without case and accents: what a search compares and what a slug is made of.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The text in lower case without accents: `Café Ødegård` becomes `cafe odegard`. Letters that do not decompose and that
/// people type without their stroke or ligature are replaced too.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'þ' => out.push_str("th"),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            // Lower case may decompose anew (İ becomes i and a dot above).
            c if is_combining_mark(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// The text for a URL that people read: folded, `[a-z0-9]` in words joined by hyphens, at most 60 bytes; `fallback` if nothing
/// of it is left.
pub fn slug(text: &str, fallback: &str) -> String {
    let folded = folded(text);
    let mut out = String::new();
    for word in folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if out.len() + word.len() >= 60 {
            break;
        }
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(word);
    }
    if out.is_empty() { fallback.to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        assert_eq!(folded("Café ØDEGÅRD Straße"), "cafe odegard strasse");
        assert_eq!(folded("İstanbul"), folded("istanbul"));
        assert_eq!(folded("Ёлка"), folded("елка"));
        assert_eq!(folded("日本"), "日本");
    }

    #[test]
    fn a_slug_is_made_of_words() {
        assert_eq!(slug("  Älbum #2: The Return! ", "project"), "album-2-the-return");
        assert_eq!(slug("日本", "project"), "project");
        assert_eq!(slug(&"x".repeat(100), "project"), "project");
        assert!(slug(&"word ".repeat(40), "project").len() <= 60);
    }
}
