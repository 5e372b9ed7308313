"""Models of the operators that work element by element: see make_op_models.py.

TensorFlow is no oracle in all of them; TFLite Micro, which we follow, differs now and then by one step where
  LOGISTIC, TANH int8   TFLite's are tables of the true function, TFLite Micro's fixed point
  RELU, LEAKY_RELU, ABS, MUL   TFLite forms the ratio of scales in float, TFLite Micro in double
  LEAKY_RELU, alpha < 0 halves go the other way
  RSQRT int16           TFLite's is a table
  ADD int32             TFLite Micro ignores the fused activation
  DIV, ADD_N, ELU       see division(), add_n(), elu()
  SQRT, RSQRT float32   TensorFlow's build does not round to the nearest, TFLite Micro's does, as a Cortex-M's unit
  CEIL, ROUND           BUILTIN_REF has none
The kept models have none of these steps, a random one may.
"""
import math

import numpy as np

from op_model import NUMPY, Model, tensorflow_outputs
from tflm_oracle import tflm_outputs
from tflite_write import BOOL, FLOAT32, INT8, INT16, INT32, INT64, UINT8, Operator, Tensor

(ADD, MUL, SUB, DIV, MAXIMUM, MINIMUM, LESS, GREATER, GREATER_EQUAL, LESS_EQUAL, SELECT, EQUAL, NOT_EQUAL, LOGICAL_OR,
 LOGICAL_AND, LOGICAL_NOT, FLOOR_DIV, FLOOR_MOD, SQUARED_DIFFERENCE, ADD_N, SELECT_V2) = (
     0, 18, 41, 42, 55, 57, 58, 61, 62, 63, 64, 71, 72, 84, 86, 87, 90, 95, 99, 106, 123)
(DEQUANTIZE, LOGISTIC, RELU_OP, RELU6_OP, TANH, EXP, CAST, PRELU, NEG, LOG, RSQRT, ZEROS_LIKE, LEAKY_RELU, ABS, ELU,
 QUANTIZE, HARD_SWISH) = (6, 14, 19, 21, 28, 47, 53, 54, 59, 73, 76, 93, 98, 101, 111, 114, 117)
FLOOR, SQRT, SQUARE, CEIL, ROUND = 8, 75, 92, 104, 116
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


