//! The comment packet of an Ogg file: the second packet of its first stream (RFC 3533, RFC 7845 §5.2, Vorbis I §5),
//! or with FLAC inside the metadata blocks that follow the first packet.

use std::io;

use super::{MAX_TAG_BYTES, Tags, comments};
use crate::read_at::{ReadAt, bytes_at, fill_at};

/// Most pages that are looked at.
const MAX_PAGES: usize = 4096;
/// Packets that are looked at; FLAC may have a few blocks before its comments.
const MAX_PACKETS: usize = 8;

/// Reads the tags of the first stream in the Ogg file at `start..end`.
pub(super) fn read(input: &dyn ReadAt, start: u64, end: u64, tags: &mut Tags) -> io::Result<()> {
    for packet in first_packets(input, start, end)? {
        if let Some(block) = packet.strip_prefix(b"OpusTags").or(packet.strip_prefix(b"\x03vorbis")) {
            comments::read(block, tags);
        } else if packet.len() > 4 && packet[0] & 0x7f == 4 {
            comments::read(&packet[4..], tags);
        }
    }
    Ok(())
}

fn first_packets(input: &dyn ReadAt, start: u64, end: u64) -> io::Result<Vec<Vec<u8>>> {
    let (mut packets, mut open, mut serial) = (Vec::new(), Vec::new(), None);
    let mut at = start;
    for _ in 0..MAX_PAGES {
        let Some(head) = bytes_at::<27>(input, at)? else { break };
        if &head[..4] != b"OggS" || at >= end {
            break;
        }
        let mut table = [0u8; 255];
        let segments = usize::from(head[26]);
        fill_at(input, &mut table[..segments], at + 27)?;
        let table = &table[..segments];
        let size: usize = table.iter().map(|&n| usize::from(n)).sum();
        let body = at + 27 + segments as u64;
        at = body + size as u64;
        if *serial.get_or_insert(head[14..18].to_vec()) != head[14..18] {
            continue;
        }
        let mut data = vec![0; size];
        let n = fill_at(input, &mut data, body)?;
        data.truncate(n);
        let mut rest = data.as_slice();
        for &length in table {
            let (part, after) = rest.split_at_checked(usize::from(length)).unwrap_or((rest, &[]));
            open.extend_from_slice(part);
            rest = after;
            if length < 255 {
                packets.push(std::mem::take(&mut open));
            }
        }
        if packets.len() >= MAX_PACKETS || open.len() as u64 > MAX_TAG_BYTES {
            break;
        }
    }
    packets.truncate(MAX_PACKETS);
    Ok(packets)
}
