//! The INFO list, the sampler chunk and the ID3 chunk of a WAV file (Microsoft "Multimedia Programming Interface and
//! Data Specifications 1.0"; Sampler Chunk of the 1994 standards update).

use std::io;

use super::{NAMES, Tags, bytes, id3, named};
use crate::read_at::{ReadAt, bytes_at};
use crate::source::riff::next_chunk;

/// Most chunks that are looked at.
const MAX_CHUNKS: usize = 4096;
/// Bytes of the sampler chunk before its loops, and of each loop.
const SAMPLER_HEAD: usize = 36;
const SAMPLER_LOOP: usize = 24;

/// Reads the tags of the RIFF file at `start..end`.
pub(super) fn read(input: &dyn ReadAt, start: u64, end: u64, tags: &mut Tags) -> io::Result<()> {
    let mut at = start + 12;
    let mut wide_data = None;
    for _ in 0..MAX_CHUNKS {
        let Some([a, b, c, d, s0, s1, s2, s3]) = bytes_at::<8>(input, at)? else { break };
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        let body = at + 8;
        let mut after = body + u64::from(size);
        match &[a, b, c, d] {
            b"ds64" => wide_data = bytes_at::<8>(input, body + 8)?.map(u64::from_le_bytes),
            b"data" if size == u32::MAX => after = body.saturating_add(wide_data.unwrap_or(u64::MAX)),
            b"LIST" => read_info(&bytes(input, body, after.min(end))?, tags),
            b"smpl" => read_sampler(&bytes(input, body, after.min(end))?, tags),
            b"id3 " | b"ID3 " => id3::read(&bytes(input, body, after.min(end))?, tags),
            _ => {}
        }
        at = next_chunk(input, after)?;
    }
    Ok(())
}

fn read_info(list: &[u8], tags: &mut Tags) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let size = u32::from_le_bytes(size) as usize;
        let text = &body[..size.min(body.len())];
        // Two names for the position on the album are about.
        let name = if [a, b, c, d] == *b"ITRK" { *b"IPRT" } else { [a, b, c, d] };
        if let Some(field) = named(|names| names.info == &name) {
            tags.fill(field, &String::from_utf8_lossy(text));
        }
        rest = body.get(size.saturating_add(size & 1)..).unwrap_or_default();
    }
}

fn read_sampler(chunk: &[u8], tags: &mut Tags) {
    let Some(loops) = chunk.get(SAMPLER_HEAD..) else { return };
    for each in loops.chunks_exact(SAMPLER_LOOP) {
        let word =
            |at: usize| u64::from(u32::from_le_bytes([each[at], each[at + 1], each[at + 2], each[at + 3]]));
        // The end is the last frame of the loop.
        tags.add_loop(word(8), word(12) + 1);
    }
}

/// The chunks that stand before the sound.
pub(crate) fn head_chunks(tags: &Tags, sample_rate: u32) -> Vec<u8> {
    let mut info = b"INFO".to_vec();
    for names in &NAMES {
        if let Some(text) = tags.text(names.field) {
            // Texts are closed by a zero.
            push_chunk(&mut info, names.info, &[text.as_bytes(), b"\0"].concat());
        }
    }
    let mut out = Vec::new();
    if info.len() > 4 {
        push_chunk(&mut out, b"LIST", &info);
    }
    if !tags.loops.is_empty() {
        push_chunk(&mut out, b"smpl", &sampler(tags, sample_rate));
    }
    out
}

/// The chunks that stand behind the sound: a cover has no other place in a WAV file than an ID3 tag.
pub(crate) fn tail_chunks(tags: &Tags) -> Vec<u8> {
    let mut out = Vec::new();
    if tags.cover.is_some() {
        push_chunk(&mut out, b"id3 ", &id3::write(tags));
    }
    out
}

fn sampler(tags: &Tags, sample_rate: u32) -> Vec<u8> {
    const MIDDLE_C: u32 = 60;
    let period_ns = 1_000_000_000 / sample_rate.max(1);
    let count = tags.loops.len() as u32;
    let mut out = Vec::new();
    for word in [0, 0, period_ns, MIDDLE_C, 0, 0, 0, count, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for (index, each) in tags.loops.iter().enumerate() {
        let frame = |frame: u64| u32::try_from(frame).unwrap_or(u32::MAX);
        for word in [index as u32, 0, frame(each.start), frame(each.end.saturating_sub(1)), 0, 0] {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
    out
}

/// Appends a chunk, padded to an even length.
pub(crate) fn push_chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&[0][..body.len() & 1]);
}
