"""Models of softmax, pooling and what else is a layer of its own: see make_op_models.py."""
import numpy as np

from op_model import Model
from tflite_write import INT8, INT16, INT32, INT64, Operator, Tensor
from tflm_oracle import TflmModel

AVERAGE_POOL_2D, FULLY_CONNECTED, MAX_POOL_2D, SOFTMAX, SVDF = 1, 9, 17, 25, 27
UNIDIRECTIONAL_SEQUENCE_LSTM, TRANSPOSE_CONV = 44, 67
POOL_OPTIONS, SVDF_OPTIONS, FULLY_CONNECTED_OPTIONS, SOFTMAX_OPTIONS = 5, 6, 8, 9
TRANSPOSE_CONV_OPTIONS, UNIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS = 49, 71
EMBEDDING_LOOKUP, L2_NORMALIZATION, LOG_SOFTMAX, BATCH_MATMUL, CUMSUM = 7, 11, 50, 126, 128
L2_NORM_OPTIONS, LOG_SOFTMAX_OPTIONS, BATCH_MATMUL_OPTIONS, CUMSUM_OPTIONS = 12, 36, 101, 102
TANH = 4
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


def fully_connected(name, kind, in_shape, outputs, channels=False, bias=True, activation=0, zeros=(0, 0), constant=True,
                    keep=False, seed=1, **more):
    """bias: True, False, or the type of it. constant: the weights are; else they are the model's second input."""
    rng = np.random.default_rng(seed)
    scale, inputs = 0.02 if kind == INT8 else 0.0001, in_shape[-1]
    scales = [float(s) for s in rng.uniform(0.005, 0.02, outputs if channels else 1)]
    tensors = [Tensor("x", kind, in_shape, scale, zeros[0]),
               Tensor("w", INT8, [outputs, inputs], scales, data=weights_of(rng, [outputs, inputs]) if constant else None),
               Tensor("y", kind, (in_shape[:-1] if keep else [int(np.prod(in_shape[:-1]))]) + [outputs],
                      spread(scale, kind, inputs, float(np.mean(scales))), zeros[1])]
    if bias:
        bias_kind = bias if bias is not True else INT32 if kind == INT8 else INT64
        tensors.append(Tensor("bias", bias_kind, [outputs], [scale * s for s in scales],
                              data=[int(b) for b in rng.integers(-9000, 9000, outputs)]))
    operator = Operator(FULLY_CONNECTED, [0, 1, 3 if bias else -1], [2], FULLY_CONNECTED_OPTIONS,
                        [activation, 0, int(keep), 0] + ([INT32] if kind == INT16 and bias == INT32 else []))
    return TflmModel(name, tensors, [operator], [0] if constant else [0, 1], [2],
                     cases=4 if constant else 8, tensorflow=kind == INT16 and (channels or bias == INT32), **more)


def log_softmax(name, shape, scale, zero=0, **more):
    return one_to_one(name, LOG_SOFTMAX, [INT8, INT8], [shape, shape], [scale, 1 / 16], [zero, 127], LOG_SOFTMAX_OPTIONS,
                      [], **more)


def l2_normalization(name, shape, zero=0, **more):
    return one_to_one(name, L2_NORMALIZATION, [INT8, INT8], [shape, shape], [0.05, 1 / 128], [zero, 0], L2_NORM_OPTIONS,
                      [0], **more)


def cumsum(name, kind, shape, axis, exclusive, reverse, scales=(0.03, 0.09), zeros=(0, 0), **more):
    x, y = (Tensor(n, kind, shape, *([s, z] if kind == INT8 else [])) for n, s, z in zip(("x", "y"), scales, zeros))
    operator = Operator(CUMSUM, [0, 1], [2], CUMSUM_OPTIONS, [int(exclusive), int(reverse)])
    graph = (name, [x, Tensor("axis", INT32, [1], data=[axis]), y], [operator], [0], [2])
    if kind == INT8:
        return TflmModel(*graph, **more)

    def closed_form(case):
        line = np.flip(case[0], axis) if reverse else case[0]
        total = np.cumsum(line, axis, dtype=np.int32) - (line if exclusive else 0)
        return [np.flip(total, axis) if reverse else total]

    return Model(*graph, expected=closed_form, source="closed form", **more)


