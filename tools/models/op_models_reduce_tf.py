"""Models of reductions that TensorFlow Lite Micro refuses (TensorFlow is their oracle): see make_op_models.py."""
from op_model import Model
from op_models_reduce import ARG_MIN, REDUCE_ANY, REDUCE_MAX, REDUCE_MIN, arg, extreme
from tflite_write import BOOL, INT16, INT32, INT64


def models():
    return [
        extreme("reduce_max_int16_hw", REDUCE_MAX, INT16, [2, 3, 4, 2], [1, 2], base=Model),
        extreme("reduce_min_int16", REDUCE_MIN, INT16, [2, 7], [1], base=Model),
        extreme("reduce_min_int32", REDUCE_MIN, INT32, [2, 7, 2], [0, 1, 2], base=Model),
        extreme("reduce_any", REDUCE_ANY, BOOL, [3, 4, 2], [1], base=Model),
        arg("arg_min_int32_int64", ARG_MIN, INT32, [2, 8], -1, INT64, base=Model),
    ]
