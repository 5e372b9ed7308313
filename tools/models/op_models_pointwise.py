"""Models of the operators that work element by element: see make_op_models.py."""
from op_model import Model
from tflite_write import INT8, INT16, Operator, Tensor

ADD = 0


def binary(name, builtin, kind, shapes, scales, zeros, options=0, fields=(), **more):
    """One operator of two inputs; shapes, scales and zeros are those of x1, x2, y."""
    tensors = [Tensor(n, kind, s, scale, zero) for n, s, scale, zero in zip(("x1", "x2", "y"), shapes, scales, zeros)]
    return Model(name, tensors, [Operator(builtin, [0, 1], [2], options, fields)], [0, 1], [2], **more)


def models():
    return [
        binary("add_rank5", ADD, INT8, [[2, 1, 3, 1, 5], [3, 2, 1], [2, 1, 3, 2, 5]], [0.02, 0.03, 0.05], [3, -7, 11],
               11, [0]),
        binary("add_int16_broadcast", ADD, INT16, [[2, 3, 4], [1, 4], [2, 3, 4]], [0.0002, 0.0003, 0.0006], [0, 0, 0],
               11, [1]),
    ]