def _rescaled(x, real):
    """x * real, rounded twice: to 31 bits and by the shift (the README's SRDHM, then RDBP), for real < 1."""
    fraction, shift = math.frexp(real)
    product = x * math.floor(fraction * 2 ** 31 + 0.5)
    high = int(math.copysign((abs(product) + 2 ** 30 - (product < 0)) // 2 ** 31, product))
    return int(math.copysign((abs(high) + (1 << -shift >> 1)) >> -shift, high)) if shift < 0 else high


def add_n(name, inputs, shape, scales, zeros):
    """int8, which only TFLite Micro has: (x - zero) * 2^19 summed (that is ADD's common scale where all scales are the
    same), times 2 scale / (2^20 scale out); its sum begins with -zero * 2^19."""
    labels = ["x%d" % i for i in range(inputs)]

    def expected(case):
        total = (sum(x.astype(np.int64) - zeros[0] for x in case) - zeros[0]) * 2 ** 19
        real = 2 * float(np.float32(scales[0])) / (2 ** 20 * float(np.float32(scales[1])))
        y = np.array([_rescaled(int(t), real) for t in total.ravel()]) + zeros[1]
        return [np.clip(y, -128, 127).astype(np.int8).reshape(shape)]

    return graph(name, [(x, INT8, shape, scales[0], zeros[0]) for x in labels] + [("y", INT8, shape, scales[1], zeros[1])],
                 [(ADD_N, labels, "y")], expected=expected, source="TFLite Micro's formula in numpy")


def by_tflm(model):
    """With TFLite Micro itself as the oracle, where TFLite does something else."""
    model.source = "tflm"
    model.expected = lambda case: tflm_outputs(model.tflite(), [case], len(model.outputs), False)[0]
    return model


def several(name, count, rows, **more):
    """Operators side by side, each with its own input and output: rows of (builtin, kinds, scales, zeros[, options,
    fields]); ranges are labelled x0, x1, ..."""
    tensors, operators = [], []
    for i, (builtin, kinds, scales, zeros, *rest) in enumerate(rows):
        tensors += [("x%d" % i, kinds[0], [count], scales[0], zeros[0]), ("y%d" % i, kinds[1], [count], scales[1], zeros[1])]
        operators.append((builtin, ["x%d" % i], "y%d" % i, *rest))
    more.setdefault("cases", 3 if count >= 256 else 4)
    return graph(name, tensors, operators, **more)


def shared_inputs(name, builtins, kind, shapes, scales=(None, None, None), zeros=(0, 0, 0), out=None, **more):
    """Operators that read the same two inputs."""
    tensors = [("x1", kind, shapes[0], scales[0], zeros[0]), ("x2", kind, shapes[1], scales[1], zeros[1])]
    tensors += [("y%d" % b, kind if out is None else out, shapes[2], scales[2], zeros[2]) for b in builtins]
    return graph(name, tensors, [(b, ["x1", "x2"], "y%d" % b) for b in builtins], **more)


def _arithmetic():
    shapes = [[2, 3, 4], [1, 4], [2, 3, 4]]
    wide = {"x1": (-2 ** 31, 2 ** 31 - 1), "x2": (-2 ** 31, 2 ** 31 - 1)}
    small16 = [0.0002, 0.0003, 0.0006]
    return [
        binary("add_rank5", ADD, INT8, [[2, 1, 3, 1, 5], [3, 2, 1], [2, 1, 3, 2, 5]], [0.02, 0.03, 0.05], [3, -7, 11]),
        binary("add_scalar", ADD, INT8, [[3, 70], [1], [3, 70]], [0.05, 0.03, 0.06], [3, -7, 11], RELU6),
        binary("add_int16_broadcast", ADD, INT16, shapes, small16, activation=RELU),
        by_tflm(binary("add_int32_relu6", ADD, INT32, shapes, activation=RELU6, ranges={"x1": (-6, 6), "x2": (-4, 4)})),
        binary("add_int32_wraps", ADD, INT32, shapes, ranges=wide),
        binary("sub_int16", SUB, INT16, shapes, small16),
        binary("sub_int32_relu", SUB, INT32, shapes, activation=RELU),
        binary("mul_int32", MUL, INT32, [[4, 1], [1, 5], [4, 5]], ranges=wide),
        binary("mul_int16_relu_n1", MUL, INT16, shapes, [0.00004, 0.00003, 0.0005], activation=RELU_N1_TO_1),
        binary("squared_difference_broadcast", SQUARED_DIFFERENCE, INT8, [[2, 1, 5], [3, 1], [2, 3, 5]], [0.03, 0.05, 0.7],
               [-5, 20, -128]),
        binary("squared_difference_int32", SQUARED_DIFFERENCE, INT32, shapes),
        division("div_int8", INT8, [[3, 1, 6], [4, 1], [3, 4, 6]], [0.05, 0.03, 0.04], [-20, 3, -60], RELU,
                 ranges={"x1": (45, 127), "x2": (4, 127)}),
        division("div_int8_negative", INT8, [[30], [30], [30]], [0.05, 0.03, 0.9], [-20, 100, 60],
                 ranges={"x1": (45, 127), "x2": (-128, 99)}),
        binary("div_int32", DIV, INT32, shapes, ranges={"x2": (-9, -1)}),
        shared_inputs("floor_int32", [FLOOR_DIV, FLOOR_MOD], INT32, shapes, ranges={"x2": (-7, -1)}),
        shared_inputs("floor_int16", [FLOOR_DIV, FLOOR_MOD], INT16, shapes, ranges={"x2": (1, 300)}),
        shared_inputs("floor_int8", [FLOOR_DIV, FLOOR_MOD], INT8, shapes, ranges={"x2": (-128, -2)}),
        add_n("add_n_int8", 5, [4, 20], (0.04, 0.11), (-9, 4)),
        graph("add_n_int32", [("x%d" % i, INT32, [4, 20]) for i in range(3)] + [("y", INT32, [4, 20])],
              [(ADD_N, ["x%d" % i for i in range(3)], "y")]),
    ]


def _choices():
    shapes = [[2, 3, 4], [1, 4], [2, 3, 4]]
    near = {"x1": (-3, 3), "x2": (-3, 3)}
    every = list(COMPARISONS)
    return [
        shared_inputs("compare_int8", every, INT8, [[3, 1, 20], [5, 20], [3, 5, 20]], [0.05, 0.055, None], [3, -4, 0],
                      out=BOOL),
        shared_inputs("compare_int8_same_scale", every, INT8, [[4, 20], [4, 20], [4, 20]], [0.002, 0.002, None], [0, 1, 0],
                      out=BOOL, ranges=near),
        shared_inputs("compare_int32", every, INT32, shapes, out=BOOL, ranges=near),
        shared_inputs("compare_float32", every, FLOAT32, shapes, out=BOOL),
        shared_inputs("compare_int16", [EQUAL, LESS, GREATER_EQUAL], INT16, shapes, [0.001, 0.001, None], out=BOOL,
                      ranges=near),
        shared_inputs("equal_bool", [EQUAL, NOT_EQUAL, LOGICAL_AND, LOGICAL_OR], BOOL, shapes),
        unary("logical_not", LOGICAL_NOT, (BOOL, BOOL), 70),
        shared_inputs("extremum_int8", [MAXIMUM, MINIMUM], INT8, shapes, [0.1] * 3, [5] * 3),
        shared_inputs("extremum_int16", [MAXIMUM, MINIMUM], INT16, shapes, [0.1] * 3),
        shared_inputs("extremum_int32", [MAXIMUM, MINIMUM], INT32, shapes),
        *[graph("select_v2_" + label, [("c", BOOL, [3, 1]), ("x1", kind, [1]), ("x2", kind, [2, 1, 4]), ("y", kind, [2, 3, 4])],
                [(SELECT_V2, ["c", "x1", "x2"], "y", 98, [])]) for label, kind in (("int8", INT8), ("int16", INT16),
                                                                              ("int32", INT32), ("float32", FLOAT32))],
        graph("select_rank1", [("c", BOOL, [4]), ("x1", INT8, [4, 3, 2]), ("x2", INT8, [4, 3, 2]), ("y", INT8, [4, 3, 2])],
              [(SELECT, ["c", "x1", "x2"], "y", 48, [])]),
    ]


def _activations():
    i8, i16 = (INT8, INT8), (INT16, INT16)
    half = (1 / 256, 1 / 128)
    return [
        by_tflm(several("relu_int8", 256, [(RELU_OP, i8, (0.05, 0.03), (-3, -128)), (RELU6_OP, i8, (0.05, 0.05), (-100, -100)),
                                   (LEAKY_RELU, i8, (0.05, 0.04), (7, -20), 75, [0.2]),
                                   (LEAKY_RELU, i8, (0.02, 0.04), (0, 5), 75, [-1.5])])),
        several("relu_int16", 300, [(RELU_OP, i16, (0.0005, 0.0003), (0, 0)), (RELU6_OP, i16, (0.0005, 0.0005), (0, 0)),
                                    (LEAKY_RELU, i16, (0.0005, 0.0004), (0, 0), 75, [0.1])]),
        binary("prelu_channels", PRELU, INT8, [[2, 5, 6], [6], [2, 5, 6]], [0.05, 0.01, 0.03], [4, -7, 9]),
        several("hard_swish_scales", 256, [(HARD_SWISH, i8, (s, o), (z, -100)) for s, o, z in
                                           ((0.001, 0.0008, 3), (0.02, 0.015, -5), (0.05, 0.04, -128), (0.1, 0.002, 0),
                                            (0.9, 0.01, 100), (4.0, 1.0, 17), (0.001, 3.0, 0), (1e-9, 1e-9, 0))]),
        several("logistic_scales", 256, [(LOGISTIC, i8, (s, half[0]), (z, -128)) for s, z in
                                         ((0.001, 0), (0.02, -5), (0.05, -128), (0.2, 127), (0.5, 3))]),
        several("tanh_scales", 256, [(TANH, i8, (s, half[1]), (z, 0)) for s, z in
                                     ((0.001, 0), (0.02, -5), (0.05, -128), (0.2, 127), (2.0, 3))]),
        several("curves_int16", 1000, [(b, i16, (s, 2 ** -15), (0, 0)) for b in (LOGISTIC, TANH) for s in
                                       (2 ** -12, 2 ** -11, 2 ** -12 * 1.0006, 0.0003, 1e-6, 0.002, 2.5)], cases=5),
    ]


def _tables():
    i8, i16 = (INT8, INT8), (INT16, INT16)
    model = several("elu_scales", 256, [(ELU, i8, (s, o), (z, y)) for s, o, z, y in
                                        ((0.05, 0.04, 0, -100), (0.01, 0.005, 20, -128), (0.2, 0.01, 127, 0))],
                    source="tf2.17-builtin (BUILTIN_REF has no ELU)")
    model.expected = lambda case: tensorflow_outputs(model.tflite(), [case], reference=False)[0]
    return [
        model,
        several("exp_scales", 256, [(EXP, i8, (s, o), (z, y)) for s, o, z, y in
                                    ((0.02, 0.01, 127, -128), (0.05, 0.004, 100, -128), (0.1, 1.0, 0, 0), (0.3, 0.3, -100, 7))]),
        several("log_scales", 256, [(LOG, i8, (s, o), (z, y)) for s, o, z, y in
                                    ((0.02, 0.03, -128, 0), (0.05, 0.02, 0, -20), (0.001, 0.06, -100, 127))]),
        several("rsqrt_scales", 256, [(RSQRT, i8, (s, o), (z, y)) for s, o, z, y in
                                      ((0.02, 0.03, -128, -128), (0.5, 0.01, -128, 20), (0.001, 0.3, -128, -100))]),
        several("tables_int16", 1000, [(EXP, i16, (0.0001, 0.001), (0, 0)), (EXP, i16, (0.0005, 0.01), (0, 0)),
                                       (LOG, i16, (0.001, 0.0002), (0, 0))], cases=5, ranges={"x2": (-100, 32767)}),
        by_tflm(several("rsqrt_int16", 1000, [(RSQRT, i16, (s, o), (0, 0)) for s, o in
                                              ((0.001, 0.001), (0.0001, 0.0002), (0.5, 0.00001))], cases=5,
                        ranges={"x0": (0, 32767), "x1": (0, 300), "x2": (0, 32767)})),
        several("abs_int", 256, [(ABS, i8, (0.05, 0.05), (3, -128)), (ABS, i8, (0.05, 0.02), (30, -5)),
                                 (ABS, i16, (0.001, 0.0005), (0, 0)), (ABS, i16, (None, None), (0, 0)),
                                 (ABS, (INT32, INT32), (None, None), (0, 0)), (NEG, (INT32, INT32), (None, None), (0, 0)),
                                 (ABS, (FLOAT32, FLOAT32), (None, None), (0, 0)),
                                 (NEG, (FLOAT32, FLOAT32), (None, None), (0, 0))]),
        by_tflm(several("roots_float", 256, [(b, (FLOAT32, FLOAT32), (None, None), (0, 0))
                                             for b in (SQRT, RSQRT, SQUARE, FLOOR)],
                        ranges={"x0": (0, 4000), "x1": (1e-6, 4000), "x2": (-300, 300), "x3": (-40, 40)})),
        by_tflm(several("rounds_float", 321, [(b, (FLOAT32, FLOAT32), (None, None), (0, 0)) for b in (CEIL, ROUND)],
                        ranges={"x0": (-40, 40), "x1": (-40, 40)})),
        _root_between_steps(),
    ]


def _root_between_steps():
    """As a converter leaves a square root in a quantised model: dequantised, float, quantised."""
    return graph("sqrt_between_steps", [("x", INT8, [256], 0.02, -128), ("r", FLOAT32, [256], None, 0),
                                        ("s", FLOAT32, [256], None, 0), ("y", INT8, [256], 0.01, -128)],
                 [(DEQUANTIZE, ["x"], "r"), (SQRT, ["r"], "s"), (QUANTIZE, ["s"], "y")])


def _conversions():
    pairs = [(INT8, INT8), (INT8, UINT8), (INT16, INT8), (INT16, INT16), (INT32, INT8), (INT32, INT16), (UINT8, INT8),
             (UINT8, UINT8), (FLOAT32, INT8), (FLOAT32, INT16), (FLOAT32, UINT8)]
    scale = {INT8: 0.04, UINT8: 0.05, INT16: 0.0003, INT32: 0.0007, FLOAT32: None}
    zero = {INT8: -11, UINT8: 100, INT16: 0, INT32: 0, FLOAT32: 0}
    kinds = (INT8, UINT8, INT16, INT32, INT64, BOOL, FLOAT32)
    none = (None, None)
    return [
        several("quantize_pairs", 100, [(QUANTIZE, (f, t), (scale[f] and scale[f] * 1.3, scale[t]), (zero[f], zero[t]))
                                        for f, t in pairs]),
        several("dequantize_types", 256, [(DEQUANTIZE, (f, FLOAT32), (scale[f], None), (zero[f], 0))
                                          for f in (INT8, UINT8, INT16)]),
        *[several("cast_%s" % np.dtype(NUMPY[f]).name, 40, [(CAST, (f, t), none, (0, 0), 37, [f, t]) for t in kinds],
                  ranges={"x%d" % i: (-100, 100) if t != UINT8 else (0, 100) for i, t in enumerate(kinds)}
                  if f == FLOAT32 else {}) for f in kinds],
        several("zeros_like", 40, [(ZEROS_LIKE, (k, k), none, (0, 0)) for k in (INT32, INT64, FLOAT32)]),
    ]


def models():
    return _arithmetic() + _choices() + _activations() + _tables() + _conversions()


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


def _random_add_n(rng, number):
    scale = _scale(rng)
    return add_n("add_n_%d" % number, int(rng.integers(2, 9)), [30], (scale, scale * float(rng.uniform(0.5, 8))),
                 (_zero(rng, INT8), _zero(rng, INT8)))


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
        kind = INT8
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
          _random_plain, _random_add_n, _random_binary, _random_binary, _random_comparison, _random_choice, _random_floor]


def random_model(rng):
    number = int(rng.integers(10 ** 6))
    return RANDOM[int(rng.integers(len(RANDOM)))](rng, number)