def batch_matmul(name, kind, batch1, batch2, rows, depth, columns, adjoint=(False, False), zeros=(0, 0, 0), constant=None,
                 **more):
    """constant: seed of weights, where the second operand is constant."""
    scale = 0.02 if kind == INT8 else 0.0001
    shapes = [batch1 + ([depth, rows] if adjoint[0] else [rows, depth]),
              batch2 + ([columns, depth] if adjoint[1] else [depth, columns])]
    batch = [int(n) for n in np.broadcast_shapes(batch1, batch2)]
    out = scale * scale * float(np.sqrt(depth)) * (73 * 73 / 40 if kind == INT8 else 18000 * 18000 / 9000)
    values = None if constant is None else weights_of(np.random.default_rng(constant), shapes[1])
    tensors = [Tensor("x1", kind, shapes[0], scale, zeros[0]), Tensor("x2", kind, shapes[1], scale, zeros[1], values),
               Tensor("y", kind, batch + [rows, columns], out, zeros[2])]
    operator = Operator(BATCH_MATMUL, [0, 1], [2], BATCH_MATMUL_OPTIONS, [int(a) for a in adjoint])
    return TflmModel(name, tensors, [operator], [0] if values else [0, 1], [2], cases=6, **more)


def embedding_lookup(name, numbers, table, **more):
    tensors = [Tensor("numbers", INT32, [numbers]),
               Tensor("table", INT8, table, 0.1, 0, weights_of(np.random.default_rng(1), table)),
               Tensor("y", INT8, [numbers] + table[1:], 0.1)]
    return TflmModel(name, tensors, [Operator(EMBEDDING_LOOKUP, [0, 1], [2])], [0], [2], ranges={0: (0, table[0] - 1)},
                     **more)


def svdf(name, state_kind, batch, inputs, units, rank, memory, zeros=(0, 0, -128), bias=True, seed=1, **more):
    """zeros: of input, state and output. A stream: the state lasts from case to case."""
    rng = np.random.default_rng(seed)
    filters = units * rank
    scale, feature, time = 0.04, 0.01, 0.012 if state_kind == INT8 else 0.0004
    state = scale * feature * 73 * 73 * float(np.sqrt(inputs) * rng.uniform(0.5, 1.5)) / (40 if state_kind == INT8 else 9000)
    most = 127 if state_kind == INT8 else 32767
    time_weights = [int(w) for w in rng.integers(-most, most + 1, filters * memory)]
    tensors = [Tensor("x", INT8, [batch, inputs], scale, zeros[0]),
               Tensor("feature", INT8, [filters, inputs], feature, data=weights_of(rng, [filters, inputs])),
               Tensor("time", state_kind, [filters, memory], time, data=time_weights),
               Tensor("bias", INT32, [units], state * time, data=[int(b) for b in rng.integers(-3000, 3000, units)]),
               Tensor("state", state_kind, [batch, filters * memory], state, zeros[1], variable=True),
               Tensor("y", INT8, [batch, units], state * time * float(np.sqrt(rank * memory)) *
                      (73 if state_kind == INT8 else 250 * 18000), zeros[2])]
    operator = Operator(SVDF, [0, 1, 2, 3, 4], [5], SVDF_OPTIONS, [rank, 1])
    return TflmModel(name, tensors, [operator], [0], [5], stream=True, cases=6, **more)


