#!/usr/bin/env python3
"""Writes the CSV behind assets/recordings/elevator_synthetic.h5: SYNTHETIC data in the form of a real logger's file.

    tools/recordings/make_elevator.py > elevator_synthetic.csv
    twinloop import elevator_synthetic.csv --map assets/maps/elevator_synthetic.lua -o assets/recordings/elevator_synthetic.h5

A lift rides 4-0-4 with an inertial unit on its floor. Made to be recognisably something else than the twin that is
scored against it: no closed form, but a drive that chases a speed set point every 2 ms under a jerk and an acceleration
limit and brakes when the way left says so, a car on a rope (a damped spring of 3 Hz), guide rails that shake it while it
moves, a sensor with bias, noise and steps, and a logger that is not quite regular. Standard library only; fixed seed.
"""
import random
import sys

SEED = 19950404
STEP_S = 0.002
FLOOR_M, SPEED, LIMIT, JERK = 3.45, 0.98, 0.72, 1.1  # hidden truth
CREEP, CREEP_M = 0.085, 0.21
ROPE_PER_S2, ROPE_DAMPING_PER_S = (2.0 * 3.14159265 * 3.0) ** 2, 9.0
BIAS, NOISE, RESOLUTION = -0.006, 0.009, 0.0005 * 9.81
DEPARTURES = ((4.2, -4 * FLOOR_M), (33.1, 4 * FLOOR_M))  # second, way
DURATION_S = 60.0


class Drive:
    """Speed of the sheave: follows a target under both limits, and brakes for levelling and for the stop."""

    def __init__(self):
        self.left, self.way, self.speed, self.acceleration = 0.0, 1.0, 0.0, 0.0

    def depart(self, way):
        self.left, self.way = abs(way), 1.0 if way > 0 else -1.0

    def brake_m(self, target):
        """Way of an S-curve from the speed now to the target."""
        change = max(self.speed - target, 0.0)
        peak = min(LIMIT, (change * JERK) ** 0.5)
        duration = change / peak + peak / JERK if peak > 0 else 0.0
        return 0.5 * (self.speed + target) * duration

    def target(self):
        if self.left <= 0.0:
            return 0.0
        if self.speed > CREEP + 1e-3:
            return CREEP if self.left - CREEP_M - 0.5 * CREEP * 0.6 <= self.brake_m(CREEP) else SPEED
        if self.left > CREEP_M + 1.0:
            return SPEED
        return 0.0 if self.left <= self.brake_m(0.0) else CREEP

    def step(self):
        error = self.target() - self.speed
        # The acceleration from which the jerk limit can still end at the target.
        best = min(LIMIT, (2.0 * JERK * abs(error)) ** 0.5) * (1.0 if error > 0 else -1.0)
        change = max(-JERK * STEP_S, min(JERK * STEP_S, best - self.acceleration))
        self.acceleration += change
        self.speed = max(self.speed + self.acceleration * STEP_S, 0.0)
        self.left -= self.speed * STEP_S
        if self.left < 0.004 and self.speed < 0.01:
            self.left = self.speed = self.acceleration = 0.0
        return self.way * self.speed


def main():
    draw = random.Random(SEED)
    drive, plan = Drive(), list(DEPARTURES)
    car_speed = stretch = shake = 0.0
    next_log = 0.0
    print("time,acceleration")
    for k in range(int(DURATION_S / STEP_S) + 1):
        t = k * STEP_S
        if plan and t >= plan[0][0]:
            drive.depart(plan.pop(0)[1])
        rope_speed = drive.step()
        # The car hangs on the rope; the rails shake it as it moves.
        acceleration = ROPE_PER_S2 * stretch + ROPE_DAMPING_PER_S * (rope_speed - car_speed)
        stretch += (rope_speed - car_speed) * STEP_S
        car_speed += acceleration * STEP_S
        shake += -shake * STEP_S / 0.05 + draw.gauss(0.0, 0.15) * abs(rope_speed) * STEP_S ** 0.5
        if t >= next_log:
            seen = acceleration + shake + BIAS + draw.gauss(0.0, NOISE)
            print("%.4f,%.6f" % (t, round(seen / RESOLUTION) * RESOLUTION))
            next_log = t + 0.099 + draw.uniform(-0.012, 0.012)
    return 0


if __name__ == "__main__":
    sys.exit(main())
