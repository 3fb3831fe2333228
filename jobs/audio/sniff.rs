//! Recognising a file by its contents, never by its name.
//! Tags in front (ID3v2) and behind (ID3v1, APEv2) are stepped over; MPEG and ADTS streams count as such only when
//! two consecutive frames agree, since a lone sync word occurs in any random bytes.

use std::io;

use crate::error::{AudioError, unsupported};
use crate::media::Container;
use crate::read_at::{ReadAt, bytes_at, fill_at};

/// How far junk in front of an MPEG or ADTS stream is searched, bytes.
const JUNK_LIMIT: usize = 64 * 1024;
/// Largest number of consecutive ID3v2 tags that are stepped over.
const MAX_TAGS: usize = 8;

/// What a file is and where its sound lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    /// The container.
    pub container: Container,
    /// First byte that belongs to it.
    pub start: u64,
    /// First byte after it.
    pub end: u64,
    /// Bytes that belong to nothing known lie before `start`.
    pub junk: u64,
}

/// Recognises `input`.
///
/// # Errors
/// `Unsupported` with the name of the kind where it is known, `Empty` for no bytes, `Io`.
pub fn sniff(input: &dyn ReadAt) -> Result<Sniffed, AudioError> {
    let size = input.size()?;
    if size == 0 {
        return Err(AudioError::Empty);
    }
    let start = skip_id3v2(input)?;
    let mut head = [0u8; 16];
    let n = fill_at(input, &mut head, start)?;
    let found = |container, end| Ok(Sniffed { container, start, end, junk: 0 });
    if let Some(container) = by_magic(&head[..n])? {
        return found(container, size);
    }
    let end = trim_trailing_tags(input, start, size)?;
    match find_frames(input, start, end)? {
        Some((container, offset)) => Ok(Sniffed { container, start: start + offset, end, junk: offset }),
        None => unsupported("no sound file that we know"),
    }
}

fn by_magic(head: &[u8]) -> Result<Option<Container>, AudioError> {
    let four: [u8; 4] = head.first_chunk().copied().unwrap_or_default();
    let form: [u8; 4] = head.get(8..12).and_then(|b| b.first_chunk().copied()).unwrap_or_default();
    let atom: [u8; 4] = head.get(4..8).and_then(|b| b.first_chunk().copied()).unwrap_or_default();
    let container = match (&four, &form) {
        (b"RIFF", b"WAVE") => Container::Wav,
        (b"RF64" | b"BW64", b"WAVE") => Container::Rf64,
        (b"FORM", b"AIFF") => Container::Aiff,
        (b"FORM", b"AIFC") => Container::Aifc,
        (b"fLaC", _) => Container::Flac,
        (b"OggS", _) => Container::Ogg,
        (b"caff", _) => Container::Caf,
        (b"\x1a\x45\xdf\xa3", _) => Container::Matroska,
        (b"RIFF", b"AVI ") => return unsupported("a video file"),
        (b"riff", _) => return unsupported("a Wave64 file"),
        (b"wvpk", _) => return unsupported("a WavPack file"),
        (b"MAC ", _) => return unsupported("a Monkey's Audio file"),
        (b"TTA1", _) => return unsupported("a True Audio file"),
        (b"DSD " | b"FRM8", _) => return unsupported("a DSD recording"),
        (b"\x30\x26\xb2\x75", _) => return unsupported("a Windows Media file"),
        (b"MThd", _) => return unsupported("a MIDI file, which holds notes and no sound"),
        (b"#!AM", _) => return unsupported("an AMR voice recording"),
        (b"ADIF", _) => return unsupported("an AAC file in the old ADIF form"),
        (b"MPCK" | b"MP+\x07", _) => return unsupported("a Musepack file"),
        (b".snd", _) => return unsupported("a Sun audio file"),
        (b"PK\x03\x04", _) => return unsupported("a ZIP archive"),
        _ => match &atom {
            b"ftyp" | b"moov" | b"mdat" | b"wide" => Container::Mp4,
            _ => return Ok(None),
        },
    };
    Ok(Some(container))
}

/// Steps over ID3v2 tags (id3.org, ID3v2.4 structure, §3.1): ten bytes with a sync-safe size, perhaps a footer.
fn skip_id3v2(input: &dyn ReadAt) -> io::Result<u64> {
    let mut at = 0u64;
    for _ in 0..MAX_TAGS {
        let Some(tag) = bytes_at::<10>(input, at)? else { break };
        if &tag[..3] != b"ID3" || tag[6..].iter().any(|b| b & 0x80 != 0) {
            break;
        }
        let size = tag[6..].iter().fold(0u64, |size, &b| size << 7 | u64::from(b));
        at += 10 + size + if tag[5] & 0x10 != 0 { 10 } else { 0 };
    }
    Ok(at)
}

/// Finds the end of the stream before an ID3v1 tag (128 bytes) and an APEv2 tag (size in its footer).
fn trim_trailing_tags(input: &dyn ReadAt, start: u64, size: u64) -> io::Result<u64> {
    let mut end = size;
    if let Some(at) = end.checked_sub(128).filter(|&at| at >= start)
        && bytes_at::<3>(input, at)?.is_some_and(|tag| &tag == b"TAG")
    {
        end = at;
    }
    if let Some(at) = end.checked_sub(32).filter(|&at| at >= start)
        && let Some(footer) = bytes_at::<32>(input, at)?
        && &footer[..8] == b"APETAGEX"
    {
        let items = u64::from(u32::from_le_bytes([footer[12], footer[13], footer[14], footer[15]]));
        let header = if footer[23] & 0x80 != 0 { 32 } else { 0 };
        if let Some(at) = end.checked_sub(items + header).filter(|&at| at > start) {
            end = at;
        }
    }
    Ok(end)
}

