//! Bits into bytes, most significant first.

/// Bits in the making. Up to 32 bits wait in `open`.
pub(super) struct Bits<'o> {
    out: &'o mut Vec<u8>,
    open: u64,
    used: u32,
}

impl<'o> Bits<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, open: 0, used: 0 }
    }

    /// Appends the low `count` bits of `value`, which has no others; at most 32.
    pub(super) fn put(&mut self, value: u32, count: u32) {
        debug_assert!(
            count <= 32 && (count == 32 || u64::from(value) < 1 << count),
            "{value} has {count} bits"
        );
        self.open = self.open << count | u64::from(value);
        self.used += count;
        if self.used >= 32 {
            self.used -= 32;
            self.out.extend_from_slice(&((self.open >> self.used) as u32).to_be_bytes());
        }
    }

    /// Appends a signed number of `count` bits, two's complement.
    pub(super) fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value as u32 & mask(count), count);
    }

    /// Appends `zeros` zero bits and a one.
    pub(super) fn put_unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(1, zeros + 1);
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(mut self) {
        self.put(0, self.used.wrapping_neg() & 7);
        while self.used > 0 {
            self.used -= 8;
            self.out.push((self.open >> self.used) as u8);
        }
    }
}

/// A number whose low `count` bits are set.
pub(super) fn mask(count: u32) -> u32 {
    u32::MAX.checked_shr(32 - count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_out_in_order() {
        let mut out = Vec::new();
        let mut bits = Bits::new(&mut out);
        bits.put(0b101, 3);
        bits.put_signed(-1, 2);
        bits.put_unary(34);
        bits.put(0xdead_beef, 32);
        bits.align();
        // 101 11, 34 zeros, 1, then the word from bit 40 on.
        assert_eq!(out, [0b1011_1000, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef]);
    }
}
