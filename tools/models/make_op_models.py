#!/usr/bin/env python3
"""make_op_models.py [FAMILY ...] [--check PROGRAM [--random N] [--seed S]]

Makes the small models of tests/golden/ops, one or a few operators each, with their golden tensors:
    <name>.tflite, <name>.in.bin, <name>.out.bin   cases one after the other; in a case, inputs (outputs) in
                                                   the graph's order; raw, little-endian, no header
    manifest.csv                                   one row a model
A family is a module op_models_<family>.py beside this file (all of them when none is named) with
    models()            -> a list of op_model.Model: the ones that are kept
    random_model(rng)   -> one more Model, different at every call (optional, for --random)
To add an operator's models: add to the family's module (or a new module), run this script, commit what it wrote;
tests/kernels/test_ops.c runs the folder. Where both sides of a merge added rows, run it again.

Without --check it writes the files of the named families (and forgets those that their families no longer make).
--check PROGRAM writes nothing: it runs PROGRAM (tests/kernels/run_model) on every model and on N random ones, and
compares every byte with the oracle.

The oracle is TensorFlow 2.17.1's reference kernels (BUILTIN_REF), development-time only: a virtual environment with
tensorflow-cpu==2.17.1; the project itself does not need it. A model is free to bring another oracle.
"""
import argparse
import glob
import importlib
import os
import subprocess
import sys
import tempfile

import numpy as np

from op_model import MANIFEST_HEAD, manifest_row, tensorflow_outputs

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.normpath(os.path.join(HERE, "..", "..", "tests", "golden", "ops"))


def joined(cases):
    return b"".join(np.ascontiguousarray(array).tobytes() for case in cases for array in case)


def golden(model):
    """file, inputs, outputs as bytes"""
    file = model.tflite()
    cases = [model.case(number) for number in range(model.cases)]
    results = [model.expected(c) for c in cases] if model.expected else tensorflow_outputs(file, cases, model.stream)
    return file, joined(cases), joined(results)


def write_family(models):
    rows = []
    for model in models:
        file, data_in, data_out = golden(model)
        for suffix, data in ((".tflite", file), (".in.bin", data_in), (".out.bin", data_out)):
            with open(os.path.join(FOLDER, model.name + suffix), "wb") as out:
                out.write(data)
        rows.append((model.name, manifest_row(model, file, data_in, data_out)))
        print("%-32s %6d bytes, %d distinct output bytes" % (model.name, len(file), len(set(data_out))))
    return rows


def write(families, all_families):
    """The manifest keeps the rows of families that are not made now."""
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, "manifest.csv")
    known = {m.name for family in all_families for m in family.models()}
    made = {m.name for family in families for m in family.models()}
    rows = []
    if os.path.exists(path):
        with open(path) as file:
            rows = [(line.split(",")[0], line.rstrip("\n")) for line in file][1:]
    rows = {name: row for name, row in rows if name in known - made}
    for family in families:
        rows.update(write_family(family.models()))
    with open(path, "w") as file:
        file.write("\n".join([MANIFEST_HEAD] + [rows[name] for name in sorted(rows)]) + "\n")
    for stale in glob.glob(os.path.join(FOLDER, "*.*")):
        if os.path.basename(stale).split(".")[0] not in set(rows) | {"manifest", "README"}:
            os.remove(stale)
            print("removed", os.path.basename(stale))


def check(models, program):
    """Returns how many models differ."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.tflite")
        for model in models:
            try:
                file, data_in, data_out = golden(model)
            except (RuntimeError, ValueError) as error:
                print("%s: the oracle refuses: %s" % (model.name, str(error).strip().split("\n")[0]))
                continue
            with open(path, "wb") as out:
                out.write(file)
            done = subprocess.run([program, path], input=data_in, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode != 0:
                print("%s: %s" % (model.name, done.stderr.decode().strip()))
                wrong += 1
            elif done.stdout != data_out:
                wrong += 1
                differ = [i for i, (a, b) in enumerate(zip(done.stdout, data_out)) if a != b]
                print("%s: %d of %d bytes differ, first at %s" % (model.name, len(differ), len(data_out), differ[:5]))
                for tensor in (model.tensors[i] for i in model.inputs + model.outputs):
                    print("    %s %s %s %s" % (tensor.kind, tensor.shape, tensor.scales, tensor.zeros))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*")
    parser.add_argument("--check", metavar="PROGRAM")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="with --check: models whose name begins so")
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    names = sorted(os.path.basename(p)[len("op_models_"):-3] for p in glob.glob(os.path.join(HERE, "op_models_*.py")))
    all_families = {name: importlib.import_module("op_models_" + name) for name in names}
    families = [all_families[name] for name in args.families or names]
    if not args.check:
        write(families, list(all_families.values()))
        return 0
    models = [m for family in families for m in family.models()]
    rng = np.random.default_rng(args.seed)
    for family in families:
        if hasattr(family, "random_model"):
            models += [family.random_model(rng) for _ in range(args.random)]
    models = [m for m in models if m.name.startswith(args.only)]
    wrong = check(models, args.check)
    print("%d of %d models differ" % (wrong, len(models)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
