//! ID3 version 2.2 to 2.4 (id3.org: ID3v2.4.0 structure and native frames) and version 1.
//! Written is 2.4 with UTF-8, without padding.

use std::io;

use super::{Field, NAMES, Tags, named};
use crate::read_at::{ReadAt, bytes_at};

/// The picture type "front cover".
const FRONT_COVER: u8 = 3;

/// Reads the tag at the start of `bytes`, if there is one.
pub(crate) fn read(bytes: &[u8], tags: &mut Tags) {
    let Some((head, body)) = bytes.split_at_checked(10) else { return };
    if &head[..3] != b"ID3" {
        return;
    }
    let (version, flags) = (head[3], head[5]);
    let body = &body[..body.len().min(syncsafe(&head[6..]))];
    let whole = match version < 4 && flags & 0x80 != 0 {
        true => resynchronised(body),
        false => body.to_vec(),
    };
    let mut rest = after_extended_header(&whole, version, flags);
    while let Some((frame, after)) = next_frame(rest, version) {
        read_frame(&frame, tags);
        rest = after;
    }
}

struct Frame {
    name: String,
    data: Vec<u8>,
}

fn after_extended_header(body: &[u8], version: u8, flags: u8) -> &[u8] {
    if version < 3 || flags & 0x40 == 0 {
        return body;
    }
    let Some(size) = body.get(..4) else { return body };
    // The size of version 2.3 does not count itself.
    let size = if version == 3 { be(size) + 4 } else { syncsafe(size) };
    body.get(size..).unwrap_or_default()
}

fn next_frame(rest: &[u8], version: u8) -> Option<(Frame, &[u8])> {
    let (name_bytes, head_bytes) = if version == 2 { (3, 6) } else { (4, 10) };
    let (head, body) = rest.split_at_checked(head_bytes)?;
    let name = std::str::from_utf8(&head[..name_bytes]).ok()?;
    if !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return None;
    }
    let size = match version {
        2 => be(&head[3..6]),
        3 => be(&head[4..8]),
        _ => syncsafe(&head[4..8]),
    };
    let (data, after) = body.split_at_checked(size)?;
    let flags = if version == 2 { 0 } else { head[9] };
    let data = plain(data, version, flags).unwrap_or_default();
    Some((Frame { name: name.to_owned(), data }, after))
}

/// The contents of a frame; none when they are compressed or encrypted.
fn plain(data: &[u8], version: u8, flags: u8) -> Option<Vec<u8>> {
    match version {
        2 => Some(data.to_vec()),
        3 if flags & 0xc0 != 0 => None,
        3 => data.get(usize::from(flags >> 5 & 1)..).map(<[u8]>::to_vec),
        _ if flags & 0x0c != 0 => None,
        _ => {
            let skip = usize::from(flags >> 6 & 1) + if flags & 1 != 0 { 4 } else { 0 };
            let data = data.get(skip..)?;
            Some(if flags & 2 != 0 { resynchronised(data) } else { data.to_vec() })
        }
    }
}

fn read_frame(frame: &Frame, tags: &mut Tags) {
    let Some((&encoding, data)) = frame.data.split_first() else { return };
    match frame.name.as_str() {
        "COMM" | "COM" => {
            let (_, text) = split_text(data.get(3..).unwrap_or_default(), encoding);
            tags.fill(Field::Comment, &decode(split_text(text, encoding).0, encoding));
        }
        "TXXX" | "TXX" => {
            let (name, value) = split_text(data, encoding);
            let value = decode(split_text(value, encoding).0, encoding);
            super::comments::loop_point(&decode(name, encoding), &value, tags);
        }
        "APIC" => {
            let (media_type, rest) = split_text(data, 0);
            picture(&decode(media_type, 0), rest, encoding, tags);
        }
        "PIC" => {
            let (format, rest) = data.split_at_checked(3).unwrap_or_default();
            let media_type = if format == b"PNG" { "image/png" } else { "image/jpeg" };
            picture(media_type, rest, encoding, tags);
        }
        "TYER" => tags.fill(Field::Date, &decode(split_text(data, encoding).0, encoding)),
        name => {
            if let Some(field) = named(|n| n.id3 == name || n.id3_short == name) {
                tags.fill(field, &decode(split_text(data, encoding).0, encoding));
            }
        }
    }
}

