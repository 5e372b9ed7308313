#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/incubator_synthetic.h5: SYNTHETIC data in the form of a real logger's file.

    tools/recordings/make_incubator.py > incubator_synthetic.csv
    twinloop import incubator_synthetic.csv --map assets/maps/incubator_synthetic.lua -o assets/recordings/incubator_synthetic.h5

Made to be recognisably something else than the twin that is scored against it: another integrator (implicit
trapezoidal rule with 10 ms steps, not RK4 or an exact map), parameters that the twin does not know, a wall with its
own heat capacity that the twin does not model, sensor noise and quantisation of a DS18B20, a drifting room, and an
irregular logger (3 s with jitter). Standard library only; the seed is fixed.
"""
import random
import sys

SEED = 20201222
DURATION_S = 3600.0
STEP_S = 0.01
# Hidden truth: heater, air, wall.
C_HEATER, C_AIR, C_WALL = 243.0, 171.0, 95.0
G_HEATER, G_AIR_WALL, G_WALL_ROOM, G_AIR_ROOM = 2.21, 1.9, 0.88, 0.19
POWER_W = 12.16 * 10.45


def solve3(a, b):
    """Gaussian elimination with pivoting, three unknowns."""
    m = [row[:] + [value] for row, value in zip(a, b)]
    for i in range(3):
        p = max(range(i, 3), key=lambda r: abs(m[r][i]))
        m[i], m[p] = m[p], m[i]
        for r in range(i + 1, 3):
            f = m[r][i] / m[i][i]
            for c in range(i, 4):
                m[r][c] -= f * m[i][c]
    x = [0.0, 0.0, 0.0]
    for i in (2, 1, 0):
        x[i] = (m[i][3] - sum(m[i][c] * x[c] for c in range(i + 1, 3))) / m[i][i]
    return x


def system():
    """dT/dt = A T + b0 u + b1 room, for T = heater, air, wall."""
    a = [[-G_HEATER / C_HEATER, G_HEATER / C_HEATER, 0.0],
         [G_HEATER / C_AIR, -(G_HEATER + G_AIR_WALL + G_AIR_ROOM) / C_AIR, G_AIR_WALL / C_AIR],
         [0.0, G_AIR_WALL / C_WALL, -(G_AIR_WALL + G_WALL_ROOM) / C_WALL]]
    return a, [POWER_W / C_HEATER, 0.0, 0.0], [0.0, G_AIR_ROOM / C_AIR, G_WALL_ROOM / C_WALL]


def trapezoid(a, h):
    """Columns of (I - h/2 A)^-1, so that one step is a product."""
    left = [[(1.0 if r == c else 0.0) - 0.5 * h * a[r][c] for c in range(3)] for r in range(3)]
    columns = [solve3(left, [1.0 if r == c else 0.0 for r in range(3)]) for c in range(3)]
    return [[columns[c][r] for c in range(3)] for r in range(3)]


def quantised(value, step=0.0625):
    return round(value / step) * step


def main():
    draw = random.Random(SEED)
    a, b_heat, b_room = system()
    inverse = trapezoid(a, STEP_S)
    room = 21.4
    state = [22.6, 22.6, 22.3]
    heater, on_until, off_until = False, 0.0, 9.0
    next_log, steps = 0.0, int(DURATION_S / STEP_S)
    print("time,average_temperature,t1,heater_on")
    for k in range(steps + 1):
        t = k * STEP_S
        if t >= next_log:
            measured = 0.5 * (quantised(state[1] + draw.gauss(0.0, 0.03)) + quantised(state[1] + draw.gauss(0.0, 0.03)))
            # The logger's controller: bursts of 20 s below 38 degC, then a pause of 30 s.
            if heater and t >= on_until:
                heater, off_until = False, t + 30.0
            elif not heater and t >= off_until and measured < 38.0:
                heater, on_until = True, t + 20.0
            print("%.6f,%.5f,%.4f,%s" % (t, measured, quantised(room + draw.gauss(0.0, 0.02)), "TRUE" if heater else "FALSE"))
            next_log = t + 3.0 + draw.uniform(-0.06, 0.12)
        room += STEP_S * (3.0e-4 * (21.9 - room)) + draw.gauss(0.0, 2.0e-4)
        u = 1.0 if heater else 0.0
        rate = [sum(a[r][c] * state[c] for c in range(3)) for r in range(3)]
        right = [state[r] + 0.5 * STEP_S * rate[r] + STEP_S * (b_heat[r] * u + b_room[r] * room) for r in range(3)]
        state = [sum(inverse[r][c] * right[c] for c in range(3)) for r in range(3)]
    return 0


if __name__ == "__main__":
    sys.exit(main())
