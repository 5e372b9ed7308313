"""Models of the operators that work element by element: see make_op_models.py."""
import numpy as np

from op_model import Model, tensorflow_outputs
from tflite_write import BOOL, FLOAT32, INT8, INT16, INT32, UINT8, Operator, Tensor

(ADD, MUL, SUB, DIV, MAXIMUM, MINIMUM, LESS, GREATER, GREATER_EQUAL, LESS_EQUAL, SELECT, EQUAL, NOT_EQUAL, LOGICAL_OR,
 LOGICAL_AND, LOGICAL_NOT, FLOOR_DIV, FLOOR_MOD, SQUARED_DIFFERENCE, ADD_N, SELECT_V2) = (
     0, 18, 41, 42, 55, 57, 58, 61, 62, 63, 64, 71, 72, 84, 86, 87, 90, 95, 99, 106, 123)
COMPARISONS = {EQUAL: "equal", NOT_EQUAL: "not_equal", LESS: "less", LESS_EQUAL: "less_equal", GREATER: "greater",
               GREATER_EQUAL: "greater_equal"}
OPTIONS = {ADD: 11, MUL: 21, SUB: 28, DIV: 29}  # those with a fused activation in field 0
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
INT8_GREATER_LIMIT = (-128, 127)


def graph(name, tensors, operators, **more):
    """tensors: (label, type, shape, scale, zero) or Tensors; operators: (builtin, inputs, output, options, fields) by
    label. What no operator writes and has no data is an input, what none reads an output."""
    tensors = [t if isinstance(t, Tensor) else Tensor(*t) for t in tensors]
    index = {t.name: i for i, t in enumerate(tensors)}
    made = []
    for builtin, inputs, output, *rest in operators:
        options, fields = rest if rest else (0, [])
        made.append(Operator(builtin, [index[i] for i in inputs], [index[output]], options, fields))
    read = {i for op in made for i in op.inputs}
    written = {i for op in made for i in op.outputs}
    inputs = [i for i, t in enumerate(tensors) if i not in written and t.data is None]
    if "ranges" in more:
        more["ranges"] = {index[label]: r for label, r in more["ranges"].items()}
    return Model(name, tensors, made, inputs, [i for i in range(len(tensors)) if i in written - read], **more)


def binary(name, builtin, kind, shapes, scales=(None, None, None), zeros=(0, 0, 0), activation=NONE, out=None, **more):
    """One operator of two inputs; shapes, scales and zeros are those of x1, x2, y."""
    kinds = (kind, kind, kind if out is None else out)
    rest = (OPTIONS[builtin], [activation]) if builtin in OPTIONS else (0, [])
    return graph(name, list(zip(("x1", "x2", "y"), kinds, shapes, scales, zeros)), [(builtin, ["x1", "x2"], "y", *rest)],
                 **more)


def division(name, kind, shapes, scales, zeros, activation=NONE, **more):
    """DIV. TensorFlow divides uint8 only, where the formula sees nothing but x - zero: its result, less 128, is that of
    int8. Its reference is undefined (shifts by more than 31) where |x1 - zero| 2^-7 scale1 / (scale2 scale) is far
    below 1: keep x1 more than 64 from its zero and the ratio of scales at 1/2 or more."""
    if kind == UINT8:
        return binary(name, DIV, kind, shapes, scales, zeros, activation, **more)
    twin = binary(name, DIV, UINT8, shapes, scales, [z + 128 for z in zeros], activation)

    def expected(case):
        shifted = [(x.astype(np.int16) + 128).astype(np.uint8) for x in case]
        return [(y.astype(np.int16) - 128).astype(np.int8) for y in tensorflow_outputs(twin.tflite(), [shifted])[0]]

    return binary(name, DIV, kind, shapes, scales, zeros, activation, expected=expected, source="tf2.17-ref by uint8", **more)


def models():
    return [
        binary("add_rank5", ADD, INT8, [[2, 1, 3, 1, 5], [3, 2, 1], [2, 1, 3, 2, 5]], [0.02, 0.03, 0.05], [3, -7, 11]),
        binary("add_int16_broadcast", ADD, INT16, [[2, 3, 4], [1, 4], [2, 3, 4]], [0.0002, 0.0003, 0.0006],
               activation=RELU),
    ]


# ---- random models, for make_op_models.py --check --random ----

def _shapes(rng, count, rank_max=4):
    """count input shapes and the one they broadcast to."""
    out = [int(d) for d in rng.integers(1, 6, rng.integers(1, rank_max + 1))]
    if rng.random() < 0.4:
        return [out] * count + [out]
    shapes = [[d if rng.random() < 0.6 else 1 for d in out] for _ in range(count)]
    shapes[int(rng.integers(count))] = out
    drop = [int(rng.integers(0, len(s))) if all(d == 1 for d in s[:1]) else 0 for s in shapes]
    return [s[1:] if k and s[0] == 1 and len(s) > 1 else s for s, k in zip(shapes, drop)] + [out]


def _scale(rng, low=1e-3, high=0.3):
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _zero(rng, kind):
    if kind == INT16:
        return 0
    low = 0 if kind == UINT8 else -128
    return int(rng.choice([low, low + 255, low + 128, low + int(rng.integers(256))]))


