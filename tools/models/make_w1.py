#!/usr/bin/env python3
"""Makes assets/models/w1-synthetic-int8.tflite: the detector of the benchmark W1, with made-up weights.

An int8 autoencoder 64-8-64, ReLU on the hidden layer, no bias. The weights are a hash of their
index: nothing was trained, the model only has the shape and the cost of a real one.
"""
import hashlib
import os

from tflite_write import write_chain

WINDOW, HIDDEN = 64, 8
TO_HIDDEN, TO_OUTPUT = 0.004, 0.03  # the multipliers that rescale the two accumulators


def weight(index, layer):
    h = (index * 2654435761 + layer * 40503) & 0xFFFFFFFF
    return (h >> 13) % 255 - 127


def layers():
    signal, first = 1 / 32, 1 / 128
    hidden = signal * first / TO_HIDDEN
    second = TO_OUTPUT * signal / hidden
    return [
        {"weights": [[weight(j * WINDOW + k, 1) for k in range(WINDOW)] for j in range(HIDDEN)],
         "bias": None, "weight_scale": first, "output_scale": hidden, "output_zero": 0,
         "activation": "relu"},
        {"weights": [[weight(j * HIDDEN + k, 2) for k in range(HIDDEN)] for j in range(WINDOW)],
         "bias": None, "weight_scale": second, "output_scale": signal, "output_zero": 0},
    ]


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "..", "assets", "models", "w1-synthetic-int8.tflite")
    data = write_chain(path, 1 / 32, 0, layers(), "twinloop W1 synthetic detector")
    print("%d bytes, sha256 %s" % (len(data), hashlib.sha256(data).hexdigest()))