/// Searches for the first position where two frames of one kind follow each other.
fn find_frames(input: &dyn ReadAt, start: u64, end: u64) -> io::Result<Option<(Container, u64)>> {
    let mut window = vec![0u8; JUNK_LIMIT];
    let n = fill_at(input, &mut window, start)?;
    for (offset, pair) in window[..n].windows(2).enumerate() {
        if pair[0] != 0xff || pair[1] & 0xe0 != 0xe0 {
            continue;
        }
        let at = start + offset as u64;
        let Some(first) = frame_at(input, at, end)? else { continue };
        let Some(second) = frame_at(input, at + first.bytes, end)? else { continue };
        if first.same_stream(&second) && at + first.bytes + second.bytes <= end {
            let container = if first.layer == 0 { Container::Adts } else { Container::Mp3 };
            return Ok(Some((container, offset as u64)));
        }
    }
    Ok(None)
}

/// One MPEG audio or ADTS frame header. Layer 0 stands for ADTS.
#[derive(Debug, Clone, Copy)]
struct Frame {
    layer: u8,
    version: u8,
    rate_index: u8,
    bytes: u64,
}

impl Frame {
    fn same_stream(&self, other: &Frame) -> bool {
        (self.layer, self.version, self.rate_index) == (other.layer, other.version, other.rate_index)
    }
}

fn frame_at(input: &dyn ReadAt, at: u64, end: u64) -> io::Result<Option<Frame>> {
    if at + 7 > end {
        return Ok(None);
    }
    let Some(h) = bytes_at::<7>(input, at)? else { return Ok(None) };
    if h[0] != 0xff || h[1] & 0xe0 != 0xe0 {
        return Ok(None);
    }
    Ok(if h[1] & 0xf6 == 0xf0 { adts_frame(&h) } else { mpeg_frame(&h) })
}

/// ISO/IEC 13818-7 §6.2, adts_fixed_header and adts_variable_header.
fn adts_frame(h: &[u8; 7]) -> Option<Frame> {
    let rate_index = (h[2] >> 2) & 0x0f;
    let bytes = u64::from(h[3] & 0x03) << 11 | u64::from(h[4]) << 3 | u64::from(h[5] >> 5);
    (rate_index < 13 && bytes > 7).then_some(Frame { layer: 0, version: h[1] & 0x08, rate_index, bytes })
}

/// ISO/IEC 11172-3 §2.4.2.3 and its extensions to half and quarter rates.
fn mpeg_frame(h: &[u8; 7]) -> Option<Frame> {
    const BITRATES: [[u16; 15]; 5] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let version = (h[1] >> 3) & 3;
    let layer = 4 - ((h[1] >> 1) & 3);
    let rate_index = (h[2] >> 2) & 3;
    let bitrate_index = usize::from(h[2] >> 4);
    if version == 1 || layer == 4 || rate_index == 3 || bitrate_index == 0 || bitrate_index == 15 {
        return None;
    }
    let full = version == 3;
    let table = match (full, layer) {
        (true, layer) => usize::from(layer) - 1,
        (false, 1) => 3,
        (false, _) => 4,
    };
    let bitrate = u64::from(BITRATES[table][bitrate_index]) * 1000;
    let rate = [44_100u64, 48_000, 32_000][usize::from(rate_index)] >> (3 - version.max(1)).min(2);
    let rate = if version == 0 { [11_025, 12_000, 8_000][usize::from(rate_index)] } else { rate };
    let padding = u64::from((h[2] >> 1) & 1);
    let bytes = match layer {
        1 => (12 * bitrate / rate + padding) * 4,
        3 if !full => 72 * bitrate / rate + padding,
        _ => 144 * bitrate / rate + padding,
    };
    Some(Frame { layer, version, rate_index, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_sizes_follow_the_standard() {
        let frame = |h: [u8; 4]| mpeg_frame(&[h[0], h[1], h[2], h[3], 0, 0, 0]).map(|f| f.bytes);
        assert_eq!(frame([0xff, 0xfb, 0x90, 0x00]), Some(417), "128 kbit/s at 44.1 kHz");
        assert_eq!(frame([0xff, 0xfb, 0x54, 0xc4]), Some(192), "64 kbit/s at 48 kHz");
        assert_eq!(frame([0xff, 0xf3, 0x14, 0xc4]), Some(24), "MPEG-2, 8 kbit/s at 24 kHz");
        assert_eq!(frame([0xff, 0xe3, 0x18, 0xc4]), Some(72), "MPEG-2.5, 8 kbit/s at 8 kHz");
        assert_eq!(frame([0xff, 0xfb, 0xf0, 0x00]), None, "forbidden bit rate");
    }

    #[test]
    fn a_lone_frame_and_random_bytes_are_no_stream() {
        let mut lone = vec![0u8; 417];
        lone[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert!(matches!(sniff(&lone), Err(AudioError::Unsupported { .. })));
        let mut twice = lone.clone();
        twice.extend_from_slice(&lone);
        assert_eq!(sniff(&twice).map(|s| s.container).ok(), Some(Container::Mp3));
    }

    #[test]
    fn tags_in_front_and_behind_are_stepped_over() {
        let mut frame = vec![0u8; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        let mut file = b"ID3\x04\0\0\0\0\x01\x02".to_vec();
        file.resize(10 + 130, 0);
        file.extend_from_slice(&frame);
        file.extend_from_slice(&frame);
        file.extend_from_slice(b"TAG");
        file.resize(140 + 834 + 128, 0);
        let found = sniff(&file).expect("an MP3 stream");
        assert_eq!((found.start, found.end, found.junk), (140, 974, 0));
    }
}
