//! `multipart/byteranges` (RFC 9110 §14.6).

use super::{Piece, Representation};
use bytes::Bytes;
use std::ops::Range;

/// A body of several ranges.
pub(super) struct Parts {
    pub(super) content_type: String,
    pub(super) length: u64,
    pub(super) pieces: Vec<Piece>,
}

/// Lays out several ranges.
pub(super) fn byteranges(file: &Representation, spans: &[Range<u64>]) -> Parts {
    // Whoever wrote the bytes cannot have known the hash of their own hash: the boundary does not occur in them.
    let boundary = &blake3::hash(file.tag.as_bytes()).to_hex()[..32];
    let mut pieces = Vec::with_capacity(spans.len() * 2 + 1);
    for span in spans {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: bytes {}-{}/{}\r\n\r\n",
            file.content_type,
            span.start,
            span.end - 1,
            file.length
        );
        pieces.push(Piece::Text(Bytes::from(head)));
        pieces.push(Piece::Span(span.clone()));
    }
    pieces.push(Piece::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
    let length = pieces.iter().map(length).sum();
    Parts { content_type: format!("multipart/byteranges; boundary={boundary}"), length, pieces }
}

fn length(piece: &Piece) -> u64 {
    match piece {
        Piece::Text(text) => text.len() as u64,
        Piece::Span(span) => span.end - span.start,
    }
}
