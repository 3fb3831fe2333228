//! The key file: JSON, mode 0600, replaced as a whole.

use super::{AccessKey, Ring, broken};
use crate::{Error, Result};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

const VERSION: u32 = 1;
const OWNER_ONLY: u32 = 0o600;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    /// Newest first.
    access: Vec<StoredAccess>,
    signing: String,
    one_time: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAccess {
    secret: String,
    made_at: Timestamp,
}

/// The ring in the file; nothing if there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Ring>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let mode = file.metadata().map_err(|error| failed(&error))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        // Some file systems cannot keep modes: say it, go on.
        tracing::warn!(
            file.mode = format!("{mode:o}"),
            "the key file was readable by others; it is closed now"
        );
        if let Err(error) = fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY)) {
            tracing::warn!(%error, "the key file cannot be closed to others");
        }
    }
    let stored: Stored =
        serde_json::from_reader(io::BufReader::new(file)).map_err(|_| broken("it cannot be parsed"))?;
    if stored.version != VERSION {
        return Err(broken("it was written by a newer version of this program"));
    }
    let access = stored.access.iter().map(|key| AccessKey::new(&bytes(&key.secret)?, key.made_at));
    Ok(Some(Ring {
        access: access.collect::<Result<_>>()?,
        signing: bytes(&stored.signing)?,
        one_time: bytes(&stored.one_time)?,
    }))
}

/// Writes the ring beside the file, syncs it, and puts it in the file's place.
pub(super) fn write(path: &Path, ring: &Ring) -> Result<()> {
    let stored = Stored {
        version: VERSION,
        access: ring
            .access
            .iter()
            .map(|key| StoredAccess { secret: hex::encode(key.secret.as_bytes()), made_at: key.made_at })
            .collect(),
        signing: hex::encode(ring.signing),
        one_time: hex::encode(ring.one_time),
    };
    let json = serde_json::to_vec_pretty(&stored).map_err(|_| broken("it cannot be encoded"))?;
    replace(path, &json).map_err(|error| failed(&error))
}

fn replace(path: &Path, json: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    // A leftover of a crash may have any mode; `create_new` gives ours from the first byte on.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&new)?;
    file.write_all(json)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn bytes(text: &str) -> Result<[u8; 32]> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).map_err(|_| broken("a key has the wrong length"))?;
    Ok(out)
}

fn failed(error: &io::Error) -> Error {
    broken(&error.to_string())
}
