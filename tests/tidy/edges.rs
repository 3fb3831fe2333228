//! Which crate may use which: the picture of `docs/ARCHITECTURE.md` as a table.
//!
//! A crate is named by its folder. A folder that is not in the table is refused too, so a new crate has to be drawn in.

use std::collections::BTreeSet;

use super::repo::{Dependency, Metadata};

/// Why each library was chosen.
pub const RECORD: &str = "docs/adr/0002-dependencies.md";

/// The root package: it wires everything, and everything may be tested from it.
const ROOT: &str = "";

/// Each folder and the folders it may depend on.
const PICTURE: &[(&str, &[&str])] = &[
    ("src/model", &[]),
    ("src/store", &["src/model"]),
    ("src/search", &["src/model"]),
    ("src/service", &["src/store", "src/model"]),
    ("src/api", &["src/service", "src/model"]),
    ("jobs", &["src/service", "src/store", "src/model", "jobs/audio", "jobs/emotion"]),
    ("jobs/audio", &[]),
    ("jobs/emotion", &[]),
    ("plugins/host", &["src/model"]),
    ("plugins/sdk", &[]),
];

/// Libraries that belong to some folders alone. The root may use any of them.
const OWNED: &[(&str, &[&str])] = &[
    ("sled", &["src/store"]),
    ("object_store", &["src/store"]),
    ("tantivy", &["src/search"]),
    ("poem", &["src/api"]),
    ("poem-openapi", &["src/api"]),
    ("apalis", &["jobs"]),
    ("apalis-core", &["jobs"]),
    ("symphonia", &["jobs/audio"]),
    ("ort", &["jobs/emotion"]),
    ("wasmtime", &["plugins/host"]),
];

/// Folders without an async runtime: what they do is pure, or blocks on a thread the caller chose.
const NO_RUNTIME: &[&str] = &["src/model", "jobs/audio", "jobs/emotion", "plugins/sdk"];

pub fn check(metadata: &Metadata) -> Vec<String> {
    let folder = |path: &str| -> String {
        let path = path.strip_suffix("Cargo.toml").unwrap_or(path);
        path.strip_prefix(metadata.workspace_root.as_str()).unwrap_or(path).trim_matches('/').to_owned()
    };
    let mut complaints = Vec::new();
    for package in &metadata.packages {
        let from = folder(&package.manifest_path);
        if from == ROOT {
            continue;
        }
        let Some((_, allowed)) = PICTURE.iter().find(|(name, _)| *name == from) else {
            complaints.push(format!("{from}: a crate that is not in the picture; draw it in first"));
            continue;
        };
        for dependency in &package.dependencies {
            match &dependency.path {
                Some(path) if !allowed.contains(&folder(path).as_str()) => {
                    complaints.push(format!("{from} → {}: an edge that is not in the picture", folder(path)));
                }
                Some(_) => {}
                None => complaints.extend(foreign(&from, dependency)),
            }
        }
    }
    complaints
}

fn foreign(from: &str, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if let Some((_, owners)) = OWNED.iter().find(|(library, _)| *library == name)
        && !owners.contains(&from)
    {
        return Some(format!("{from} → {name}: this library belongs to {} alone", owners.join(", ")));
    }
    let in_product = dependency.kind.as_deref() != Some("dev");
    (name == "tokio" && in_product && NO_RUNTIME.contains(&from))
        .then(|| format!("{from} → tokio: this crate has no async runtime"))
}

/// Every library a crate names must have a line in the record of dependencies.
pub fn undecided(metadata: &Metadata, record: &str) -> Vec<String> {
    let named = metadata.packages.iter().flat_map(|package| &package.dependencies);
    let foreign: BTreeSet<&str> = named.filter(|d| d.path.is_none()).map(|d| d.name.as_str()).collect();
    let has_line = |name: &str| record.lines().any(|line| line.starts_with(&format!("| {name} |")));
    foreign
        .into_iter()
        .filter(|name| !has_line(name))
        .map(|name| format!("{name}: no line in {RECORD}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::repo::Package;
    use super::*;

    fn complaints(from: &str, name: &str, path: Option<&str>) -> Vec<String> {
        check(&workspace(from, name, path))
    }

    fn workspace(from: &str, name: &str, path: Option<&str>) -> Metadata {
        let dependency = Dependency {
            name: name.to_owned(),
            kind: None,
            path: path.map(|folder| format!("/home/b/{folder}")),
        };
        Metadata {
            workspace_root: "/home/b".to_owned(),
            packages: vec![Package {
                manifest_path: format!("/home/b/{from}/Cargo.toml"),
                dependencies: vec![dependency],
            }],
        }
    }

    #[test]
    fn refuses_a_library_without_a_reason() {
        let workspace = workspace("src/model", "serde", None);
        assert_eq!(undecided(&workspace, "| serde_json | why |").len(), 1);
        assert_eq!(undecided(&workspace, "| serde | why |"), [""; 0]);
    }

    #[test]
    fn refuses_an_edge_against_the_direction() {
        assert_eq!(
            complaints("src/api", "backline-jobs", Some("jobs")),
            ["src/api → jobs: an edge that is not in the picture"]
        );
        assert_eq!(complaints("src/model", "backline-store", Some("src/store")).len(), 1);
        assert_eq!(complaints("src/service", "backline-store", Some("src/store")), [""; 0]);
    }

    #[test]
    fn refuses_a_crate_nobody_drew() {
        assert_eq!(
            complaints("src/extra", "serde", None),
            ["src/extra: a crate that is not in the picture; draw it in first"]
        );
    }

    #[test]
    fn refuses_a_library_outside_its_owner() {
        assert_eq!(
            complaints("src/service", "sled", None),
            ["src/service → sled: this library belongs to src/store alone"]
        );
        assert_eq!(complaints("src/store", "sled", None), [""; 0]);
    }

    #[test]
    fn refuses_a_runtime_where_none_belongs() {
        assert_eq!(
            complaints("jobs/audio", "tokio", None),
            ["jobs/audio → tokio: this crate has no async runtime"]
        );
        assert_eq!(complaints("jobs", "tokio", None), [""; 0]);
    }
}