def lstm(name, kind, batch, steps, inputs, units, time_major=False, clip=0.0, zeros=(0, 0), power=-11, seed=1, **more):
    """zeros: of input and hidden state. power: of two, the cell's scale."""
    rng = np.random.default_rng(seed)
    scale, hidden, wide = (0.02, 1 / 128, False) if kind == INT8 else (0.0001, 1 / 32768, True)
    tensors, operands = [Tensor("x", kind, [steps, batch, inputs] if time_major else [batch, steps, inputs], scale,
                                zeros[0])], [0] + [-1] * 23

    def constant(place, text, constant_kind, shape, weight, values):
        operands[place] = len(tensors)
        tensors.append(Tensor(text, constant_kind, shape, weight, data=[int(v) for v in values]))

    for place in range(1, 9):
        columns = inputs if place < 5 else units
        constant(place, "w%d" % place, INT8, [units, columns], float(rng.uniform(0.005, 0.03)),
                 weights_of(rng, [units, columns]))
    for place in range(12, 16):
        weight = tensors[operands[place - 11]].scales[0] * scale
        constant(place, "b%d" % place, INT64 if wide else INT32, [units], weight,
                 rng.integers(-int(1 / weight), int(1 / weight) + 1, units))
    for place, text, state_kind, weight, zero in ((18, "hidden", kind, hidden, zeros[1]),
                                                  (19, "cell", INT16, 2.0 ** power, 0)):
        operands[place] = len(tensors)
        tensors.append(Tensor(text, state_kind, [batch, units], weight, zero, variable=True))
    tensors.append(Tensor("y", kind, tensors[0].shape[:2] + [units], hidden, zeros[1]))
    operator = Operator(UNIDIRECTIONAL_SEQUENCE_LSTM, operands, [len(tensors) - 1],
                        UNIDIRECTIONAL_SEQUENCE_LSTM_OPTIONS, [TANH, float(clip), 0.0, int(time_major)])
    return TflmModel(name, tensors, [operator], [0], [len(tensors) - 1], **more)


