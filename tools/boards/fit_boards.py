"""fit_boards.py ANCHORS.csv FOLDER [--check]: board profiles (docs/boards.md) from published MLPerf Tiny results.

ANCHORS.csv has a row per published result: round, submitter, system, core, mhz, framework, hw_notes, bench,
cycles_per_inf, avg_power_mW and others. FOLDER gets one JSON file for each row of PROFILES. --check writes nothing and
fails when a file there differs from what the fit gives.

Model, for a network m with work x[m][k] (multiply-accumulates by kind, elements, operators):

    cycles(board, m) = sum over k of c[board][k] * x[m][k],  c >= 0

Only four networks are published, so at most four of the six rates of a board can be told apart. The rest comes from a
prior, in two steps, both non-negative least squares on relative errors:

1. shape: one vector of rates for all systems, each with a scale s of its own; alternating: s in closed form, then
   the shape. Pulled towards PRIOR with weight LAMBDA_SHAPE a system.
2. board: the rates of one system, pulled towards s * shape with weight LAMBDA_BOARD.

Error: a network is left out of both steps, for every system, and predicted: what to expect of a network that nobody
has measured. Or only the one point (board, network) is left out. Each is the root mean square over the four networks;
whoever shows a figure shows the larger one beside it. A third one leaves the board out and predicts it from other boards
of its core, by their geometric mean scale: what to expect of a board that nobody has measured. No library, no random numbers, no clock: the same files anywhere."""
import csv
import json
import math
import os
import sys

KINDS = ["conv", "pointwise", "depthwise", "dense", "element", "op"]
NETWORKS = ["ad", "kws", "ic", "vww"]
# Work of the four networks, as engine/edge/energy/board_cost.c counts it (tests/edge/test_board.c compares).
WORK = {
    "ad": [0, 0, 0, 264192, 1672, 10],
    "kws": [320000, 2048000, 288000, 768, 80088, 13],
    "ic": [12238848, 262144, 0, 640, 118868, 16],
    "vww": [497664, 6193152, 798336, 512, 234116, 31],
}
# Assumed where the data say nothing: every MAC alike but the depthwise one, which finds no data twice.
PRIOR = [1.0, 1.0, 2.0, 1.0, 8.0, 2000.0]
LAMBDA_SHAPE, LAMBDA_BOARD = 0.1, 0.1  # of 0.001 .. 1, those that predict left-out networks best
ACCELERATED = "U3C5"  # has a matrix unit: another shape

BOARDS = ["L4R5ZI", "H7A3ZI", "U575ZI", "U585I", "U385RG", "G0B1RE", "F746NG", "NRF5340", "062_4343W", "M467HJ"]

