//! The smallest WAV writer: 16-bit PCM, canonical 44-byte header (Microsoft RIFF/WAVE specification).

use std::io::{self, Write};

/// Writes `samples` (interleaved) as a complete WAV file.
///
/// # Errors
/// `InvalidInput` when the sound does not fit a 4 GiB RIFF file or the channels do not divide it; else the writer's.
pub fn write_pcm16(out: &mut impl Write, sample_rate: u32, channels: u16, samples: &[i16]) -> io::Result<()> {
    let invalid = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
    if channels == 0 || !samples.len().is_multiple_of(usize::from(channels)) {
        return Err(invalid("samples are not whole frames"));
    }
    let data = u32::try_from(samples.len() * 2).map_err(|_| invalid("more than 4 GiB"))?;
    let riff = data.checked_add(36).ok_or_else(|| invalid("more than 4 GiB"))?;
    let frame = channels * 2;
    let mut header = Vec::with_capacity(44);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&riff.to_le_bytes());
    header.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    header.extend_from_slice(&channels.to_le_bytes());
    header.extend_from_slice(&sample_rate.to_le_bytes());
    header.extend_from_slice(&(sample_rate * u32::from(frame)).to_le_bytes());
    header.extend_from_slice(&frame.to_le_bytes());
    header.extend_from_slice(&16u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&data.to_le_bytes());
    out.write_all(&header)?;
    let mut bytes = Vec::with_capacity(16 * 1024);
    for part in samples.chunks(8 * 1024) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|s| s.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}
