"""Models with resource variables (TensorFlow Lite Micro is their oracle: it starts them at the zero point of what is
assigned to them first, where TensorFlow gives an error): see make_op_models.py."""
from tflite_write import INT8, INT16, INT32, RESOURCE, Operator, Tensor
from tflm_oracle import TflmModel

ADD, CONCATENATION, SLICE, VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE = 0, 2, 65, 142, 143, 144
ADD_OPTIONS, CONCATENATION_OPTIONS, HANDLE_OPTIONS, READ_OPTIONS, ASSIGN_OPTIONS = 11, 10, 111, 112, 113


def handle(index, name, container=""):
    return Operator(VAR_HANDLE, [], [index], HANDLE_OPTIONS, [container, name])


def read(resource, value):
    return Operator(READ_VARIABLE, [resource], [value], READ_OPTIONS)


def assign(resource, value):
    return Operator(ASSIGN_VARIABLE, [resource, value], [], ASSIGN_OPTIONS)


def resource(name):
    return Tensor(name, RESOURCE, [1])


def fifo(name, kind, scale, zero):
    """The last 3 inputs of 2, oldest first."""
    tensors = [Tensor("x", kind, [1, 2], scale, zero), resource("h"), Tensor("old", kind, [1, 6], scale, zero),
               Tensor("begin", INT32, [2], data=[0, 2]), Tensor("size", INT32, [2], data=[1, 4]),
               Tensor("kept", kind, [1, 4], scale, zero), Tensor("new", kind, [1, 6], scale, zero)]
    operators = [handle(1, "fifo"), read(1, 2), Operator(SLICE, [2, 3, 4], [5]),
                 Operator(CONCATENATION, [5, 0], [6], CONCATENATION_OPTIONS, [1, 0]), assign(1, 6)]
    return TflmModel(name, tensors, operators, [0], [6], cases=6, stream=True)


def two_sums(name):
    """Two variables; the first one is named twice, and its second reading sees what was assigned between."""
    x = [Tensor("x", INT8, [4], 0.05, 3)]
    values = [Tensor(n, INT8, [4], 0.5, z) for n, z in (("a", -7), ("sum", -7), ("again", -7), ("b", 20), ("other", 20))]
    tensors = x + [resource("h1"), resource("h2"), resource("h3")] + values
    operators = [handle(1, "first"), handle(2, "second"), read(1, 4), Operator(ADD, [4, 0], [5], ADD_OPTIONS, [0]),
                 assign(1, 5), handle(3, "first"), read(3, 6), read(2, 7),
                 Operator(ADD, [7, 6], [8], ADD_OPTIONS, [0]), assign(2, 8)]
    return TflmModel(name, tensors, operators, [0], [6, 7, 8], cases=6, stream=True)


def models():
    return [
        fifo("variable_fifo", INT8, 0.05, -5),
        fifo("variable_fifo_int16", INT16, 0.0003, 0),
        fifo("variable_fifo_int32", INT32, None, 0),
        two_sums("variable_two_sums"),
    ]
