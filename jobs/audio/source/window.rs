//! A part of the input, with an optional replacement for what stood before it, as symphonia wants to see it.
//! It also tells how far reading has come, which is the honest measure of progress for every coded format.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::io::MediaSource;

use crate::read_at::ReadAt;

/// `head` followed by the bytes `start..end` of the input.
pub(super) struct Window {
    input: Arc<dyn ReadAt>,
    head: Vec<u8>,
    start: u64,
    length: u64,
    at: u64,
    position: Arc<AtomicU64>,
}

impl Window {
    pub(super) fn new(input: Arc<dyn ReadAt>, head: Vec<u8>, start: u64, end: u64) -> Self {
        let length = head.len() as u64 + end.saturating_sub(start);
        Self { input, head, start, length, at: 0, position: Arc::default() }
    }

    /// The byte of the input after the last one that was read.
    pub(super) fn position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.position)
    }
}

impl Read for Window {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at);
        let most = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let head = self.head.len() as u64;
        let n = if self.at < head {
            let from = self.at as usize;
            let n = most.min(self.head.len() - from);
            buf[..n].copy_from_slice(&self.head[from..from + n]);
            n
        } else {
            let offset = self.start + (self.at - head);
            let n = self.input.read_at(&mut buf[..most], offset)?;
            self.position.store(offset + n as u64, Ordering::Relaxed);
            n
        };
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(delta) => self.length.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.at.checked_add_signed(delta),
        };
        self.at =
            target.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.at)
    }
}

impl MediaSource for Window {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
