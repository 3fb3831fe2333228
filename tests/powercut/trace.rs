//! The trace that `shim.c` writes, read back.

use std::{fs, io, path::Path};

/// One traced call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Create(String),
    Write { path: String, offset: u64, data: Vec<u8> },
    SyncBegin { path: String, fd: u64 },
    SyncEnd { path: String, fd: u64 },
    Rename { from: String, to: String },
    Link { from: String, to: String },
    Unlink(String),
    Truncate { path: String, length: u64 },
    MakeDir(String),
    RemoveDir(String),
}

/// Reads a whole trace. A record cut off at the end is left out: its call had not returned.
pub fn read(file: &Path) -> io::Result<Vec<Call>> {
    let bytes = fs::read(file)?;
    let mut calls = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((call, after)) = next(rest) {
        calls.push(call);
        rest = after;
    }
    Ok(calls)
}

fn next(bytes: &[u8]) -> Option<(Call, &[u8])> {
    let header = bytes.get(..15)?;
    let path_length = usize::from(u16::from_le_bytes([header[1], header[2]]));
    let data_length = u32::from_le_bytes(header[3..7].try_into().ok()?) as usize;
    let offset = u64::from_le_bytes(header[7..15].try_into().ok()?);
    let body = bytes.get(15..15 + path_length + data_length)?;
    let path = String::from_utf8_lossy(&body[..path_length]).into_owned();
    let data = &body[path_length..];
    let other = || String::from_utf8_lossy(data).into_owned();
    let call = match header[0] {
        1 => Call::Create(path),
        2 => Call::Write { path, offset, data: data.to_vec() },
        3 => Call::SyncBegin { path, fd: offset },
        4 => Call::SyncEnd { path, fd: offset },
        5 => Call::Rename { from: path, to: other() },
        6 => Call::Unlink(path),
        7 => Call::Truncate { path, length: offset },
        8 => Call::MakeDir(path),
        9 => Call::RemoveDir(path),
        10 => Call::Link { from: path, to: other() },
        op => panic!("the trace is damaged: op {op}"),
    };
    Some((call, &bytes[15 + path_length + data_length..]))
}
