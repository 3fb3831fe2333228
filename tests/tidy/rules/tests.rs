//! Each rule is shown a sample that it must refuse, and one beside it that it must let pass.

use super::*;

fn complaints(path: &str, text: &str) -> Vec<String> {
    check(&SourceFile::sample(path, text))
}

#[track_caller]
fn refused(path: &str, text: &str, part: &str) {
    let all = complaints(path, text);
    assert!(
        all.len() == 1 && all[0].contains(part),
        "{path}: wanted one complaint with {part:?}, got {all:?}"
    );
}

#[track_caller]
fn accepted(path: &str, text: &str) {
    assert_eq!(complaints(path, text), [""; 0], "{path}");
}

fn function(lines: usize) -> String {
    format!("//! Doc.\nfn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
}

#[test]
fn size_of_files_and_functions() {
    accepted("src/a.rs", &format!("//! Doc.\n{}", "// x\n".repeat(599)));
    refused("src/a.rs", &format!("//! Doc.\n{}", "// x\n".repeat(600)), "601 lines, at most 600");
    accepted("src/a.rs", &function(70));
    refused("src/a.rs", &function(71), "src/a.rs:2: fn f has 71 lines");
    accepted("tests/data/a.rs", &function(71));
}

#[test]
fn module_documentation() {
    refused("src/a.rs", "use b;\n", "must begin with //!");
    refused("src/a.rs", "", "must begin with //!");
    accepted("src/a.rs", &"//! Doc.\n".repeat(8));
    refused("src/a.rs", &"//! Doc.\n".repeat(9), "9 lines of module documentation");
}

#[test]
fn names() {
    refused("src/api/mod.rs", "//! Doc.", "write foo.rs beside foo/");
    refused("src/audio_utils.rs", "//! Doc.", "`audio_utils` does not say what it is");
    refused("src/common/peaks.rs", "//! Doc.", "`common` does not say what it is");
    refused("src/a.rs", "//! Doc.\nstruct JobManager;", "src/a.rs:2: `JobManager`");
    refused("src/a.rs", "//! Doc.\nmod helpers;", "`helpers`");
    accepted("src/commonplace.rs", "//! Doc.\nstruct Utility; // a manager\nfn common() {}");
    accepted("docs/common-mistakes.md", "");
}

#[test]
fn silenced_lints() {
    for mark in BARE_ALLOW {
        refused("src/a.rs", &format!("//! Doc.\n{mark}dead_code)]"), "src/a.rs:2: a silenced lint");
        accepted("src/a.rs", &format!("//! Doc.\n// {mark}dead_code)]"));
    }
    accepted("src/a.rs", "//! Doc.\n#[expect(dead_code, reason = \"shown\")]");
}

#[test]
fn unfinished_marks() {
    for mark in UNFINISHED {
        refused("src/a.rs", &format!("//! Doc.\n// {mark} x"), "src/a.rs:2:");
        refused("tests/browser/a.mjs", &format!("{mark} x"), "finish it");
        refused("scripts/test", &format!("{mark} x"), "finish it");
        accepted("README.md", mark);
    }
    accepted("src/a.rs", concat!("//! MASTO", "DON"));
}

#[test]
fn foreign_places_are_not_named() {
    for place in FOREIGN_PLACES {
        refused("README.md", &format!("see\n{place}x"), "README.md:2: names");
        refused("src/a.rs", &format!("//! Doc {place}x"), "src/a.rs:1: names");
        accepted("Cargo.lock", place);
        accepted("tests/browser/package-lock.json", place);
    }
    accepted("README.md", "the network/ folder and ./library");
}
