//! The directories of an index: the one that answers, and the one that is being made beside it.

use crate::{analyzer::Analyzer, schema};
use model::search::Place;
use std::{fs, io, path::Path, path::PathBuf};

/// Where an index is kept.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// The index that answers.
    pub(crate) now: PathBuf,
    /// The one that is being made.
    pub(crate) new: PathBuf,
    old: PathBuf,
}

impl Files {
    pub(crate) fn of(dir: &Path) -> Self {
        let beside = |suffix| dir.with_extension(suffix);
        Self { now: dir.to_owned(), new: beside("new"), old: beside("old") }
    }

    /// Removes what an interrupted rebuild left.
    pub(crate) fn tidy(&self) -> io::Result<()> {
        gone(&self.new)?;
        gone(&self.old)
    }

    /// An empty directory for a new index.
    pub(crate) fn begin(&self) -> io::Result<()> {
        gone(&self.new)?;
        fs::create_dir_all(&self.new)
    }

    /// Puts the new index in the place of the old one. A crash in between leaves none: it is made anew.
    pub(crate) fn swap(&self) -> io::Result<()> {
        gone(&self.old)?;
        if self.now.exists() {
            fs::rename(&self.now, &self.old)?;
        }
        fs::rename(&self.new, &self.now)?;
        if let Some(parent) = self.now.parent() {
            fs::File::open(parent)?.sync_all()?;
        }
        gone(&self.old)
    }
}

fn gone(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The words that a commit carries: how far it is, and what the index was made with.
pub(crate) fn payload(place: Place, analyzer: &Analyzer) -> String {
    format!("{} {} {} {}", place.epoch, place.seq, schema::GENERATION, analyzer.name())
}

/// How far a commit is; none if the index was made with something else.
pub(crate) fn place(payload: Option<&str>, analyzer: &Analyzer) -> Option<Place> {
    let parts: Vec<&str> = payload?.split(' ').collect();
    let [epoch, seq, generation, name] = parts.as_slice() else { return None };
    let same = generation.parse() == Ok(schema::GENERATION) && *name == analyzer.name();
    same.then_some(Place { epoch: epoch.parse().ok()?, seq: seq.parse().ok()? })
}
