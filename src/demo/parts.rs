//! What each stem plays. Rhythms are written as sixteenth notes: `X` loud, `x` played, `o` barely there.

mod bass;
mod drums;
mod keys;
mod lead;

pub(super) use bass::BASS;
pub(super) use drums::DRUMS;
pub(super) use keys::KEYS;
pub(super) use lead::LEAD;

/// The played steps of a rhythm, each with its loudness. Anything else in the text is a rest.
fn steps(rhythm: &str) -> impl Iterator<Item = (usize, f32)> {
    rhythm.chars().enumerate().filter_map(|(step, mark)| {
        let loudness = match mark {
            'X' => 1.0,
            'x' => 0.7,
            'o' => 0.25,
            _ => return None,
        };
        Some((step, loudness))
    })
}
