//! What the rules look at: the files git would commit, and the workspace as cargo sees it.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// A text file with its path relative to the repository root, `/`-separated.
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn sample(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs") && !self.is_made_or_data()
    }

    /// Written by a program, or an input of a test: nobody reads it as code.
    pub fn is_made_or_data(&self) -> bool {
        ["generated/", "snapshots/", "tests/data/"]
            .iter()
            .any(|folder| self.path.starts_with(folder) || self.path.contains(&format!("/{folder}")))
    }

    pub fn line_count(&self) -> usize {
        self.text.lines().count()
    }
}

/// Every text file that is tracked, or new and not ignored. Binary files are left out.
pub fn files() -> Vec<SourceFile> {
    // A build machine may own the checkout as another user; git would refuse to read it.
    let listing = run(
        "git",
        &["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    );
    let text = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(SourceFile { path: path.to_owned(), text })
    };
    listing.split('\0').filter(|path| !path.is_empty()).filter_map(text).collect()
}

#[derive(Deserialize)]
pub struct Metadata {
    pub workspace_root: String,
    pub packages: Vec<Package>,
}

#[derive(Deserialize)]
pub struct Package {
    pub manifest_path: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `dev`, `build`, or nothing for an ordinary one.
    pub kind: Option<String>,
    /// The folder, for a crate of ours.
    pub path: Option<String>,
}

pub fn cargo_metadata() -> Metadata {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let json = run(&cargo, &["metadata", "--format-version=1", "--no-deps", "--offline"]);
    serde_json::from_str(&json).expect("cargo metadata speaks the format asked for")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("paths in this repository are UTF-8")
}
