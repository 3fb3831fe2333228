//! Just enough of Rust's lexical grammar to look at code without its comments and literals.
//!
//! The mask keeps every line break and replaces the inside of comments, strings and character literals with blanks,
//! so that braces can be counted and a word in a message is not taken for code.

/// The text with comments and literals blanked: byte positions and line numbers stay what they were.
pub fn mask(text: &str) -> String {
    let source: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < source.len() {
        let length = blank_length(&source, at);
        if length == 0 {
            masked.push(source[at]);
            at += 1;
            continue;
        }
        let end = (at + length).min(source.len());
        for &c in &source[at..end] {
            masked.push_str(if c == '\n' { "\n" } else { &BLANKS[..c.len_utf8()] });
        }
        at = end;
    }
    masked
}

/// As many as the longest character has bytes.
const BLANKS: &str = "    ";

/// The length of the comment or literal that starts here, or 0.
fn blank_length(source: &[char], at: usize) -> usize {
    let rest = &source[at..];
    let follows_word = at > 0 && is_word(source[at - 1]);
    match rest {
        ['/', '/', ..] => rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['"', ..] => quoted(rest, '"'),
        ['r', '"' | '#', ..] if !follows_word => raw_string(rest),
        ['b' | 'c', 'r', '"' | '#', ..] if !follows_word => match raw_string(&rest[1..]) {
            0 => 0,
            length => length + 1,
        },
        // A lifetime has no closing quote right after its first character.
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
        _ => 0,
    }
}

/// Block comments nest (The Rust Reference, "Comments").
fn block_comment(rest: &[char]) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and so on; 0 for a raw identifier such as `r#type`.
fn raw_string(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', hashes));
    let body = 2 + hashes;
    rest[body..].windows(close.len()).position(|w| w == close).map_or(rest.len(), |n| body + n + close.len())
}

/// A function in masked text: its name, the line of its `fn` (from 1), and how many lines it spans to its closing brace.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

/// Every function with a body. Signatures in traits, function pointers and macro fragments are not functions here.
pub fn functions(masked: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, word) in words(masked) {
        if word != "fn" {
            continue;
        }
        let after = masked[at + 2..].trim_start();
        let name: String = after.chars().take_while(|&c| is_word(c)).collect();
        if name.is_empty() {
            continue;
        }
        if let Some(end) = body_end(&masked[at..]) {
            let line = masked[..at].matches('\n').count() + 1;
            let lines = masked[at..at + end].matches('\n').count() + 1;
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// Where the body that follows a signature ends; `None` when a `;` ends the signature instead.
fn body_end(text: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0usize, 0usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' if braces == 0 => brackets += 1,
            ')' | ']' if braces == 0 => brackets = brackets.saturating_sub(1),
            ';' if braces == 0 && brackets == 0 => return None,
            '{' => braces += 1,
            '}' if braces <= 1 => return Some(at),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

/// Identifiers and keywords with their byte positions.
pub fn words(masked: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    masked.split(|c| !is_word(c)).filter_map(move |word| {
        let start = at;
        // The separator may be wider than one byte.
        at = start + word.len();
        at += masked[at..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some((start, word))
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_comments_and_literals_and_nothing_else() {
        let cases = [
            ("a // ö {\nc", "a        \nc"),
            ("a /* x /* y */ z */ b", "a                   b"),
            (r#"f("}\"{") + 1"#, "f(      ) + 1"),
            ("r#\"a\"b\"# r#type", "         r#type"),
            (r"'{' '\'' 'a: &'static str", "         'a: &'static str"),
            ("b\"{\" br\"{\" var\"{\"", "b          var   "),
        ];
        for (text, want) in cases {
            assert_eq!(mask(text), want, "{text}");
        }
    }

    #[test]
    fn measures_functions_to_their_closing_brace() {
        let text = "trait T { fn a(&self, x: [u8; 4]); }\nfn b() -> [u8; 2]\nwhere\n{\n  if x { y }\n}\nlet p: fn(u8);\n";
        let found: Vec<_> = functions(&mask(text)).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("b".to_owned(), 2, 5)]);
    }
}
