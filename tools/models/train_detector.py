#!/usr/bin/env python3
"""Trains assets/models/incubator-detector-int8.tflite on telemetry that the engine produced, and writes its card.

    tools/models/train_detector.py [--twinloop build/release/twinloop] [--work DIR]

The detector is an autoencoder over 32 samples of (measured - set point, heater): what the demo's scenario feeds it. It
learns healthy incubators of one seed; its threshold comes from a second seed, its AUC from a third with simulated faults.
Only numpy and h5py are needed: the training loop is below, the quantisation too, so that the same telemetry, seed and
numpy give the same file.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys

import h5py
import numpy as np

from tflite_write import write_chain

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SAMPLES, CHANNELS = 32, 2
INPUT_SCALE = 1 / 32  # int8 steps of a feature: +-4
SIZES = [SAMPLES * CHANNELS, 24, 8, 24, SAMPLES * CHANNELS]
EPOCHS, BATCH, SEED = 10, 512, 20
FAULT_AT_S, TICK_S = 3600, 3
SETTLED = 600 // TICK_S  # windows before this tick show the start-up, which is not what the detector is for
FAULTS = {"efficiency": "heater at 40 % of its power", "stuck_off": "heater stuck off", "noise": "sensor noise 1 K",
          "lid": "lid left open", "bias": "sensor reads 2 K too high",
          "stuck": "sensor keeps its value (not expected: a held value looks calm)"}


def simulate(arguments, name, seed, fault="none"):
    """Runs the training scenario; returns features [tick][device][channel] and what names these data for ever: the run
    hash and the SHA-256 of the features as int8 steps (a file's hash would change with its layout)."""
    folder = os.path.join(arguments.work, name)
    subprocess.run([arguments.twinloop, "run", os.path.join(HERE, "detector_training.lua"), "-o", folder, "--seed",
                    str(seed), "--record", "all", "--set", "fault=" + fault, "-q"], check=True)
    path = os.path.join(folder, "telemetry.h5")
    with h5py.File(path, "r") as file:
        fleet = file["fleets/training"]

        def signal(key):
            data = fleet[key]
            scale = float(data.attrs.get("scale_factor", 1.0))
            offset = float(data.attrs.get("add_offset", 0.0))
            return data[:] * scale + offset

        features = np.stack([signal("box") - signal("control.setpoint"), (signal("heater_on") - 0.5) * 2.0], axis=2)
    with open(os.path.join(folder, "run.json")) as file:
        run_hash = json.load(file)["run_hash"]
    values = quantise(features)
    steps = (values / INPUT_SCALE).astype(np.int8)
    return values, "run hash `%s`, features sha256 `%s`" % (run_hash, hashlib.sha256(steps.tobytes()).hexdigest())


def quantise(features):
    """What the engine's window holds, as real numbers: steps of INPUT_SCALE, ties to even."""
    return np.clip(np.rint(features / INPUT_SCALE), -128, 127) * INPUT_SCALE


def windows(features, begin, end, step):
    ends = range(begin + SAMPLES, end + 1, step)
    rows = [features[e - SAMPLES:e].transpose(1, 0, 2).reshape(features.shape[1], -1) for e in ends]
    return np.stack(rows)  # [window][device][input]


def forward(weights, biases, x):
    layers = [x]
    for i, (w, b) in enumerate(zip(weights, biases)):
        z = layers[-1] @ w.T + b
        layers.append(np.maximum(z, 0.0) if i + 1 < len(weights) else z)
    return layers


def train(x):
    """Adam on the mean squared reconstruction error."""
    rng = np.random.default_rng(SEED)
    weights = [rng.normal(0.0, np.sqrt(2 / a), (b, a)) for a, b in zip(SIZES, SIZES[1:])]
    biases = [np.zeros(b) for b in SIZES[1:]]
    parameters = weights + biases
    first, second, step = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters], 0
    for epoch in range(EPOCHS):
        rate = 2e-3 if epoch < EPOCHS - 3 else 4e-4
        order = rng.permutation(len(x))
        for begin in range(0, len(x) - BATCH + 1, BATCH):
            batch = x[order[begin:begin + BATCH]]
            layers = forward(weights, biases, batch)
            gradient = 20.0 * (layers[-1] - batch) / batch.size
            by_weight, by_bias = [None] * len(weights), [None] * len(weights)
            for i in range(len(weights) - 1, -1, -1):
                if i + 1 < len(weights):
                    gradient = gradient * (layers[i + 1] > 0)
                by_weight[i], by_bias[i] = gradient.T @ layers[i], gradient.sum(0)
                gradient = gradient @ weights[i]
            step += 1
            for j, (p, g) in enumerate(zip(parameters, by_weight + by_bias)):
                first[j] = 0.9 * first[j] + 0.1 * g
                second[j] = 0.999 * second[j] + 0.001 * g * g
                p -= rate * (first[j] / (1 - 0.9 ** step)) / (np.sqrt(second[j] / (1 - 0.999 ** step)) + 1e-8)
        error = np.mean((forward(weights, biases, x)[-1] - x) ** 2)
        print("epoch %d: mean squared error %.5f" % (epoch + 1, error))
    return weights, biases