PROFILES = [  # id, round, submitter, system, title, software
    ("nucleo-l4r5zi-tflm", "v0.5", "reference", "Nucleo-L4R5ZI", "NUCLEO-L4R5ZI, 1.8 V", "TensorFlow Lite for Microcontrollers 2.3.1, CMSIS-NN"),
    ("nucleo-l4r5zi-xcubeai", "v1.1", "STMicroelectronics", "NUCLEO_L4R5ZI", "NUCLEO-L4R5ZI, 1.8 V", "X-CUBE-AI 8.1.0"),
    ("nucleo-l4r5zi-3v-xcubeai", "v1.1", "Krai", "NUCLEO-L4R5ZI_X-CUBE-AI-8.0", "NUCLEO-L4R5ZI, 3.0 V", "X-CUBE-AI 8.0.0"),
    ("nucleo-l4r5zi-p-xcubeai", "v1.3", "STMicroelectronics", "NUCLEO_L4R5ZI-P", "NUCLEO-L4R5ZI-P, SMPS", "X-CUBE-AI 10.2"),
    ("nucleo-l4r5zi-plumerai", "v1.1", "plumerai", "NUCLEO-L4R5ZI", "NUCLEO-L4R5ZI", "Plumerai Inference Engine 2023.05"),
    ("nucleo-l4r5zi-microtvm", "v1.1", "Krai", "NUCLEO-L4R5ZI_MICROTVM-CMSIS-NN", "NUCLEO-L4R5ZI, 3.0 V", "microTVM, CMSIS-NN"),
    ("nucleo-u575zi-q-xcubeai", "v1.1", "STMicroelectronics", "NUCLEO_U575ZI_Q", "NUCLEO-U575ZI-Q, 1.8 V, SMPS", "X-CUBE-AI 8.1.0"),
    ("nucleo-u575zi-q-xcubeai10", "v1.3", "STMicroelectronics", "NUCLEO_U575ZI_Q", "NUCLEO-U575ZI-Q, 1.8 V, SMPS", "X-CUBE-AI 10.2"),
    ("nucleo-u385rg-q-xcubeai", "v1.3", "STMicroelectronics", "NUCLEO_U385RG_Q", "NUCLEO-U385RG-Q, 1.8 V, SMPS", "X-CUBE-AI 10.2"),
    ("nucleo-h7a3zi-q-xcubeai", "v1.1", "STMicroelectronics", "NUCLEO_H7A3ZI_Q", "NUCLEO-H7A3ZI-Q, 3 V, SMPS", "X-CUBE-AI 8.1.0"),
    ("nucleo-g0b1re-hale", "v1.1", "bosch", "NUCLEO_G0B1RE", "NUCLEO-G0B1RE", "Bosch HALE 1.0"),
    ("disco-f746ng-hale", "v1.1", "bosch", "DISCO_F746NG", "DISCO-F746NG", "Bosch HALE 1.0"),
    ("nrf5340-dk-microtvm", "v1.1", "Krai", "NRF5340-DK_MICROTVM-CMSIS-NN", "nRF5340-DK", "microTVM, CMSIS-NN"),
    ("cy8cproto-062-4343w-plumerai", "v1.1", "plumerai", "CY8CPROTO-062-4343W", "CY8CPROTO-062-4343W", "Plumerai Inference Engine 2023.05"),
    ("numaker-m467hj-onnc", "v1.1", "Nuvoton", "NUMAKER_M467HJ-zephyr", "NuMaker-M467HJ", "ONNC, Zephyr"),
]


def predict(rates, network):
    return sum(c * x for c, x in zip(rates, WORK[network]))


def least_squares(rows, right):
    """Minimises |rows * c - right| over c >= 0, by coordinate descent on the normal equations (they are positive
    definite: every caller adds a pull). Returns c."""
    n = len(rows[0])
    square = [[sum(r[i] * r[j] for r in rows) for j in range(n)] for i in range(n)]
    target = [sum(r[i] * y for r, y in zip(rows, right)) for i in range(n)]
    c = [1.0] * n
    for _ in range(100000):
        moved = 0.0
        for i in range(n):
            rest = sum(square[i][j] * c[j] for j in range(n) if j != i)
            value = max(0.0, (target[i] - rest) / square[i][i])
            moved = max(moved, abs(value - c[i]))
            c[i] = value
        if moved < 1e-13:
            break
    return c


def scale_of(cycles, shape, networks):
    """The s that minimises the sum of (s * shape / published - 1)^2."""
    part = [predict(shape, m) / cycles[m] for m in networks]
    return sum(part) / sum(p * p for p in part)


def pull(weight):
    root = math.sqrt(weight)
    return [[root if i == j else 0.0 for j in range(len(KINDS))] for i in range(len(KINDS))], [root] * len(KINDS)


def fit_shape(systems, networks):
    shape = list(PRIOR)
    for _ in range(60):
        rows, right = pull(LAMBDA_SHAPE * len(systems))
        for cycles in systems:
            s = scale_of(cycles, shape, networks)
            for m in networks:
                rows.append([s * p * x / cycles[m] for p, x in zip(PRIOR, WORK[m])])
                right.append(1.0)
        shape = [c * p for c, p in zip(least_squares(rows, right), PRIOR)]
    return shape


def fit_board(cycles, shape, networks):
    s = scale_of(cycles, shape, networks)
    rows, right = pull(LAMBDA_BOARD)
    for m in networks:
        rows.append([s * p * x / cycles[m] for p, x in zip(shape, WORK[m])])
        right.append(1.0)
    return [c * s * p for c, p in zip(least_squares(rows, right), shape)]


def root_mean_square(values):
    return math.sqrt(sum(v * v for v in values) / len(values))


def read_systems(path):
    systems = {}
    for row in csv.DictReader(open(path)):
        systems.setdefault((row["round"], row["submitter"], row["system"]), {})[row["bench"]] = row
    return {k: v for k, v in systems.items() if len(v) == len(NETWORKS) and ACCELERATED not in k[2]}


def rounded(value):
    return float("%.6g" % value)


