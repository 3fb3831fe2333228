"""The mixdown on paper: the sum of four stems in NumPy, as SHA-256 of 24-bit words.

`mix/tests.rs` makes the same stems and compares with the digests that this script prints.
It needs NumPy 1.20 or later: python3 reference.py
"""

import hashlib

import numpy as np

RATE = 48_000
# Seed, channels, frames, volume, pan, start in milliseconds.
STEMS = [
    (1, 2, 96_000, 0.8, 0.0, 0),
    (2, 1, 48_000, 1.3, -0.35, 250),
    (3, 2, 60_000, 0.5, 0.6, -125),
    (4, 1, 30_000, 1.0, 1.0, 1501),
]


def samples(seed, count):
    """Pseudo-random 16-bit samples at a quarter of full scale."""
    state, out = seed, np.empty(count)
    for index in range(count):
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % 2**64
        word = state >> 48
        out[index] = ((word - 0x10000 if word >= 0x8000 else word) >> 2) / 32_768
    return out


def through_the_fader(sound, channels, volume, pan):
    """W3C Web Audio API, StereoPannerNode."""
    if channels == 1:
        x = (pan + 1) / 2 * np.pi / 2
        return np.stack([sound * (np.cos(x) * volume), sound * (np.sin(x) * volume)], axis=1)
    left, right = sound[0::2], sound[1::2]
    if pan < 0:
        x = (pan + 1) * np.pi / 2
        left, right = left + right * np.cos(x), right * np.sin(x)
    elif pan > 0:
        x = pan * np.pi / 2
        left, right = left * np.cos(x), right + left * np.sin(x)
    return np.stack([left * volume, right * volume], axis=1)


def mix(first, last):
    """The song from one millisecond to another."""
    bus = np.zeros((4 * RATE, 2))
    end = 0
    for seed, channels, frames, volume, pan, start_ms in STEMS:
        stem = through_the_fader(samples(seed, frames * channels), channels, volume, pan)
        start = round(start_ms * RATE / 1000)
        stem, start = stem[max(0, -start):], max(0, start)
        bus[start:start + len(stem)] += stem
        end = max(end, start + len(stem))
    return bus[round(first * RATE / 1000):min(end, round(last * RATE / 1000))]


for name, first, last in [("whole", 0, 4000), ("range", 400, 1700)]:
    words = np.clip(np.rint(mix(first, last) * 2**23), -(2**23), 2**23 - 1).astype("<i4")
    data = words.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    print(name, len(words), "frames", hashlib.sha256(data).hexdigest())