def to_int8(weights, biases, x):
    """Post-training quantisation: symmetric weights per tensor, hidden ranges from the training windows."""
    layers, scale = [], INPUT_SCALE
    activations = forward(weights, biases, x)
    for i, (w, b) in enumerate(zip(weights, biases)):
        last = i + 1 == len(weights)
        weight_scale = float(np.float32(np.abs(w).max() / 127))
        out_scale = INPUT_SCALE if last else float(np.float32(np.quantile(activations[i + 1], 0.99999) / 255))
        layers.append({"weights": np.clip(np.rint(w / weight_scale), -127, 127).astype(int).tolist(),
                       "bias": np.rint(b / (scale * weight_scale)).astype(int).tolist(),
                       "weight_scale": weight_scale, "output_scale": out_scale,
                       "output_zero": 0 if last else -128, "activation": "none" if last else "relu"})
        scale = out_scale
    return layers


def scores(layers, x):
    """Reconstruction error of the int8 network (rescaled in double: within one step of the kernels)."""
    steps, scale, zero = np.rint(x / INPUT_SCALE), INPUT_SCALE, 0
    for layer in layers:
        sums = (steps - zero) @ np.array(layer["weights"], dtype=float).T + np.array(layer["bias"], dtype=float)
        zero = layer["output_zero"]
        steps = np.floor(sums * scale * layer["weight_scale"] / layer["output_scale"] + 0.5) + zero
        steps = np.clip(steps, zero if layer["activation"] == "relu" else -128, 127)
        scale = layer["output_scale"]
    return np.mean((steps * INPUT_SCALE - x) ** 2, axis=-1)


def auc(healthy, faulty):
    """Probability that a faulty window scores higher than a healthy one (Mann-Whitney)."""
    both = np.concatenate([healthy, faulty])
    order = np.argsort(both, kind="stable")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    values, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    mean_rank = np.bincount(inverse, ranks) / counts
    ranks = mean_rank[inverse]
    return (ranks[len(healthy):].sum() - len(faulty) * (len(faulty) + 1) / 2) / (len(healthy) * len(faulty))


def write_card(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--twinloop", default=os.path.join(ROOT, "build", "release", "twinloop"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "training"))
    arguments = parser.parse_args()
    os.makedirs(arguments.work, exist_ok=True)

    healthy, data_hash = simulate(arguments, "healthy-1", 1)
    print("data for training:", data_hash)
    train_x = windows(healthy, SETTLED, len(healthy), 5).reshape(-1, SIZES[0])
    weights, biases = train(train_x)
    layers = to_int8(weights, biases, train_x)
    model = os.path.join(ROOT, "assets", "models", "incubator-detector-int8.tflite")
    data = write_chain(model, INPUT_SCALE, 0, layers, "twinloop incubator detector")

    other, other_hash = simulate(arguments, "healthy-2", 2)
    null = np.stack([scores(layers, w) for w in windows(other, SETTLED, len(other), 1)])
    threshold = float("%.3g" % (1.1 * null.max()))
    fault_tick = FAULT_AT_S // TICK_S
    rows = []
    for fault, meaning in FAULTS.items():
        telemetry, _ = simulate(arguments, "fault-" + fault, 3, fault)
        after = np.stack([scores(layers, w) for w in windows(telemetry, fault_tick, len(telemetry), 1)])
        before = np.stack([scores(layers, w) for w in windows(telemetry, SETTLED, fault_tick, 1)])
        found = (after > threshold).any(axis=0).mean()
        rows.append((fault, meaning, auc(before.ravel()[::7], after.ravel()[::7]), found))
        print("%-10s AUC %.4f, devices found within %d s: %.1f %%" %
              (fault, rows[-1][2], (len(after) + SAMPLES) * TICK_S, 100 * found))

    sha = hashlib.sha256(data).hexdigest()
    write_card(model.replace(".tflite", ".md"), [
        "# incubator-detector-int8: is this incubator behaving?", "",
        "int8 autoencoder %s, ReLU between, over %d samples of (measured - set point in K, 2 heater - 1), %d s apart." %
        ("-".join(map(str, SIZES)), SAMPLES, TICK_S),
        "Made by `tools/models/train_detector.py`; licence Apache-2.0, as the project.", "",
        "| fact | value |", "|---|---|",
        "| file | `incubator-detector-int8.tflite`, %d bytes, sha256 `%s` |" % (len(data), sha),
        "| training data | healthy fleet of `tools/models/detector_training.lua`, seed 1, simulated; %s |" % data_hash,
        "| windows | %d for training (stride 5, from 600 s on); null distribution from seed 2 (%s) |" % (len(train_x), other_hash),
        "| training | Adam, %d epochs, batch %d, seed %d, numpy %s |" % (EPOCHS, BATCH, SEED, np.__version__),
        "| quantisation | int8 per tensor; input and output scale 1/32, zero point 0; hidden zero point -128 |",
        "| score on healthy windows (seed 2) | median %.4f, 99.9 %% %.4f, largest %.4f |" %
        (np.quantile(null, 0.5), np.quantile(null, 0.999), null.max()),
        "| threshold to use | %.3g (1.1 times the largest healthy score) |" % threshold, "",
        "Held-out simulated faults (seed 3, fault after %d s, AUC of windows after against before):" % FAULT_AT_S, "",
        "| fault | what | AUC | devices over the threshold within the hour |", "|---|---|---|---|"] + [
        "| %s | %s | %.4f | %.1f %% |" % (fault, meaning, area, 100 * found) for fault, meaning, area, found in rows] + ["",
        "Limits: trained on one twin at one parameter spread; a sensor that holds its value looks calm and is not found by this",
        "model; slow drift hides behind the controller."])
    print(json.dumps({"model": os.path.relpath(model, ROOT), "sha256": sha, "threshold": threshold}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
