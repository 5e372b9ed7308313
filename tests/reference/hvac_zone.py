#!/usr/bin/env python3
"""Writes twins/hvac_zone/reference.csv: two days of a zone by another method than the twin's.

    tests/reference/hvac_zone.py > twins/hvac_zone/reference.csv        (needs numpy and scipy; the trace is shipped)

The README's heat balance as a matrix, its inputs constant within each hour: T' = A T + b is solved exactly by
scipy.linalg.expm of the augmented matrix. The twin's defaults are the parameters. Rows: hour, inputs of the hour that
begins there, temperatures at it.
"""
import math

import numpy as np
from scipy.linalg import expm

WALL, R, KAPPA, ABSORBS = 15.0, 3.0, 175e3, 0.6
WINDOW, U, G, LEAK = 5.0, 1.3, 0.6, 2.0
C_AIR, MASS, C_MASS = 272e3, 80.0, 6e6
H_IN, H_RAD, H_OUT, F_GAIN, F_SUN, CP = 2.5, 5.13, 24.14, 0.4, 0.1, 1006.0


def inputs(hour):
    day = hour % 24
    outdoor = 278.15 + 6.0 * math.sin(2 * math.pi * (day - 9) / 24)
    sun = max(0.0, 450.0 * math.sin(math.pi * (day - 7) / 11)) if 7 <= day <= 18 else 0.0
    work = 8 <= day < 18
    return (outdoor, round(sun, 3), 350.0 if work else 40.0, 0.0 if work else 150.0,
            290.15 + (hour % 5), 0.09 if work else 0.0)


def system(outdoor, sun, gains, heat, supply, flow):
    a, b = np.zeros((7, 7)), np.zeros(7)

    def couple(i, j, conductance):
        a[i, i] -= conductance
        a[j, j] -= conductance
        a[i, j] += conductance
        a[j, i] += conductance

    def fix(i, conductance, kelvin):
        a[i, i] -= conductance
        b[i] += conductance * kelvin

    couple(0, 1, H_IN * MASS)
    couple(0, 6, H_IN * WALL)
    couple(1, 6, H_RAD * WALL * MASS / (WALL + MASS))
    for i, factor in ((2, 6), (3, 3), (4, 3), (5, 6)):
        couple(i, i + 1, factor / R * WALL)
    fix(0, flow * CP, supply)
    fix(0, LEAK + WINDOW * U, outdoor)
    fix(2, H_OUT * WALL, outdoor)
    through = sun * WINDOW * G
    surfaces = gains * (1 - F_GAIN) + through * (1 - F_SUN)
    b[0] += heat + gains * F_GAIN + through * F_SUN
    b[1] += surfaces * MASS / (WALL + MASS)
    b[6] += surfaces * WALL / (WALL + MASS)
    b[2] += sun * WALL * ABSORBS
    capacity = np.array([C_AIR, C_MASS] + [WALL * KAPPA * share for share in (1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8)])
    return a / capacity[:, None], b / capacity


def main():
    state = np.array([294.0, 293.5, 281.0, 284.0, 287.5, 291.0, 293.0])
    print("hour,outdoor_K,sun_W_per_m2,gains_W,heat_W,supply_K,supply_kg_per_s,air_K,mass_K,wall_1_K,wall_2_K,wall_3_K,wall_4_K,wall_5_K")
    for hour in range(49):
        now = inputs(hour)
        print(",".join(["%d" % hour] + ["%.17g" % v for v in now] + ["%.12f" % v for v in state]))
        a, b = system(*now)
        augmented = np.zeros((8, 8))
        augmented[:7, :7], augmented[:7, 7] = a, b
        state = (expm(augmented * 3600.0) @ np.append(state, 1.0))[:7]


main()
