//! Bytes on their way into an archive, counted; whoever watches hears of them and may end it.

use std::io::{self, Read, Write};

use super::{BackupError, Progress, Watch, append};

/// After how many bytes the watcher hears again.
const STEP_BYTES: u64 = 1024 * 1024;

/// Counts what goes into an archive.
pub(super) struct Watched<'a, 'b> {
    watch: &'a mut Watch<'b>,
    progress: Progress,
    told: u64,
    /// Why the watcher ended it.
    ended: Option<BackupError>,
}

impl<'a, 'b> Watched<'a, 'b> {
    /// Nothing of so many bytes is done.
    pub(super) fn new(watch: &'a mut Watch<'b>, total: u64) -> Self {
        Self { watch, progress: Progress { done: 0, total }, told: 0, ended: None }
    }

    /// Appends a file of this size.
    pub(super) fn append(
        &mut self,
        tar: &mut tar::Builder<impl Write>,
        name: &str,
        size: u64,
        content: impl Read,
    ) -> Result<(), BackupError> {
        self.tell()?;
        let appended = append(tar, name, size, Counted { content, watched: self });
        match (self.ended.take(), appended) {
            (Some(why), _) => Err(why),
            (None, appended) => Ok(appended?),
        }
    }

    fn tell(&mut self) -> Result<(), BackupError> {
        self.told = self.progress.done;
        (self.watch)(self.progress)
    }
}

struct Counted<'c, 'a, 'b, R> {
    content: R,
    watched: &'c mut Watched<'a, 'b>,
}

impl<R: Read> Read for Counted<'_, '_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        let watched = &mut *self.watched;
        watched.progress.done += count as u64;
        if watched.progress.done - watched.told >= STEP_BYTES
            && let Err(why) = watched.tell()
        {
            watched.ended = Some(why);
            return Err(io::Error::other("the backup was ended"));
        }
        Ok(count)
    }
}
