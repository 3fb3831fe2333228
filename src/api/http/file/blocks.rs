//! Reads a file in large blocks for a body: few system calls, no copy but the kernel's own, buffers used again.
//!
//! What lies in the page cache is read on the spot (`RWF_NOWAIT`): handing it to a thread costs more than the read. Only a
//! block that needs the disk goes to the blocking pool. Reads are positional, so one open file serves many ranges.

use super::Piece;
use bytes::{Bytes, BytesMut};
use futures::Stream;
use model::limits::BLOB_READ_BYTES;
use std::{
    collections::VecDeque,
    fs::File,
    io,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::task::JoinHandle;

/// Blocks that may be on their way to the socket before a buffer is used again.
const BUFFERS_MAX: usize = 3;

type Read = io::Result<(BytesMut, usize)>;

/// A body made of pieces of a file. Dropping it closes the file.
pub(super) struct Blocks {
    file: Arc<File>,
    pieces: VecDeque<Piece>,
    given: VecDeque<Bytes>,
    pending: Option<JoinHandle<Read>>,
}

impl Blocks {
    pub(super) fn new(file: Arc<File>, pieces: Vec<Piece>) -> Self {
        Self { file, pieces: pieces.into(), given: VecDeque::new(), pending: None }
    }

    /// A buffer of this length: one whose bytes have been sent, or a new one.
    fn buffer(&mut self, length: usize) -> BytesMut {
        let spent = self.given.pop_front().map(Bytes::try_into_mut);
        let mut buffer = match spent {
            Some(Ok(buffer)) => buffer,
            Some(Err(still_sending)) => {
                if self.given.len() + 1 < BUFFERS_MAX {
                    self.given.push_front(still_sending);
                }
                BytesMut::with_capacity(BLOB_READ_BYTES)
            }
            None => BytesMut::with_capacity(BLOB_READ_BYTES),
        };
        buffer.resize(length, 0);
        buffer
    }

    /// Takes what was read from the front span.
    fn take(&mut self, mut buffer: BytesMut, read: usize) -> io::Result<Bytes> {
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a file is shorter than it was"));
        }
        if let Some(Piece::Span(span)) = self.pieces.front_mut() {
            span.start += read as u64;
        }
        buffer.truncate(read);
        let block = buffer.freeze();
        self.given.push_back(block.clone());
        Ok(block)
    }
}

impl Stream for Blocks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = &mut *self;
        if let Some(pending) = &mut this.pending {
            let read = ready!(Pin::new(pending).poll(cx)).unwrap_or_else(|lost| Err(io::Error::other(lost)));
            this.pending = None;
            return Poll::Ready(Some(read.and_then(|(buffer, read)| this.take(buffer, read))));
        }
        let span = loop {
            match this.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Text(text)) => return Poll::Ready(Some(Ok(text))),
                Some(Piece::Span(span)) if span.is_empty() => {}
                Some(Piece::Span(span)) => break span,
            }
        };
        let length =
            usize::try_from(span.end - span.start).map_or(BLOB_READ_BYTES, |left| left.min(BLOB_READ_BYTES));
        let at = span.start;
        this.pieces.push_front(Piece::Span(span));
        let mut buffer = this.buffer(length);
        match read_cached(&this.file, &mut buffer, at) {
            Cached::Read(read) => Poll::Ready(Some(this.take(buffer, read))),
            Cached::No => {
                let file = Arc::clone(&this.file);
                this.pending = Some(tokio::task::spawn_blocking(move || {
                    let read = file.read_at(&mut buffer, at)?;
                    Ok((buffer, read))
                }));
                self.poll_next(cx)
            }
        }
    }
}

/// What a read that may not wait brought.
enum Cached {
    Read(usize),
    No,
}

/// Reads what is in the page cache, without waiting for the disk.
#[cfg(target_os = "linux")]
fn read_cached(file: &File, buffer: &mut [u8], at: u64) -> Cached {
    use rustix::io::{ReadWriteFlags, preadv2};
    match preadv2(file, &mut [io::IoSliceMut::new(buffer)], at, ReadWriteFlags::NOWAIT) {
        Ok(read) if read > 0 => Cached::Read(read),
        // The end of the file, a cold cache, or a file system that cannot tell: the blocking read finds out.
        Ok(_) | Err(_) => Cached::No,
    }
}

#[cfg(not(target_os = "linux"))]
fn read_cached(_file: &File, _buffer: &mut [u8], _at: u64) -> Cached {
    Cached::No
}
