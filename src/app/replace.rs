//! A restored backup takes the place of what a data directory holds.
//!
//! It is unpacked beside the data first. Then names change, in an order that a start after a crash goes on with: what was there moves
//! into a folder `before-restore-…`, which nobody deletes, and what was restored moves in. The keys and the backups stay.

use crate::config::Config;
use anyhow::{Context as _, Result};
use model::Timestamp;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    StoreConfig,
    backup::{self, Manifest, Restoring},
};

use super::World;

/// Where a backup is unpacked.
const UNPACKED: &str = "restored";
/// The same once it is whole: what was there makes room for it.
const WHOLE: &str = "restored.whole";
/// The same once there is room: it moves in.
const MOVING_IN: &str = "restored.moving-in";
/// How the folder starts that keeps what was there.
const BEFORE: &str = "before-restore-";
/// What belongs to the directory and not to its content: the keys of the instance, the backups, room set aside, the socket.
const STAYS: [&str; 4] = ["keys", "backups", "ballast", "control.sock"];

/// Unpacks a backup beside the data of a directory that nobody has open, and puts it in their place. If that fails before names
/// change, everything is as it was.
pub(super) fn with_backup(config: &Config, world: &World, archive: &Path) -> Result<Manifest> {
    let (dir, unpacked) = (&config.data_dir, config.data_dir.join(UNPACKED));
    if unpacked.exists() {
        fs::remove_dir_all(&unpacked)?;
    }
    let mut store = StoreConfig::new(Arc::clone(&world.clock), Arc::clone(&world.ids));
    store.cache_bytes = config.cache_bytes.get();
    let call_off = jobs::registry::called_off_by_restore();
    let restoring = Restoring { archive, target: &unpacked, config: &store, call_off: &call_off };
    let manifest = backup::restore(&restoring, &|_progress| ())?;
    fs::rename(&unpacked, dir.join(WHOLE))?;
    sync(dir)?;
    go_on(dir, world.clock.now())?;
    Ok(manifest)
}

/// Goes on with what a crash may have interrupted; usually there is nothing.
pub(super) fn go_on(dir: &Path, now: Timestamp) -> Result<()> {
    let (whole, moving_in) = (dir.join(WHOLE), dir.join(MOVING_IN));
    if whole.is_dir() {
        let before = dir.join(format!("{BEFORE}{}", now.millis()));
        fs::create_dir_all(&before)?;
        for entry in entries(dir)?.into_iter().filter(|entry| is_content(entry)) {
            fs::rename(dir.join(&entry), before.join(&entry))
                .with_context(|| format!("{entry} cannot be moved"))?;
        }
        sync(&before)?;
        fs::rename(&whole, &moving_in)?;
        sync(dir)?;
    }
    if moving_in.is_dir() {
        for entry in entries(&moving_in)? {
            fs::rename(moving_in.join(&entry), dir.join(&entry))?;
        }
        sync(dir)?;
        fs::remove_dir(&moving_in)?;
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<String>> {
    let names = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// Whether a name in the directory is something that a backup replaces.
fn is_content(name: &str) -> bool {
    !STAYS.contains(&name) && !name.starts_with(BEFORE) && !name.starts_with(UNPACKED)
}

/// Makes the names in a directory durable.
fn sync(dir: &Path) -> Result<()> {
    Ok(fs::File::open(PathBuf::from(dir))?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(7);

    fn names(dir: &Path) -> Vec<String> {
        let mut names = entries(dir).unwrap();
        names.sort();
        names
    }

    /// A directory with an old store, keys and backups, and a whole one beside them.
    fn directory() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["db", "blobs", "backups", "restored.whole/db", "restored.whole/blobs"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("keys"), "k").unwrap();
        fs::write(dir.path().join("db/old"), "").unwrap();
        fs::write(dir.path().join("restored.whole/db/new"), "").unwrap();
        dir
    }

    fn is_replaced(dir: &Path) {
        assert_eq!(names(dir), ["backups", "before-restore-7", "blobs", "db", "keys"]);
        assert_eq!(
            (names(&dir.join("db")), names(&dir.join("before-restore-7/db"))),
            (vec!["new".into()], vec!["old".into()])
        );
    }

    #[test]
    fn a_whole_one_takes_the_place_and_keys_and_backups_stay() {
        let dir = directory();
        go_on(dir.path(), NOW).unwrap();
        is_replaced(dir.path());
        go_on(dir.path(), NOW).unwrap();
        is_replaced(dir.path());
    }

    #[test]
    fn a_start_goes_on_where_a_crash_stopped() {
        // While the old one was moving out.
        let dir = directory();
        fs::create_dir(dir.path().join("before-restore-7")).unwrap();
        fs::rename(dir.path().join("db"), dir.path().join("before-restore-7/db")).unwrap();
        go_on(dir.path(), NOW).unwrap();
        is_replaced(dir.path());
        // While the new one was moving in.
        let dir = directory();
        fs::create_dir(dir.path().join("before-restore-7")).unwrap();
        for name in ["db", "blobs"] {
            fs::rename(dir.path().join(name), dir.path().join("before-restore-7").join(name)).unwrap();
        }
        fs::rename(dir.path().join(WHOLE), dir.path().join(MOVING_IN)).unwrap();
        fs::rename(dir.path().join(MOVING_IN).join("db"), dir.path().join("db")).unwrap();
        go_on(dir.path(), NOW).unwrap();
        is_replaced(dir.path());
        // While it was still being unpacked: nothing happens.
        let dir = directory();
        fs::rename(dir.path().join(WHOLE), dir.path().join(UNPACKED)).unwrap();
        go_on(dir.path(), NOW).unwrap();
        assert_eq!(names(&dir.path().join("db")), ["old"]);
    }
}
