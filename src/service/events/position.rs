//! Places in the log as clients carry them: which log, and how far.

use std::fmt;
use uuid::Uuid;

/// A place in the log. Another epoch is another log: a restored backup makes every older place void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which log.
    pub epoch: Uuid,
    /// The last entry that was seen.
    pub seq: u64,
}

impl Position {
    /// Reads what [`fmt::Display`] wrote; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (epoch, seq) = text.split_once('-')?;
        let plain = epoch.len() == 32 && !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        if !plain {
            return None;
        }
        Some(Self { epoch: Uuid::try_parse(epoch).ok()?, seq: seq.parse().ok()? })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch.simple(), self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = Position { epoch: Uuid::from_u128(7), seq: 48213 };
        assert_eq!(Position::parse(&place.to_string()), Some(place));
        for odd in
            ["", "7", "-7", "x-7", "00000000000000000000000000000007-", "00000000000000000000000000000007-+7"]
        {
            assert_eq!(Position::parse(odd), None, "{odd}");
        }
    }
}
