//! Rows in an archive: `key length u32, key, 0 | 1, value length u32, value`, little-endian, in the order of their writing.

use std::io::{self, Read, Write};

use crate::limits::{KEY_MAX_BYTES, VALUE_MAX_BYTES};

/// A key with its value, or a key that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) key: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
}

/// Writes frames and their hash.
pub(super) struct FrameWriter<W> {
    out: W,
    hash: blake3::Hasher,
    frames: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, hash: blake3::Hasher::new(), frames: 0 }
    }

    pub(super) fn put(&mut self, frame: &Frame) -> io::Result<()> {
        let length =
            |bytes: &[u8]| u32::try_from(bytes.len()).map(u32::to_le_bytes).map_err(io::Error::other);
        self.write(&length(&frame.key)?)?;
        self.write(&frame.key)?;
        match &frame.value {
            None => self.write(&[0])?,
            Some(value) => {
                self.write(&[1])?;
                self.write(&length(value)?)?;
                self.write(value)?;
            }
        }
        self.frames += 1;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }

    pub(super) fn finish(mut self) -> io::Result<(W, u64, blake3::Hash)> {
        self.out.flush()?;
        Ok((self.out, self.frames, self.hash.finalize()))
    }
}

/// Reads frames and their hash.
pub(super) struct FrameReader<R> {
    input: R,
    hash: blake3::Hasher,
    frames: u64,
}

impl<R: Read> FrameReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, hash: blake3::Hasher::new(), frames: 0 }
    }

    /// The next frame; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Frame>> {
        let Some(length) = self.length(KEY_MAX_BYTES)? else { return Ok(None) };
        let key = self.bytes(length)?;
        let value = match self.bytes(1)?[0] {
            0 => None,
            1 => {
                let length = self.length(VALUE_MAX_BYTES)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                Some(self.bytes(length)?)
            }
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a frame is neither a put nor a delete",
                ));
            }
        };
        self.frames += 1;
        Ok(Some(Frame { key, value }))
    }

    /// A length, or none at the very end.
    fn length(&mut self, most: usize) -> io::Result<Option<usize>> {
        let mut first = [0; 1];
        if self.input.read(&mut first)? == 0 {
            return Ok(None);
        }
        self.hash.update(&first);
        let rest = self.bytes(3)?;
        let length = u32::from_le_bytes([first[0], rest[0], rest[1], rest[2]]) as usize;
        if length > most {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a key or value is longer than any can be",
            ));
        }
        Ok(Some(length))
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    pub(super) fn finish(self) -> (u64, blake3::Hash) {
        (self.frames, self.hash.finalize())
    }
}
