#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/tclab_synthetic.h5: SYNTHETIC data in the form of a real logger's file.

    tools/recordings/make_tclab.py > tclab_synthetic.csv
    twinloop import tclab_synthetic.csv --map assets/maps/tclab_synthetic.lua -o assets/recordings/tclab_synthetic.h5

Made to be recognisably something else than the twin that is scored against it: another integrator (Heun with 10 ms
steps, not RK4), parameters that the twin does not know, a board with its own heat capacity that warms under both
heaters and that the twin does not model, heaters that lose power as they warm, thermistors of unequal lag, a room that
drifts, noise and the steps of a 10-bit converter, and a logger that is not quite regular. Standard library only; the
seed is fixed.
"""
import random
import sys

SEED = 20181014
DURATION_S = 600.0
STEP_S = 0.01
# Hidden truth, in W, J/K and W/K: heaters 1 and 2, and the board under them.
C_HEATER, C_BOARD = 2.03, 6.4
G_ROOM, G_BETWEEN, G_BOARD, G_BOARD_ROOM = 0.0037, 0.0019, 0.0008, 0.0022
RADIATION = 0.88 * 5.67e-8 * 1e-3
POWER_1, POWER_2, FADE_PER_K = 0.00672, 0.00334, 0.0002
LAG_1, LAG_2 = 17.4, 15.1
# (from second, heater 1 %, heater 2 %)
PLAN = ((0, 0, 0), (12, 80, 0), (95, 80, 40), (190, 10, 40), (270, 0, 90), (360, 60, 90), (450, 60, 20), (530, 0, 0))


def powers(t):
    return [row for row in PLAN if row[0] <= t][-1][1:]


def rates(state, q, room):
    """d/dt of heater 1, heater 2, board, thermistor 1, thermistor 2; temperatures in kelvin."""
    one, two, board, seen_1, seen_2 = state
    between = G_BETWEEN * (two - one) + RADIATION * 0.2 * (two ** 4 - one ** 4)
    heat = [power * share * (1.0 - FADE_PER_K * (hot - room))
            for power, share, hot in ((POWER_1, q[0], one), (POWER_2, q[1], two))]
    lost = [G_ROOM * (hot - room) + RADIATION * (hot ** 4 - room ** 4) + G_BOARD * (hot - board) for hot in (one, two)]
    return [(heat[0] - lost[0] + between) / C_HEATER,
            (heat[1] - lost[1] - between) / C_HEATER,
            (G_BOARD * (one - board) + G_BOARD * (two - board) - G_BOARD_ROOM * (board - room)) / C_BOARD,
            (one - seen_1) / LAG_1,
            (two - seen_2) / LAG_2]


def measured(kelvin, draw):
    step = 0.3223  # degC a count of a 10-bit converter at 3.3 V and 10 mV/K
    return round((kelvin - 273.15 + draw.gauss(0.0, 0.08)) / step) * step


def main():
    draw = random.Random(SEED)
    room = 294.2
    state = [room] * 5
    next_log = 0.0
    print("time,heater_1,heater_2,temperature_1,temperature_2")
    for k in range(int(DURATION_S / STEP_S) + 1):
        t = k * STEP_S
        q = powers(t)
        if t >= next_log:
            print("%.6f,%.1f,%.1f,%.4f,%.4f" % (t, q[0], q[1], measured(state[3], draw), measured(state[4], draw)))
            next_log = t + 1.0 + draw.uniform(-0.02, 0.03)
        room += draw.gauss(0.0, 1.0e-4)
        first = rates(state, q, room)
        second = rates([x + STEP_S * r for x, r in zip(state, first)], q, room)
        state = [x + 0.5 * STEP_S * (a + b) for x, a, b in zip(state, first, second)]
    return 0


if __name__ == "__main__":
    sys.exit(main())
