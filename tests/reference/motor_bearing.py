#!/usr/bin/env python3
"""Writes twins/motor_bearing/reference.csv: a run-up with every kind of spall by another method than the twin's.

    tests/reference/motor_bearing.py > twins/motor_bearing/reference.csv        (needs numpy and scipy; the trace is shipped)

The README's equations as one system for scipy's DOP853. The shaft's angle since the start is a state, so passages are the
roots that its event search finds; at each the integration stops and the ring's speed jumps. The twin's defaults are the
parameters but for those named in main(). Rows: time, drive, load, then the states that the twin has too (turns counted on).
"""
import math

import numpy as np
from scipy.integrate import solve_ivp

PI2 = 2 * math.pi
BREAKDOWN, SLIP, J, VISCOUS = 20.0, 30.0, 0.01, 0.001
M_ROTOR, ECC, M_ALL, FX, FY, ZETA = 5.0, 5e-5, 20.0, 18.0, 24.0, 0.05
N, D, P, ALPHA, CAGE_SLIP, ZONE, AT = 9, 0.00794, 0.03904, 0.2, 0.01, 0.45, 0.5
IMPACT, M_S, F_S, Z_S = 0.02, 2.0, 3000.0, 0.03
MU, BORE, C, G, ROOM = 0.0015, 0.025, 300.0, 0.2, 293.15
SPALL = {"outer": 4e-4, "inner": 3e-4, "ball": 2e-4, "cage": 1e-4}

GAMMA = D / P * math.cos(ALPHA)
CAGE = (1 - GAMMA) / 2 * (1 - CAGE_SLIP)
RATE = {"outer": N * CAGE, "inner": N * (1 - CAGE), "ball": P / D * (1 - GAMMA ** 2), "cage": CAGE}
W_S = PI2 * F_S


def torque(w, drive):
    slip = (PI2 * drive - w) / SLIP
    return 2 * BREAKDOWN / (slip + 1 / slip) if drive > 0 and slip != 0 else 0.0


def slopes(_, s, drive, load):
    turn, w, x, vx, y, vy, r, vr, kelvin = s
    friction = 0.5 * MU * BORE * math.hypot(M_ROTOR * 9.80665, M_ROTOR * ECC * w * w)
    opposing = (load + friction) * w / math.hypot(w, 5.0)
    dw = (torque(w, drive) - opposing - VISCOUS * w) / J
    phi = PI2 * turn
    fx = M_ROTOR * ECC * (w * w * math.cos(phi) + dw * math.sin(phi))
    fy = M_ROTOR * ECC * (w * w * math.sin(phi) - dw * math.cos(phi))
    kx, ky = M_ALL * (PI2 * FX) ** 2, M_ALL * (PI2 * FY) ** 2
    cx, cy = 2 * ZETA * math.sqrt(kx * M_ALL), 2 * ZETA * math.sqrt(ky * M_ALL)
    heat = friction * w * w / math.hypot(w, 5.0) - G * (kelvin - ROOM)
    return [w / PI2, dw, vx, (fx - cx * vx - kx * x) / M_ALL, vy, (fy - cy * vy - ky * y) / M_ALL,
            vr, -2 * Z_S * W_S * vr - W_S ** 2 * r, heat / C]


def stribeck(angle):
    return max(0.0, 1 - (1 - math.cos(angle)) / (2 * ZONE)) ** 1.5


def jump(kind, turn, w):
    angle = {"outer": AT, "inner": PI2 * turn, "ball": PI2 * CAGE * turn, "cage": None}[kind]
    load = 1.0 if angle is None else stribeck(angle)
    rolling = w * P * (1 - GAMMA ** 2) / 4
    return IMPACT / M_S * 2 * SPALL[kind] / D * rolling * load


def run(state, begin, end, drive, load, done):
    """Integrates to end; done[kind] counts the passages so far."""
    time = begin
    while time < end:
        kinds = list(RATE)
        events = []
        for kind in kinds:
            def event(_, s, *args, kind=kind, after=done[kind] + 1):
                return RATE[kind] * s[0] - after
            event.terminal = True
            events.append(event)
        part = solve_ivp(slopes, (time, end), state, method="DOP853", rtol=1e-12, atol=1e-15, events=events,
                         args=(drive, load), max_step=1e-3)
        assert part.success
        time, state = part.t[-1], part.y[:, -1].copy()
        for kind in kinds:  # not t_events: the cage and the outer race pass at one time, and one root hides the other
            if RATE[kind] * state[0] - (done[kind] + 1) > -1e-10:
                done[kind] += 1
                state[7] += jump(kind, state[0], state[1])
    return state


def main():
    """Rotor 50 um off centre, contact angle 0.2 rad, the cage 1 % slow, load zone 0.45, outer spall 0.5 rad off the load."""
    state = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 293.15])
    done = dict.fromkeys(RATE, 0)
    print("time_s,drive_Hz,load_Nm,turns,speed_rad_per_s,horizontal_m,horizontal_m_per_s,vertical_m,vertical_m_per_s,"
          "ring_m,ring_m_per_s,bearing_K")
    for row in range(41):
        drive, load = (30.0, 2.0) if row < 16 else (45.0, 6.0) if row < 30 else (0.0, 6.0)
        print(",".join(["%.2f" % (row / 40), "%g" % drive, "%g" % load] + ["%.11e" % v for v in state[:-1]] + ["%.14f" % state[-1]]))
        if row < 40:
            state = run(state, row / 40, (row + 1) / 40, drive, load, done)


main()
