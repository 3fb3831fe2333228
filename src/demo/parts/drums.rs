//! A kit of three sounds: a falling sine, a sine with noise, and thin noise.

use super::super::canvas::{Canvas, LowPass, Noise, Place, decay, sine};
use super::super::song::{BARS, STEPS_PER_BAR, step_seconds};
use super::super::{Stem, Take};
use super::steps;

pub(in super::super) const DRUMS: &[Take] = &[
    Take {
        stem: Stem::Drums,
        label: "Straight",
        changelog: "First pass: kick, snare and eighths on the hat.",
        play: straight,
    },
    Take {
        stem: Stem::Drums,
        label: "Fills and ghosts",
        changelog: "Sixteenths on the hat, ghost notes on the snare, a fill into every fourth bar.",
        play: fills,
    },
    Take {
        stem: Stem::Drums,
        label: "Half time",
        changelog: "Snare on three and open hats: the whole song breathes slower.",
        play: half_time,
    },
];

/// One bar for the kit.
struct Groove {
    kick: &'static str,
    snare: &'static str,
    hat: &'static str,
    open_hat: &'static str,
}

const STRAIGHT: Groove =
    Groove { kick: "X.......X.x.....", snare: "....X.......X...", hat: "x.x.x.x.x.x.x.x.", open_hat: "" };
const BUSY: Groove =
    Groove { kick: "X..x....X.x..x..", snare: "....X..o.o..X..o", hat: "XoxoXoxoXoxoXoxo", open_hat: "" };
const FILL: Groove =
    Groove { kick: "X..x....X.......", snare: "....X..o..xxXxXX", hat: "XoxoXoxoX.......", open_hat: "" };
const HALF_TIME: Groove = Groove {
    kick: "X.........x.....",
    snare: "........X.......",
    hat: "x...x...x...x...",
    open_hat: "..............x.",
};

fn straight(canvas: &mut Canvas) {
    for bar in 0..BARS {
        play_bar(canvas, bar, &STRAIGHT);
    }
}

fn fills(canvas: &mut Canvas) {
    for bar in 0..BARS {
        play_bar(canvas, bar, if bar % 4 == 3 { &FILL } else { &BUSY });
    }
}

fn half_time(canvas: &mut Canvas) {
    for bar in 0..BARS {
        play_bar(canvas, bar, &HALF_TIME);
    }
}

fn play_bar(canvas: &mut Canvas, bar: u32, groove: &Groove) {
    let place = |step, length_s, pan| Place { start_s: step_seconds(bar, step), length_s, pan };
    for (step, loudness) in steps(groove.kick) {
        canvas.add(place(step, 0.4, 0.0), |t| loudness * kick(t));
    }
    for (step, loudness) in steps(groove.snare) {
        let mut snare = snare(seed(bar, step));
        canvas.add(place(step, 0.35, -0.1), |t| loudness * snare(t));
    }
    for (rhythm, ring_s) in [(groove.hat, 0.03), (groove.open_hat, 0.18)] {
        for (step, loudness) in steps(rhythm) {
            let mut hat = hat(seed(bar, step), ring_s);
            canvas.add(place(step, f64::from(ring_s) * 6.0, 0.35), |t| loudness * hat(t));
        }
    }
}

/// No two hits of a drum sound alike.
fn seed(bar: u32, step: usize) -> u32 {
    bar * STEPS_PER_BAR + step as u32 + 1
}

/// From 150 Hz down to 50 Hz; the phase is the integral of that fall.
fn kick(t: f32) -> f32 {
    const FALL_S: f32 = 0.03;
    let cycles = 50.0 * t + 100.0 * FALL_S * (1.0 - decay(t, FALL_S));
    1.1 * decay(t, 0.13) * sine(1.0, cycles)
}

fn snare(seed: u32) -> impl FnMut(f32) -> f32 {
    let (mut noise, mut low) = (Noise::seeded(seed), LowPass::new());
    move |t| {
        let rattle = noise.next();
        let rattle = rattle - low.next(rattle, 900.0);
        0.45 * decay(t, 0.07) * sine(t, 185.0) + 0.4 * decay(t, 0.09) * rattle
    }
}

fn hat(seed: u32, ring_s: f32) -> impl FnMut(f32) -> f32 {
    let (mut noise, mut low) = (Noise::seeded(seed ^ 0x5EED), LowPass::new());
    move |t| {
        let hiss = noise.next();
        0.3 * decay(t, ring_s) * (hiss - low.next(hiss, 7_000.0))
    }
}
