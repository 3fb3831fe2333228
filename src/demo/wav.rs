//! A WAV writer for one shape: 16-bit PCM, stereo (Multimedia Programming Interface and Data Specifications 1.0, 1991).

use super::song::SAMPLE_RATE;

const CHANNELS: u16 = 2;
const BITS: u16 = 16;
const PCM: u16 = 1;
/// What stands between the RIFF size field and the samples.
const HEADER_REST_BYTES: u32 = 36;

pub(super) fn encode(frames: &[[f32; 2]]) -> Vec<u8> {
    let frame_bytes = CHANNELS * BITS / 8;
    let data_bytes = frames.len() as u32 * u32::from(frame_bytes);
    let mut out = Vec::with_capacity(8 + HEADER_REST_BYTES as usize + data_bytes as usize);
    out.extend(b"RIFF");
    out.extend((HEADER_REST_BYTES + data_bytes).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend(PCM.to_le_bytes());
    out.extend(CHANNELS.to_le_bytes());
    out.extend(SAMPLE_RATE.to_le_bytes());
    out.extend((SAMPLE_RATE * u32::from(frame_bytes)).to_le_bytes());
    out.extend(frame_bytes.to_le_bytes());
    out.extend(BITS.to_le_bytes());
    out.extend(b"data");
    out.extend(data_bytes.to_le_bytes());
    for sample in frames.as_flattened() {
        // `as` saturates, so a sample beyond full scale would be clipped and not wrapped.
        out.extend(((sample * f32::from(i16::MAX)).round() as i16).to_le_bytes());
    }
    out
}