/// `rest` is the kind of picture, its description and its bytes. A front cover takes the place of another picture.
fn picture(media_type: &str, rest: &[u8], encoding: u8, tags: &mut Tags) {
    let Some((&kind, rest)) = rest.split_first() else { return };
    if kind == FRONT_COVER {
        tags.cover = None;
    }
    tags.add_cover(media_type, split_text(rest, encoding).1);
}

/// Splits at the terminating zero, which has two bytes in UTF-16.
fn split_text(data: &[u8], encoding: u8) -> (&[u8], &[u8]) {
    let width = if matches!(encoding, 1 | 2) { 2 } else { 1 };
    let at = data.chunks_exact(width).position(|unit| unit.iter().all(|&b| b == 0));
    match at {
        Some(at) => (&data[..at * width], &data[(at + 1) * width..]),
        None => (data, &[]),
    }
}

fn decode(text: &[u8], encoding: u8) -> String {
    let utf16 = |text: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = text.as_chunks::<2>().0.iter().map(|&pair| unit(pair)).collect();
        String::from_utf16_lossy(&units)
    };
    match (encoding, text) {
        (0, _) => text.iter().map(|&b| char::from(b)).collect(),
        (1, [0xff, 0xfe, text @ ..]) => utf16(text, u16::from_le_bytes),
        (1, [0xfe, 0xff, text @ ..]) | (2, text) => utf16(text, u16::from_be_bytes),
        (1, _) => utf16(text, u16::from_le_bytes),
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// Takes out the zeros that stand behind every 0xff (ID3v2.4 structure, §6.1).
fn resynchronised(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut after_ff = false;
    for &byte in data {
        if !(after_ff && byte == 0) {
            out.push(byte);
        }
        after_ff = byte == 0xff;
    }
    out
}

fn be(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, &b| n << 8 | usize::from(b))
}

fn syncsafe(bytes: &[u8]) -> usize {
    bytes[..4].iter().fold(0, |n, &b| n << 7 | usize::from(b & 0x7f))
}

/// Reads the 128 bytes at the end of the file, where nothing better was found.
pub(super) fn read_v1(input: &dyn ReadAt, tags: &mut Tags) -> io::Result<()> {
    let Some(at) = input.size()?.checked_sub(128) else { return Ok(()) };
    let Some(tag) = bytes_at::<128>(input, at)? else { return Ok(()) };
    if &tag[..3] != b"TAG" {
        return Ok(());
    }
    let text = |from: usize, to: usize| decode(split_text(&tag[from..to], 0).0, 0);
    tags.fill(Field::Title, &text(3, 33));
    tags.fill(Field::Artist, &text(33, 63));
    tags.fill(Field::Album, &text(63, 93));
    tags.fill(Field::Date, &text(93, 97));
    tags.fill(Field::Comment, &text(97, 127));
    if tag[125] == 0 && tag[126] != 0 {
        tags.fill(Field::Track, &tag[126].to_string());
    }
    Ok(())
}

/// The tag as it stands at the start of an MP3 file or in a chunk; empty when there is nothing to say.
pub(crate) fn write(tags: &Tags) -> Vec<u8> {
    let mut frames = Vec::new();
    for names in &NAMES {
        let Some(text) = tags.text(names.field) else { continue };
        let head: &[u8] = if names.field == Field::Comment { b"\x03XXX\0" } else { b"\x03" };
        push_frame(&mut frames, names.id3, &[head, text.as_bytes()]);
    }
    for (name, value) in super::comments::loop_points(tags) {
        push_frame(&mut frames, "TXXX", &[b"\x03", name.as_bytes(), b"\0", value.as_bytes()]);
    }
    if let Some(cover) = &tags.cover {
        let head = [b"\x03", cover.media_type.as_bytes(), b"\0", &[FRONT_COVER], b"\0", &cover.bytes];
        push_frame(&mut frames, "APIC", &head);
    }
    if frames.is_empty() {
        return frames;
    }
    let mut tag = b"ID3\x04\0\0".to_vec();
    tag.extend_from_slice(&to_syncsafe(frames.len()));
    tag.append(&mut frames);
    tag
}

fn push_frame(out: &mut Vec<u8>, name: &str, parts: &[&[u8]]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&to_syncsafe(parts.iter().map(|part| part.len()).sum()));
    out.extend_from_slice(&[0, 0]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

fn to_syncsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8)
}
