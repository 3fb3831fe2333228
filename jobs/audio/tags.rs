//! What a file says about its music: title, artist, cover, loops. Read from every container so that a rendition
//! keeps it, written by the encoders in the form of their format.
//! Reading is bounded and never fails: a tag that makes no sense is no reason to refuse the sound.

use std::borrow::Cow;
use std::io;

use serde::{Deserialize, Serialize};

use crate::media::Container;
use crate::read_at::{ReadAt, fill_at};
use crate::sniff::sniff;

pub(crate) mod aiff;
pub(crate) mod comments;
pub(crate) mod id3;
mod mp4;
mod ogg;
pub(crate) mod riff;

/// Longest text of one field, characters; the rest is cut off.
const MAX_TEXT_CHARS: usize = 4096;
/// Largest cover, bytes; a larger one is left out. FLAC and ID3 could hold 16 MiB.
pub const MAX_COVER_BYTES: usize = 8 << 20;
/// Most loops.
const MAX_LOOPS: usize = 64;
/// The end of a loop of which only the start is known yet.
const OPEN_LOOP: u64 = u64::MAX;

/// Tags of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Name of the track.
    pub title: Option<String>,
    /// Who plays it, usually the band.
    pub artist: Option<String>,
    /// The album, or the project it belongs to.
    pub album: Option<String>,
    /// Position on the album, from 1.
    pub track_number: Option<u32>,
    /// Date of the recording, ISO 8601, perhaps only the year.
    pub date: Option<String>,
    /// Free text.
    pub comment: Option<String>,
    /// Front cover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<Cover>,
    /// Stretches that a sampler repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loops: Vec<Loop>,
}

/// A picture as it lies in a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// Media type, for example `image/jpeg`.
    pub media_type: String,
    /// The encoded picture.
    pub bytes: Vec<u8>,
}

/// A stretch that is played again and again, in sample frames of the file that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loop {
    /// First frame.
    pub start: u64,
    /// First frame after it.
    pub end: u64,
}

impl Tags {
    /// Reads the tags of a recording, as far as they make sense.
    #[must_use]
    pub fn read(input: &dyn ReadAt) -> Self {
        let mut tags = Self::default();
        // A read error shows up again, and is reported, when the sound is read.
        drop(tags.gather(input));
        tags.loops.retain(|each| each.start < each.end && each.end != OPEN_LOOP);
        tags
    }

    fn gather(&mut self, input: &dyn ReadAt) -> io::Result<()> {
        let Ok(sniffed) = sniff(input) else { return Ok(()) };
        let (start, end) = (sniffed.start, sniffed.end);
        match sniffed.container {
            Container::Wav | Container::Rf64 => riff::read(input, start, end, self)?,
            Container::Aiff | Container::Aifc => aiff::read(input, start, end, self)?,
            Container::Flac => comments::read_flac(input, start, self)?,
            Container::Ogg => ogg::read(input, start, end, self)?,
            Container::Mp4 => mp4::read(input, start, end, self)?,
            Container::Mp3 | Container::Adts | Container::Caf | Container::Matroska => {}
        }
        if start > 0 {
            let bytes = bytes(input, 0, start)?;
            id3::read(&bytes, self);
        }
        id3::read_v1(input, self)
    }

