"""Models of the operators that move elements: see make_op_models.py.

With TL_ORACLE=tflm in the environment TensorFlow Lite Micro is the oracle of --check instead of TensorFlow; it
refuses more forms.
"""
import os

import numpy as np

from op_model import Model
from tflite_write import BOOL, FLOAT32, INT8, INT16, INT32, INT64, UINT8, Operator, Tensor
from tflm_oracle import TflmModel

CONCATENATION, DEPTH_TO_SPACE, RESIZE_BILINEAR, SPACE_TO_DEPTH, PAD, GATHER = 2, 5, 23, 26, 34, 36
BATCH_TO_SPACE_ND, SPACE_TO_BATCH_ND, TRANSPOSE, STRIDED_SLICE, SPLIT, PADV2, SLICE = 37, 38, 39, 45, 49, 60, 65
SHAPE, PACK, UNPACK, FILL, RESIZE_NEAREST_NEIGHBOR, MIRROR_PAD, SPLIT_V, REVERSE_V2 = 77, 83, 88, 94, 97, 100, 102, 105
GATHER_ND, BROADCAST_TO, BROADCAST_ARGS, DYNAMIC_UPDATE_SLICE = 107, 130, 145, 151
OPTIONS = {CONCATENATION: 10, DEPTH_TO_SPACE: 94, RESIZE_BILINEAR: 15, SPACE_TO_DEPTH: 19, GATHER: 23, STRIDED_SLICE: 32,
           SPLIT: 35, SHAPE: 55, PACK: 59, UNPACK: 64, RESIZE_NEAREST_NEIGHBOR: 74, MIRROR_PAD: 77, SPLIT_V: 79}
QUANTISED = {INT8: (0.05, -6), INT16: (0.0003, 0), UINT8: (0.05, 130)}
KINDS = [INT8, INT16, INT32, UINT8, INT64, FLOAT32, BOOL]
Base = TflmModel if os.environ.get("TL_ORACLE") == "tflm" else Model


def of(kind, shape, name="x"):
    """A tensor that moves."""
    return Tensor(name, kind, shape, *QUANTISED.get(kind, (None, 0)))


def numbers(values, kind=INT32, shape=None, name="numbers"):
    """A constant parameter."""
    flat = [int(v) for v in np.ravel(values)]
    return Tensor(name, kind, np.shape(values) if shape is None else shape, data=flat)


def graph(name, builtin, inputs, outputs, fields=(), **more):
    """One operator; what is not constant among its inputs is an input of the graph."""
    tensors = inputs + outputs
    operator = Operator(builtin, range(len(inputs)), range(len(inputs), len(tensors)), OPTIONS.get(builtin, 0), fields,
                        2 if builtin == BROADCAST_TO else 1)
    given = [i for i, tensor in enumerate(inputs) if tensor.data is None]
    ranges = {i: more.pop("index_range") for i in given if inputs[i].name == "indices"}
    return Base(name, tensors, [operator], given, operator.outputs, ranges=ranges, **more)


def concatenation(name, kind, shapes, axis):
    out = list(shapes[0])
    out[axis] = sum(shape[axis] for shape in shapes)
    return graph(name, CONCATENATION, [of(kind, shape) for shape in shapes], [of(kind, out)], [axis, 0])


def pack(name, kind, shape, count, axis):
    out = np.stack([np.zeros(shape)] * count, axis).shape
    return graph(name, PACK, [of(kind, shape) for _ in range(count)], [of(kind, out)], [count, axis])


def unpack(name, kind, shape, axis):
    out = np.delete(shape, axis)
    return graph(name, UNPACK, [of(kind, shape)], [of(kind, out) for _ in range(shape[axis])], [shape[axis], axis])


def split(name, kind, shape, count, axis):
    out = list(shape)
    out[axis] //= count
    return graph(name, SPLIT, [numbers(axis), of(kind, shape)], [of(kind, out) for _ in range(count)], [count])


