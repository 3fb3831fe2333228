//! The rules of the house that a program can check, run over every file that git would commit.
//!
//! `docs/STYLE.md` says why each rule is there. Every rule has a sample it must refuse, so that
//! none of them can go quiet unnoticed.

#[path = "tidy/edges.rs"]
mod edges;
#[path = "tidy/limits.rs"]
mod limits;
#[path = "tidy/repo.rs"]
mod repo;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/rust_text.rs"]
mod rust_text;

use repo::SourceFile;

/// Fails with every complaint at once, one per line.
#[track_caller]
fn expect_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{} complaint(s):\n{}\n", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_file_keeps_the_rules() {
    let files = repo::files();
    let rust = files.iter().filter(|file| file.is_rust()).count();
    assert!(rust > 10, "only {rust} Rust files were found: the rules looked at nothing");
    expect_none(files.iter().flat_map(rules::check).collect());
}

#[test]
fn crates_depend_only_along_the_picture() {
    let metadata = repo::cargo_metadata();
    assert!(metadata.packages.len() >= 7, "the workspace lost crates: {}", metadata.packages.len());
    expect_none(edges::check(&metadata));
}

#[test]
fn every_dependency_has_its_reason() {
    let record =
        repo::files().into_iter().find(|file| file.path == edges::RECORD).expect("the record is there");
    expect_none(edges::undecided(&repo::cargo_metadata(), &record.text));
}

#[test]
fn every_limit_limits_something() {
    expect_none(limits::unused(&repo::files()));
}

/// Not a rule: the figure shows where the code base is heading (the aim is at most 150).
#[test]
fn median_file_size_is_printed() {
    let mut sizes: Vec<usize> =
        repo::files().iter().filter(|file| file.is_rust()).map(SourceFile::line_count).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().expect("the repository has Rust files");
    println!(
        "{} Rust files, {} lines, median {median}, largest {}",
        sizes.len(),
        sizes.iter().sum::<usize>(),
        sizes.last().copied().unwrap_or_default()
    );
    assert!(median > 0);
}
