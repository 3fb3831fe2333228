//! The part of a text that says what was searched for.

use model::limits;
use std::ops::Range;

/// How much of a snippet stands before the first mark, in characters.
const BEFORE: usize = 40;

/// A part of a text, with what was searched for marked in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The part, on one line.
    pub text: String,
    /// What was searched for, in characters of `text`, in order.
    pub marks: Vec<Range<usize>>,
}

impl Snippet {
    /// Cuts a text around its first mark; marks are in bytes, in order.
    pub(crate) fn cut(text: &str, marks: &[Range<usize>]) -> Self {
        let start = marks.first().map_or(0, |first| start(text, first.start));
        let end =
            text[start..].char_indices().nth(limits::SNIPPET_CHARS).map_or(text.len(), |(at, _)| start + at);
        let inside = marks.iter().filter(|mark| mark.start >= start && mark.end <= end);
        let chars = |upto: usize| text[start..upto].chars().count();
        let lead = usize::from(start > 0);
        let marks = inside.map(|mark| chars(mark.start) + lead..chars(mark.end) + lead).collect();
        // One character for one, so that marks stay where they are.
        let line = text[start..end].chars().map(|c| if c.is_control() { ' ' } else { c });
        let dots = |cut: bool| cut.then_some('…');
        Self { text: dots(start > 0).into_iter().chain(line).chain(dots(end < text.len())).collect(), marks }
    }
}

/// Where to begin so that this place is seen with what leads to it: at a word.
fn start(text: &str, place: usize) -> usize {
    let Some((early, _)) = text[..place].char_indices().rev().nth(BEFORE) else { return 0 };
    let word = text[early..place].find(char::is_whitespace);
    word.map_or(early, |space| early + space + text[early + space..].chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, words: &[&str]) -> (Snippet, Vec<String>) {
        let marks: Vec<_> =
            words.iter().map(|word| text.find(word).map(|at| at..at + word.len()).unwrap()).collect();
        let snippet = Snippet::cut(text, &marks);
        let marked =
            |range: &Range<usize>| snippet.text.chars().skip(range.start).take(range.len()).collect();
        let marked = snippet.marks.iter().map(marked).collect();
        (snippet, marked)
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        let (snippet, marked) = cut("Läuter,\nbitte: snare", &["Läuter", "snare"]);
        assert_eq!(
            (snippet.text.as_str(), marked),
            ("Läuter, bitte: snare", vec!["Läuter".into(), "snare".into()])
        );
        assert_eq!(Snippet::cut("", &[]), Snippet::default());
    }

    #[test]
    fn a_long_text_is_cut_around_the_first_mark() {
        let text = format!("{} größer snare {}", "wörd ".repeat(100), "tail ".repeat(100));
        let (snippet, marked) = cut(&text, &["größer", "snare"]);
        assert!(snippet.text.starts_with("…wörd ") && snippet.text.ends_with('…'), "{}", snippet.text);
        assert_eq!(marked, ["größer", "snare"]);
        assert!(snippet.text.chars().count() <= limits::SNIPPET_CHARS + 2);
        let solid = "ö".repeat(300) + "snare";
        assert_eq!(cut(&solid, &["snare"]).1, ["snare"]);
    }
}