def split_v(name, kind, shape, sizes, axis, index=INT32):
    outs = []
    for size in sizes:
        outs.append(list(shape))
        outs[-1][axis] = size if size >= 0 else shape[axis] - sum(sizes) - 1
    return graph(name, SPLIT_V, [of(kind, shape), numbers(sizes, index), numbers(axis)], [of(kind, o) for o in outs],
                 [len(sizes)])


def pad(name, kind, shape, paddings, index=INT32, value=None):
    """value: None PAD, a number PADV2 with a constant, "input" PADV2 with one of run time"""
    out = [n + before + after for n, (before, after) in zip(shape, paddings)]
    inputs = [of(kind, shape), numbers(paddings, index)]
    if value is not None:
        inputs.append(of(kind, [1], "value"))
        if value != "input":
            inputs[-1] = Tensor("value", kind, [1], *QUANTISED.get(kind, (None, 0)), data=[value])
    return graph(name, PAD if value is None else PADV2, inputs, [of(kind, out)])


def mirror_pad(name, kind, shape, paddings, mode, index=INT32):
    out = [n + before + after for n, (before, after) in zip(shape, paddings)]
    return graph(name, MIRROR_PAD, [of(kind, shape), numbers(paddings, index)], [of(kind, out)], [mode])


def slices(name, kind, shape, begin, size, index=INT32, dynamic=False):
    out = [n - b if s == -1 else s for n, b, s in zip(shape, begin, size)]
    where = Tensor("indices", index, [len(shape)]) if dynamic else numbers(begin, index)
    more = {"index_range": (min(begin), max(begin))} if dynamic else {}
    return graph(name, SLICE, [of(kind, shape), where, numbers(size, index)], [of(kind, out)], **more)


def strided_slice(name, kind, shape, begin, end, strides, begin_mask=0, end_mask=0, ellipsis=0, new_axis=0, shrink=0,
                  out=None):
    if out is None:
        entries = []
        for i, (b, e, s) in enumerate(zip(begin, end, strides)):
            if ellipsis >> i & 1:
                entries.append(Ellipsis)
            elif new_axis >> i & 1:
                entries.append(None)
            elif shrink >> i & 1:
                entries.append((0 if s > 0 else -1) if begin_mask >> i & 1 else b)
            else:
                entries.append(slice(None if begin_mask >> i & 1 else b, None if end_mask >> i & 1 else e, s))
        out = np.zeros(shape)[tuple(entries)].shape
    inputs = [of(kind, shape)] + [numbers(v) for v in (begin, end, strides)]
    return graph(name, STRIDED_SLICE, inputs, [of(kind, out)], [begin_mask, end_mask, ellipsis, new_axis, shrink])


def transpose(name, kind, shape, order):
    return graph(name, TRANSPOSE, [of(kind, shape), numbers(order)], [of(kind, [shape[d] for d in order])])


def reverse(name, kind, shape, axes):
    return graph(name, REVERSE_V2, [of(kind, shape), numbers(axes)], [of(kind, shape)])


def gather(name, kind, shape, indices_shape, axis, batch=0, index=INT32, constant=None):
    axis_from_0 = axis % len(shape)
    out = list(shape[:axis_from_0]) + list(indices_shape[batch:]) + list(shape[axis_from_0 + 1:])
    indices = Tensor("indices", index, indices_shape) if constant is None else numbers(constant, index, indices_shape)
    more = {"index_range": (0, shape[axis] - 1)} if constant is None else {}
    return graph(name, GATHER, [of(kind, shape), indices], [of(kind, out)], [axis, batch], **more)


def gather_nd(name, kind, shape, indices_shape, index=INT32):
    depth = indices_shape[-1]
    out = list(indices_shape[:-1]) + list(shape[depth:])
    return graph(name, GATHER_ND, [of(kind, shape), Tensor("indices", index, indices_shape)], [of(kind, out)],
                 index_range=(0, min(shape[:depth]) - 1))


