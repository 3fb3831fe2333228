//! The iTunes items of an MP4 file: `moov/udta/meta/ilst`, each with a `data` box of type and locale (Apple,
//! "QuickTime File Format": metadata item list).

use std::io;

use super::{Field, Tags, bytes, named};
use crate::read_at::ReadAt;
use crate::source::mp4::{Atom, atoms};

/// The type of a PNG picture in a `data` box.
const PNG: u8 = 14;

/// Reads the tags of the MP4 file at `start..end`.
pub(super) fn read(input: &dyn ReadAt, start: u64, end: u64, tags: &mut Tags) -> io::Result<()> {
    let top = atoms(input, start..end)?;
    let Some(moov) = find(&top, b"moov") else { return Ok(()) };
    let moov = atoms(input, moov.body.clone())?;
    let Some(udta) = find(&moov, b"udta") else { return Ok(()) };
    let udta = atoms(input, udta.body.clone())?;
    let Some(meta) = find(&udta, b"meta") else { return Ok(()) };
    let meta = atoms(input, (meta.body.start + 4).min(meta.body.end)..meta.body.end)?;
    let Some(ilst) = find(&meta, b"ilst") else { return Ok(()) };
    for item in atoms(input, ilst.body.clone())? {
        let parts = atoms(input, item.body.clone())?;
        let Some(data) = find(&parts, b"data") else { continue };
        let data = bytes(input, data.body.start, data.body.end)?;
        let Some((head, value)) = data.split_first_chunk::<8>() else { continue };
        match &item.kind {
            b"covr" => tags.add_cover(if head[3] == PNG { "image/png" } else { "image/jpeg" }, value),
            b"trkn" if value.len() >= 4 => {
                tags.fill(Field::Track, &u16::from_be_bytes([value[2], value[3]]).to_string());
            }
            kind => {
                if let Some(field) = named(|names| names.item == kind) {
                    tags.fill(field, &String::from_utf8_lossy(value));
                }
            }
        }
    }
    Ok(())
}

fn find<'a>(atoms: &'a [Atom], kind: &[u8; 4]) -> Option<&'a Atom> {
    atoms.iter().find(|atom| &atom.kind == kind)
}
