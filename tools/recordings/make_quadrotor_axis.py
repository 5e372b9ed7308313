#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/quadrotor_axis_synthetic.h5: SYNTHETIC data in the form of a real logger's file.

    tools/recordings/make_quadrotor_axis.py > quadrotor_axis_synthetic.csv
    twinloop import quadrotor_axis_synthetic.csv --map assets/maps/quadrotor_axis_synthetic.lua \
        -o assets/recordings/quadrotor_axis_synthetic.h5

A small quadrotor takes off, hovers, climbs and sinks twice under a cascaded height controller. Made to be recognisably
something else than the twin that is scored against it: rotors in rad/s with an aerodynamic torque that goes with the
square of speed (so they start faster than they stop), motors as resistance and back EMF, thrust that loses with climb by
blade inflow, a battery with two relaxations and a curved discharge, unequal motors, gusts, an estimator with noise and a
slow bias, semi-implicit Euler steps of 0.5 ms, and a logger that is not quite regular. Standard library only; fixed seed.
"""
import math
import random
import sys

SEED = 19550101
STEP_S, LOG_S, DURATION_S, G = 0.0005, 0.01, 16.0, 9.80665
# Hidden truth, SI: craft, rotor, motor, battery.
MASS, K_THRUST, K_TORQUE, INERTIA = 0.036, 1.95e-8, 3.85e-11, 2.1e-8
OHM, K_EMF, TRIM = 1.1, 0.00094, (1.03, 0.98, 1.04, 0.97)
R_NOW, R_FAST, T_FAST, R_SLOW, T_SLOW, CAPACITY_C = 0.085, 0.02, 0.9, 0.035, 6.0, 900.0
INFLOW_PER_RAD = 2.75e-6  # N s/m by rad/s
DISC_M, MOUNT_M = 0.04, 0.03
# (from second, height)
PLAN = ((1.2, 0.5), (5.0, 0.9), (8.0, 0.35), (11.0, 0.7), (14.2, 0.45))


def open_circuit(charge_C):
    used = charge_C / CAPACITY_C
    return 3.93 - 0.9 * used - 0.12 * math.tanh(6.0 * used)


class Craft:
    def __init__(self):
        self.height = self.climb = 0.0
        self.speed = [0.0] * 4
        self.charge, self.fast, self.slow = 18.0, 0.0, 0.0
        self.terminal = open_circuit(self.charge)
        self.acceleration = 0.0

    def step(self, duty, gust):
        current = 0.0
        for k in range(4):
            motor_A = max(duty[k] * self.terminal - K_EMF * self.speed[k], 0.0) / OHM if duty[k] > 0 else 0.0
            torque = K_EMF * motor_A - K_TORQUE * self.speed[k] ** 2
            self.speed[k] = max(self.speed[k] + torque / INERTIA * STEP_S, 0.0)
            current += duty[k] * motor_A
        self.fast += (R_FAST * current - self.fast) * STEP_S / T_FAST
        self.slow += (R_SLOW * current - self.slow) * STEP_S / T_SLOW
        self.charge += current * STEP_S
        self.terminal = open_circuit(self.charge) - self.fast - self.slow - R_NOW * current
        thrust = sum(TRIM[k] * K_THRUST * self.speed[k] ** 2 for k in range(4))
        ground = 1.0 / (1.0 - (DISC_M / (4.0 * (self.height + MOUNT_M))) ** 2)
        loss = INFLOW_PER_RAD * sum(self.speed) * self.climb
        self.acceleration = (thrust * ground - loss) / MASS - G + gust
        if self.height <= 0.0 and self.acceleration < 0.0 and self.climb <= 0.0:
            self.acceleration = self.climb = 0.0
        self.climb += self.acceleration * STEP_S
        self.height = max(self.height + self.climb * STEP_S, 0.0)


class Controller:
    """Height to climb to thrust, and the firmware's battery compensation."""

    def __init__(self):
        self.sum = 0.0

    def duty(self, t, height, climb, battery):
        goals = [goal for begin, goal in PLAN if begin <= t]
        if not goals:
            return [0.0] * 4
        asked = max(-0.6, min(0.7, 1.6 * (goals[-1] - height)))
        error = asked - climb
        self.sum = max(-0.15, min(0.15, self.sum + 0.18 * error * LOG_S))
        command = min(max(0.57 + 0.22 * error + self.sum, 0.3), 0.95) * 60.0
        volts = -0.0006239 * command ** 2 + 0.088 * command
        common = min(volts / battery, 1.0)
        return [common / (trim ** 0.5) for trim in TRIM]


def main():
    draw = random.Random(SEED)
    craft, controller = Craft(), Controller()
    duty, seen_V = [0.0] * 4, craft.terminal
    gust = drift = 0.0
    next_control = next_log = 0.0
    print("time,pwm1,pwm2,pwm3,pwm4,battery,height,climb,acceleration")
    for k in range(int(DURATION_S / STEP_S) + 1):
        t = k * STEP_S
        seen_V += (craft.terminal - seen_V) * STEP_S / 0.025
        if t >= next_control:
            flying = craft.height > 0.0
            drift += (draw.gauss(0.0, 0.0006) - 0.002 * drift) if flying else 0.0
            height = craft.height + drift + (draw.gauss(0.0, 0.0008) if flying else 0.0)
            climb = craft.climb + (draw.gauss(0.0, 0.006) if flying else 0.0)
            duty = controller.duty(t, height, climb, seen_V)
            if any(duty):
                duty = [min(max(d + draw.gauss(0.0, 0.006), 0.0), 1.0) for d in duty]
            next_control += LOG_S
        if t >= next_log:
            seen = craft.acceleration / G + (draw.gauss(0.0, 0.009) if any(duty) else 0.0)
            print("%.6f,%d,%d,%d,%d,%d,%.5f,%.5f,%.5f" % ((t,) + tuple(round(d * 65535) for d in duty) + (
                round(seen_V * 1000), height, climb, seen)))
            next_log = t + LOG_S + draw.uniform(-0.0003, 0.0003)
        gust += -gust * STEP_S / 0.4 + draw.gauss(0.0, 0.06) * STEP_S ** 0.5 * (craft.height > 0.0)
        craft.step(duty, gust)
    return 0


if __name__ == "__main__":
    sys.exit(main())
