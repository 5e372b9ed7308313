#!/usr/bin/env python3
"""make_tflite_seeds.py FOLDER: small .tflite files for tests/fuzz/fuzz_tflite.c to start from.

All are written by tools/models/tflite_write.py; ops it cannot write are made by changing the
operator code of a chain, which the fuzzer then bends into shape.
"""
import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "models"))
from tflite_write import chain_bytes  # noqa: E402

ADD, DEQUANTIZE, LOGISTIC, RELU, RELU6, RESHAPE, TANH, QUANTIZE = 0, 6, 14, 19, 21, 22, 28, 114


def chain(rng, widths, per_channel=False, bias=True, activation="relu"):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        scale = [0.01 + 0.001 * rng.random() for _ in range(outputs)] if per_channel else 0.01
        layers.append({
            "weights": [[rng.randint(-127, 127) for _ in range(inputs)] for _ in range(outputs)],
            "bias": [rng.randint(-500, 500) for _ in range(outputs)] if bias else None,
            "weight_scale": scale, "output_scale": 0.05, "output_zero": rng.randint(-128, 127),
            "activation": activation})
    return chain_bytes(0.02, rng.randint(-128, 127), layers)


def with_operator(data, builtin):
    """The first (only) operator code of a chain, replaced."""
    old = struct.pack("<iii", 9, 1, 9)
    at = data.index(old)
    return data[:at] + struct.pack("<iii", builtin, 1, builtin) + data[at + 12:]


def main(folder):
    rng = random.Random(1)
    os.makedirs(folder, exist_ok=True)
    seeds = {
        "autoencoder": chain(rng, [8, 3, 8]),
        "per_channel": chain(rng, [5, 4, 5], per_channel=True),
        "no_bias": chain(rng, [4, 4], bias=False, activation="none"),
        "deep": chain(rng, [6, 2, 2, 2, 6], activation="relu6"),
        "one": chain(rng, [1, 1], activation="relu_n1_to_1"),
    }
    for builtin in (ADD, DEQUANTIZE, LOGISTIC, RELU, RELU6, RESHAPE, TANH, QUANTIZE):
        seeds["op%d" % builtin] = with_operator(chain(rng, [4, 4]), builtin)
    for name, data in seeds.items():
        with open(os.path.join(folder, name + ".tflite"), "wb") as file:
            file.write(data)
    print("%d seeds" % len(seeds))


if __name__ == "__main__":
    main(sys.argv[1])
