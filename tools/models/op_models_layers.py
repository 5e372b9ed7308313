"""Models of softmax, pooling and what else is a layer of its own: see make_op_models.py."""
import numpy as np

from tflite_write import INT8, INT16, Operator, Tensor
from tflm_oracle import TflmModel

AVERAGE_POOL_2D, MAX_POOL_2D, SOFTMAX = 1, 17, 25
POOL_OPTIONS, SOFTMAX_OPTIONS = 5, 9
SAME, VALID = 0, 1


def one_to_one(name, builtin, kinds, shapes, scales, zeros, options, fields, **more):
    """An operator of one input and one output."""
    tensors = [Tensor(n, kind, shape, scale, zero)
               for n, kind, shape, scale, zero in zip(("x", "y"), kinds, shapes, scales, zeros)]
    return TflmModel(name, tensors, [Operator(builtin, [0], [1], options, fields)], [0], [1], **more)


def softmax(name, kinds, shape, scale, zero, beta=1.0, **more):
    scale_out, zero_out = {(INT8, INT8): (1 / 256, -128), (INT8, INT16): (1 / 65536, -32768),
                           (INT16, INT16): (1 / 32768, 0)}[kinds]
    return one_to_one(name, SOFTMAX, kinds, [shape, shape], [scale, scale_out], [zero, zero_out], SOFTMAX_OPTIONS,
                      [float(beta)], **more)


def pooled(size, window, stride, padding):
    return -(-size // stride) if padding == SAME else -(-(size - window + 1) // stride)


def pool(name, builtin, kind, shape, window, stride, padding, activation=0, scale=0.04, zero=0, **more):
    batch, height, width, channels = shape
    out = [batch, pooled(height, window[0], stride[0], padding), pooled(width, window[1], stride[1], padding), channels]
    return one_to_one(name, builtin, [kind, kind], [shape, out], [scale, scale], [zero, zero], POOL_OPTIONS,
                      [padding, stride[1], stride[0], window[1], window[0], activation], **more)


def models():
    return [
        softmax("softmax_int16", (INT16, INT16), [3, 40], 0.0003, 0),
        softmax("softmax_int16_steep", (INT16, INT16), [2, 9], 0.01, 0, 3.0),
        softmax("softmax_int16_two", (INT16, INT16), [4, 2], 0.0001, 0),
        softmax("softmax_beta", (INT8, INT8), [2, 2, 7], 0.1, 20, 0.25),
        softmax("softmax_wide_output", (INT8, INT16), [2, 300], 0.02, -4),
        pool("avgpool_uneven", AVERAGE_POOL_2D, INT8, [2, 7, 5, 3], (3, 2), (2, 3), SAME, 1, 0.05, -20),
        pool("avgpool_beyond", AVERAGE_POOL_2D, INT8, [1, 3, 4, 2], (9, 9), (1, 1), SAME),
        pool("maxpool_int16_relu6", MAX_POOL_2D, INT16, [1, 6, 7, 3], (2, 3), (2, 2), VALID, 3, 0.0003),
        pool("maxpool_relu_n1", MAX_POOL_2D, INT8, [1, 5, 5, 2], (2, 2), (1, 1), SAME, 2, 0.02, 7),
        pool("avgpool_int16_same", AVERAGE_POOL_2D, INT16, [2, 5, 4, 3], (3, 3), (2, 2), SAME, 0, 0.0002),
    ]


def _softmax(rng, name):
    kinds = [(INT8, INT8), (INT8, INT16), (INT16, INT16)][rng.integers(3)]
    shape = [int(n) for n in rng.integers(1, 8, rng.integers(0, 4))] + [int(rng.integers(1, 200))]
    if kinds[0] == INT16:
        return softmax(name, kinds, shape, float(10 ** rng.uniform(-5.5, -1)), 0, float(rng.uniform(0.1, 4)))
    return softmax(name, kinds, shape, float(10 ** rng.uniform(-3, 1)), int(rng.integers(-128, 128)),
                   float(rng.uniform(0.1, 4)))


def _pool(rng, name):
    kind, padding = [INT8, INT16][rng.integers(2)], int(rng.integers(2))
    shape = [int(n) for n in rng.integers(1, 10, 4)]
    window = [int(rng.integers(1, (n if padding == VALID else n + 3) + 1)) for n in shape[1:3]]
    zero = int(rng.integers(-128, 128)) if kind == INT8 else 0
    return pool(name, [AVERAGE_POOL_2D, MAX_POOL_2D][rng.integers(2)], kind, shape, window,
                [int(n) for n in rng.integers(1, 5, 2)], padding, int(rng.integers(4)),
                float(rng.uniform(0.01, 0.1)) if kind == INT8 else float(rng.uniform(0.00005, 0.001)), zero)


def random_model(rng):
    makers = [_softmax, _pool]
    number = int(rng.integers(len(makers)))
    return makers[number](rng, "random%s" % makers[number].__name__)