def space_to_depth(name, kind, shape, block):
    b, h, w, c = shape
    return graph(name, SPACE_TO_DEPTH, [of(kind, shape)], [of(kind, [b, h // block, w // block, c * block * block])], [block])


def depth_to_space(name, kind, shape, block):
    b, h, w, c = shape
    return graph(name, DEPTH_TO_SPACE, [of(kind, shape)], [of(kind, [b, h * block, w * block, c // block // block])], [block])


def batched(shape, blocks, margins):
    out = [shape[0] * int(np.prod(blocks))]
    out += [(n + before + after) // block for n, block, (before, after) in zip(shape[1:], blocks, margins)]
    return out + list(shape[1 + len(blocks):])


def space_to_batch(name, kind, shape, blocks, paddings):
    return graph(name, SPACE_TO_BATCH_ND, [of(kind, shape), numbers(blocks), numbers(paddings)],
                 [of(kind, batched(shape, blocks, paddings))])


def batch_to_space(name, kind, shape, blocks, crops):
    """shape: of the output"""
    return graph(name, BATCH_TO_SPACE_ND, [of(kind, batched(shape, blocks, crops)), numbers(blocks), numbers(crops)],
                 [of(kind, shape)])


def resize(name, builtin, kind, shape, size, corners=0, half_pixel=0):
    fields = [corners, half_pixel] if builtin == RESIZE_NEAREST_NEIGHBOR else [None, None, corners, half_pixel]
    return graph(name, builtin, [of(kind, shape), numbers(size)], [of(kind, [shape[0], *size, shape[3]])], fields)


def broadcast_to(name, kind, shape, out, index=INT32):
    return graph(name, BROADCAST_TO, [of(kind, shape), numbers(out, index)], [of(kind, out)])


def fill(name, kind, out, index=INT32):
    return graph(name, FILL, [numbers(out, index), of(kind, [])], [of(kind, out)])


def shape_of(name, kind, shape, index=INT32):
    return graph(name, SHAPE, [of(kind, shape)], [Tensor("y", index, [len(shape)])], [index])


def broadcast_args(name, first, second, index=INT32):
    """The second one is constant."""
    longer = max(len(first), len(second))
    return graph(name, BROADCAST_ARGS, [Tensor("indices", index, [len(first)]), numbers(second, index)],
                 [Tensor("y", index, [longer])], index_range=(1, 1))


def dynamic_update_slice(name, kind, shape, update, low, high, index=INT32):
    return graph(name, DYNAMIC_UPDATE_SLICE, [of(kind, shape), of(kind, update), Tensor("indices", index, [len(shape)])],
                 [of(kind, shape)], index_range=(low, high))


def models():
    return [
        concatenation("concat_int16_neg", INT16, [[2, 3, 2], [2, 3, 1], [2, 3, 4]], -1),
        concatenation("concat_int32", INT32, [[2, 3], [1, 3]], 0),
        pack("pack_last_int16", INT16, [2, 3], 3, -1),
        unpack("unpack_first", INT8, [3, 2, 2], 0),
        split("split_neg_int16", INT16, [2, 6, 2], 3, -2),
        split_v("split_v_rest", INT8, [2, 7, 3], [2, -1, 1], 1),
        pad("pad_rank5", INT8, [2, 1, 3, 2, 2], [[0, 1], [2, 0], [1, 1], [0, 0], [0, 3]]),
        pad("pad_int16", INT16, [2, 3], [[1, 0], [0, 2]]),
        pad("pad_int32_int64", INT32, [2, 3], [[1, 0], [0, 2]], INT64),
        pad("padv2_value_input", INT8, [2, 3, 2], [[1, 1], [0, 2], [1, 0]], value="input"),
        mirror_pad("mirror_symmetric", INT8, [2, 3, 4], [[1, 2], [3, 0], [0, 4]], 1),
        mirror_pad("mirror_reflect_int64", INT8, [3, 4, 2], [[2, 2], [3, 3], [1, 1]], 0, INT64),
        slices("slice_dynamic", INT8, [4, 5, 6], [0, 2, 2], [2, 3, 4], INT32, True),
        slices("slice_rest_int64", INT16, [3, 4, 5], [1, 0, 2], [-1, 2, -1], INT64),
        strided_slice("strided_slice_ellipsis", INT8, [2, 3, 4, 5], [1, 0, 0, 4], [2, 0, 0, -9], [1, 1, 1, -2],
                      ellipsis=2, new_axis=4, shrink=1),
        strided_slice("strided_slice_shrink", INT8, [3, 4, 5], [-1, -3, 1], [0, 100, -1], [1, 2, 1], shrink=1),
        strided_slice("strided_slice_masks_int16", INT16, [4, 5, 6], [3, 3, 3], [1, 1, 1], [-1, 2, -2], begin_mask=5,
                      end_mask=6),
        transpose("transpose_rank5", INT16, [2, 3, 1, 4, 2], [4, 1, 0, 3, 2]),
        transpose("transpose_2d_int32", INT32, [5, 3], [1, 0]),
        reverse("reverse_middle", INT8, [2, 3, 4], [1]),
        reverse("reverse_two_int16", INT16, [2, 3, 4], [-1, 1]),
        gather("gather_batch_dims", INT8, [2, 3, 4, 5], [2, 3, 2], 2, 2),
        gather("gather_scalar_neg", INT8, [3, 4, 2], [], -2, 0, INT32, [2]),
        gather("gather_int16_int64", INT16, [5, 3], [2, 2], 0, 0, INT64),
        gather_nd("gather_nd_slices", INT8, [3, 3, 4], [2, 2, 2]),
        gather_nd("gather_nd_elements", INT8, [3, 3, 4], [5, 3]),
        space_to_depth("space_to_depth_3", INT8, [2, 6, 3, 2], 3),
        depth_to_space("depth_to_space_3", INT8, [2, 2, 1, 18], 3),
        space_to_batch("space_to_batch_3d", INT8, [2, 5, 3], [3], [[1, 3]]),
        space_to_batch("space_to_batch_uneven", INT8, [2, 3, 4, 2], [2, 3], [[1, 2], [0, 2]]),
        batch_to_space("batch_to_space_crops", INT8, [2, 4, 5, 2], [2, 3], [[1, 1], [0, 1]]),
        resize("resize_bilinear_half", RESIZE_BILINEAR, INT8, [2, 3, 4, 2], [7, 5], 0, 1),
        resize("resize_bilinear_int16", RESIZE_BILINEAR, INT16, [1, 4, 3, 3], [9, 2], 0, 1),
        resize("resize_bilinear_float", RESIZE_BILINEAR, FLOAT32, [2, 4, 3, 2], [7, 5], 0, 1),
        resize("resize_nearest_half", RESIZE_NEAREST_NEIGHBOR, INT8, [2, 3, 4, 2], [7, 5], 0, 1),
        resize("resize_nearest_int16", RESIZE_NEAREST_NEIGHBOR, INT16, [1, 5, 4, 1], [3, 7], 1, 0),
        broadcast_to("broadcast_to_middle", INT8, [2, 1, 3], [2, 2, 4, 3]),
        broadcast_to("broadcast_to_scalar_int64", INT32, [1], [2, 3], INT64),
        fill("fill_int8", INT8, [2, 3, 4]),
        fill("fill_int32_int64", INT32, [5], INT64),
        shape_of("shape_int64", INT8, [2, 3, 4], INT64),
        broadcast_args("broadcast_args", [1, 1], [3, 1, 2]),
        dynamic_update_slice("dynamic_update_slice", INT8, [3, 4, 5], [2, 1, 3], -3, 6),
    ]


# ---- random models, for --check --random ----

def _shape(rng, rank_min=1, rank_max=5, dim_max=6):
    return [int(n) for n in rng.integers(1, dim_max + 1, rng.integers(rank_min, rank_max + 1))]


def _kind(rng, kinds=tuple(KINDS)):
    return kinds[rng.integers(len(kinds))]


def _index(rng):
    return [INT32, INT32, INT64][rng.integers(3)]


def _axis(rng, rank):
    return int(rng.integers(-rank, rank))


def _concatenation(rng):
    shape = _shape(rng, 1, 4)
    axis = _axis(rng, len(shape))
    shapes = []
    for _ in range(rng.integers(1, 6)):
        shapes.append(list(shape))
        shapes[-1][axis] = int(rng.integers(1, 5))
    return concatenation("random_concat", _kind(rng), shapes, axis)


def _pack(rng):
    shape = _shape(rng, 1, 3)
    return pack("random_pack", _kind(rng), shape, int(rng.integers(1, 5)), _axis(rng, len(shape) + 1))


def _unpack(rng):
    shape = _shape(rng, 2, 4)
    return unpack("random_unpack", _kind(rng), shape, _axis(rng, len(shape)))


def _split(rng):
    shape = _shape(rng)
    axis, count = _axis(rng, len(shape)), int(rng.integers(1, 5))
    shape[axis] = count * int(rng.integers(1, 4))
    return split("random_split", _kind(rng), shape, count, axis)


def _split_v(rng):
    shape = _shape(rng)
    axis = _axis(rng, len(shape))
    sizes = [int(n) for n in rng.integers(1, 4, rng.integers(1, 5))]
    shape[axis] = sum(sizes)
    if rng.integers(2):
        sizes[rng.integers(len(sizes))] = -1
    return split_v("random_split_v", _kind(rng), shape, sizes, axis, _index(rng))


def _paddings(rng, rank, high=4):
    return [[int(n) for n in rng.integers(0, high, 2)] for _ in range(rank)]


def _pad(rng):
    shape, kind = _shape(rng, 1, 5, 4), _kind(rng)
    value = [None, None, "input", 1][rng.integers(4)]
    return pad("random_pad", kind, shape, _paddings(rng, len(shape)), _index(rng), value)


def _mirror_pad(rng):
    shape, mode = _shape(rng, 1, 5, 4), int(rng.integers(2))
    paddings = [[int(n) for n in rng.integers(0, size + mode, 2)] for size in shape]
    return mirror_pad("random_mirror", _kind(rng), shape, paddings, mode, _index(rng))


def _slice(rng):
    shape = _shape(rng)
    if rng.integers(3) == 0:
        high = int(rng.integers(0, min(shape)))
        size = [int(rng.integers(1, n - high + 1)) for n in shape]
        return slices("random_slice", _kind(rng), shape, [high] + [0] * (len(shape) - 1) if high else [0] * len(shape),
                      size, _index(rng), True)
    begin = [int(rng.integers(0, n)) for n in shape]
    size = [-1 if rng.integers(3) == 0 else int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begin)]
    return slices("random_slice", _kind(rng), shape, begin, size, _index(rng))


def _strided_slice(rng):
    while True:
        shape = _shape(rng, 1, 4)
        count = int(rng.integers(1, len(shape) + 2))
        masks = [int(rng.integers(1 << count)) for _ in range(2)]
        ellipsis = 1 << int(rng.integers(count)) if rng.integers(4) == 0 else 0
        new_axis = int(rng.integers(1 << count)) & ~ellipsis if rng.integers(4) == 0 else 0
        if ellipsis and count - 1 - bin(new_axis).count("1") >= len(shape):
            continue  # one that stands for no dimension: TensorFlow Lite counts wrongly there
        shrink = int(rng.integers(1 << count)) & ~ellipsis & ~new_axis if rng.integers(3) == 0 else 0
        begin, end = ([int(n) for n in rng.integers(-7, 8, count)] for _ in range(2))
        strides = [1 if shrink >> i & 1 else int(s) for i, s in enumerate(rng.choice([-2, -1, 1, 1, 2, 3, 50], count))]
        try:
            model = strided_slice("random_strided_slice", _kind(rng), shape, begin, end, strides, masks[0] & ~shrink,
                                  masks[1], ellipsis, new_axis, shrink)
        except IndexError:
            continue
        out = model.tensors[-1].shape
        if out and min(out) > 0:
            return model


def _transpose(rng):
    shape = _shape(rng)
    return transpose("random_transpose", _kind(rng), shape, [int(d) for d in rng.permutation(len(shape))])


def _reverse(rng):
    shape = _shape(rng)
    axes = rng.permutation(len(shape))[:rng.integers(1, len(shape) + 1)]
    return reverse("random_reverse", _kind(rng), shape, [int(a) - len(shape) * int(rng.integers(2)) for a in axes])


def _gather(rng):
    shape = _shape(rng, 1, 4)
    axis = _axis(rng, len(shape))
    batch = int(rng.integers(0, axis % len(shape) + 1))
    indices = shape[:batch] + _shape(rng, 0 if batch else 1, 2, 4)
    return gather("random_gather", _kind(rng), shape, indices, axis, batch, _index(rng))


def _gather_nd(rng):
    shape = _shape(rng, 1, 4)
    indices = _shape(rng, 0, 2, 4) + [int(rng.integers(1, len(shape) + 1))]
    return gather_nd("random_gather_nd", _kind(rng), shape, indices, _index(rng))


def _depth(rng):
    b, h, w, c = (int(n) for n in rng.integers(1, 4, 4))
    block = int(rng.integers(1, 4))
    if rng.integers(2):
        return space_to_depth("random_space_to_depth", _kind(rng), [b, h * block, w * block, c], block)
    return depth_to_space("random_depth_to_space", _kind(rng), [b, h, w, c * block * block], block)


def _batch(rng):
    blocked = int(rng.integers(1, 3))
    shape = [int(n) for n in rng.integers(1, 6, blocked + 2)]
    blocks = [int(n) for n in rng.integers(1, 4, blocked)]
    margins = _paddings(rng, blocked)
    for m, block in enumerate(blocks):
        margins[m][1] += -(shape[1 + m] + sum(margins[m])) % block
    make = [space_to_batch, batch_to_space][rng.integers(2)]
    return make("random_" + make.__name__, _kind(rng), shape, blocks, margins)


def _resize(rng):
    shape = [int(n) for n in rng.integers(1, 9, 4)]
    size = [int(n) for n in rng.integers(1, 20, 2)]
    corners = int(rng.integers(2))
    if rng.integers(2):
        return resize("random_bilinear", RESIZE_BILINEAR, _kind(rng, (INT8, INT16, FLOAT32)), shape, size, corners,
                      int(rng.integers(2)) & ~corners)
    return resize("random_nearest", RESIZE_NEAREST_NEIGHBOR, _kind(rng), shape, size, corners, int(rng.integers(2)))


def _broadcast_to(rng):
    out = _shape(rng, 1, 5, 4)
    shape = [1 if rng.integers(3) == 0 else n for n in out[rng.integers(0, len(out)):]]
    return broadcast_to("random_broadcast_to", _kind(rng), shape, out, _index(rng))


def _plain(rng):
    choice = rng.integers(3)
    if choice == 0:
        return fill("random_fill", _kind(rng), _shape(rng), _index(rng))
    if choice == 1:
        return shape_of("random_shape", _kind(rng), _shape(rng), _index(rng))
    lengths = rng.integers(1, 6, 2)
    return broadcast_args("random_broadcast_args", [1] * lengths[0], rng.integers(1, 9, lengths[1]), _index(rng))


def _dynamic_update_slice(rng):
    shape = _shape(rng)
    update = [int(rng.integers(1, n + 1)) for n in shape]
    return dynamic_update_slice("random_dynamic_update_slice", _kind(rng), shape, update, -2, 7, _index(rng))


def random_model(rng):
    makers = [_concatenation, _pack, _unpack, _split, _split_v, _pad, _mirror_pad, _slice, _strided_slice, _strided_slice,
              _transpose, _reverse, _gather, _gather_nd, _depth, _batch, _resize, _resize, _broadcast_to, _plain,
              _dynamic_update_slice]
    return makers[rng.integers(len(makers))](rng)