def models():
    return [
        log_softmax("log_softmax_steep", [3, 11], 1.5, 17),
        log_softmax("log_softmax_flat", [2, 3, 90], 0.004, -100),
        l2_normalization("l2norm_4d", [2, 2, 3, 7], -128),
        l2_normalization("l2norm_one", [5, 1], 126, ranges={0: (120, 127)}),
        cumsum("cumsum_last", INT8, [3, 2, 5], -1, False, False, zeros=(-7, 9)),
        cumsum("cumsum_reverse", INT8, [2, 4, 3], 1, True, True, (0.05, 0.2), (3, -20)),
        cumsum("cumsum_int32", INT32, [2, 4, 3], 1, True, True),
        batch_matmul("matmul_2d", INT8, [], [], 3, 7, 4, zeros=(-7, 5, 11)),
        batch_matmul("matmul_broadcast", INT8, [2, 1, 3], [2, 1], 2, 5, 3, (True, False), (3, -9, 0)),
        batch_matmul("matmul_int16", INT16, [2], [1], 3, 6, 2, (False, True)),
        batch_matmul("matmul_constant", INT8, [2, 3], [], 2, 4, 5, (True, True), (1, 0, -3), 5),
        embedding_lookup("embedding", 5, [7, 2, 3]),
        fully_connected("fc_channels", INT8, [3, 17], 6, True, zeros=(-9, 4)),
        fully_connected("fc_int16_channels", INT16, [2, 11], 5, True),
        fully_connected("fc_int16_no_bias", INT16, [2, 3, 8], 5, False, False, 1, keep=True),
        fully_connected("fc_int16_bias32", INT16, [2, 8], 5, False, INT32),
        fully_connected("fc_computed_weights", INT8, [2, 9], 4, False, zeros=(5, -7), constant=False),
        svdf("svdf_int8_state", INT8, 2, 9, 5, 1, 4, (-7, -21, -128)),
        svdf("svdf_int8_state_rank2", INT8, 1, 6, 4, 2, 3, (11, 5, 9)),
        svdf("svdf_one_memory", INT16, 2, 5, 3, 2, 1, (-3, 0, 4)),
        lstm("lstm_stream", INT8, 2, 3, 5, 4, zeros=(-11, 3), stream=True, cases=6),
        lstm("lstm_time_major", INT8, 2, 4, 2, 5, True, 0.7, (5, 0), stream=True),
        lstm("lstm_int16", INT16, 2, 3, 4, 3, False, 10.0, stream=True),
        lstm("lstm_fine_cell", INT8, 1, 5, 4, 4, power=-13, stream=True),
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


def _fully_connected(rng, name):
    kind, keep = [INT8, INT16][rng.integers(2)], bool(rng.integers(2))
    zeros = [int(z) for z in rng.integers(-128, 128, 2)] if kind == INT8 else (0, 0)
    shape = [int(n) for n in rng.integers(1, 5, rng.integers(1, 4))] + [int(rng.integers(1, 40))]
    return fully_connected(name, kind, shape, int(rng.integers(1, 20)), bool(rng.integers(2)) and kind == INT8,
                           bool(rng.integers(2)), int(rng.integers(4)), zeros, bool(rng.integers(2)), keep,
                           int(rng.integers(1 << 30)))


def _log_softmax(rng, name):
    shape = [int(n) for n in rng.integers(1, 5, rng.integers(0, 3))] + [int(rng.integers(1, 300))]
    return log_softmax(name, shape, float(10 ** rng.uniform(-3, 0.9)), int(rng.integers(-128, 128)))


def _l2_normalization(rng, name):
    low = int(rng.integers(-128, 127))
    return l2_normalization(name, [int(n) for n in rng.integers(1, 5, rng.integers(0, 4))] + [int(rng.integers(1, 60))],
                            int(rng.integers(-128, 128)), ranges={0: (low, int(rng.integers(low, 128)))})


def _cumsum(rng, name):
    shape = [int(n) for n in rng.integers(1, 7, rng.integers(1, 5))]
    scale = float(rng.uniform(0.01, 0.2))
    return cumsum(name, INT8, shape, int(rng.integers(-len(shape), len(shape))), bool(rng.integers(2)),
                  bool(rng.integers(2)), (scale, scale * float(rng.uniform(0.3, 6))),
                  [int(z) for z in rng.integers(-128, 128, 2)])


def _batch_matmul(rng, name):
    kind = [INT8, INT16][rng.integers(2)]
    batch = [int(n) for n in rng.integers(1, 4, rng.integers(0, 4))]
    sides = [[n if rng.integers(3) else 1 for n in batch][int(rng.integers(len(batch) + 1)):] for _ in range(2)]
    return batch_matmul(name, kind, *sides, *(int(n) for n in rng.integers(1, 8, 3)),
                        [bool(b) for b in rng.integers(0, 2, 2)],
                        [int(z) for z in rng.integers(-128, 128, 3)] if kind == INT8 else (0, 0, 0))


def _svdf(rng, name):
    kind = [INT8, INT16][rng.integers(2)]
    zeros = [int(z) for z in rng.integers(-128, 128, 3)]
    return svdf(name, kind, *(int(rng.integers(1, n)) for n in (4, 20, 8, 4, 9)),
                zeros if kind == INT8 else (zeros[0], 0, zeros[2]), seed=int(rng.integers(1 << 30)))


def _lstm(rng, name):
    kind = [INT8, INT16][rng.integers(2)]
    zeros = [int(z) for z in rng.integers(-128, 128, 2)] if kind == INT8 else (0, 0)
    return lstm(name, kind, *(int(rng.integers(1, n)) for n in (4, 7, 12, 12)), bool(rng.integers(2)),
                [0.0, 0.5, 3.0, 100.0][rng.integers(4)], zeros, int(rng.integers(-14, -8)), int(rng.integers(1 << 30)),
                stream=True)


def random_model(rng):
    makers = [_softmax, _pool, _transpose_conv, _svdf, _lstm, _fully_connected, _log_softmax, _l2_normalization,
              _cumsum, _batch_matmul]
    number = int(rng.integers(len(makers)))
    return makers[number](rng, "random%s" % makers[number].__name__)
