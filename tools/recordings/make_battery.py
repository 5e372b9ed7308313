#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/battery_synthetic.h5: SYNTHETIC data in the form of a cycler's file.

    tools/recordings/make_battery.py > battery_synthetic.csv
    twinloop import battery_synthetic.csv --map assets/maps/battery_synthetic.lua -o assets/recordings/battery_synthetic.h5

Made to be recognisably something else than the twin that is scored against it: the open-circuit curve is a formula, not a
table; instead of RC branches lithium diffuses through ten shells of a sphere, and the charge transfer is a Butler-Volmer
(asinh) law; a voltmeter with noise and steps of 1 mV. A pulse test: discharge pulse, rest, charge pulse, discharge by a
tenth, long rest. As a cycler does, a row holds the current that has flowed since the row before. Standard library only;
the seed is fixed.
"""
import math
import random
import sys

SEED = 2013
CAPACITY_C = 20.4 * 3600.0
OHMIC, EXCHANGE_A, DIFFUSION_S, SHELLS = 0.0023, 17.0, 1800.0, 10


def open_voltage(x):
    return 3.62 + 0.52 * x + 0.09 * math.tanh((x - 0.55) / 0.13) - 0.62 * math.exp(-x / 0.045) + 0.03 * math.exp((x - 1) / 0.05)


def diffuse(shells, current, dt):
    """Fractions of lithium in shells of equal thickness, from the middle; the current enters through the last."""
    steps = max(1, math.ceil(dt / (0.3 * DIFFUSION_S / SHELLS ** 2)))
    h = dt / steps
    volume = [(k + 1) ** 3 - k ** 3 for k in range(SHELLS)]
    for _ in range(steps):
        flow = [3.0 * k * k * SHELLS ** 2 / DIFFUSION_S * (shells[k] - shells[k - 1]) for k in range(1, SHELLS)]
        flow = [0.0] + flow + [current / CAPACITY_C * SHELLS ** 3]
        shells = [x + h * (flow[k + 1] - flow[k]) / volume[k] for k, x in enumerate(shells)]
    return shells


def plan():
    """(seconds, A, seconds a row)"""
    for _ in range(9):
        yield from ((30, -20.0, 1), (40, 0.0, 2), (10, 15.0, 1), (1100, -6.8, 20), (1800, 0.0, 60))


def main():
    draw = random.Random(SEED)
    shells = [0.995] * SHELLS
    print("time,amperes,volts")
    t = 0
    print("0,0.00,%.3f" % open_voltage(shells[-1]))
    for duration, current, row in plan():
        for _ in range(duration // row):
            shells = diffuse(shells, current, row)
            t += row
            volts = open_voltage(shells[-1]) + OHMIC * current + 0.0514 * math.asinh(current / (2.0 * EXCHANGE_A))
            print("%d,%.2f,%.3f" % (t, current, volts + draw.gauss(0.0, 0.0006)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
