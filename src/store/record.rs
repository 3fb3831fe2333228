//! Rows as bytes: `magic 1, version 2, rev 8, stamp 8, at 8, crc32 4, body` with a self-describing body (MessagePack with
//! field names), so that a new optional field needs no migration and a changed shape is a chain of types.
//!
//! `stamp` and `at` are holes that the committer fills; the checksum leaves them out. What cannot be read is an error.

#[cfg(test)]
mod tests;

use model::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{key::Key, table::Stored};

/// A row type with a version.
///
/// The usual case is one line: `record!(ProjectRow, 1);`. A changed shape keeps the old type and says how to get on:
/// `record!(ProjectRow, 2, ProjectRowV1, |old| ProjectRow { … });`.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Version of the shape; starts at 1 and only grows.
    const VERSION: u16;
    /// The shape before this one; [`Oldest`] for the first.
    type Previous: Record;
    /// Makes this shape from the one before.
    fn upgrade(previous: Self::Previous) -> Self;
}

/// What comes before the first version: nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Oldest {}

impl Record for Oldest {
    const VERSION: u16 = 0;
    type Previous = Oldest;
    fn upgrade(previous: Self::Previous) -> Self {
        previous
    }
}

/// Makes a type a [`Record`]: `record!(Type, 1)`, or `record!(Type, 2, Previous, |old| Type { … })`.
#[macro_export]
macro_rules! record {
    ($type:ty, $version:literal) => {
        impl $crate::Record for $type {
            const VERSION: u16 = $version;
            type Previous = $crate::Oldest;
            fn upgrade(previous: Self::Previous) -> Self {
                match previous {}
            }
        }
    };
    ($type:ty, $version:literal, $previous:ty, $upgrade:expr) => {
        impl $crate::Record for $type {
            const VERSION: u16 = $version;
            type Previous = $previous;
            fn upgrade(previous: Self::Previous) -> Self {
                let upgrade: fn($previous) -> $type = $upgrade;
                upgrade(previous)
            }
        }
    };
}

const MAGIC: u8 = 0xB1;
const STAMP: usize = 11;
const AT: usize = 19;
const CRC: usize = 27;
const BODY: usize = 31;

/// A row taken apart, its body not yet decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) version: u16,
    pub(crate) rev: u64,
    pub(crate) stamp: u64,
    pub(crate) at: Timestamp,
    pub(crate) body: &'a [u8],
}

/// Encodes a row with its holes still zero.
pub(crate) fn encode<R: Record>(row: &R, rev: u64) -> Result<Vec<u8>, &'static str> {
    let body = rmp_serde::to_vec_named(row).map_err(|_| "the row cannot be encoded")?;
    Ok(assemble(R::VERSION, rev, &body))
}

/// Puts a header before a body.
pub(crate) fn assemble(version: u16, rev: u64, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(BODY + body.len());
    out.push(MAGIC);
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&rev.to_be_bytes());
    out.resize(CRC, 0);
    let crc = checksum(&out[..STAMP], body);
    out.extend_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(body);
    out
}

/// Fills the holes.
pub(crate) fn fill(value: &mut [u8], stamp: u64, at: Timestamp) {
    value[STAMP..AT].copy_from_slice(&stamp.to_be_bytes());
    value[AT..CRC].copy_from_slice(&at.0.to_be_bytes());
}

/// Takes a row apart and verifies its checksum.
pub(crate) fn open(value: &[u8]) -> Result<Raw<'_>, &'static str> {
    const SHORT: &str = "the row is cut off";
    let mut input = value;
    let [magic] = crate::key::take::<1>(&mut input).map_err(|_| SHORT)?;
    if magic != MAGIC {
        return Err("the row does not start like a row");
    }
    let version = u16::decode(&mut input).map_err(|_| SHORT)?;
    let rev = u64::decode(&mut input).map_err(|_| SHORT)?;
    let stamp = u64::decode(&mut input).map_err(|_| SHORT)?;
    let at = u64::decode(&mut input).map_err(|_| SHORT)?;
    let crc = u32::decode(&mut input).map_err(|_| SHORT)?;
    if crc != checksum(&value[..STAMP], input) {
        return Err("the checksum is wrong");
    }
    Ok(Raw { version, rev, stamp, at: Timestamp(at.cast_signed()), body: input })
}

/// The stamp alone, without verifying the rest: what the committer compares.
pub(crate) fn stamp(value: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(value.get(STAMP..AT)?.try_into().ok()?))
}

/// Decodes a row, through older shapes if need be.
pub(crate) fn decode<R: Record>(value: &[u8]) -> Result<Stored<R>, &'static str> {
    let raw = open(value)?;
    Ok(Stored { row: decode_body(raw.version, raw.body)?, rev: raw.rev, stamp: raw.stamp })
}

/// Decodes a body written as `version`.
pub(crate) fn decode_body<R: Record>(version: u16, body: &[u8]) -> Result<R, &'static str> {
    if R::VERSION == 0 || version > R::VERSION {
        Err("the row has a version that this program does not know")
    } else if version == R::VERSION {
        rmp_serde::from_slice(body).map_err(|_| "the body does not have the shape of its version")
    } else {
        decode_body(version, body).map(R::upgrade)
    }
}

fn checksum(head: &[u8], body: &[u8]) -> u32 {
    debug_assert_eq!(head.len(), STAMP);
    let mut crc = crc32fast::Hasher::new();
    crc.update(head);
    crc.update(body);
    crc.finalize()
}
