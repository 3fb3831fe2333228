//! Text as words: cut where Unicode says, without case, accents and compatibility forms.

use crate::{limits, text::folded};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation as _;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// The word, folded, of at most [`limits::SEARCH_WORD_BYTES_MAX`] bytes.
    pub text: String,
}

/// The words of a text (UAX #29). Scripts without spaces give a word for each character or syllable.
pub fn words(text: &str) -> impl Iterator<Item = Word> {
    text.unicode_word_indices().filter_map(|(start, word)| {
        let mut text = folded(word);
        text.truncate(text.floor_char_boundary(limits::SEARCH_WORD_BYTES_MAX));
        (!text.is_empty()).then(|| Word { range: start..start + word.len(), text })
    })
}

/// How many letters of a word may be wrong: none of a short one, one from 4 letters on, two from 8 on.
pub fn slack(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// How many letters have to be changed, added, taken away or swapped with their neighbour to turn one word into the other
/// (the restricted Damerau–Levenshtein distance).
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<_>>(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        // rows: the one before last, the last, the present.
        rows[2][0] = i;
        for j in 1..=b.len() {
            let changed = rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).map(|word| word.text).collect()
    }

    #[test]
    fn words_have_neither_case_nor_accents_nor_punctuation() {
        assert_eq!(texts("Die SNARE, bei 0:42 – zu Läut!"), ["die", "snare", "bei", "0", "42", "zu", "laut"]);
        assert_eq!(texts("ｆｕｌｌ ﬁll don't"), ["full", "fill", "don't"]);
        assert_eq!(texts("Кавер Ёлка"), ["кавер", "елка"]);
        assert_eq!(texts("低音を上げる").first().map(String::as_str), Some("低"));
        assert_eq!(texts("!? 🎸"), [""; 0]);
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "zu läut";
        let found: Vec<_> = words(text).map(|word| &text[word.range]).collect();
        assert_eq!(found, ["zu", "läut"]);
        assert_eq!(
            words(&"x".repeat(500)).next().map(|word| word.text.len()),
            Some(limits::SEARCH_WORD_BYTES_MAX)
        );
    }

    #[test]
    fn distances_count_swaps_once() {
        for (a, b, steps) in [("", "", 0), ("snare", "snare", 0), ("sanre", "snare", 1), ("snar", "snare", 1)]
        {
            assert_eq!(distance(a, b), steps, "{a} {b}");
        }
        assert_eq!((distance("kitten", "sitting"), distance("abc", "")), (3, 3));
        assert_eq!((slack("kit"), slack("bass"), slack("distorted")), (0, 1, 2));
    }
}
