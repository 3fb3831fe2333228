//! Keys as bytes: the order of the bytes is the order of the values.
//!
//! Big-endian integers, escaped and terminated text, inverted bytes for `Desc`; tuples concatenate. The encoding of a
//! complete key is never a prefix of another one of the same type, so a prefix of a tuple is a range of the table.
//! Laws (proptest, `key/tests.rs`): round trip, injective, order-preserving, prefix-free.

mod ids;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use thiserror::Error;
use uuid::Uuid;

/// Why bytes are not a key of the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The bytes end before the key does.
    #[error("the key is too short")]
    Short,
    /// There are bytes left after the key.
    #[error("the key is too long")]
    Long,
    /// Text that is not UTF-8, or an unknown escape in it.
    #[error("the text of the key is not valid")]
    Text,
    /// A byte that has no meaning here, such as a `bool` of 7.
    #[error("the key holds a byte without meaning")]
    Byte,
}

/// A value that can be a key, or a leading part of one.
pub trait Key: Sized + Clone {
    /// Appends the encoding.
    fn encode(&self, out: &mut Vec<u8>);

    /// Takes one value from the front of `input`.
    ///
    /// # Errors
    /// [`KeyError`] when the bytes are not such a value.
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError>;

    /// The encoding as bytes of its own.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        self.encode(&mut out);
        out
    }

    /// Decodes a whole key.
    ///
    /// # Errors
    /// [`KeyError::Long`] when bytes are left over, or what [`Key::decode`] says.
    fn from_bytes(mut bytes: &[u8]) -> Result<Self, KeyError> {
        let key = Self::decode(&mut bytes)?;
        if bytes.is_empty() { Ok(key) } else { Err(KeyError::Long) }
    }
}

/// Takes `N` bytes from the front of `input`.
pub(crate) fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], KeyError> {
    let (head, rest) = input.split_first_chunk::<N>().ok_or(KeyError::Short)?;
    *input = rest;
    Ok(*head)
}

macro_rules! unsigned {
    ($($type:ty),*) => {$(
        impl Key for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }
            fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
                Ok(<$type>::from_be_bytes(take(input)?))
            }
        }
    )*};
}
unsigned!(u8, u16, u32, u64);

impl Key for i64 {
    fn encode(&self, out: &mut Vec<u8>) {
        // Flipping the sign bit puts the negative numbers before the others.
        (self.cast_unsigned() ^ (1 << 63)).encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        Ok((u64::decode(input)? ^ (1 << 63)).cast_signed())
    }
}

impl Key for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        match take::<1>(input)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(KeyError::Byte),
        }
    }
}

impl Key for () {
    fn encode(&self, _out: &mut Vec<u8>) {}
    fn decode(_input: &mut &[u8]) -> Result<Self, KeyError> {
        Ok(())
    }
}

impl Key for Uuid {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        Ok(Uuid::from_bytes(take(input)?))
    }
}

/// A hash, such as the BLAKE3 address of a blob.
impl Key for [u8; 32] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        take(input)
    }
}

/// `None` comes before every value.
impl<T: Key> Key for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode(out);
            }
        }
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        if bool::decode(input)? { Ok(Some(T::decode(input)?)) } else { Ok(None) }
    }
}

const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xFF;
const END: u8 = 0x01;

/// Writes text without its end, so that everything that starts with it follows.
pub(crate) fn encode_text_start(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        out.push(byte);
        if byte == ESCAPE {
            out.push(ESCAPED_ZERO);
        }
    }
}

/// UTF-8 with `00` as `00 FF`, ended by `00 01`: the end sorts before every continuation.
impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_text_start(self, out);
        out.extend_from_slice(&[ESCAPE, END]);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        let mut text = Vec::new();
        loop {
            match take::<1>(input)? {
                [ESCAPE] => match take::<1>(input)? {
                    [ESCAPED_ZERO] => text.push(ESCAPE),
                    [END] => return String::from_utf8(text).map_err(|_| KeyError::Text),
                    _ => return Err(KeyError::Text),
                },
                [byte] => text.push(byte),
            }
        }
    }
}

/// The same values in the opposite order: "newest first" is a forward scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Desc<T>(pub T);

impl<T: Ord> PartialOrd for Desc<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for Desc<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        Reverse(&self.0).cmp(&Reverse(&other.0))
    }
}

impl<T: Key> Key for Desc<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.0.encode(out);
        for byte in &mut out[start..] {
            *byte = !*byte;
        }
    }
    fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
        // How long the value is only its decoder knows, so it is given the rest and asked what it left.
        let inverted: Vec<u8> = input.iter().map(|byte| !byte).collect();
        let mut rest = inverted.as_slice();
        let value = T::decode(&mut rest)?;
        *input = &input[inverted.len() - rest.len()..];
        Ok(Desc(value))
    }
}

macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Key),+> Key for ($($name,)+) {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$index.encode(out);)+
            }
            fn decode(input: &mut &[u8]) -> Result<Self, KeyError> {
                Ok(($($name::decode(input)?,)+))
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

/// The first bytes that come after everything that starts with `prefix`; none when `prefix` is all `FF`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}
