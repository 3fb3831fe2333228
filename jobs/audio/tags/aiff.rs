//! The text, marker and instrument chunks of an AIFF file (Apple, "Audio Interchange File Format" 1.3), and the ID3
//! chunk that carries a cover.

use std::io;

use super::{Loop, NAMES, Tags, bytes, id3, named};
use crate::read_at::{ReadAt, bytes_at};
use crate::source::riff::next_chunk;

/// Most chunks that are looked at.
const MAX_CHUNKS: usize = 4096;
/// An instrument has a sustain and a release loop.
const LOOPS: usize = 2;

/// Reads the tags of the AIFF file at `start..end`.
pub(super) fn read(input: &dyn ReadAt, start: u64, end: u64, tags: &mut Tags) -> io::Result<()> {
    let mut at = start + 12;
    let (mut markers, mut instrument) = (Vec::new(), None);
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, size @ ..]) = bytes_at::<8>(input, at)? else { break };
        let (body, size) = (at + 8, u64::from(u32::from_be_bytes(size)));
        let name = [a, b, c, d];
        let contents = || bytes(input, body, (body + size).min(end));
        match &name {
            b"MARK" => markers = read_markers(&contents()?),
            b"INST" => instrument = bytes_at::<20>(input, body)?,
            b"ID3 " | b"id3 " => id3::read(&contents()?, tags),
            _ => {
                if let Some(field) = named(|names| names.chunk == Some(&name)) {
                    tags.fill(field, &String::from_utf8_lossy(&contents()?));
                }
            }
        }
        at = next_chunk(input, body + size)?;
    }
    let Some(instrument) = instrument else { return Ok(()) };
    let marker = |at: usize| {
        let id = be16(&instrument[at..]);
        markers.iter().find(|(marker, _)| *marker == id).map(|&(_, frame)| frame)
    };
    // The ID3 chunk may tell one of the loops again.
    let told = std::mem::take(&mut tags.loops);
    for at in [8, 14] {
        if let (1 | 2, Some(begin), Some(end)) = (be16(&instrument[at..]), marker(at + 2), marker(at + 4)) {
            tags.add_loop(begin, end);
        }
    }
    if tags.loops.is_empty() {
        tags.loops = told;
    }
    Ok(())
}

/// Markers as id and frame; each has a name with its length in front, padded to an even length.
fn read_markers(chunk: &[u8]) -> Vec<(u16, u64)> {
    let mut rest = chunk.get(2..).unwrap_or_default();
    let mut markers = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<7>() {
        let [i0, i1, p0, p1, p2, p3, name] = *head;
        let frame = u64::from(u32::from_be_bytes([p0, p1, p2, p3]));
        markers.push((u16::from_be_bytes([i0, i1]), frame));
        let name = usize::from(name);
        rest = after.get(name + (1 - (name & 1))..).unwrap_or_default();
    }
    markers
}

fn be16(b: &[u8]) -> u16 {
    u16::from_be_bytes([b[0], b[1]])
}

/// The chunks that stand before the sound.
pub(crate) fn head_chunks(tags: &Tags) -> Vec<u8> {
    let mut out = Vec::new();
    for names in &NAMES {
        if let (Some(chunk), Some(text)) = (names.chunk, tags.text(names.field)) {
            push_chunk(&mut out, chunk, text.as_bytes());
        }
    }
    let loops = &tags.loops[..tags.loops.len().min(LOOPS)];
    if !loops.is_empty() {
        push_chunk(&mut out, b"MARK", &markers(loops));
        push_chunk(&mut out, b"INST", &instrument(loops));
    }
    out
}

/// The chunks that stand behind the sound; AIFF itself has no place for an album, a number, a date or a cover.
pub(crate) fn tail_chunks(tags: &Tags) -> Vec<u8> {
    let mut out = Vec::new();
    let lacking = tags.album.is_some() || tags.track_number.is_some() || tags.date.is_some();
    if lacking || tags.cover.is_some() {
        push_chunk(&mut out, b"ID3 ", &id3::write(tags));
    }
    out
}

fn markers(loops: &[Loop]) -> Vec<u8> {
    let mut out = (loops.len() as u16 * 2).to_be_bytes().to_vec();
    for (index, frame) in loops.iter().flat_map(|each| [each.start, each.end]).enumerate() {
        out.extend_from_slice(&(index as u16 + 1).to_be_bytes());
        out.extend_from_slice(&u32::try_from(frame).unwrap_or(u32::MAX).to_be_bytes());
        // An empty name and its padding.
        out.extend_from_slice(&[0, 0]);
    }
    out
}

fn instrument(loops: &[Loop]) -> Vec<u8> {
    const MIDDLE_C: u8 = 60;
    const FORWARD: u16 = 1;
    let mut out = vec![MIDDLE_C, 0, 0, 127, 1, 127, 0, 0];
    for index in 0..LOOPS as u16 {
        let used = usize::from(index) < loops.len();
        let words = if used { [FORWARD, index * 2 + 1, index * 2 + 2] } else { [0; 3] };
        words.iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    }
    out
}

/// Appends a chunk, padded to an even length.
pub(crate) fn push_chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&[0][..body.len() & 1]);
}
