//! Room on the disk: the gate that the committer, uploads and backups ask, and the ballast that is given up to recover.
//!
//! Under the soft mark (twice the ballast or 2 % of the disk, whichever is more) nothing new is taken in, while deletes and
//! system writes go on; under the hard mark (half the ballast) nothing is written. The ballast is a file of random-looking
//! bytes that is deleted when the engine needs room to open again, and written anew when room is back.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    error::{Mark, StoreError},
    gate::{Gate, Level},
};

/// The name of the ballast in the data directory.
const BALLAST: &str = "ballast";
/// The ballast of a large disk, in bytes.
const BALLAST_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The ballast of a small disk, in bytes: two segments of the engine.
const BALLAST_BYTES_MIN: u64 = 8 * 1024 * 1024;

/// Watches the free space of the disk that holds the data directory.
#[derive(Debug)]
pub struct DiskGate {
    dir: PathBuf,
    ballast_bytes: u64,
    reserved: Arc<AtomicU64>,
}

/// Room kept for somebody until this is dropped.
#[derive(Debug, Default)]
pub struct Reservation {
    reserved: Arc<AtomicU64>,
    bytes: u64,
}

impl Reservation {
    /// So many of the bytes are on the disk now: they count there.
    pub fn spend(&mut self, bytes: u64) {
        let spent = bytes.min(self.bytes);
        self.bytes -= spent;
        self.reserved.fetch_sub(spent, Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.reserved.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

/// Free and total bytes of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that may be written.
    pub free: u64,
    /// Bytes there are.
    pub total: u64,
}

impl DiskGate {
    /// A gate for a data directory that exists. Takes up the ballast if there is room for it.
    ///
    /// # Errors
    /// When the disk cannot be asked.
    pub fn new(dir: &Path) -> io::Result<Arc<Self>> {
        let total = room(dir)?.total;
        let ballast_bytes = (total / 64).clamp(BALLAST_BYTES_MIN, BALLAST_BYTES_MAX);
        let gate = Arc::new(Self { dir: dir.to_owned(), ballast_bytes, reserved: Arc::default() });
        gate.restore_ballast();
        Ok(gate)
    }

    /// How much room there is, the ballast not counted.
    ///
    /// # Errors
    /// When the disk cannot be asked.
    pub fn room(&self) -> io::Result<Room> {
        room(&self.dir)
    }

    /// Under this many free bytes nothing new is taken in.
    #[must_use]
    pub fn soft_mark(&self, total: u64) -> u64 {
        (2 * self.ballast_bytes).max(total / 50)
    }

    /// Writes the ballast anew if it was given up and there is ample room. Called from time to time by the watchdog.
    pub fn restore_ballast(&self) {
        if let Ok(room) = self.room() {
            self.restore_ballast_in(room);
        }
    }

    fn restore_ballast_in(&self, room: Room) {
        let path = self.dir.join(BALLAST);
        let there = fs::metadata(&path).is_ok_and(|found| found.len() >= self.ballast_bytes);
        let ample = room.free > 2 * self.soft_mark(room.total) + self.ballast_bytes;
        if there || !ample {
            return;
        }
        if let Err(error) = write_ballast(&path, self.ballast_bytes) {
            tracing::warn!(error.message = %error, "the ballast could not be written");
            drop(fs::remove_file(&path));
        }
    }
}

impl Gate for DiskGate {
    fn check(&self) -> Level {
        match room(&self.dir) {
            Ok(room) if room.free < self.ballast_bytes / 2 => Level::Hard,
            Ok(room) if room.free < self.soft_mark(room.total) => Level::Soft,
            // A disk that cannot be asked is not known to be full; the write itself will tell.
            Ok(_) | Err(_) => Level::Open,
        }
    }

    fn reserve(&self, bytes: u64) -> Result<Reservation, StoreError> {
        let room = room(&self.dir)?;
        let reserved = self.reserved.fetch_add(bytes, Ordering::AcqRel).saturating_add(bytes);
        let reservation = Reservation { reserved: Arc::clone(&self.reserved), bytes };
        match room.free.checked_sub(reserved) {
            Some(left) if left >= self.soft_mark(room.total) => Ok(reservation),
            Some(_) | None => Err(StoreError::Full(Mark::Soft)),
        }
    }

    fn room(&self) -> Option<Room> {
        room(&self.dir).ok()
    }

    fn make_room(&self) {
        give_up_ballast(&self.dir);
    }
}

/// Deletes the ballast, if there is one: done before the engine is opened on a disk without room.
pub(crate) fn give_up_ballast(dir: &Path) {
    if fs::remove_file(dir.join(BALLAST)).is_ok() {
        tracing::warn!("the ballast was given up to make room");
    }
}

/// Whether so little room is left that the ballast must go before the engine is opened.
pub(crate) fn is_tight(dir: &Path) -> bool {
    room(dir).is_ok_and(|room| room.free < BALLAST_BYTES_MIN)
}

fn room(dir: &Path) -> io::Result<Room> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(Room { free: stat.f_bavail * stat.f_frsize, total: stat.f_blocks * stat.f_frsize })
}

/// Bytes that no file system compresses or leaves out as a hole.
fn write_ballast(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut stream = blake3::Hasher::new().update(b"backline ballast").finalize_xof();
    let mut block = vec![0; 64 * 1024];
    let mut left = bytes;
    while left > 0 {
        let now = left.min(block.len() as u64);
        let part = &mut block[..usize::try_from(now).unwrap_or(usize::MAX)];
        stream.fill(part);
        file.write_all(part)?;
        left -= now;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_counts_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let gate = DiskGate::new(dir.path()).unwrap();
        let room = gate.room().unwrap();
        let most = room.free.saturating_sub(gate.soft_mark(room.total) + (1 << 28));
        let first = gate.reserve(most).unwrap();
        assert!(matches!(gate.reserve(1 << 30), Err(StoreError::Full(Mark::Soft))));
        drop(first);
        let mut small = gate.reserve(1 << 20).unwrap();
        small.spend(1 << 19);
        assert_eq!(gate.reserved.load(Ordering::Acquire), 1 << 19, "what is written is not kept twice");
        small.spend(1 << 30);
        drop(small);
        assert_eq!(gate.reserved.load(Ordering::Acquire), 0, "nothing stays reserved");
    }

    #[test]
    fn the_ballast_goes_and_comes_back_with_ample_room() {
        let dir = tempfile::tempdir().unwrap();
        let gate = DiskGate::new(dir.path()).unwrap();
        let path = dir.path().join(BALLAST);
        let total = room(dir.path()).unwrap().total;
        let enough = 2 * gate.soft_mark(total) + gate.ballast_bytes;
        gate.make_room();
        assert!(!path.exists());
        gate.restore_ballast_in(Room { free: enough, total });
        assert!(!path.exists(), "not while room is short");
        gate.restore_ballast_in(Room { free: enough + 1, total });
        assert_eq!(fs::metadata(&path).unwrap().len(), gate.ballast_bytes);
        gate.make_room();
        assert!(!path.exists());
    }
}
