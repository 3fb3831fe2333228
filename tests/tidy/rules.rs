//! The rules a single file must keep. Each answers with complaints that name the file and, where it can, the line.

use super::repo::SourceFile;
use super::rust_text;

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const MODULE_DOC_LINES_MAX: usize = 8;

/// Names that say nothing about what a thing is.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];

// Written in two halves so that this file does not contain what it looks for.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
    concat!("assert!(", "true)"),
];
const BARE_ALLOW: &[&str] = &[concat!("#[al", "low("), concat!("#![al", "low(")];

/// Places and services of one machine or workplace: the product must not know them.
const FOREIGN_PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/tm", "p/bash_jobs"),
    concat!(".lib", "rary"),
    concat!("farm-", "studio"),
    concat!("farm-", "bench"),
    concat!("crates", ".io/"),
    concat!("static", ".crates"),
    concat!("pypi", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("python", "hosted"),
    concat!("deb.de", "bian"),
];

pub fn check(file: &SourceFile) -> Vec<String> {
    let mut complaints = foreign_places(file);
    complaints.extend(unfinished(file));
    complaints.extend(empty_path(file));
    if file.is_rust() {
        let masked = rust_text::mask(&file.text);
        complaints.extend(file_size(file));
        complaints.extend(module_docs(file));
        complaints.extend(function_size(file, &masked));
        complaints.extend(empty_declarations(file, &masked));
        complaints.extend(bare_allow(file, &masked));
    }
    complaints
}

fn file_size(file: &SourceFile) -> Option<String> {
    let lines = file.line_count();
    (lines > FILE_LINES_MAX).then(|| format!("{}: {lines} lines, at most {FILE_LINES_MAX}", file.path))
}

fn function_size(file: &SourceFile, masked: &str) -> Vec<String> {
    let long = rust_text::functions(masked).into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX);
    long.map(|f| {
        format!("{}:{}: fn {} has {} lines, at most {FUNCTION_LINES_MAX}", file.path, f.line, f.name, f.lines)
    })
    .collect()
}

fn module_docs(file: &SourceFile) -> Option<String> {
    let mut lines = file.text.lines().skip_while(|line| line.trim().is_empty()).peekable();
    if !lines.peek().is_some_and(|line| line.starts_with("//!")) {
        return Some(format!("{}:1: must begin with //! (purpose, and what must hold)", file.path));
    }
    let documented = lines.take_while(|line| line.starts_with("//!")).count();
    (documented > MODULE_DOC_LINES_MAX).then(|| {
        format!("{}:1: {documented} lines of module documentation, at most {MODULE_DOC_LINES_MAX}", file.path)
    })
}

fn empty_path(file: &SourceFile) -> Vec<String> {
    let rust = file.path.ends_with(".rs");
    let mut complaints = Vec::new();
    for part in file.path.split('/') {
        let stem = part.split('.').next().unwrap_or(part);
        if part == "mod.rs" {
            complaints.push(format!("{}: write foo.rs beside foo/ instead", file.path));
        } else if rust && says_nothing(stem) {
            complaints.push(format!("{}: `{stem}` does not say what it is", file.path));
        }
    }
    complaints
}

/// Modules, types and traits that a file declares. Functions and variables may say it in their own context.
fn empty_declarations(file: &SourceFile, masked: &str) -> Vec<String> {
    let words: Vec<(usize, &str)> = rust_text::words(masked).collect();
    let declared = words.windows(2).filter(|pair| {
        matches!(pair[0].1, "mod" | "struct" | "enum" | "trait" | "type" | "union") && says_nothing(pair[1].1)
    });
    declared.map(|pair| at(file, pair[1].0, &format!("`{}` does not say what it is", pair[1].1))).collect()
}

/// Whether one of the words that make up a snake_case or CamelCase name is empty of meaning.
fn says_nothing(name: &str) -> bool {
    let mut words = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() {
            words.push('_');
        }
        words.extend(c.to_lowercase());
    }
    words.split(['_', '-']).any(|word| EMPTY_NAMES.contains(&word))
}

fn bare_allow(file: &SourceFile, masked: &str) -> Vec<String> {
    let message = "a silenced lint: #[expect(lint, reason = \"…\")] instead";
    BARE_ALLOW
        .iter()
        .flat_map(|mark| masked.match_indices(mark))
        .map(|(position, _)| at(file, position, message))
        .collect()
}

/// Looks at comments as well: an unfinished thought is unfinished wherever it stands.
fn unfinished(file: &SourceFile) -> Vec<String> {
    let code = [".rs", ".ts", ".js", ".mjs", ".py", ".sh"].iter().any(|end| file.path.ends_with(end))
        || file.path.starts_with("scripts/")
        || file.path.starts_with(".ci/");
    if !code {
        return Vec::new();
    }
    let whole_word = |position: usize, mark: &str| {
        let before = file.text[..position].chars().next_back();
        let after = file.text[position + mark.len()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !(word(before) || mark.ends_with(char::is_alphabetic) && word(after))
    };
    UNFINISHED
        .iter()
        .flat_map(|mark| file.text.match_indices(mark))
        .filter(|(position, mark)| whole_word(*position, mark))
        .map(|(position, mark)| at(file, position, &format!("`{mark}`: finish it")))
        .collect()
}

fn foreign_places(file: &SourceFile) -> Vec<String> {
    if ["Cargo.lock", "package-lock.json"].iter().any(|lock| file.path.ends_with(lock)) {
        return Vec::new();
    }
    FOREIGN_PLACES
        .iter()
        .flat_map(|place| file.text.match_indices(place))
        .map(|(position, place)| {
            at(file, position, &format!("names `{place}`, which is no part of the product"))
        })
        .collect()
}

fn at(file: &SourceFile, position: usize, message: &str) -> String {
    format!("{}:{}: {message}", file.path, file.text[..position].matches('\n').count() + 1)
}

#[cfg(test)]
#[path = "rules/tests.rs"]
mod tests;
