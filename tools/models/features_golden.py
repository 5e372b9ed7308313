#!/usr/bin/env python3
"""Makes records of spectral features with TensorFlow, to which engine/kernels/features is held.

  features_golden.py OUT.bin            the records that the tests keep
  features_golden.py OUT.bin --random N [--seed S] [--kind 1|2]   N random recipes, for run_features

Needs tensorflow-cpu 2.17.1. Kind 1 is TensorFlow Lite's own micro front end (the AudioMicrofrontend op), equal byte
for byte. Kind 2 is computed here in float64; its spectra, HTK filters and cosine transform are held against tf.signal
(what MLPerf Tiny's keyword spotting calls), its Slaney filters against librosa's where librosa is installed (what
anomaly detection calls).
The format is told in tests/kernels/features_record.h."""
import argparse
import os
import struct

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from tensorflow.lite.experimental.microfrontend.python.ops import audio_microfrontend_op
try:
    import librosa
except ImportError:
    librosa = None

MICRO, MEL, HTK, SLANEY = 1, 2, 1, 2
FIELDS = [  # name, struct code, default; the order of tests/kernels/features_record.c
    ("kind", "i", MICRO), ("sample_rate", "i", 16000), ("frame", "i", 480), ("step", "i", 320), ("channels", "i", 40),
    ("low", "f", 125.0), ("high", "f", 7500.0), ("coefficients", "i", 0), ("noise_reduction", "i", 1),
    ("smoothing_bits", "i", 10), ("even", "f", 0.025), ("odd", "f", 0.06), ("remaining", "f", 0.05), ("pcan", "i", 1),
    ("strength", "f", 0.95), ("offset", "f", 80.0), ("gain_bits", "i", 21), ("log", "i", 1), ("log_bits", "i", 6),
    ("mel_scale", "i", 0), ("energy", "i", 0), ("decibel", "i", 0), ("floor", "f", 0.0),
]


def recipe(**differs):
    values = {name: default for name, _, default in FIELDS}
    assert set(differs) <= set(values)
    return {**values, **differs}


# ---- signals ----

