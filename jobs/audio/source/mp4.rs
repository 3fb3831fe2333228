//! The edit list and iTunSMPB of an MP4 file: how many frames an encoder put in front and behind.
//! ISO/IEC 14496-12 §8.6.6 (elst), §8.4.2 (mdhd), §8.2.2 (mvhd); iTunSMPB is Apple's tag with delay, padding and
//! length in hexadecimal. Symphonia applies neither, and without them AAC sounds 1024 or 2112 frames late.

use std::io;
use std::ops::Range;

use crate::error::AudioError;
use crate::read_at::{ReadAt, bytes_at, fill_at};
use crate::sniff::Sniffed;
use crate::source::coded::Trim;

/// Most boxes that are looked at on one level.
const MAX_BOXES: usize = 1024;

/// What the file says about the first edit of its tracks.
pub(super) struct Edits {
    movie_timescale: u64,
    tracks: Vec<Edit>,
    itunes: Option<Trim>,
}

struct Edit {
    track: u32,
    timescale: u64,
    media_duration: u64,
    media_time: u64,
    segment_duration: u64,
    entries: u32,
}

/// A box: its name and where its contents lie.
pub(crate) struct Atom {
    pub kind: [u8; 4],
    pub body: Range<u64>,
}

/// Reads the edits of all tracks; none without a `moov` box.
pub(super) fn read_edits(input: &dyn ReadAt, sniffed: Sniffed) -> Result<Option<Edits>, AudioError> {
    let top = atoms(input, sniffed.start..sniffed.end)?;
    let Some(moov) = top.iter().find(|a| &a.kind == b"moov") else { return Ok(None) };
    let moov = atoms(input, moov.body.clone())?;
    let movie_timescale = match moov.iter().find(|a| &a.kind == b"mvhd") {
        Some(mvhd) => times(input, mvhd)?.0,
        None => 0,
    };
    let mut tracks = Vec::new();
    for trak in moov.iter().filter(|a| &a.kind == b"trak") {
        tracks.extend(read_track(input, trak)?);
    }
    Ok(Some(Edits { movie_timescale, tracks, itunes: read_itunes(input, &moov)? }))
}

impl Edits {
    /// The frames of `track` to play, at `sample_rate`.
    pub(super) fn trim(&self, track: u32, sample_rate: u32) -> Trim {
        let Some(edit) = self.tracks.iter().find(|t| t.track == track) else {
            return self.itunes.unwrap_or_default();
        };
        if edit.media_time == 0
            && let Some(itunes) = self.itunes
        {
            return itunes;
        }
        let frames = |units: u64| {
            let scaled = u128::from(units) * u128::from(sample_rate) / u128::from(edit.timescale.max(1));
            u64::try_from(scaled).unwrap_or(u64::MAX)
        };
        let rest = edit.media_duration.saturating_sub(edit.media_time);
        let keep = match (rest, self.segment(edit)) {
            (0, _) => None,
            (rest, Some((segment, tick))) if edit.entries == 1 && segment + tick < rest => Some(segment),
            (rest, _) => Some(rest),
        };
        Trim { skip: frames(edit.media_time), keep: keep.map(frames) }
    }

    /// Length of the edit and its granularity in media units; a movie clock of milliseconds is coarse.
    fn segment(&self, edit: &Edit) -> Option<(u64, u64)> {
        if self.movie_timescale == 0 || edit.segment_duration == 0 {
            return None;
        }
        let scaled = u128::from(edit.segment_duration) * u128::from(edit.timescale);
        let segment = u64::try_from(scaled / u128::from(self.movie_timescale)).ok()?;
        Some((segment, edit.timescale / self.movie_timescale + 1))
    }
}

/// The boxes of `range`, side by side.
pub(crate) fn atoms(input: &dyn ReadAt, range: Range<u64>) -> io::Result<Vec<Atom>> {
    let mut found = Vec::new();
    let mut at = range.start;
    while found.len() < MAX_BOXES && at.saturating_add(8) <= range.end {
        let Some([s0, s1, s2, s3, kind @ ..]) = bytes_at::<8>(input, at)? else { break };
        let (size, header) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (range.end - at, 8),
            1 => match bytes_at::<8>(input, at + 8)? {
                Some(wide) => (u64::from_be_bytes(wide), 16),
                None => break,
            },
            size => (u64::from(size), 8),
        };
        if size < header {
            break;
        }
        let end = at.saturating_add(size).min(range.end);
        found.push(Atom { kind, body: (at + header).min(end)..end });
        at = at.saturating_add(size);
    }
    Ok(found)
}

/// Timescale and duration of `mvhd` or `mdhd`, which share the head of their layout.
fn times(input: &dyn ReadAt, atom: &Atom) -> Result<(u64, u64), AudioError> {
    let mut b = [0u8; 32];
    fill_at(input, &mut b, atom.body.start)?;
    Ok(match b[0] {
        1 => (be32(&b[20..]), be64(&b[24..])),
        _ => (be32(&b[12..]), be32(&b[16..])),
    })
}

