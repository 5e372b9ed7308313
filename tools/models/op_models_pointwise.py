"""Models of the operators that work element by element: see make_op_models.py."""
import numpy as np

from op_model import Model, tensorflow_outputs
from tflite_write import BOOL, FLOAT32, INT8, INT16, INT32, INT64, UINT8, Operator, Tensor

(ADD, MUL, SUB, DIV, MAXIMUM, MINIMUM, LESS, GREATER, GREATER_EQUAL, LESS_EQUAL, SELECT, EQUAL, NOT_EQUAL, LOGICAL_OR,
 LOGICAL_AND, LOGICAL_NOT, FLOOR_DIV, FLOOR_MOD, SQUARED_DIFFERENCE, ADD_N, SELECT_V2) = (
     0, 18, 41, 42, 55, 57, 58, 61, 62, 63, 64, 71, 72, 84, 86, 87, 90, 95, 99, 106, 123)
(DEQUANTIZE, LOGISTIC, RELU_OP, RELU6_OP, TANH, EXP, CAST, PRELU, NEG, LOG, RSQRT, ZEROS_LIKE, LEAKY_RELU, ABS, ELU,
 QUANTIZE, HARD_SWISH) = (6, 14, 19, 21, 28, 47, 53, 54, 59, 73, 76, 93, 98, 101, 111, 114, 117)
COMPARISONS = {EQUAL: "equal", NOT_EQUAL: "not_equal", LESS: "less", LESS_EQUAL: "less_equal", GREATER: "greater",
               GREATER_EQUAL: "greater_equal"}
OPTIONS = {ADD: 11, MUL: 21, SUB: 28, DIV: 29}  # those with a fused activation in field 0
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)


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


def unary(name, builtin, kinds, count, scales=(None, None), zeros=(0, 0), rest=(), **more):
    """One operator of one input, each a vector of `count`; kinds, scales and zeros are those of x and y."""
    more.setdefault("cases", 3 if count >= 256 else 4)  # case 2 has every int8
    return graph(name, list(zip(("x", "y"), kinds, ([count], [count]), scales, zeros)), [(builtin, ["x"], "y", *rest)],
                 **more)


def elu(name, count, scales, zeros):
    model = unary(name, ELU, (INT8, INT8), count, scales, zeros, source="tf2.17-builtin (BUILTIN_REF has no ELU)")
    model.expected = lambda case: tensorflow_outputs(model.tflite(), [case], reference=False)[0]
    return model


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


def _random_relu(rng, number):
    builtin = int(rng.choice([RELU_OP, RELU6_OP, LEAKY_RELU, HARD_SWISH, ABS]))
    kind = INT8 if builtin == HARD_SWISH else int(rng.choice([INT8, INT16]))
    divisor = 256 if kind == INT16 else 1
    scales = [_scale(rng, 1e-3, 1) / divisor, _scale(rng, 1e-3, 1) / divisor]
    zeros = [_zero(rng, kind), _zero(rng, kind)]
    rest = ()
    if builtin == RELU6_OP:
        scales[1], zeros[1] = scales[0], zeros[0]
    if builtin == LEAKY_RELU:
        rest = (75, [float(rng.choice([0.1, 0.3, 1.5, -0.5, 0.01]))])
    if builtin == HARD_SWISH:
        scales[1] = max(scales[1], scales[0] / 127)
    return unary("unary_%d_%d" % (builtin, number), builtin, (kind, kind), 256, scales, zeros, rest)


def _random_prelu(rng, number):
    shapes = _shapes(rng, 2)
    shapes[0] = shapes[2]
    scales = [_scale(rng), _scale(rng, 1e-3, 0.02), _scale(rng)]
    return binary("prelu_%d" % number, PRELU, INT8, shapes, scales, [_zero(rng, INT8) for _ in range(3)])


def _random_curve(rng, number):
    builtin = int(rng.choice([LOGISTIC, TANH]))
    if rng.random() < 0.5:
        scales = (_scale(rng, 1e-4, 1), 1 / 256 if builtin == LOGISTIC else 1 / 128)
        return unary("curve_%d" % number, builtin, (INT8, INT8), 256, scales, (_zero(rng, INT8), -128 if builtin == LOGISTIC else 0))
    scale = float(rng.choice([2 ** -12, 2 ** -11, 2 ** -12 * 1.0005, 2 ** -13, _scale(rng, 1e-5, 0.01)]))
    return unary("curve16_%d" % number, builtin, (INT16, INT16), 4096, (scale, 2 ** -15))


def _random_table(rng, number):
    builtin = int(rng.choice([EXP, LOG, ELU, RSQRT]))
    kind = INT8 if builtin == ELU else int(rng.choice([INT8, INT16]))
    scale, zeros = _scale(rng, 1e-3, 0.3), [_zero(rng, kind), _zero(rng, kind)]
    scale /= 256 if kind == INT16 else 1
    ranges = {}
    if builtin == ELU:
        return elu("elu_%d" % number, 256, (scale, _scale(rng, 1e-3, 0.1)), zeros)
    if builtin == RSQRT:
        zeros[0] = min(zeros[0], 0)
        ranges = {"x": (zeros[0], 127 if kind == INT8 else 32767)}
    out = _scale(rng, 1e-4, 1) / (256 if kind == INT16 else 1)
    return unary("table_%d_%d" % (builtin, number), builtin, (kind, kind), 4096 if kind == INT16 else 256, (scale, out), zeros, ranges=ranges)


def _random_quantize(rng, number):
    pairs = [(FLOAT32, INT8), (FLOAT32, INT16), (FLOAT32, UINT8), (INT8, INT8), (INT8, UINT8), (INT16, INT8), (INT16, INT16),
             (INT32, INT8), (INT32, INT16), (UINT8, INT8), (UINT8, UINT8)]
    kinds = pairs[int(rng.integers(len(pairs)))]
    scales = [None if k == FLOAT32 else _scale(rng) / (256 if k == INT16 else 1) for k in kinds]
    return unary("quantize_%d" % number, QUANTIZE, kinds, 256, scales, [_zero(rng, k) if k != FLOAT32 else 0 for k in kinds],
                 ranges={"x": (-100000, 100000)} if kinds[0] == INT32 else {})


def _random_cast(rng, number):
    kinds = [int(k) for k in rng.choice([INT8, UINT8, INT16, INT32, INT64, BOOL, FLOAT32], 2)]
    ranges = {"x": (0, 100)} if kinds[0] == FLOAT32 else {}
    return unary("cast_%d" % number, CAST, kinds, 100, rest=(37, kinds), ranges=ranges)


def _random_plain(rng, number):
    builtin, kind = [(ABS, INT32), (ABS, INT16), (ABS, FLOAT32), (NEG, INT32), (NEG, FLOAT32), (ZEROS_LIKE, INT32),
                     (DEQUANTIZE, INT8), (DEQUANTIZE, UINT8), (DEQUANTIZE, INT16)][int(rng.integers(9))]
    if builtin == DEQUANTIZE:
        return unary("dequantize_%d" % number, DEQUANTIZE, (kind, FLOAT32), 256, (_scale(rng), None), (_zero(rng, kind), 0))
    return unary("plain_%d" % number, builtin, (kind, kind), 100)


RANDOM = [_random_relu, _random_relu, _random_prelu, _random_curve, _random_table, _random_table, _random_quantize, _random_cast,
          _random_plain, _random_binary, _random_binary, _random_comparison, _random_choice, _random_floor]


def random_model(rng):
    number = int(rng.integers(10 ** 6))
    return RANDOM[int(rng.integers(len(RANDOM)))](rng, number)