def sound(count, rate, seed):
    """Hum, a chirp that comes and goes, noise bursts, a click, silence, and a stretch that clips."""
    random = np.random.default_rng(seed)
    t = np.arange(count) / rate
    hum = 900 * np.sin(2 * np.pi * 120 * t) + 300 * np.sin(2 * np.pi * 360 * t + 1)
    chirp = 9000 * np.sin(2 * np.pi * (200 * t + rate / 5 / t[-1] * t * t)) * np.sin(np.pi * t / t[-1]) ** 2
    noise = random.normal(0, 1, count) * np.where(np.sin(2 * np.pi * 5 * t) > 0.3, 2500, 40)
    signal = hum + chirp + noise
    signal[count // 2] += 20000
    signal[int(count * 0.6):int(count * 0.72)] = 0
    signal[int(count * 0.85):int(count * 0.93)] *= 40
    return np.clip(np.rint(signal), -32768, 32767).astype(np.int16)


def random_signal(count, rate, random):
    kind = random.integers(6)
    if kind == 0:
        return random.integers(-32768, 32768, count).astype(np.int16)
    if kind == 1:
        return np.where(np.arange(count) // int(random.integers(1, 200)) % 2 == 0, 32767, -32768).astype(np.int16)
    if kind == 2:
        return random.integers(-3, 4, count).astype(np.int16)
    if kind == 3:
        return np.full(count, random.choice([-32768, 32767, 1, -1, 0])).astype(np.int16)
    if kind == 4:
        signal = np.zeros(count, np.int16)
        signal[random.integers(0, count, max(1, count // 700))] = random.choice([-32768, 32767, 900])
        return signal
    return sound(count, rate, int(random.integers(1 << 30)))


# ---- features ----

def micro(r, samples):
    step_ms, frame_ms = r["step"] * 1000 // r["sample_rate"], r["frame"] * 1000 // r["sample_rate"]
    assert frame_ms * r["sample_rate"] // 1000 == r["frame"] and step_ms * r["sample_rate"] // 1000 == r["step"]
    on = r["noise_reduction"]
    return audio_microfrontend_op.audio_microfrontend(
        tf.constant(samples), sample_rate=r["sample_rate"], window_size=frame_ms, window_step=step_ms,
        num_channels=r["channels"], upper_band_limit=r["high"], lower_band_limit=r["low"],
        smoothing_bits=r["smoothing_bits"] if on else 0, even_smoothing=r["even"] if on else 0.0,
        odd_smoothing=r["odd"] if on else 0.0, min_signal_remaining=r["remaining"], enable_pcan=bool(r["pcan"]),
        pcan_strength=r["strength"], pcan_offset=r["offset"], gain_bits=r["gain_bits"], enable_log=bool(r["log"]),
        scale_shift=r["log_bits"], out_type=tf.uint16).numpy()


def fft_samples(r):
    return max(64, 1 << (r["frame"] - 1).bit_length())


def edges_of(r, mel, hertz):
    return hertz(np.linspace(mel(np.float64(r["low"])), mel(np.float64(r["high"])), r["channels"] + 2))


def triangles(bins, edges):
    low, top, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((bins - low) / (top - low), (high - bins) / (high - top)))


def htk_filters(r, bins):
    def mel(f): return 1127 * np.log1p(f / 700)
    filters = triangles(mel(bins), edges_of(r, mel, lambda m: m))
    filters[:, 0] = 0  # tf.signal leaves the mean out
    theirs = tf.signal.linear_to_mel_weight_matrix(r["channels"], len(bins), r["sample_rate"], r["low"], r["high"],
                                                   dtype=tf.float64).numpy().T
    assert np.allclose(theirs, filters, atol=1e-7), np.abs(theirs - filters).max()
    return filters


def slaney_filters(r, bins):
    def mel(f): return np.where(f < 1000, f * 3 / 200, 15 + np.log(np.maximum(f, 1e-9) / 1000) * 27 / np.log(6.4))
    def hertz(m): return np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    edges = edges_of(r, mel, hertz)
    filters = triangles(bins, edges) * (2 / (edges[2:, None] - edges[:-2, None]))
    if librosa is not None:
        theirs = librosa.filters.mel(sr=r["sample_rate"], n_fft=fft_samples(r), n_mels=r["channels"], fmin=r["low"],
                                     fmax=r["high"], dtype=np.float64)
        assert np.allclose(theirs, filters, rtol=1e-9, atol=1e-12)
    return filters


def log_mel(r, samples):
    """Logarithm of mel filters, in float64; its parts are held against tf.signal and librosa."""
    size, window = fft_samples(r), 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(r["frame"]) / r["frame"])
    frames = np.lib.stride_tricks.sliding_window_view(samples / 32768.0, r["frame"])[::r["step"]]
    spectra = np.abs(np.fft.rfft(frames * window, size))
    theirs = tf.abs(tf.signal.stft(tf.constant(samples / 32768.0, tf.float64), r["frame"], r["step"], size,
                                   window_fn=tf.signal.hann_window)).numpy()
    assert r["frame"] % 2 == 1 or np.allclose(theirs, spectra, atol=1e-4)  # its window of odd lengths is not periodic
    bins = np.arange(size // 2 + 1) * r["sample_rate"] / size
    filters = (htk_filters if r["mel_scale"] == HTK else slaney_filters)(r, bins)
    logs = np.log((spectra ** (2 if r["energy"] else 1)) @ filters.T + np.float64(np.float32(r["floor"])))
    if r["decibel"]:
        logs *= (10 if r["energy"] else 20) / np.log(10)
    if r["coefficients"] == 0:
        return logs
    k, i = np.arange(r["coefficients"])[:, None], np.arange(r["channels"])
    theirs = tf.signal.mfccs_from_log_mel_spectrograms(tf.constant(logs, tf.float32)).numpy()[:, :r["coefficients"]]
    cepstra = logs @ (np.sqrt(2 / r["channels"]) * np.cos(np.pi * k * (i + 0.5) / r["channels"])).T
    assert np.allclose(theirs, cepstra, atol=1e-2)
    return cepstra


# ---- records ----

def record(r, samples):
    kind = np.uint16 if r["kind"] == MICRO else np.float32
    features = (micro if r["kind"] == MICRO else log_mel)(r, samples)
    head = b"".join(struct.pack("<" + code, r[name]) for name, code, _ in FIELDS)
    parts = [head + struct.pack("<ii", len(samples), len(features)), samples.astype("<i2").tobytes(),
             features.astype(np.dtype(kind).newbyteorder("<")).tobytes()]
    return b"".join(part + b"\0" * (-len(part) % 4) for part in parts)


def kept():
    micro_16k = [  # every length of the transform, each option once
        (recipe(), 4800),
        (recipe(pcan=0), 3200),
        (recipe(step=160, noise_reduction=0, pcan=0), 2400),
        (recipe(frame=64, step=32, channels=8, low=60.0, high=7000.0, log_bits=4), 1200),
        (recipe(frame=128, step=128, channels=20, pcan=0, log=0), 2000),
        (recipe(frame=240, step=160, channels=12, low=300.0, high=4000.0), 2000),
        (recipe(frame=1024, step=512, channels=128, low=20.0, high=7900.0), 4096),
        (recipe(frame=2048, step=1024, channels=64, smoothing_bits=8, even=0.2, odd=0.01, remaining=0.3,
                strength=0.5, offset=10.0, gain_bits=24), 6144),
        (recipe(sample_rate=8000, frame=200, step=80, channels=32, high=3500.0), 1600),
    ]
    for i, (r, count) in enumerate(micro_16k):
        yield r, sound(count, r["sample_rate"], 100 + i)
    none = dict(kind=MEL, noise_reduction=0, pcan=0, log=0)
    speech = sound(4800, 16000, 7)
    yield recipe(**none, low=20.0, high=4000.0, mel_scale=HTK, floor=1e-6), speech
    yield recipe(**none, low=20.0, high=4000.0, mel_scale=HTK, floor=1e-6, coefficients=10), speech
    yield recipe(**none, frame=1024, step=512, channels=128, low=0.0, high=8000.0, mel_scale=SLANEY, energy=1,
                 decibel=1, floor=2.220446e-16), sound(6144, 16000, 8)


def random_mel(random, common):
    slaney = bool(random.integers(2))
    coefficients = int(random.integers(common["channels"] + 1)) if random.integers(2) else 0
    return recipe(**common, kind=MEL, noise_reduction=0, pcan=0, log=0, coefficients=coefficients,
                  mel_scale=SLANEY if slaney else HTK, energy=int(random.integers(2)), decibel=int(random.integers(2)),
                  floor=float(10 ** random.uniform(-16, -3)))


def random_micro(random, common):
    on = int(random.integers(4) > 0)
    return recipe(**common, noise_reduction=on, smoothing_bits=int(random.integers(5, 13)),
                  even=float(random.uniform(0, 1)), odd=float(random.uniform(0, 0.2)),
                  remaining=float(random.uniform(0, 1)), pcan=int(on and random.integers(3) > 0),
                  strength=float(random.uniform(0, 2)), offset=float(10 ** random.uniform(-1, 3)),
                  gain_bits=int(random.integers(17, 32)), log=int(random.integers(4) > 0),
                  log_bits=int(random.integers(0, 11)))


def random_records(count, seed, kind):
    random = np.random.default_rng(seed)
    while count > 0:
        rate = int(random.choice([4000, 8000, 16000, 22050, 32000, 44100, 48000]))
        frame = int(random.integers(4, 129)) * rate // 1000
        step = int(random.integers(1, 65)) * rate // 1000
        if not 33 <= frame <= 2048 or step > frame:  # shorter frames: the oracle has transforms below 64
            continue
        # the op counts milliseconds: lengths that it would round otherwise are left out
        if frame * 1000 // rate * rate // 1000 != frame or step * 1000 // rate * rate // 1000 != step:
            continue
        high = float(np.float32(random.uniform(0.15, 0.46) * rate))
        common = dict(sample_rate=rate, frame=frame, step=step, channels=int(random.integers(1, 129)), high=high,
                      low=float(np.float32(random.uniform(0, 0.8) * high)))
        r = (random_micro if kind == MICRO else random_mel)(random, common)
        count -= 1
        length = frame + int(random.integers(0, 12)) * step
        if kind == MICRO:
            yield r, random_signal(length, rate, random)
        else:  # no pure tones: what 16 bits of a window leave 100 dB below them is no measure of the rest
            yield r, (sound(length, rate, int(random.integers(1 << 30))) * random.uniform(0.01, 1)).astype(np.int16)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", type=int, default=MICRO, choices=[MICRO, MEL])
    options = parser.parse_args()
    records = random_records(options.random, options.seed, options.kind) if options.random else kept()
    with open(options.out, "wb") as out:
        out.write(b"TLF1")
        for r, samples in records:
            out.write(record(r, samples))


if __name__ == "__main__":
    main()
