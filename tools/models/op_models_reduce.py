"""Models of the reductions (TensorFlow Lite Micro is their oracle): see make_op_models.py and tflm_oracle.py.

TensorFlow's SUM of quantised integers has other bytes. What TensorFlow Lite Micro refuses is in op_models_reduce_tf.py.
"""
import numpy as np

from tflite_write import BOOL, FLOAT32, INT8, INT16, INT32, INT64, UINT8, Operator, Tensor
from tflm_oracle import TflmModel

MEAN, ARG_MAX, SUM, ARG_MIN, REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL = 40, 56, 74, 79, 82, 89, 91, 140
REDUCER_OPTIONS, ARG_MAX_OPTIONS, ARG_MIN_OPTIONS = 27, 40, 57


def reduction(name, builtin, kind, shape, axes, keep=0, scales=(0.05, 0.04), zeros=(3, -8), base=TflmModel, **more):
    where = tuple({axis % len(shape) for axis in axes})
    out = np.sum(np.zeros(shape), axis=where, keepdims=bool(keep)).shape
    quantised = kind in (INT8, INT16)
    x, y = (Tensor(n, kind, s, scale if quantised else None, zero)
            for n, s, scale, zero in zip(("x", "y"), (shape, out), scales, zeros))
    tensors = [x, Tensor("axes", INT32, [len(axes)], data=axes), y]
    return base(name, tensors, [Operator(builtin, [0, 1], [2], REDUCER_OPTIONS, [keep])], [0], [2], **more)


def extreme(name, builtin, kind, shape, axes, keep=0, **more):
    return reduction(name, builtin, kind, shape, axes, keep, (0.05, 0.05), (3, 3) if kind == INT8 else (0, 0), **more)


def arg(name, builtin, kind, shape, axis, index=INT32, base=TflmModel, **more):
    x = Tensor("x", kind, shape, *((0.05, 3) if kind == INT8 else (0.0003, 0) if kind == INT16 else (None, 0)))
    tensors = [x, Tensor("axis", INT32, [1], data=[axis]), Tensor("y", index, np.delete(shape, axis))]
    options = ARG_MAX_OPTIONS if builtin == ARG_MAX else ARG_MIN_OPTIONS
    return base(name, tensors, [Operator(builtin, [0, 1], [2], options, [index])], [0], [2], **more)


def models():
    return [
        reduction("mean_same_scale", MEAN, INT8, [2, 3, 5], [1], 0, (0.05, 0.05), (3, 3)),
        reduction("mean_int16", MEAN, INT16, [2, 4, 5, 3], [1, 2], 1, (0.0003, 0.0002), (0, 0)),
        reduction("mean_int16_neg", MEAN, INT16, [3, 7, 2], [-2], 0, (0.0003, 0.0005), (0, 0)),
        reduction("mean_batch_twice", MEAN, INT8, [4, 3, 5], [0, -3], 0),
        reduction("mean_up", MEAN, INT8, [2, 9], [1], 1, (0.5, 0.04)),
        reduction("mean_float", MEAN, FLOAT32, [2, 5, 3], [1]),
        reduction("sum_int16", SUM, INT16, [2, 5, 3], [1], 0, (0.0003, 0.001), (0, 0)),
        reduction("sum_keep_neg", SUM, INT8, [2, 3, 4], [-1, 0], 1, (0.05, 0.3), (-20, 7)),
        reduction("sum_float", SUM, FLOAT32, [3, 4], [0]),
        extreme("reduce_min_keep", REDUCE_MIN, INT8, [2, 3, 4], [-2], 1),
        extreme("reduce_max_float", REDUCE_MAX, FLOAT32, [2, 5], [-1]),
        extreme("reduce_all", REDUCE_ALL, BOOL, [3, 2, 4], [1], 1, cases=6),
        arg("arg_max_middle", ARG_MAX, INT8, [3, 9, 2], 1),
        arg("arg_min_first", ARG_MIN, INT8, [5, 3], -2),
        arg("arg_max_float", ARG_MAX, FLOAT32, [3, 6], 1),
    ]


# ---- random models, for --check --random ----

def _shape_and_axes(rng, most):
    shape = [int(n) for n in rng.integers(1, 8, rng.integers(1, 5))]
    count = int(rng.integers(1, min(most, len(shape)) + 1))
    axes = rng.permutation(len(shape))[:count]
    return shape, [int(a) - len(shape) * int(rng.integers(2)) for a in axes]


def _mean_or_sum(rng):
    kind = [INT8, INT8, INT16, FLOAT32][rng.integers(4)]
    builtin = [MEAN, SUM][rng.integers(2)]
    shape, axes = _shape_and_axes(rng, 2)
    count = np.prod([shape[a] for a in axes]) if builtin == SUM else 1
    scales = [float(10 ** rng.uniform(-4, 0))]
    scales.append(scales[0] * float(rng.uniform(0.3, 1.5)) * float(np.sqrt(count)))
    zeros = [int(z) for z in rng.integers(-128, 128, 2)] if kind == INT8 else [0, 0]
    if rng.integers(5) == 0:
        scales[1], zeros[1] = scales[0], zeros[0]
    return reduction("random_" + ("mean" if builtin == MEAN else "sum"), builtin, kind, shape, axes,
                     int(rng.integers(2)), scales, zeros)


def _extreme(rng):
    shape, axes = _shape_and_axes(rng, 4)
    builtin = [REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL][rng.integers(4)]
    kinds = [BOOL] if builtin in (REDUCE_ANY, REDUCE_ALL) else [INT8, INT16, FLOAT32, INT32, INT64, UINT8]
    return extreme("random_extreme%d" % builtin, builtin, kinds[rng.integers(len(kinds))], shape, axes,
                   int(rng.integers(2)))


def _arg(rng):
    shape, axes = _shape_and_axes(rng, 1)
    kind = [INT8, INT16, FLOAT32, INT32, UINT8, INT64, BOOL][rng.integers(7)]
    return arg("random_arg", [ARG_MAX, ARG_MIN][rng.integers(2)], kind, shape, axes[0], [INT32, INT64][rng.integers(2)])


def random_model(rng):
    return [_mean_or_sum, _mean_or_sum, _extreme, _arg][rng.integers(4)](rng)
