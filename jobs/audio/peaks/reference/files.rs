//! Generated recordings of every depth and shape, the same in every run: WAV, RF64, AIFF, AIFF-C and verbatim FLAC.

/// A container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wav,
    Rf64,
    Aiff,
    Flac,
}

/// How a sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Integers of so many bits.
    Int(u32),
    /// Floats of so many bits, never beyond full scale: there audiowaveform's result is not defined.
    Float(u32),
}

/// One file.
#[derive(Debug)]
pub struct Case {
    kind: Kind,
    word: Word,
    channels: u32,
    rate: u32,
    pub frames: usize,
}

/// All files.
pub fn cases() -> Vec<Case> {
    const RATES: [u32; 5] = [44_100, 48_000, 96_000, 8_000, 22_050];
    const LENGTHS: [usize; 7] = [100_003, 1, 4_097, 65_537, 255, 30_001, 16_384];
    use Word::{Float, Int};
    let words: [(Kind, &[Word]); 4] = [
        (Kind::Wav, &[Int(8), Int(16), Int(24), Int(32), Float(32), Float(64)]),
        (Kind::Rf64, &[Int(16), Int(24), Float(32)]),
        (Kind::Aiff, &[Int(8), Int(16), Int(24), Int(32), Float(32)]),
        (Kind::Flac, &[Int(8), Int(16), Int(24)]),
    ];
    let shapes = words.iter().flat_map(|&(kind, words)| words.iter().map(move |&word| (kind, word)));
    shapes
        .flat_map(|(kind, word)| [1, 2, 6].map(|channels| (kind, word, channels)))
        .enumerate()
        .map(|(index, (kind, word, channels))| {
            let (rate, frames) = (RATES[index % RATES.len()], LENGTHS[index % LENGTHS.len()]);
            Case { kind, word, channels, rate, frames }
        })
        .collect()
}

impl Case {
    pub fn file_name(&self) -> String {
        let word = match self.word {
            Word::Int(bits) => format!("s{bits}"),
            Word::Float(bits) => format!("f{bits}"),
        };
        let (name, end) = match self.kind {
            Kind::Wav => ("wav", "wav"),
            Kind::Rf64 => ("rf64", "wav"),
            Kind::Aiff => ("aiff", "aiff"),
            Kind::Flac => ("flac", "flac"),
        };
        format!("{name}-{word}-{}ch-{}hz-{}.{end}", self.channels, self.rate, self.frames)
    }

    pub fn bytes(&self) -> Vec<u8> {
        match self.kind {
            Kind::Wav | Kind::Rf64 => self.riff(),
            Kind::Aiff => self.aiff(),
            Kind::Flac => self.flac(),
        }
    }

