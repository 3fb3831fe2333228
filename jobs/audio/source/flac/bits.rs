//! Bits of a FLAC frame, most significant first, and the Rice codes in them.
//! What lies behind the last byte reads as zeros; who asks finds out by [`Bits::is_over`].

/// Longest run of zeros in front of a one: more is no recording.
const MAX_ZEROS: u32 = 1 << 24;
/// The largest Rice parameter for which four codes usually fit one refill.
const SHORT: u32 = 9;

/// A reader. The next bits stand at the top of `window`; the first `have` of them count.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// The byte that follows those in the window.
    next: usize,
    window: u64,
    have: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: 0, window: 0, have: 0 }
    }

    /// Whether more was read than there is.
    pub(super) fn is_over(&self) -> bool {
        self.next * 8 - self.have as usize > self.data.len() * 8
    }

    /// The first byte of which nothing was read.
    pub(super) fn byte(&self) -> usize {
        self.next - (self.have / 8) as usize
    }

    /// At least 56 bits count now. Whole words are read; bits beyond those that count are right already.
    #[inline(always)]
    fn refill(&mut self) {
        let word = match self.data.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(bytes) => u64::from_be_bytes(*bytes),
            None => self.last_word(),
        };
        self.window |= word >> self.have;
        self.next += ((63 - self.have) >> 3) as usize;
        self.have |= 56;
    }

    #[cold]
    fn last_word(&self) -> u64 {
        let mut bytes = [0; 8];
        let rest = self.data.get(self.next..).unwrap_or_default();
        bytes[..rest.len()].copy_from_slice(rest);
        u64::from_be_bytes(bytes)
    }

    /// The next bits, at most 32.
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if count > self.have {
            self.refill();
        }
        let value = (self.window >> 32 >> (32 - count)) as u32;
        self.skip(count);
        value
    }

    /// A signed number of at most 33 bits, two's complement.
    pub(super) fn take_signed(&mut self, count: u32) -> i64 {
        self.refill();
        let value = match count {
            0 => 0,
            _ => (self.window as i64) >> (64 - count),
        };
        self.skip(count);
        value
    }

    /// Leaves out bits that count, fewer than 64.
    #[inline(always)]
    fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.have -= count;
    }

    /// The number of zeros before a one; none if there is no end to them.
    pub(super) fn unary(&mut self) -> Option<u32> {
        let mut zeros = 0;
        loop {
            self.refill();
            let run = self.window.leading_zeros();
            if run < self.have {
                self.skip(run + 1);
                return Some(zeros + run);
            }
            zeros += self.have;
            self.skip(self.have);
            // The rest of the window belongs to the next refill.
            self.window = 0;
            if zeros > MAX_ZEROS || self.is_over() {
                return None;
            }
        }
    }

    /// Fills `out` with numbers coded with parameter `k`, at most 30; none if they have no end.
    pub(super) fn rice(&mut self, k: u32, out: &mut [i32]) -> Option<()> {
        // Four codes a refill where they are short. Those that do not fit after all are read one by one.
        let (fours, rest) = if k <= SHORT { out.as_chunks_mut::<4>() } else { (&mut [][..], out) };
        for four in fours {
            self.refill();
            for value in four {
                *value = unfold(self.code(k)?);
            }
        }
        for value in rest {
            self.refill();
            *value = unfold(self.code(k)?);
        }
        Some(())
    }

    #[inline(always)]
    fn code(&mut self, k: u32) -> Option<u32> {
        let zeros = self.window.leading_zeros();
        let length = zeros + 1 + k;
        if length > self.have {
            return self.long_code(k);
        }
        // The one that ends the zeros, then the low bits; the one is taken off again.
        let low = (self.window << zeros) >> (63 - k);
        self.skip(length);
        Some(((u64::from(zeros) << k) + low - (1 << k)) as u32)
    }

    #[cold]
    fn long_code(&mut self, k: u32) -> Option<u32> {
        let zeros = self.unary()?;
        Some((u64::from(zeros) << k) as u32 | self.take(k))
    }

    /// Lets the next byte be a whole one.
    pub(super) fn align(&mut self) {
        self.skip(self.have % 8);
    }
}

/// 0, 1, 2 … as numbers of alternating sign: 0, −1, 1 …
#[inline(always)]
fn unfold(code: u32) -> i32 {
    (code >> 1) as i32 ^ -((code & 1) as i32)
}
