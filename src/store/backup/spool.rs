//! The redo spool: what is committed while a backup copies.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Seek},
    path::Path,
};

use parking_lot::Mutex;

use super::{
    BackupError,
    frames::{Frame, FrameReader, FrameWriter},
};
use crate::{Tap, engine::Writes, tables::meta::LogHead};

/// Keeps every group in the order of commits.
pub(super) struct Spool {
    writer: Mutex<Option<io::Result<FrameWriter<BufWriter<File>>>>>,
}

impl Spool {
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        let writer = FrameWriter::new(BufWriter::new(tempfile::tempfile_in(dir)?));
        Ok(Self { writer: Mutex::new(Some(Ok(writer))) })
    }

    /// Hands over what was spooled. The tap must be off.
    pub(super) fn replay(&self, mut each: impl FnMut(Frame) -> io::Result<()>) -> Result<(), BackupError> {
        let Some(writer) = self.writer.lock().take() else { return Ok(()) };
        let (writer, _, _) = writer?.finish()?;
        let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut reader = FrameReader::new(BufReader::new(file));
        while let Some(frame) = reader.next()? {
            each(frame)?;
        }
        Ok(())
    }
}

impl Tap for Spool {
    fn committed(&self, writes: &Writes, _head: &LogHead) {
        let mut slot = self.writer.lock();
        let Some(Ok(writer)) = slot.as_mut() else { return };
        let put = writes
            .iter()
            .try_for_each(|(key, value)| writer.put(&Frame { key: key.clone(), value: value.clone() }));
        if let Err(error) = put {
            // The backup fails, the commit does not.
            *slot = Some(Err(error));
        }
    }
}
