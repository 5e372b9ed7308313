"""MuJoCo with one thread, for `bench arm --peers`.

Reads requests from standard input, one a line, and answers each with one line of JSON:
    arm COUNT GX GY GZ then 16 numbers a joint   {"version": "x.y.z"}: builds the model
        (a alpha d theta mass com[3] inertia[xx yy zz xy xz yz] armature viscous; modified Denavit-Hartenberg)
    after STEPS q[COUNT] torque[COUNT]           {"q": [...]}: angles after STEPS Euler steps from rest
    time SECONDS                                 {"steps_per_s": x, "integrator": name}: the faster of its two
        integrators that take damping implicitly, as the twin does
The model is what MuJoCo steps fastest: no contacts, no constraints, no limits, no sensors, no actuators; mj_step loops
in C over many steps.
"""
import json
import sys
import time

import mujoco
import numpy as np

DT_S = 0.001
STEPS_AT_ONCE = 2000


def numbers(values):
    return " ".join(format(float(v), ".17g") for v in values)


def model_text(gravity, links, integrator):
    text = f'<mujoco><compiler angle="radian"/><option timestep="{DT_S}" integrator="{integrator}" gravity="{numbers(gravity)}">'
    text += '<flag contact="disable" constraint="disable" limit="disable" actuation="disable" sensor="disable"/></option><worldbody>'
    for a, alpha, d, theta, mass, cx, cy, cz, xx, yy, zz, xy, xz, yz, armature, viscous in links:
        turn = np.zeros(4)
        mujoco.mju_mulQuat(turn, np.array([np.cos(alpha / 2), np.sin(alpha / 2), 0, 0]),
                           np.array([np.cos(theta / 2), 0, 0, np.sin(theta / 2)]))
        text += f'<body pos="{numbers([a, -np.sin(alpha) * d, np.cos(alpha) * d])}" quat="{numbers(turn)}">'
        text += f'<inertial pos="{numbers([cx, cy, cz])}" mass="{numbers([mass])}" fullinertia="{numbers([xx, yy, zz, xy, xz, yz])}"/>'
        text += f'<joint axis="0 0 1" armature="{numbers([armature])}" damping="{numbers([viscous])}"/>'
    return text + "</body>" * len(links) + "</worldbody></mujoco>"


class Arm:
    """One model for each integrator, one state."""

    def __init__(self, values):
        count = int(values[0])
        links = np.array(values[4:4 + 16 * count]).reshape(count, 16)
        self.count = count
        self.models = {name: mujoco.MjModel.from_xml_string(model_text(values[1:4], links, name))
                       for name in ("Euler", "implicitfast")}
        self.q, self.torque = np.zeros(count), np.zeros(count)

    def data(self, model):
        data = mujoco.MjData(model)
        data.qpos, data.qfrc_applied = self.q, self.torque
        return data

    def after(self, values):
        steps, self.q, self.torque = int(values[0]), values[1:1 + self.count], values[1 + self.count:]
        data = self.data(self.models["Euler"])
        mujoco.mj_step(self.models["Euler"], data, steps)
        return {"q": list(data.qpos)}

    def time(self, seconds):
        rates = {}
        for name, model in self.models.items():
            data = self.data(model)
            mujoco.mj_step(model, data, STEPS_AT_ONCE)
            begin, steps = time.process_time(), 0
            while time.process_time() - begin < seconds / 2:
                mujoco.mj_step(model, data, STEPS_AT_ONCE)
                steps += STEPS_AT_ONCE
            rates[name] = steps / (time.process_time() - begin)
        best = max(rates, key=rates.get)
        return {"steps_per_s": rates[best], "integrator": best}


def main():
    arm = None
    for line in sys.stdin:
        word, *rest = line.split()
        values = [float(x) for x in rest]
        if word == "arm":
            arm = Arm(values)
            answer = {"version": mujoco.__version__}
        elif word == "after":
            answer = arm.after(values)
        else:
            answer = arm.time(values[0])
        print(json.dumps(answer), flush=True)


main()
