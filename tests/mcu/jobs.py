"""jobs.py SHARED_KERNELS ops|models [FIRST COUNT]: job lines of engine/kernels/mcu/runner.c.

ops: every generated model with all its cases. models: the real models, COUNT cases from FIRST on, and every operator's
output where the golden files keep it. A model is a line: MODEL IN OUT STATE FIRST COUNT OPS|-"""
import csv
import os
import sys


def ops(folder):
    for row in csv.DictReader(open(folder + "/ops/manifest.csv")):
        base = folder + "/ops/" + row["model"]
        yield base + ".tflite", base + ".in.bin", base + ".out.bin", row["state"], 0, row["cases"], "-"


def models(folder, first, count):
    rows = list(csv.DictReader(open(folder + "/golden/manifest.csv")))
    for row in rows:
        if row["kind"] != "output":
            continue
        name = row["model"]
        base = folder + "/golden/" + name
        kept = any(r["model"] == name and r["kind"] == "intermediate" for r in rows)
        model = folder + "/models/" + name + ".tflite"
        yield model, base + ".in.bin", base + ".out.bin", row["state"], first, count, base + ".op" if kept else "-"


def main():
    folder, what = sys.argv[1:3]
    lines = ops(folder) if what == "ops" else models(folder, int(sys.argv[3]), int(sys.argv[4]))
    for line in lines:
        assert os.path.exists(line[0]) and not any(" " in str(word) for word in line), line
        print(*line)


main()
