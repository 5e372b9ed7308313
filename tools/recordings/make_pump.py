#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/pump_synthetic.h5: SYNTHETIC data in the form of a real logger's file.

    tools/recordings/make_pump.py > pump_synthetic.csv
    twinloop import pump_synthetic.csv --map assets/maps/pump_synthetic.lua -o assets/recordings/pump_synthetic.h5

Made to be recognisably something else than the twin that is scored against it: a pump curve of third order with a fixed
speed, pipes whose loss goes with flow to the 1.8, a valve that moves for 15 s, a motor of two heat capacities, a mains
voltage that wanders, instruments with noise, steps and missed seconds. `anomaly` is 1 while the inlet valve is moved.
Standard library only; the seed is fixed.
"""
import random
import sys

SEED = 20200309
DURATION_S = 900
SHUT_FROM, SHUT_TO = 420, 700


def flow_of(valve):
    """L/min at which the pump's curve meets the pipes'; by bisection."""
    low, high = 0.0, 200.0
    for _ in range(60):
        q = 0.5 * (low + high)
        head = 5.4 - 0.002 * q - 9.0e-7 * q ** 3
        loss = 0.4 + 0.0086 * q ** 1.8 * (1.0 + 0.09 * valve)
        low, high = (q, high) if head > loss else (low, q)
    return low


def main():
    draw = random.Random(SEED)
    winding, body, water, valve, wander = 351.0, 343.5, 299.2, 0.0, 0.0
    print("time,volts,amperes,bar,flow,motor,water,anomaly")
    for t in range(DURATION_S + 1):
        gate = 1 if SHUT_FROM <= t < SHUT_TO else 0
        valve += max(-1 / 15, min(1 / 15, gate - valve))
        wander = 0.97 * wander + draw.gauss(0.0, 0.9)
        volts = 230.0 + wander + draw.gauss(0.0, 4.0)
        flow = flow_of(valve)
        amperes = 0.78 * (volts / 230.0) ** 2.1 + 0.0065 * flow
        winding += (70.0 - 2.6 * (winding - body)) / 210.0
        body += (2.6 * (winding - body) - 1.45 * (body - 296.0)) / 900.0
        water += (18.0 - 11.0 * (water - 296.0)) / 31000.0
        if draw.random() < 0.05:
            continue
        print("%d,%.2f,%.4f,%.3f,%.0f,%.2f,%.3f,%d" % (
            t, volts, amperes + draw.gauss(0.0, 0.05), round((0.08 + draw.gauss(0.0, 0.15)) / 0.1) * 0.1,
            flow + draw.gauss(0.0, 0.4), body - 273.15 + draw.gauss(0.0, 0.08), water - 273.15 + draw.gauss(0.0, 0.004), gate))
    return 0


if __name__ == "__main__":
    sys.exit(main())