    /// Interleaved words, left-justified: noise whose level wanders, with stretches at both ends of the scale.
    fn words(&self) -> impl Iterator<Item = i32> {
        let mut state = u64::from(self.rate) + u64::from(self.channels) * 7 + self.frames as u64;
        (0..self.frames * self.channels as usize).map(move |i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 32) as i32;
            match i / 701 % 13 {
                3 => i32::MAX,
                4 => i32::MIN,
                5 => noise >> 14,
                turn => noise >> (turn % 4),
            }
        })
    }

    fn word_bytes(&self, little: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for word in self.words() {
            let start = out.len();
            match self.word {
                Word::Int(bits) => out.extend_from_slice(&word.to_be_bytes()[..bits as usize / 8]),
                Word::Float(32) => {
                    out.extend_from_slice(&((f64::from(word) / 2_147_483_648.0) as f32).to_be_bytes())
                }
                Word::Float(_) => out.extend_from_slice(&(f64::from(word) / 2_147_483_648.0).to_be_bytes()),
            }
            if little {
                out[start..].reverse();
            }
            // WAV alone stores 8 bits without a sign.
            if little && self.word == Word::Int(8) {
                out[start] ^= 0x80;
            }
        }
        out
    }

    fn bits(&self) -> u32 {
        match self.word {
            Word::Int(bits) | Word::Float(bits) => bits,
        }
    }

    fn riff(&self) -> Vec<u8> {
        let data = self.word_bytes(true);
        let frame = self.channels * self.bits() / 8;
        let mut format = Vec::new();
        let tag: u16 = if matches!(self.word, Word::Float(_)) { 3 } else { 1 };
        format.extend_from_slice(&tag.to_le_bytes());
        format.extend_from_slice(&(self.channels as u16).to_le_bytes());
        format.extend_from_slice(&self.rate.to_le_bytes());
        format.extend_from_slice(&(self.rate * frame).to_le_bytes());
        format.extend_from_slice(&(frame as u16).to_le_bytes());
        format.extend_from_slice(&(self.bits() as u16).to_le_bytes());
        let pad = data.len() % 2;
        let mut out = Vec::new();
        let chunk = |out: &mut Vec<u8>, id: &[u8], size: u32, body: &[u8]| {
            out.extend_from_slice(id);
            out.extend_from_slice(&size.to_le_bytes());
            out.extend_from_slice(body);
        };
        if self.kind == Kind::Rf64 {
            let mut sizes = Vec::new();
            sizes.extend_from_slice(&((4 + 36 + 24 + 8 + data.len() + pad) as u64).to_le_bytes());
            sizes.extend_from_slice(&(data.len() as u64).to_le_bytes());
            sizes.extend_from_slice(&(self.frames as u64).to_le_bytes());
            sizes.extend_from_slice(&0u32.to_le_bytes());
            chunk(&mut out, b"RF64", u32::MAX, b"WAVE");
            chunk(&mut out, b"ds64", 28, &sizes);
            chunk(&mut out, b"fmt ", 16, &format);
            chunk(&mut out, b"data", u32::MAX, &data);
        } else {
            chunk(&mut out, b"RIFF", (4 + 24 + 8 + data.len() + pad) as u32, b"WAVE");
            chunk(&mut out, b"fmt ", 16, &format);
            chunk(&mut out, b"data", data.len() as u32, &data);
        }
        out.resize(out.len() + pad, 0);
        out
    }

    fn aiff(&self) -> Vec<u8> {
        let float = matches!(self.word, Word::Float(_));
        let data = self.word_bytes(false);
        let mut common = Vec::new();
        common.extend_from_slice(&(self.channels as u16).to_be_bytes());
        common.extend_from_slice(&(self.frames as u32).to_be_bytes());
        common.extend_from_slice(&(self.bits() as u16).to_be_bytes());
        // An 80-bit extended number: exponent, then a mantissa with its leading one.
        let log = self.rate.ilog2();
        common.extend_from_slice(&(16_383 + log as u16).to_be_bytes());
        common.extend_from_slice(&(u64::from(self.rate) << (63 - log)).to_be_bytes());
        if float {
            common.extend_from_slice(b"fl32\0\0");
        }
        let mut body = Vec::new();
        let mut chunk = |id: &[u8], content: &[&[u8]]| {
            let size: usize = content.iter().map(|part| part.len()).sum();
            body.extend_from_slice(id);
            body.extend_from_slice(&(size as u32).to_be_bytes());
            content.iter().for_each(|part| body.extend_from_slice(part));
            body.resize(body.len() + size % 2, 0);
        };
        if float {
            chunk(b"FVER", &[&0xA280_5140u32.to_be_bytes()]);
        }
        chunk(b"COMM", &[&common]);
        chunk(b"SSND", &[&[0; 8], &data]);
        let mut out = b"FORM".to_vec();
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(if float { b"AIFC" } else { b"AIFF" });
        out.extend_from_slice(&body);
        out
    }

    /// Verbatim subframes only (RFC 9639 §9.2.4), blocks of 4096 frames.
    fn flac(&self) -> Vec<u8> {
        const BLOCK: usize = 4096;
        let (bits, channels) = (self.bits(), self.channels as usize);
        let mut out = b"fLaC\x80\0\0\x22".to_vec();
        out.extend_from_slice(&[(BLOCK as u16).to_be_bytes(), (BLOCK as u16).to_be_bytes()].concat());
        out.extend_from_slice(&[0; 6]);
        let stream = u64::from(self.rate) << 44
            | u64::from(self.channels - 1) << 41
            | u64::from(bits - 1) << 36
            | self.frames as u64;
        out.extend_from_slice(&stream.to_be_bytes());
        out.extend_from_slice(&[0; 16]);
        let words: Vec<i32> = self.words().collect();
        for (number, block) in words.chunks(BLOCK * channels).enumerate() {
            let frames = block.len() / channels;
            let start = out.len();
            let depth: u8 = match bits {
                8 => 1,
                16 => 4,
                _ => 6,
            };
            // Length in 16 bits at the end, rate as in the description of the stream, channels one by one.
            out.extend_from_slice(&[0xff, 0xf8, 0x70, (self.channels as u8 - 1) << 4 | depth << 1]);
            let number = char::from_u32(number as u32).expect("few blocks");
            out.extend_from_slice(number.encode_utf8(&mut [0; 4]).as_bytes());
            out.extend_from_slice(&((frames - 1) as u16).to_be_bytes());
            out.push(crc(&out[start..], 8, 0x07) as u8);
            for channel in 0..channels {
                out.push(0x02);
                for word in block.iter().skip(channel).step_by(channels) {
                    out.extend_from_slice(&word.to_be_bytes()[..bits as usize / 8]);
                }
            }
            let check = crc(&out[start..], 16, 0x8005);
            out.extend_from_slice(&check.to_be_bytes());
        }
        out
    }
}

/// A checksum of `width` bits, most significant bit first, from zero.
fn crc(bytes: &[u8], width: u32, polynomial: u16) -> u16 {
    let top = 1u16 << (width - 1);
    let mask = top | (top - 1);
    bytes.iter().fold(0, |crc, &byte| {
        let mixed = crc ^ (u16::from(byte) << (width - 8));
        (0..8).fold(
            mixed,
            |crc, _| if crc & top != 0 { (crc << 1 ^ polynomial) & mask } else { crc << 1 & mask },
        )
    })
}