fn read_track(input: &dyn ReadAt, trak: &Atom) -> Result<Option<Edit>, AudioError> {
    let inside = atoms(input, trak.body.clone())?;
    let find = |kind: &[u8; 4]| inside.iter().find(|a| &a.kind == kind);
    let (Some(tkhd), Some(edts), Some(mdia)) = (find(b"tkhd"), find(b"edts"), find(b"mdia")) else {
        return Ok(None);
    };
    let mut b = [0u8; 24];
    fill_at(input, &mut b, tkhd.body.start)?;
    let track = if b[0] == 1 { be32(&b[20..]) } else { be32(&b[12..]) } as u32;
    let mdia = atoms(input, mdia.body.clone())?;
    let Some(mdhd) = mdia.iter().find(|a| &a.kind == b"mdhd") else { return Ok(None) };
    let (timescale, media_duration) = times(input, mdhd)?;
    let edts = atoms(input, edts.body.clone())?;
    let Some(elst) = edts.iter().find(|a| &a.kind == b"elst") else { return Ok(None) };
    Ok(first_edit(input, elst)?.map(|(segment_duration, media_time, entries)| Edit {
        track,
        timescale,
        media_duration,
        media_time,
        segment_duration,
        entries,
    }))
}

/// The first edit that is not empty: its duration, its start in the media, and how many such edits there are.
fn first_edit(input: &dyn ReadAt, elst: &Atom) -> Result<Option<(u64, u64, u32)>, AudioError> {
    let Some(head) = bytes_at::<8>(input, elst.body.start)? else { return Ok(None) };
    let wide = head[0] == 1;
    let step = if wide { 20 } else { 12 };
    let count = be32(&head[4..]).min(MAX_BOXES as u64);
    let mut first = None;
    let mut filled = 0;
    for index in 0..count {
        let mut b = [0u8; 16];
        let at = elst.body.start + 8 + index * step;
        if at + step > elst.body.end || fill_at(input, &mut b, at)? < step as usize - 4 {
            break;
        }
        let (duration, time) = if wide { (be64(&b), be64(&b[8..])) } else { (be32(&b), be32(&b[4..])) };
        let empty = if wide { time == u64::MAX } else { time == u64::from(u32::MAX) };
        if !empty {
            filled += 1;
            first = first.or(Some((duration, time)));
        }
    }
    Ok(first.map(|(duration, time)| (duration, time, filled)))
}

/// moov/udta/meta/ilst/----, where name is iTunSMPB: " 00000000 DELAY PADDING LENGTH …" in hexadecimal.
fn read_itunes(input: &dyn ReadAt, moov: &[Atom]) -> Result<Option<Trim>, AudioError> {
    let Some(udta) = moov.iter().find(|a| &a.kind == b"udta") else { return Ok(None) };
    let udta = atoms(input, udta.body.clone())?;
    let Some(meta) = udta.iter().find(|a| &a.kind == b"meta") else { return Ok(None) };
    let meta = atoms(input, (meta.body.start + 4).min(meta.body.end)..meta.body.end)?;
    let Some(ilst) = meta.iter().find(|a| &a.kind == b"ilst") else { return Ok(None) };
    for item in atoms(input, ilst.body.clone())?.iter().filter(|a| &a.kind == b"----") {
        let parts = atoms(input, item.body.clone())?;
        let text = |kind: &[u8; 4], skip: u64| -> Result<String, AudioError> {
            let Some(part) = parts.iter().find(|a| &a.kind == kind) else { return Ok(String::new()) };
            let mut bytes = [0u8; 128];
            let want = part.body.end.saturating_sub(part.body.start + skip).min(128) as usize;
            let n = fill_at(input, &mut bytes[..want], part.body.start + skip)?;
            Ok(String::from_utf8_lossy(&bytes[..n]).into_owned())
        };
        if text(b"name", 4)? == "iTunSMPB" {
            return Ok(parse_itunes(&text(b"data", 8)?));
        }
    }
    Ok(None)
}

fn parse_itunes(text: &str) -> Option<Trim> {
    let mut words = text.split_ascii_whitespace().skip(1).map(|word| u64::from_str_radix(word, 16).ok());
    let (skip, _padding, length) = (words.next()??, words.next()??, words.next()??);
    (length > 0).then_some(Trim { skip, keep: Some(length) })
}

fn be32(b: &[u8]) -> u64 {
    b[..4].iter().fold(0, |n, &byte| n << 8 | u64::from(byte))
}

fn be64(b: &[u8]) -> u64 {
    b[..8].iter().fold(0, |n, &byte| n << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn itunes_tag_gives_delay_and_length() {
        let trim =
            parse_itunes(" 00000000 00000840 000001CA 00000000003F31F6 00000000").expect("well formed");
        assert_eq!((trim.skip, trim.keep), (2112, Some(0x3f_31f6)));
        assert!(parse_itunes(" 00000000 zz").is_none());
    }

    #[test]
    fn a_coarse_movie_clock_does_not_cut_sound() {
        let edit = |segment_duration| Edits {
            movie_timescale: 1000,
            tracks: vec![Edit {
                track: 1,
                timescale: 48_000,
                media_duration: 69_570,
                media_time: 1024,
                segment_duration,
                entries: 1,
            }],
            itunes: None,
        };
        assert_eq!(edit(1428).trim(1, 48_000).keep, Some(68_546), "1428 ms is 68,546 frames, rounded");
        assert_eq!(edit(1000).trim(1, 48_000).keep, Some(48_000), "a real cut is kept");
        assert_eq!(edit(1428).trim(1, 48_000).skip, 1024);
    }
}
