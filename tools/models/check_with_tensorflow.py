#!/usr/bin/env python3
"""check_with_tensorflow.py MODEL [--golden FOLDER] [--kernels PROGRAM]

A development-time check: what TensorFlow 2.17.1's reference kernels (BUILTIN_REF) make of an int8
model, for a random and an extreme set of inputs.
  --golden FOLDER    writes FOLDER/<model>.in.bin and .out.bin: 16 cases, which ctest then compares
  --kernels PROGRAM  also runs 512 cases through our kernels (tests/kernels/run_model MODEL: inputs on
                     stdin, outputs on stdout) and compares every byte
Needs a virtual environment with tensorflow-cpu==2.17.1; the project itself does not.
"""
import argparse
import os
import subprocess
import sys

import numpy as np
import tensorflow as tf

GOLDEN_CASES, CHECK_CASES = 16, 512


def inputs(shape, count):
    rng = np.random.default_rng(2024)
    cases = rng.integers(-128, 128, (count,) + tuple(shape), dtype=np.int16)
    for case in range(4, count, 2):  # a narrow signal, as a healthy device gives
        cases[case] = np.clip(np.rint(rng.normal(0, 3 + case % 7, shape)), -128, 127)
    cases[0], cases[1], cases[2] = -128, 127, 0
    cases[3] = np.where(np.arange(cases[3].size).reshape(shape) % 2, 127, -128)
    return cases.astype(np.int8)


def reference(model, cases):
    interpreter = tf.lite.Interpreter(
        model_path=model,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    results = []
    for case in cases:
        interpreter.set_tensor(source, case)
        interpreter.invoke()
        results.append(interpreter.get_tensor(target).copy())
    return np.stack(results)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--golden")
    parser.add_argument("--kernels")
    args = parser.parse_args()
    if tf.__version__ != "2.17.1":
        sys.exit("this oracle is TensorFlow 2.17.1, not " + tf.__version__)
    interpreter = tf.lite.Interpreter(model_path=args.model)
    cases = inputs(interpreter.get_input_details()[0]["shape"], CHECK_CASES)
    expected = reference(args.model, cases)
    print("%d distinct output bytes of 256" % len(np.unique(expected)))
    if args.golden:
        name = os.path.splitext(os.path.basename(args.model))[0]
        cases[:GOLDEN_CASES].tofile(os.path.join(args.golden, name + ".in.bin"))
        expected[:GOLDEN_CASES].tofile(os.path.join(args.golden, name + ".out.bin"))
    if args.kernels:
        done = subprocess.run([args.kernels, args.model], input=cases.tobytes(),
                              stdout=subprocess.PIPE, check=True)
        ours = np.frombuffer(done.stdout, dtype=np.int8).reshape(expected.shape)
        wrong = int((ours != expected).sum())
        print("%d of %d bytes differ" % (wrong, expected.size))
        sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
