//! Channel conversion with the down-mix coefficients of ITU-R BS.775-4, table 2.
//!
//! A whole matrix is scaled down where full scale on all channels would overload an output. Up to eight channels
//! stand where WAV and FLAC put them; more are a bundle of stems and are dealt out in turn, left and right.

use std::f64::consts::FRAC_1_SQRT_2;

/// Where a loudspeaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Left,
    Right,
    Center,
    /// Low frequencies; never mixed into the others (BS.775-4 annex 7).
    Lfe,
    LeftSide,
    RightSide,
    LeftBack,
    RightBack,
    CenterBack,
}

/// The order of WAV and FLAC (RFC 9639 §9.1.3); none for more channels than have one.
fn places(channels: usize) -> Option<&'static [Place]> {
    use Place::{Center, CenterBack, Left, LeftBack, LeftSide, Lfe, Right, RightBack, RightSide};
    Some(match channels {
        1 => &[Center],
        2 => &[Left, Right],
        3 => &[Left, Right, Center],
        4 => &[Left, Right, LeftSide, RightSide],
        5 => &[Left, Right, Center, LeftSide, RightSide],
        6 => &[Left, Right, Center, Lfe, LeftSide, RightSide],
        7 => &[Left, Right, Center, Lfe, CenterBack, LeftSide, RightSide],
        8 => &[Left, Right, Center, Lfe, LeftBack, RightBack, LeftSide, RightSide],
        _ => return None,
    })
}

/// Places that stand in for one that is missing, each taken if it is there, with their gain.
fn substitutes(place: Place) -> &'static [(&'static [Place], f64)] {
    use Place::{Center, CenterBack, Left, LeftBack, LeftSide, Lfe, Right, RightBack, RightSide};
    match place {
        Left | Right => &[(&[Center], FRAC_1_SQRT_2)],
        Center => &[(&[Left, Right], FRAC_1_SQRT_2)],
        LeftSide => &[(&[LeftBack], 1.0), (&[Left], FRAC_1_SQRT_2), (&[Center], 0.5)],
        RightSide => &[(&[RightBack], 1.0), (&[Right], FRAC_1_SQRT_2), (&[Center], 0.5)],
        LeftBack => &[(&[LeftSide], 1.0), (&[Left], FRAC_1_SQRT_2), (&[Center], 0.5)],
        RightBack => &[(&[RightSide], 1.0), (&[Right], FRAC_1_SQRT_2), (&[Center], 0.5)],
        CenterBack => &[
            (&[LeftSide, RightSide], FRAC_1_SQRT_2),
            (&[LeftBack, RightBack], FRAC_1_SQRT_2),
            (&[Left, Right], 0.5),
            (&[Center], 0.5),
        ],
        Lfe => &[],
    }
}

/// How much of each input goes to each output.
pub(super) struct Matrix {
    from: usize,
    /// One row of `from` gains per output.
    rows: Vec<Vec<f64>>,
}

impl Matrix {
    /// Both counts are at least 1 and differ.
    pub(super) fn new(from: u32, to: u32) -> Self {
        let (from, to) = (from as usize, to as usize);
        let mut rows = vec![vec![0.0; from]; to];
        match (places(from), places(to)) {
            // Mono is heard from both sides as loud as it is.
            (Some([_]), Some([_, _])) => rows.iter_mut().for_each(|row| row[0] = 1.0),
            (Some(inputs), Some(outputs)) => {
                for (input, &place) in inputs.iter().enumerate() {
                    for (output, gain) in spread(place, outputs) {
                        rows[output][input] = gain;
                    }
                }
            }
            _ => (0..from).for_each(|input| rows[input % to][input] = 1.0),
        }
        let loudest = rows.iter().map(|row| row.iter().sum::<f64>()).fold(1.0, f64::max);
        rows.iter_mut().flatten().for_each(|gain| *gain /= loudest);
        Self { from, rows }
    }

    /// Whether every output is one input as it is, or silent.
    pub(super) fn is_copy(&self) -> bool {
        let sound = |row: &Vec<f64>| row.iter().filter(|&&gain| gain != 0.0).count();
        self.rows.iter().all(|row| sound(row) == 0 || sound(row) == 1 && row.contains(&1.0))
    }

    /// Appends the outputs of whole frames.
    pub(super) fn apply(&self, interleaved: &[f64], out: &mut Vec<f64>) {
        out.reserve(interleaved.len() / self.from * self.rows.len());
        for frame in interleaved.chunks_exact(self.from) {
            out.extend(self.rows.iter().map(|row| row.iter().zip(frame).map(|(g, s)| g * s).sum::<f64>()));
        }
    }
}

/// Where the sound of `place` goes among `outputs`.
fn spread(place: Place, outputs: &[Place]) -> Vec<(usize, f64)> {
    let find = |wanted: &Place| outputs.iter().position(|output| output == wanted);
    if let Some(output) = find(&place) {
        return vec![(output, 1.0)];
    }
    let all = |(places, gain): &(&[Place], f64)| {
        places.iter().map(|place| find(place).map(|output| (output, *gain))).collect::<Option<Vec<_>>>()
    };
    substitutes(place).iter().find_map(all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(from: u32, to: u32, frame: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        Matrix::new(from, to).apply(frame, &mut out);
        out
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        let near =
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(near, "{found:?} instead of {expected:?}");
    }

    #[test]
    fn the_table_of_bs_775() {
        assert_eq!(mix(1, 2, &[0.3]), [0.3, 0.3]);
        assert_close(&mix(2, 1, &[0.5, 0.25]), &[0.375]);
        let scale = 1.0 / (1.0 + 2.0 * FRAC_1_SQRT_2);
        assert_close(&mix(6, 2, &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]), &[scale, 0.0]);
        assert_close(&mix(6, 2, &[0.0, 0.0, 1.0, 1.0, 0.0, 0.0]), &[scale * FRAC_1_SQRT_2; 2]);
        assert_close(&mix(6, 2, &[0.0, 0.0, 0.0, 0.0, 1.0, 0.0]), &[scale * FRAC_1_SQRT_2, 0.0]);
        let mono = 1.0 / (2.0 + 2.0 * FRAC_1_SQRT_2);
        assert_close(&mix(5, 1, &[1.0, 0.0, 0.0, 0.0, 1.0]), &[mono * (FRAC_1_SQRT_2 + 0.5)]);
    }

    #[test]
    fn nothing_overloads_and_no_side_is_lost() {
        for from in 1..=24 {
            for to in (1..=24).filter(|&to| to != from) {
                let full = mix(from, to, &vec![1.0; from as usize]);
                assert_eq!(full.len(), to as usize);
                assert!(full.iter().all(|v| (0.0..=1.0 + 1e-12).contains(v)), "{from} to {to}: {full:?}");
                for input in (0..from).filter(|&input| !(matches!(from, 6..=8) && input == 3)) {
                    let mut frame = vec![0.0; from as usize];
                    frame[input as usize] = 1.0;
                    assert!(mix(from, to, &frame).iter().any(|v| *v > 0.0), "{input} of {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn only_copies_keep_words_whole() {
        for (from, to, copy) in
            [(1, 2, true), (2, 1, false), (6, 2, false), (2, 6, true), (9, 10, true), (10, 9, false)]
        {
            assert_eq!(Matrix::new(from, to).is_copy(), copy, "{from} to {to}");
        }
    }
}