def board_of(system_name):
    """Which of BOARDS a system's name means; they are spelt in many ways."""
    plain = system_name.upper().replace("-", "_")
    return next(b for b in BOARDS if b in plain)


def cycles_of(system):
    return {m: float(r["cycles_per_inf"]) for m, r in system.items()}


def board_error(systems, key):
    """Root mean square error of predicting a system from boards that are not its own; None without one of its core."""
    others = [s for k, s in systems.items() if board_of(k[2]) != board_of(key[2])]
    alike = [cycles_of(s) for s in others if s["ad"]["core"] == systems[key]["ad"]["core"]]
    if not alike:
        return None
    shape = fit_shape([cycles_of(s) for s in others], NETWORKS)
    scale = math.exp(sum(math.log(scale_of(c, shape, NETWORKS)) for c in alike) / len(alike))
    cycles = cycles_of(systems[key])
    return rounded(root_mean_square([scale * predict(shape, m) / cycles[m] - 1.0 for m in NETWORKS]))


class Fit:
    """The shape from all networks, and from all but one."""

    def __init__(self, systems):
        self.systems = systems
        cycles = [cycles_of(s) for s in systems.values()]
        self.shape = fit_shape(cycles, NETWORKS)
        self.shape_without = {m: fit_shape(cycles, [n for n in NETWORKS if n != m]) for m in NETWORKS}

    def points(self, cycles):
        """Rates, and per network (published, fitted, network unseen, point unseen)."""
        rates = [rounded(c) for c in fit_board(cycles, self.shape, NETWORKS)]
        points = {}
        for m in NETWORKS:
            others = [n for n in NETWORKS if n != m]
            unseen = predict(fit_board(cycles, self.shape_without[m], others), m)
            point = predict(fit_board(cycles, self.shape, others), m)
            points[m] = (cycles[m], predict(rates, m), unseen, point)
        return rates, points


def error_of(points, which):
    return rounded(root_mean_square([p[which] / p[0] - 1.0 for p in points.values()]))


def profile_of(row, system, fit):
    name, round_, submitter, system_name, title, software = row
    rates, points = fit.points(cycles_of(system))
    powers = [float(r["avg_power_mW"]) / 1e3 for r in system.values() if r["avg_power_mW"]]
    mean = sum(powers) / len(powers) if powers else 0.0
    return {
        "schema": "twinloop.board/1",
        "label": "modelled",
        "board": title,
        "core": system["ad"]["core"],
        "software": software,
        "source": "MLPerf Tiny %s closed, %s, %s" % (round_, submitter, system_name),
        "clock_Hz": float(system["ad"]["mhz"]) * 1e6,
        "cycles": dict(zip(KINDS, rates)),
        "cycles_error": {"network_left_out": error_of(points, 2), "point_left_out": error_of(points, 3), "board_left_out": board_error(fit.systems, row[1:4]), "fit": error_of(points, 1)},
        "power_W": rounded(mean),
        "power_error": rounded(max(abs(p / mean - 1.0) for p in powers)) if powers else 0.0,
        "points": [{"network": m, "published": p[0], "fitted": rounded(p[1]), "unseen": rounded(p[2])} for m, p in points.items()],
    }


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--check"]):
        sys.exit(__doc__.splitlines()[0])
    systems = read_systems(sys.argv[1])
    fit = Fit(systems)
    errors, stale = [], 0
    for row in PROFILES:
        profile = profile_of(row, systems[row[1:4]], fit)
        error = profile["cycles_error"]
        errors.append(max(error["network_left_out"], error["point_left_out"]))
        board = "%5.1f %%" % (100 * error["board_left_out"]) if error["board_left_out"] is not None else "no other"
        print("%-29s fit %4.1f %%  left out: point %4.1f %%  network %4.1f %%  board %s" % (row[0], 100 * error["fit"], 100 * error["point_left_out"], 100 * error["network_left_out"], board))
        path = os.path.join(sys.argv[2], row[0] + ".json")
        text = json.dumps(profile, indent=2) + "\n"
        if sys.argv[3:]:
            if not os.path.exists(path) or open(path).read() != text:
                print("%s is not what the fit gives" % path)
                stale += 1
        else:
            open(path, "w").write(text)
    print("%d systems, %d profiles, %.1f %% over all, the larger one of each" % (len(systems), len(PROFILES), 100 * root_mean_square(errors)))
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
