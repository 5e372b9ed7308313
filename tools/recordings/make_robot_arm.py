#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/robot_arm_synthetic.h5: SYNTHETIC data in the form of a real arm's log.

    tools/recordings/make_robot_arm.py > robot_arm_synthetic.csv
    twinloop import robot_arm_synthetic.csv --map assets/maps/franka.lua -o assets/recordings/robot_arm_synthetic.h5

Made to be recognisably something else than the twin that is scored against it: torques by Lagrange's equations from
numerical derivatives of the energies (the twin uses Newton's and Euler's), friction of another form (an arctangent with a
little Stribeck peak, different in the two directions), a last link that the published set does not know, sensor noise,
rounding, and a clock that is not quite regular. The links are the published ones of assets/parameters/franka_published.json.
Standard library only; the seed is fixed.
"""
import json
import math
import os
import random
import sys

SEED = 20190417
DURATION_S, STEP_S = 12.0, 0.016
JOINTS = 7
CENTRE = (-0.9, 0.1, -0.6, -1.9, -0.8, 2.0, -0.7)
REACH = (0.8, 0.7, 0.7, 0.5, 1.0, 0.7, 1.2)
# Hidden truth: friction of each joint, and a tool that moves the last link's centre.
COULOMB = (0.42, 0.55, 0.33, 0.6, 0.38, 0.2, 0.26)
VISCOUS = (0.25, 0.3, 0.2, 0.25, 0.12, 0.08, 0.06)
OFFSET = (0.08, -0.12, 0.05, 0.1, -0.04, 0.03, 0.02)
COM7 = (0.004, 0.006)
NOISE_TAU = (0.12, 0.15, 0.1, 0.1, 0.04, 0.03, 0.015)


def links():
    path = os.path.join(os.path.dirname(__file__), "..", "..", "assets", "parameters", "franka_published.json")
    with open(path, encoding="utf-8") as file:
        rows = {row["name"]: row["value"] for row in json.load(file)["parameters"]}
    out = []
    for j in range(1, JOINTS + 1):
        out.append({"a": rows[f"a{j}_m"], "alpha": math.radians(rows[f"alpha{j}_rad"]), "d": rows[f"d{j}_m"],
                    "m": rows[f"mass{j}_kg"], "c": [rows[f"com{j}_{k}_m"] for k in "xyz"],
                    "I": [rows[f"I{j}_{k}_kgm2"] for k in ("xx", "yy", "zz", "xy", "xz", "yz")]})
    out[-1]["c"][0], out[-1]["c"][1] = COM7
    return out


def product(a, b):
    return [[sum(a[r][k] * b[k][c] for k in range(3)) for c in range(3)] for r in range(3)]


def apply(a, v):
    return [sum(a[r][k] * v[k] for k in range(3)) for r in range(3)]


def cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def energies(arm, q, dq):
    """Kinetic and potential energy, everything in the base's frame."""
    turn, at = [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]], [0.0, 0.0, 0.0]
    w, v, kinetic, potential = [0.0] * 3, [0.0] * 3, 0.0, 0.0
    for link, angle, speed in zip(arm, q, dq):
        ca, sa, ct, st = math.cos(link["alpha"]), math.sin(link["alpha"]), math.cos(angle), math.sin(angle)
        step = apply(turn, [link["a"], -sa * link["d"], ca * link["d"]])
        v = [p + x for p, x in zip(v, cross(w, step))]
        at = [p + x for p, x in zip(at, step)]
        turn = product(turn, [[ct, -st, 0.0], [st * ca, ct * ca, -sa], [st * sa, ct * sa, ca]])
        axis = [row[2] for row in turn]
        w = [p + speed * x for p, x in zip(w, axis)]
        arm_c = apply(turn, link["c"])
        vc = [p + x for p, x in zip(v, cross(w, arm_c))]
        own = [sum(turn[k][r] * w[k] for k in range(3)) for r in range(3)]
        xx, yy, zz, xy, xz, yz = link["I"]
        spin = (xx * own[0] ** 2 + yy * own[1] ** 2 + zz * own[2] ** 2
                + 2 * (xy * own[0] * own[1] + xz * own[0] * own[2] + yz * own[1] * own[2]))
        kinetic += 0.5 * link["m"] * sum(x * x for x in vc) + 0.5 * spin
        potential += 9.81 * link["m"] * (at[2] + arm_c[2])
    return kinetic, potential


def unit(j):
    return [1.0 if k == j else 0.0 for k in range(JOINTS)]


def momentum(arm, q, dq):
    """dT/dq', exactly: T is a quadratic form of the speeds."""
    out = []
    for j in range(JOINTS):
        up = [x + y for x, y in zip(dq, unit(j))]
        down = [x - y for x, y in zip(dq, unit(j))]
        out.append(0.5 * (energies(arm, q, up)[0] - energies(arm, q, down)[0]))
    return out


def torques(arm, motion, t):
    """d/dt dT/dq' - d(T - V)/dq by central differences along the motion."""
    h = 1e-4
    ahead, behind = momentum(arm, *motion(t + h)), momentum(arm, *motion(t - h))
    q, dq = motion(t)
    out = []
    for j in range(JOINTS):
        up, down = list(q), list(q)
        up[j] += 1e-5
        down[j] -= 1e-5
        t_up, v_up = energies(arm, up, dq)
        t_down, v_down = energies(arm, down, dq)
        out.append((ahead[j] - behind[j]) / (2 * h) - ((t_up - v_up) - (t_down - v_down)) / 2e-5)
    return out


def friction(j, speed):
    slide = 2.0 / math.pi * math.atan(speed / 0.03) * (1.0 + 0.15 * math.exp(-(speed / 0.1) ** 2))
    return COULOMB[j] * slide * (1.05 if speed > 0 else 0.95) + VISCOUS[j] * speed + OFFSET[j]


def main():
    draw = random.Random(SEED)
    waves = [[(REACH[j] / (n + 1), 2 * math.pi * 0.11 * (n + 1) * (1 + 0.07 * j), draw.uniform(0, 2 * math.pi))
              for n in range(4)] for j in range(JOINTS)]

    def motion(t):
        q = [CENTRE[j] + sum(0.5 * a * math.sin(w * t + p) for a, w, p in waves[j]) for j in range(JOINTS)]
        return q, [sum(0.5 * a * w * math.cos(w * t + p) for a, w, p in waves[j]) for j in range(JOINTS)]

    arm = links()
    print(",".join(["t"] + [f"{k}{j + 1}" for k in ("q", "dq", "tau") for j in range(JOINTS)]))
    t = 0.0
    while t <= DURATION_S:
        q, dq = motion(t)
        tau = torques(arm, motion, t)
        tau = [x + friction(j, dq[j]) + draw.gauss(0.0, NOISE_TAU[j]) for j, x in enumerate(tau)]
        dq = [x + draw.gauss(0.0, 0.002) for x in dq]
        print(",".join([f"{t:.6f}"] + [f"{x:.5f}" for x in q] + [f"{x:.5f}" for x in dq] + [f"{x:.4f}" for x in tau]))
        t += STEP_S + draw.uniform(-0.001, 0.001)
    return 0


if __name__ == "__main__":
    sys.exit(main())
