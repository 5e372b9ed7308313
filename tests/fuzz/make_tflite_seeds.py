#!/usr/bin/env python3
"""make_tflite_seeds.py FOLDER: small .tflite files for tests/fuzz/fuzz_tflite.c to start from.

All come from our own scripts: chains by tools/models/tflite_write.py, the same with the operator's number changed to
each that engine/kernels/op_table.c has a row for (the fuzzer bends them into shape), the models of tests/golden/ops
where that folder is, and the kept corpus. So an operator that is added is fuzzed without a change here.
"""
import glob
import os
import random
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "models"))
from tflite_write import chain_bytes  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
SEED_BYTES_MAX = 16384


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


def rows():
    """Numbers of all operators with a row."""
    with open(os.path.join(ROOT, "engine", "kernels", "op_table.c")) as file:
        found = [int(n) for n in re.findall(r'^    \{(\d+), "[A-Z0-9_]+"', file.read(), re.M)]
    if not found:
        sys.exit("op_table.c has no rows that can be read")
    return found


def kept():
    """Small models that stand in the tree: name -> bytes."""
    files = {}
    for folder in ("tests/golden/ops", "tests/fuzz/corpus_tflite"):
        for path in sorted(glob.glob(os.path.join(ROOT, folder, "*"))):
            is_model = path.endswith(".tflite") or folder.endswith("corpus_tflite")
            if is_model and os.path.getsize(path) <= SEED_BYTES_MAX:
                with open(path, "rb") as file:
                    files["kept_" + os.path.basename(path).split(".")[0]] = file.read()
    return files


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
    for builtin in rows():
        seeds["op%d" % builtin] = with_operator(chain(rng, [4, 4]), builtin)
    seeds.update(kept())
    for name, data in seeds.items():
        with open(os.path.join(folder, name + ".tflite"), "wb") as file:
            file.write(data)
    print("%d seeds" % len(seeds))


if __name__ == "__main__":
    main(sys.argv[1])
