//! Correlation of whole tracks by fast Fourier transform.

use realfft::RealFftPlanner;

/// r\[lag\] = Σ x\[i\] · y\[i + lag\], circular in a length that holds all lags (negative ones from the end); none for
/// empty input.
pub(crate) fn correlate(x: &[f32], y: &[f32]) -> Option<Vec<f32>> {
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let n = (x.len() + y.len()).next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
    let spectrum = |values: &[f32]| {
        let mut padded = values.to_vec();
        padded.resize(n, 0.0);
        let mut out = forward.make_output_vec();
        forward.process(&mut padded, &mut out).ok().map(|()| out)
    };
    let (fx, mut fy) = (spectrum(x)?, spectrum(y)?);
    for (b, a) in fy.iter_mut().zip(&fx) {
        *b = a.conj() * *b / n as f32;
    }
    // The first and last bins of a real signal are real; rounding must not claim otherwise.
    let last = fy.len() - 1;
    (fy[0].im, fy[last].im) = (0.0, 0.0);
    let mut out = inverse.make_output_vec();
    inverse.process(&mut fy, &mut out).ok().map(|()| out)
}

/// The values less their mean.
pub(crate) fn centred(values: &[u8]) -> Vec<f32> {
    let mean = values.iter().map(|&v| f32::from(v)).sum::<f32>() / values.len().max(1) as f32;
    values.iter().map(|&v| f32::from(v) - mean).collect()
}
