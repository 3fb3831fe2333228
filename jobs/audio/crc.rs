//! The two checksums of a FLAC frame (RFC 9639 §9.1.8, §9.3), most significant bit first, starting with 0.

/// x^8 + x^2 + x + 1, over the frame header.
pub(crate) fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |crc, &byte| {
        (0..8).fold(crc ^ byte, |crc, _| crc << 1 ^ if crc & 0x80 != 0 { 0x07 } else { 0 })
    })
}

/// x^16 + x^15 + x^2 + 1, over the whole frame; eight bytes a step.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    let (words, rest) = bytes.as_chunks::<8>();
    let crc = words.iter().fold(0u16, |crc, &[a, b, c, d, e, f, g, h]| {
        let [high, low] = crc.to_be_bytes();
        let near = CRC16[7][usize::from(a ^ high)] ^ CRC16[6][usize::from(b ^ low)];
        let far = CRC16[5][usize::from(c)] ^ CRC16[4][usize::from(d)] ^ CRC16[3][usize::from(e)];
        near ^ far ^ CRC16[2][usize::from(f)] ^ CRC16[1][usize::from(g)] ^ CRC16[0][usize::from(h)]
    });
    rest.iter().fold(crc, |crc, &byte| crc << 8 ^ CRC16[0][usize::from((crc >> 8) as u8 ^ byte)])
}

/// Checksums of every byte with so many zero bytes behind it.
static CRC16: [[u16; 256]; 8] = tables();

const fn tables() -> [[u16; 256]; 8] {
    let mut tables = [[0u16; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut zeros = 0;
        while zeros < 8 {
            let mut bit = 0;
            while bit < 8 {
                crc = crc << 1 ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 };
                bit += 1;
            }
            tables[zeros][byte] = crc;
            zeros += 1;
        }
        byte += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_the_catalogue() {
        // CRC-8/SMBUS and CRC-16/UMTS of "123456789".
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(crc16(b"123456789"), 0xfee8);
        let bytes: Vec<u8> = (0..100u8).map(|i| i.wrapping_mul(7)).collect();
        let slowly = bytes.iter().fold(0u16, |crc, &byte| {
            (0..8)
                .fold(crc ^ u16::from(byte) << 8, |crc, _| crc << 1 ^ if crc >> 15 != 0 { 0x8005 } else { 0 })
        });
        assert_eq!(crc16(&bytes), slowly);
    }
}