def _random_binary(rng, number):
    builtin = int(rng.choice([ADD, SUB, MUL, SQUARED_DIFFERENCE, DIV]))
    kind = int(rng.choice([INT8, INT8, INT8, INT16, INT32]))
    if builtin == DIV and kind == INT16:
        kind = INT8
    shapes = _shapes(rng, 2)
    activation = int(rng.integers(4)) if builtin in OPTIONS else NONE
    if kind == INT32 and builtin == DIV:
        return binary("binary_%d" % number, builtin, kind, shapes, activation=activation, ranges={"x2": (1, 50)})
    if kind == INT32:
        return binary("binary_%d" % number, builtin, kind, shapes, activation=activation,
                      ranges={"x1": (-2 ** 31, 2 ** 31 - 1), "x2": (-2 ** 31, 2 ** 31 - 1)} if number % 2 else {})
    zeros = [_zero(rng, kind) for _ in range(3)]
    scales = [_scale(rng) for _ in range(3)]
    ranges = {}
    if kind == INT16:
        scales = [s / 256 for s in scales]
    if builtin in (MUL, SQUARED_DIFFERENCE):
        scales[2] = scales[0] * scales[1] * float(rng.choice([0.5, 10, 100, 3000])) * (256 if kind == INT16 else 1)
    elif builtin == DIV:
        zeros[1] = int(rng.integers(-128, 100))
        scales[2] = scales[0] / scales[1] * float(np.exp(rng.uniform(-5, 0.6)))
        zeros[0] = int(rng.integers(-128, 50))
        ranges = {"x2": (zeros[1] + 1, 127)} if rng.random() < 0.7 or zeros[1] < -100 else {"x2": (-128, zeros[1] - 1)}
        ranges["x1"] = (-128, zeros[0] - 65) if zeros[0] >= 0 else (zeros[0] + 65, 127)
        return division("div_%d" % number, kind, shapes, scales, zeros, activation, ranges=ranges)
    else:
        scales[2] = max(scales[0], scales[1], scales[2])
    return binary("binary_%d" % number, builtin, kind, shapes, scales, zeros, activation, ranges=ranges)


def _random_comparison(rng, number):
    builtin = int(rng.choice(list(COMPARISONS)))
    kind = int(rng.choice([INT8, INT8, INT8, INT16, INT32, FLOAT32, BOOL]))
    shapes = _shapes(rng, 2)
    name = "%s_%d" % (COMPARISONS[builtin], number)
    if kind not in (INT8, INT16):
        return binary(name, builtin, kind, shapes, out=BOOL, ranges={"x1": (-3, 3), "x2": (-3, 3)} if kind == INT32 else {})
    scale = _scale(rng) / (256 if kind == INT16 else 1)
    scales = [scale, scale * float(rng.choice([1, 1, 2, 1.1])), None]
    return binary(name, builtin, kind, shapes, scales, [_zero(rng, kind), _zero(rng, kind), 0], out=BOOL)


def _random_choice(rng, number):
    shapes = _shapes(rng, 3)
    which = int(rng.integers(4))
    if which == 0:
        kind = int(rng.choice([INT8, INT16, INT32, FLOAT32, BOOL, UINT8]))
        return graph("select_v2_%d" % number, [("c", BOOL, shapes[0]), ("x1", kind, shapes[1]), ("x2", kind, shapes[2]),
                                               ("y", kind, shapes[3])], [(SELECT_V2, ["c", "x1", "x2"], "y", 98, [])])
    if which == 1:
        kind, out = int(rng.choice([INT8, INT16, INT32])), shapes[3]
        condition = [out, [out[0]], [1]][int(rng.integers(3))]
        return graph("select_%d" % number, [("c", BOOL, condition), ("x1", kind, out), ("x2", kind, out),
                                            ("y", kind, out)], [(SELECT, ["c", "x1", "x2"], "y", 48, [])])
    shapes = _shapes(rng, 2)
    if which == 2:
        return binary("logical_%d" % number, int(rng.choice([LOGICAL_AND, LOGICAL_OR])), BOOL, shapes)
    kind = int(rng.choice([INT8, INT16, INT32]))
    scale, zero = (None, 0) if kind == INT32 else (0.02, _zero(rng, kind))
    return binary("extremum_%d" % number, int(rng.choice([MAXIMUM, MINIMUM])), kind, shapes, [scale] * 3, [zero] * 3)


def _random_floor(rng, number):
    kind = int(rng.choice([INT8, INT16, INT32]))
    low = {INT8: -128, INT16: -32768, INT32: -2 ** 31}[kind]
    ranges = {"x2": (1, 9)} if rng.random() < 0.5 else {"x2": (low, -2)}
    return binary("floor_%d" % number, int(rng.choice([FLOOR_DIV, FLOOR_MOD])), kind, _shapes(rng, 2), ranges=ranges)


RANDOM = [_random_binary, _random_binary, _random_comparison, _random_choice, _random_floor]


def random_model(rng):
    number = int(rng.integers(10 ** 6))
    return RANDOM[int(rng.integers(len(RANDOM)))](rng, number)
