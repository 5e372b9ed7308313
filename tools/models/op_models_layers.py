"""Models of softmax, pooling and what else is a layer of its own: see make_op_models.py."""
import numpy as np

from tflite_write import INT8, INT16, INT32, INT64, Operator, Tensor
from tflm_oracle import TflmModel

AVERAGE_POOL_2D, MAX_POOL_2D, SOFTMAX, TRANSPOSE_CONV = 1, 17, 25, 67
POOL_OPTIONS, SOFTMAX_OPTIONS, TRANSPOSE_CONV_OPTIONS = 5, 9, 49
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


def weights_of(rng, shape):
    return [int(w) for w in rng.integers(-127, 128, int(np.prod(shape)))]


def spread(scale, kind, count, weight_scale):
    """An output scale for which sums of `count` products fill the type."""
    steps = 73 * 37 if kind == INT8 else 18000 * 73
    return float(scale * weight_scale * steps * np.sqrt(count) / (40 if kind == INT8 else 10000))


def transpose_conv(name, kind, in_shape, out_shape, window, stride, padding, channels=False, bias=True, activation=0,
                   zeros=(0, 0), seed=1, scale=0.02):
    """channels: a weight scale for each output. bias: True, False, or the type of it."""
    rng = np.random.default_rng(seed)
    outputs, inputs = out_shape[3], in_shape[3]
    shape = [outputs, window[0], window[1], inputs]
    scales = [float(s) for s in rng.uniform(0.005, 0.02, outputs if channels else 1)]
    scale_out = spread(scale, kind, window[0] * window[1] * inputs / (stride[0] * stride[1]), float(np.mean(scales)))
    tensors = [Tensor("shape", INT32, [4], data=out_shape),
               Tensor("w", INT8, shape, scales, data=weights_of(rng, shape)),
               Tensor("x", kind, in_shape, scale, zeros[0]),
               Tensor("y", kind, out_shape, scale_out, zeros[1])]
    if bias:
        bias_kind = bias if bias is not True else INT32 if kind == INT8 else INT64
        tensors.append(Tensor("bias", bias_kind, [outputs], [scale * s for s in scales],
                              data=[int(b) for b in rng.integers(-9000, 9000, outputs)]))
    operator = Operator(TRANSPOSE_CONV, [0, 1, 2] + ([4] if bias else []), [3], TRANSPOSE_CONV_OPTIONS,
                        [padding, stride[1], stride[0], activation] + ([INT32] if bias == INT32 else []))
    return TflmModel(name, tensors, [operator], [2], [3], tensorflow=kind == INT16 and bias == INT32)


def models():
    return [
        transpose_conv("tconv_channels", INT8, [2, 3, 4, 3], [2, 6, 8, 5], (3, 3), (2, 2), SAME, True, zeros=(-9, 7)),
        transpose_conv("tconv_int16", INT16, [1, 4, 3, 2], [1, 9, 7, 3], (3, 3), (2, 2), VALID, True, scale=0.0001),
        transpose_conv("tconv_int16_no_bias", INT16, [1, 2, 2, 4], [1, 4, 4, 2], (2, 4), (2, 2), SAME, False, False,
                       scale=0.0001),
        transpose_conv("tconv_int16_bias16", INT16, [1, 2, 2, 4], [1, 2, 2, 2], (3, 2), (1, 1), SAME, False, INT16,
                       scale=0.0001),
        transpose_conv("tconv_int16_bias32", INT16, [1, 2, 2, 4], [1, 2, 2, 2], (3, 2), (1, 1), SAME, False, INT32,
                       scale=0.0001),
        transpose_conv("tconv_relu", INT8, [1, 3, 3, 4], [1, 9, 9, 2], (2, 2), (3, 3), SAME, False, False, 1, (3, -60)),
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


def _transpose_conv(rng, name):
    kind, padding = [INT8, INT16][rng.integers(2)], int(rng.integers(2))
    batch, inputs, outputs = (int(n) for n in rng.integers(1, 6, 3))
    size, window, stride = ([int(n) for n in rng.integers(1, most, 2)] for most in (6, 6, 4))
    out = [n * s if padding == SAME else (n - 1) * s + w for n, s, w in zip(size, stride, window)]
    if padding == SAME:
        out = [n - int(rng.integers(s)) for n, s in zip(out, stride)]
    zeros = [int(z) for z in rng.integers(-128, 128, 2)] if kind == INT8 else (0, 0)
    return transpose_conv(name, kind, [batch] + size + [inputs], [batch] + out + [outputs], window, stride, padding,
                          bool(rng.integers(2)), bool(rng.integers(2)), 0, zeros, int(rng.integers(1 << 30)),
                          0.02 if kind == INT8 else 0.0001)


def random_model(rng):
    makers = [_softmax, _pool, _transpose_conv]
    number = int(rng.integers(len(makers)))
    return makers[number](rng, "random%s" % makers[number].__name__)
