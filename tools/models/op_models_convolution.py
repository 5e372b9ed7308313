"""Models of CONV_2D and DEPTHWISE_CONV_2D: see make_op_models.py. TensorFlow Lite Micro is the oracle, TensorFlow where
that ends its process."""
import numpy as np

from tflite_write import INT8, INT16, INT32, INT64, Operator, Tensor
from tflm_oracle import TflmModel

CONV_2D, DEPTHWISE_CONV_2D = 3, 4
CONV_2D_OPTIONS, DEPTHWISE_CONV_2D_OPTIONS = 1, 2
SAME, VALID = 0, 1


def out_size(size, window, stride, dilation, padding):
    reach = (window - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else -(-(size - reach + 1) // stride)


def convolution(name, kind, shape, outputs, window, stride=(1, 1), dilation=(1, 1), padding=SAME, groups=1, depthwise=False,
                channels=True, bias=True, activation=0, zeros=(0, 0), seed=1, **more):
    """shape: of the input, NHWC. bias: True, False, or the type of it. channels: a weight scale for each output."""
    rng = np.random.default_rng(seed)
    inputs, scale = shape[3], 0.03 if kind == INT8 else 0.0002
    w_shape = [1] + list(window) + [outputs] if depthwise else [outputs] + list(window) + [inputs // groups]
    taps = window[0] * window[1] * (1 if depthwise else inputs // groups)
    scales = [float(s) for s in rng.uniform(0.005, 0.02, outputs if channels else 1)]
    steps = 73 * 37 if kind == INT8 else 18000 * 73
    scale_out = float(scale * np.mean(scales) * steps * np.sqrt(taps) / (40 if kind == INT8 else 10000))
    out = [shape[0]] + [out_size(shape[1 + i], window[i], stride[i], dilation[i], padding) for i in (0, 1)] + [outputs]
    tensors = [Tensor("x", kind, shape, scale, zeros[0]),
               Tensor("w", INT8, w_shape, scales, data=[int(w) for w in rng.integers(-127, 128, int(np.prod(w_shape)))],
                      dimension=3 if depthwise else 0),
               Tensor("y", kind, out, scale_out, zeros[1])]
    bias_kind = bias if bias is not True else INT32 if kind == INT8 else INT64
    if bias:
        tensors.append(Tensor("bias", bias_kind, [outputs], [scale * s for s in scales],
                              data=[int(b) for b in rng.integers(-9000, 9000, outputs)]))
    fields = [padding, stride[1], stride[0]] + ([outputs // inputs] if depthwise else []) + \
             [activation, dilation[1], dilation[0]] + ([INT32] if not depthwise and bias_kind == INT32 and kind == INT16 else [])
    operator = Operator(DEPTHWISE_CONV_2D if depthwise else CONV_2D, [0, 1] + ([3] if bias else []), [2],
                        DEPTHWISE_CONV_2D_OPTIONS if depthwise else CONV_2D_OPTIONS, fields)
    return TflmModel(name, tensors, [operator], [0], [2], **more)


def models():
    return [
        convolution("conv_groups", INT8, [1, 5, 6, 6], 9, (3, 2), groups=3, zeros=(-7, 11)),
        convolution("conv_groups_one_scale", INT8, [2, 4, 4, 8], 4, (1, 1), groups=4, channels=False, zeros=(3, -128),
                    activation=3),
        convolution("conv_dilated_strided", INT8, [1, 11, 9, 3], 5, (3, 2), (2, 1), (2, 3), SAME, zeros=(-128, 5)),
        convolution("conv_no_bias", INT8, [1, 4, 5, 7], 6, (2, 3), padding=VALID, bias=False, zeros=(-20, 0), activation=1),
        convolution("conv_n1_to_1", INT8, [1, 3, 3, 5], 4, (3, 3), zeros=(100, -3), activation=2),
        convolution("conv_int16_no_bias", INT16, [1, 5, 4, 6], 5, (3, 3), bias=False),
        convolution("conv_int16_groups", INT16, [1, 4, 4, 6], 4, (2, 2), groups=2, activation=1),
        convolution("dwconv_dilated_strided", INT8, [1, 12, 9, 6], 6, (3, 4), (2, 3), (3, 2), SAME, depthwise=True,
                    zeros=(-9, 4)),
        convolution("dwconv_multiplier_3_valid", INT8, [2, 5, 6, 5], 15, (2, 3), padding=VALID, depthwise=True,
                    zeros=(17, -128), activation=3),
        convolution("dwconv_int16", INT16, [1, 6, 5, 4], 8, (3, 3), (2, 1), depthwise=True),
    ]


def random_model(rng):
    kind, depthwise = [INT8, INT8, INT16][rng.integers(3)], bool(rng.integers(2))
    padding = int(rng.integers(2))
    groups = int(rng.integers(1, 4)) if not depthwise and rng.integers(3) == 0 else 1
    inputs = groups * int(rng.integers(1, 7))
    outputs = inputs * int(rng.integers(1, 4)) if depthwise else groups * int(rng.integers(1, 7))
    window, stride, dilation = ([int(n) for n in rng.integers(1, most, 2)] for most in (6, 4, 3))
    size = [int(n) for n in rng.integers(1, 12, 2)]
    if padding == VALID:
        size = [max(n, (w - 1) * d + 1) for n, w, d in zip(size, window, dilation)]
    bias = [True, True, False, INT32][rng.integers(4)] if kind == INT16 and not depthwise else bool(rng.integers(4))
    zeros = [int(z) for z in rng.integers(-128, 128, 2)] if kind == INT8 else (0, 0)
    return convolution("random", kind, [int(rng.integers(1, 3))] + size + [inputs], outputs, window, stride, dilation, padding,
                       groups, depthwise, bool(rng.integers(2)), bias, int(rng.integers(4)), zeros, int(rng.integers(1 << 30)),
                       tensorflow=depthwise and not bias)