    /// These tags, and where one is missing that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            artist: self.artist.or(other.artist),
            album: self.album.or(other.album),
            track_number: self.track_number.or(other.track_number),
            date: self.date.or(other.date),
            comment: self.comment.or(other.comment),
            cover: self.cover.or(other.cover),
            loops: if self.loops.is_empty() { other.loops } else { self.loops },
        }
    }

    /// The same tags for sound that was resampled from `from` to `to` Hz, so that loops stay in place.
    #[must_use]
    pub fn at_rate(mut self, from: u32, to: u32) -> Self {
        let (from, to) = (u128::from(from.max(1)), u128::from(to));
        let scale =
            |frame: u64| ((u128::from(frame) * to + from / 2) / from).min(u128::from(u64::MAX)) as u64;
        for each in &mut self.loops {
            *each = Loop { start: scale(each.start), end: scale(each.end) };
        }
        self
    }

    /// Sets `field` unless it is set; empty text sets nothing.
    fn fill(&mut self, field: Field, text: &str) {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if text.is_empty() {
            return;
        }
        let slot = match field {
            Field::Title => &mut self.title,
            Field::Artist => &mut self.artist,
            Field::Album => &mut self.album,
            Field::Date => &mut self.date,
            Field::Comment => &mut self.comment,
            Field::Track => {
                let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                self.track_number = self.track_number.or(digits.parse().ok());
                return;
            }
        };
        slot.get_or_insert_with(|| text.chars().take(MAX_TEXT_CHARS).collect());
    }

    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Title => self.title.as_deref().map(Cow::from),
            Field::Artist => self.artist.as_deref().map(Cow::from),
            Field::Album => self.album.as_deref().map(Cow::from),
            Field::Date => self.date.as_deref().map(Cow::from),
            Field::Comment => self.comment.as_deref().map(Cow::from),
            Field::Track => self.track_number.map(|number| Cow::from(number.to_string())),
        }
    }

    fn add_cover(&mut self, media_type: &str, bytes: &[u8]) {
        if self.cover.is_none() && !bytes.is_empty() && bytes.len() <= MAX_COVER_BYTES {
            self.cover = Some(Cover { media_type: media_type.to_owned(), bytes: bytes.to_vec() });
        }
    }

    fn add_loop(&mut self, start: u64, end: u64) {
        if start < end && self.loops.len() < MAX_LOOPS {
            self.loops.push(Loop { start, end });
        }
    }
}

/// The fields that every tag format has a name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Artist,
    Album,
    Track,
    Date,
    Comment,
}

/// What a field is called.
struct Names {
    field: Field,
    /// ID3v2.4 frame.
    id3: &'static str,
    /// ID3v2.2 frame.
    id3_short: &'static str,
    /// Vorbis comment.
    comment: &'static str,
    /// RIFF INFO chunk.
    info: &'static [u8; 4],
    /// MP4 `ilst` item.
    item: &'static [u8; 4],
    /// AIFF text chunk.
    chunk: Option<&'static [u8; 4]>,
}

#[rustfmt::skip]
const NAMES: [Names; 6] = [
    Names { field: Field::Title, id3: "TIT2", id3_short: "TT2", comment: "TITLE", info: b"INAM", item: b"\xa9nam", chunk: Some(b"NAME") },
    Names { field: Field::Artist, id3: "TPE1", id3_short: "TP1", comment: "ARTIST", info: b"IART", item: b"\xa9ART", chunk: Some(b"AUTH") },
    Names { field: Field::Album, id3: "TALB", id3_short: "TAL", comment: "ALBUM", info: b"IPRD", item: b"\xa9alb", chunk: None },
    Names { field: Field::Track, id3: "TRCK", id3_short: "TRK", comment: "TRACKNUMBER", info: b"IPRT", item: b"trkn", chunk: None },
    Names { field: Field::Date, id3: "TDRC", id3_short: "TYE", comment: "DATE", info: b"ICRD", item: b"\xa9day", chunk: None },
    Names { field: Field::Comment, id3: "COMM", id3_short: "COM", comment: "COMMENT", info: b"ICMT", item: b"\xa9cmt", chunk: Some(b"ANNO") },
];

fn named(found: impl Fn(&Names) -> bool) -> Option<Field> {
    NAMES.iter().find(|names| found(names)).map(|names| names.field)
}

/// Largest tag that is read at once, bytes: a cover and what stands around it.
const MAX_TAG_BYTES: u64 = 16 << 20;

/// The bytes `start..end`, as far as they are there and at most [`MAX_TAG_BYTES`].
fn bytes(input: &dyn ReadAt, start: u64, end: u64) -> io::Result<Vec<u8>> {
    let present = input.size()?.min(end).saturating_sub(start).min(MAX_TAG_BYTES);
    let mut bytes = vec![0; present as usize];
    let n = fill_at(input, &mut bytes, start)?;
    bytes.truncate(n);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
