#!/usr/bin/env python3
"""Writes twins/air_handler/reference.csv: 40 minutes of an air handler by other methods than the twin's.

    tests/reference/air_handler.py > twins/air_handler/reference.csv        (needs numpy and scipy; the trace is shipped)

The README's equations with the twin's defaults, integrated by scipy's DOP853 at rtol 1e-12. A coil is no formula of
effectiveness here but its two differential equations of counter flow, dTa/dx = UA/Ca (Tw - Ta) and dTw/dx = UA/Cw
(Tw - Ta), solved as a boundary value problem by scipy.linalg.expm. Rows: minute, commands and temperatures held from
it, states at it, and the heat of both coils.
"""
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

AIR, FAN_W, LEAK, SHARE, RANGE, AUTHORITY = 2.0, 2500.0, 0.02, 0.7, 50.0, 0.5
WATER, UA = (0.35, 1.2), (900.0, 3200.0)
LAGS = np.array([30.0, 20.0, 20.0, 8.0, 25.0, 25.0])
CP_AIR, CP_WATER = 1006.0, 4186.0
# minute: damper, hot, cold, fan, outdoor K, return K, hot K, cold K
PLAN = {0: (0.0, 0.0, 0.0, 0.5, 275.15, 293.15, 333.15, 280.15), 4: (0.2, 0.6, 0.0, 0.7, 275.15, 293.15, 333.15, 280.15),
        9: (0.3, 1.0, 0.0, 1.0, 274.15, 294.15, 328.15, 280.15), 15: (1.0, 0.02, 0.0, 1.0, 285.15, 296.15, 328.15, 280.15),
        21: (0.4, 0.0, 0.5, 0.9, 303.15, 297.15, 328.15, 280.15), 28: (0.2, 0.0, 1.0, 1.0, 305.15, 298.15, 328.15, 279.15),
        34: (0.5, 0.3, 0.3, 0.4, 290.15, 296.15, 323.15, 281.15)}


def valve(position):
    if position <= 0.0:
        return 0.0
    opening = RANGE ** (max(position, 0.05) - 1.0) * min(position / 0.05, 1.0)
    return 1.0 / np.sqrt(1.0 - AUTHORITY + AUTHORITY / opening ** 2)


def exchanged(k, air, water, air_K, water_K):
    """Heat from the water into the air [W]: the two streams along the coil, air enters at 0, water at 1."""
    if air < 1e-6 * AIR or water < 1e-6 * WATER[k]:
        return 0.0
    ua = UA[k] / (SHARE * (air / AIR) ** -0.8 + (1 - SHARE) * (water / WATER[k]) ** -0.85)
    ca, cw = air * CP_AIR, water * CP_WATER
    along = expm(np.array([[-ua / ca, ua / ca], [-ua / cw, ua / cw]]))
    leaving = (water_K - along[1, 0] * air_K) / along[1, 1]  # water at 0
    return ca * (along[0, 0] * air_K + along[0, 1] * leaving - air_K)


def heats(state, held):
    damper, hot, cold, fan, heated, _ = state
    share = LEAK + (1 - LEAK) * damper
    mixed = share * held[4] + (1 - share) * held[5]
    air = AIR * fan
    return (air, mixed, exchanged(0, air, WATER[0] * valve(hot), mixed, held[6]),
            -exchanged(1, air, WATER[1] * valve(cold), heated, held[7]))


def slope(_, state, held):
    air, mixed, heating, cooling = heats(state, held)
    warmer = heating / (air * CP_AIR) if heating else 0.0
    colder = cooling / (air * CP_AIR) if cooling else 0.0
    target = np.array([held[0], held[1], held[2], held[3], mixed + warmer, state[4] - colder])
    return (target - state) / LAGS


def main():
    state, held = np.array([0.1, 0.0, 0.0, 0.2, 290.0, 290.0]), PLAN[0]
    print("minute,damper_command,hot_command,cold_command,fan_command,outdoor_K,return_K,hot_K,cold_K,"
          "damper,hot_valve,cold_valve,fan,heated_K,cooled_K,heating_W,cooling_W")
    for minute in range(41):
        held = PLAN.get(minute, held)
        print(",".join(["%d" % minute] + ["%.17g" % v for v in held] + ["%.12f" % v for v in state] +
                       ["%.9f" % v for v in heats(state, held)[2:]]))
        state = solve_ivp(slope, (0.0, 60.0), state, "DOP853", args=(held,), rtol=1e-12, atol=1e-12).y[:, -1]


main()
