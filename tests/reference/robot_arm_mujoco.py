#!/usr/bin/env python3
"""robot_arm_mujoco.py: serial arms with random links, and what MuJoCo computes for them, as plain numbers.

test_robot_arm_mujoco.c holds twins/robot_arm to tests/golden/robot_arm_mujoco.txt, which this script writes:
  pip install mujoco numpy; python3 tests/reference/robot_arm_mujoco.py tests/golden/robot_arm_mujoco.txt
Every arm is drawn here from a seed; frames are modified Denavit-Hartenberg ones, inertias about centres of mass.
"""
import sys

import mujoco
import numpy as np

STEPS, DT_S = 200, 0.001


def link(rng):
    """Link parameters of a body that could exist: principal inertias obey the triangle inequality."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    squares = rng.uniform(0.002, 0.02, 3)
    inertia = turn @ np.diag([squares[1] + squares[2], squares[0] + squares[2], squares[0] + squares[1]]) @ turn.T
    mass = rng.uniform(0.5, 5.0)
    return {
        "a": rng.uniform(-0.4, 0.4), "alpha": rng.uniform(-np.pi, np.pi), "d": rng.uniform(-0.4, 0.4),
        "theta": rng.uniform(-np.pi, np.pi), "mass": mass, "com": rng.uniform(-0.15, 0.15, 3),
        "inertia": [inertia[0, 0], inertia[1, 1], inertia[2, 2], inertia[0, 1], inertia[0, 2], inertia[1, 2]],
        "armature": rng.uniform(0.0, 0.2), "viscous": rng.uniform(0.0, 2.0),
    }


def numbers(values):
    return " ".join(format(float(v), ".17g") for v in values)


def quaternion_product(a, b):
    out = np.zeros(4)
    mujoco.mju_mulQuat(out, np.array(a), np.array(b))
    return out


def model_of(links, gravity, tool):
    text = f'<mujoco><compiler angle="radian"/><option timestep="{DT_S}" integrator="Euler" gravity="{numbers(gravity)}">'
    text += '<flag contact="disable" energy="enable"/></option><worldbody>'
    for i, l in enumerate(links):
        position = [l["a"], -np.sin(l["alpha"]) * l["d"], np.cos(l["alpha"]) * l["d"]]
        turn = quaternion_product([np.cos(l["alpha"] / 2), np.sin(l["alpha"] / 2), 0, 0],
                                  [np.cos(l["theta"] / 2), 0, 0, np.sin(l["theta"] / 2)])
        text += f'<body pos="{numbers(position)}" quat="{numbers(turn)}">'
        text += f'<inertial pos="{numbers(l["com"])}" mass="{numbers([l["mass"]])}" fullinertia="{numbers(l["inertia"])}"/>'
        text += f'<joint axis="0 0 1" armature="{numbers([l["armature"]])}" damping="{numbers([l["viscous"]])}"/>'
    text += f'<site name="tool" pos="{numbers(tool)}"/>' + "</body>" * len(links) + "</worldbody></mujoco>"
    return mujoco.MjModel.from_xml_string(text)


def arm(out, count, rng):
    links, gravity, tool = [link(rng) for _ in range(count)], rng.normal(0.0, 6.0, 3), rng.uniform(-0.2, 0.2, 3)
    model = model_of(links, gravity, tool)
    data = mujoco.MjData(model)
    q, speed, acceleration = rng.uniform(-np.pi, np.pi, count), rng.normal(0.0, 2.0, count), rng.normal(0.0, 5.0, count)
    torque = rng.normal(0.0, 5.0, count)
    print("arm", count, file=out)
    print("gravity", numbers(gravity), file=out)
    print("tool", numbers(tool), file=out)
    for l in links:
        print("link", numbers([l["a"], l["alpha"], l["d"], l["theta"], l["mass"], *l["com"], *l["inertia"], l["armature"],
                               l["viscous"]]), file=out)
    print("motion", numbers([*q, *speed, *acceleration]), file=out)
    print("torque", numbers(torque), file=out)

    data.qpos, data.qvel, data.qacc = q, speed, acceleration
    mujoco.mj_inverse(model, data)  # includes armature and damping
    print("inverse", numbers(data.qfrc_inverse), file=out)
    data.qfrc_applied = torque
    mujoco.mj_forward(model, data)
    print("pose", numbers([*data.site("tool").xpos, *data.site("tool").xmat]), file=out)
    print("energy", numbers([data.energy[0] + data.energy[1]]), file=out)
    for _ in range(STEPS):
        mujoco.mj_step(model, data)
    print("after", numbers([*data.qpos, *data.qvel]), file=out)


def main():
    rng = np.random.default_rng(20190701)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        print(f"# made by tests/reference/robot_arm_mujoco.py with MuJoCo {mujoco.__version__};", file=out)
        print(f"# after: angles and speeds after {STEPS} Euler steps of {DT_S} s under constant torques", file=out)
        for count in (1, 2, 3, 4, 5, 6, 6, 7, 7, 7):
            arm(out, count, rng)
        print("end", file=out)


main()
