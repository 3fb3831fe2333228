//! Vorbis comments (Xiph, "Ogg Vorbis I format specification: comment field") and the picture block of FLAC
//! (RFC 9639 §8.8), which Ogg files carry in base64 as METADATA_BLOCK_PICTURE.
//! Loops are written as LOOPSTART and LOOPLENGTH, the convention of players and game engines.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{NAMES, OPEN_LOOP, Tags, bytes, named};
use crate::read_at::{ReadAt, bytes_at};

/// Most comments that are looked at.
const MAX_COMMENTS: usize = 4096;
/// Most FLAC metadata blocks that are looked at.
const MAX_BLOCKS: usize = 4096;
/// The picture type "front cover".
const FRONT_COVER: u32 = 3;
const PICTURE: &str = "METADATA_BLOCK_PICTURE";

/// Who wrote the file, as the comment header names it.
pub(crate) const VENDOR: &str = "Backline";

/// Reads a comment block: vendor, count, and entries with their length in front, all little-endian.
pub(super) fn read(block: &[u8], tags: &mut Tags) {
    let mut rest = block;
    let mut next = || -> Option<&[u8]> {
        let (length, body) = rest.split_first_chunk::<4>()?;
        let (text, after) = body.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after;
        Some(text)
    };
    if next().is_none() {
        return;
    }
    // The count is not trusted: entries are read as far as they go.
    rest = rest.get(4..).unwrap_or_default();
    for _ in 0..MAX_COMMENTS {
        let Some((length, body)) = rest.split_first_chunk::<4>() else { return };
        let Some((text, after)) = body.split_at_checked(u32::from_le_bytes(*length) as usize) else { return };
        rest = after;
        let Some((name, value)) = std::str::from_utf8(text).ok().and_then(|text| text.split_once('=')) else {
            continue;
        };
        if name.eq_ignore_ascii_case(PICTURE) {
            read_picture(&STANDARD.decode(value).unwrap_or_default(), tags);
        } else if let Some(field) = named(|names| names.comment.eq_ignore_ascii_case(name)) {
            tags.fill(field, value);
        } else {
            loop_point(name, value, tags);
        }
    }
}

/// Takes over `LOOPSTART`, `LOOPLENGTH` and `LOOPEND`, in the order in which they come.
pub(super) fn loop_point(name: &str, value: &str, tags: &mut Tags) {
    let Ok(frame) = value.trim().parse::<u64>() else { return };
    match (name.to_ascii_uppercase().as_str(), tags.loops.first_mut()) {
        ("LOOPSTART", None) => tags.add_loop(frame, OPEN_LOOP),
        ("LOOPLENGTH", Some(first)) if first.end == OPEN_LOOP => {
            first.end = first.start.saturating_add(frame)
        }
        ("LOOPEND", Some(first)) if first.end == OPEN_LOOP => first.end = frame,
        _ => {}
    }
}

/// The first loop as comments; the convention has room for one.
pub(super) fn loop_points(tags: &Tags) -> Vec<(&'static str, String)> {
    match tags.loops.first() {
        Some(&super::Loop { start, end }) => {
            vec![("LOOPSTART", start.to_string()), ("LOOPLENGTH", end.saturating_sub(start).to_string())]
        }
        None => Vec::new(),
    }
}

fn read_picture(block: &[u8], tags: &mut Tags) {
    let word = |at: usize| block.get(at..at + 4).map(|b| be(b) as usize);
    let picture = || {
        let media_type = block.get(8..8 + word(4)?)?;
        let at = 8 + media_type.len();
        let at = at + 4 + word(at)? + 16;
        let data = block.get(at + 4..)?.get(..word(at)?)?;
        Some((word(0)? as u32, std::str::from_utf8(media_type).ok()?, data))
    };
    if let Some((kind, media_type, data)) = picture() {
        if kind == FRONT_COVER {
            tags.cover = None;
        }
        tags.add_cover(media_type, data);
    }
}

/// Reads the comment and picture blocks of a FLAC file that starts at `start`.
pub(super) fn read_flac(input: &dyn ReadAt, start: u64, tags: &mut Tags) -> io::Result<()> {
    let mut at = start + 4;
    for _ in 0..MAX_BLOCKS {
        let Some([kind, l0, l1, l2]) = bytes_at::<4>(input, at)? else { break };
        let end = at + 4 + u64::from(be(&[0, l0, l1, l2]));
        match kind & 0x7f {
            4 => read(&bytes(input, at + 4, end)?, tags),
            6 => read_picture(&bytes(input, at + 4, end)?, tags),
            _ => {}
        }
        if kind & 0x80 != 0 {
            break;
        }
        at = end;
    }
    Ok(())
}

fn be(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |n, &b| n << 8 | u32::from(b))
}

/// All tags as `(name, value)`, with the cover in base64.
pub(crate) fn pairs(tags: &Tags) -> Vec<(&'static str, String)> {
    let mut pairs = pairs_without_cover(tags);
    if let Some(block) = picture_block(tags) {
        pairs.push((PICTURE, STANDARD.encode(block)));
    }
    pairs
}

fn pairs_without_cover(tags: &Tags) -> Vec<(&'static str, String)> {
    let fields = NAMES.iter().filter_map(|n| Some((n.comment, tags.text(n.field)?.into_owned())));
    fields.chain(loop_points(tags)).collect()
}

/// The body of a FLAC comment block.
pub(crate) fn comment_block(tags: &Tags) -> Vec<u8> {
    let pairs = pairs_without_cover(tags);
    let mut out = Vec::new();
    push_text(&mut out, VENDOR);
    out.extend_from_slice(&(pairs.len() as u32).to_le_bytes());
    for (name, value) in pairs {
        push_text(&mut out, &format!("{name}={value}"));
    }
    out
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The body of a FLAC picture block; size and depth of the picture are left open.
pub(crate) fn picture_block(tags: &Tags) -> Option<Vec<u8>> {
    let cover = tags.cover.as_ref()?;
    let mut out = FRONT_COVER.to_be_bytes().to_vec();
    out.extend_from_slice(&(cover.media_type.len() as u32).to_be_bytes());
    out.extend_from_slice(cover.media_type.as_bytes());
    out.extend_from_slice(&[0; 4 + 16]);
    out.extend_from_slice(&(cover.bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(&cover.bytes);
    Some(out)
}
