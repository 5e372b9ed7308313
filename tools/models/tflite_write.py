"""Writes a .tflite file from a plain description, with nothing but the standard library.

Why: our models come from our own scripts, and the same numbers must give the same file on any
machine, so no converter stands between. Layout of FlatBuffers: engine/kernels/flatbuffer.h.

Any graph (numbers of operators, types and option tables are those of TensorFlow Lite's schema):

    graph_bytes(
        tensors=[Tensor("x", INT8, [1, 4], scale=0.05, zero=-3),
                 Tensor("axis", INT32, [1], data=[1]),              # constant
                 Tensor("y", INT8, [1], scale=0.05, zero=-3)],
        operators=[Operator(56, [0, 1], [2], 22, [0])],             # ARG_MAX: builtin, inputs, outputs, options
        inputs=[0], outputs=[2])

A chain of fully-connected layers:

    write_chain(path, input_scale, input_zero, [
        {"weights": [[...], ...],        # outputs x inputs, -127..127
         "bias": [...],                  # int32, one an output; None: absent
         "weight_scale": 0.01,           # or a list, one an output (per channel)
         "output_scale": 0.05, "output_zero": -128,
         "activation": "relu"},          # "none", "relu", "relu_n1_to_1", "relu6"
    ])
"""
import struct

FLOAT32, INT32, UINT8, INT64, BOOL, INT16, INT8, RESOURCE = 0, 2, 3, 4, 6, 7, 9, 13
CODES = {FLOAT32: "f", INT32: "i", UINT8: "B", INT64: "q", BOOL: "?", INT16: "h", INT8: "b"}
FULLY_CONNECTED = 9
FULLY_CONNECTED_OPTIONS = 8
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


class Tensor:
    """data: flat list of numbers of a constant. scale: a number, or a list (per channel, along `dimension`).
    zero: a number, or a list as long as the scales. variable: keeps its value between inferences."""

    def __init__(self, name, kind, shape, scale=None, zero=0, data=None, variable=False, dimension=0):
        self.name, self.kind, self.shape = name, kind, list(shape)
        self.scales = [] if scale is None else list(scale) if isinstance(scale, (list, tuple)) else [scale]
        self.zeros = list(zero) if isinstance(zero, (list, tuple)) else [zero] * len(self.scales)
        self.data = None if data is None else struct.pack("<%d%s" % (len(data), CODES[kind]), *data)
        self.variable, self.dimension = variable, dimension


class Operator:
    """options: number in the schema's union BuiltinOptions (0: none) and its fields in order: None (absent, the
    default), an integer (of up to 4 bytes; a bool or enum, too), a float, a list of int32, or a text."""

    def __init__(self, builtin, inputs, outputs, options=0, fields=(), version=1):
        self.builtin, self.inputs, self.outputs = builtin, list(inputs), list(outputs)
        self.options, self.fields, self.version = options, list(fields), version


class _Bytes:
    """A growing file. A table is written before its children, whose places are patched in."""

    def __init__(self):
        self.data = bytearray()

    def align(self, size, ahead=0):
        while (len(self.data) + ahead) % size:
            self.data.append(0)

    def point(self, reference, target):
        struct.pack_into("<I", self.data, reference, target - reference)

    def table(self, *fields):
        """Fields in schema order: None (absent), "ref", an integer or a float. Returns place, references."""
        self.align(4)
        vtable = len(self.data)
        count = len(fields)
        offsets, at = [], 4
        for field in fields:
            offsets.append(0 if field is None else at)
            at += 0 if field is None else 4
        self.data += struct.pack("<HH", 4 + 2 * count, at)
        self.data += struct.pack("<%dH" % count, *offsets)
        self.align(4)
        place = len(self.data)
        self.data += struct.pack("<i", place - vtable)
        references = {}
        for index, field in enumerate(fields):
            if field is None:
                continue
            if field == "ref":
                references[index] = len(self.data)
            if isinstance(field, float):
                self.data += struct.pack("<f", field)
            else:
                self.data += struct.pack("<i", 0 if field == "ref" else field)
        return place, references

    def vector(self, code, values, align=4):
        self.align(max(align, 4), ahead=4)
        place = len(self.data)
        self.data += struct.pack("<I", len(values))
        self.data += struct.pack("<%d%s" % (len(values), code), *values)
        return place

    def string(self, text):
        place = self.vector("B", text.encode())
        self.data.append(0)
        return place

    def references(self, count):
        place = self.vector("I", [0] * count)
        return place, [place + 4 + 4 * i for i in range(count)]


def _write_tensor(out, reference, tensor, buffer):
    place, refs = out.table("ref", tensor.kind, buffer, "ref", "ref" if tensor.scales else None,
                            *([1] if tensor.variable else []))
    out.point(reference, place)
    out.point(refs[0], out.vector("i", tensor.shape))
    out.point(refs[3], out.string(tensor.name))
    if tensor.scales:
        place, quantisation = out.table(None, None, "ref", "ref",
                                        *([None, None, tensor.dimension] if tensor.dimension else []))
        out.point(refs[4], place)
        out.point(quantisation[2], out.vector("f", tensor.scales))
        out.point(quantisation[3], out.vector("q", tensor.zeros, 8))


def _write_operator(out, reference, code, operator):
    place, op = out.table(code, "ref", "ref", operator.options, "ref" if operator.options else None)
    out.point(reference, place)
    out.point(op[1], out.vector("i", operator.inputs))
    out.point(op[2], out.vector("i", operator.outputs))
    if operator.options:
        place, refs = out.table(*["ref" if isinstance(f, (list, str)) else f for f in operator.fields])
        out.point(op[4], place)
        for index, field in enumerate(operator.fields):
            if isinstance(field, list):
                out.point(refs[index], out.vector("i", field))
            if isinstance(field, str):
                out.point(refs[index], out.string(field))


def graph_bytes(tensors, operators, inputs, outputs, description="twinloop"):
    """inputs and outputs are indices of tensors."""
    out = _Bytes()
    out.data += b"\0\0\0\0TFL3"
    root, model = out.table(3, "ref", "ref", "ref", "ref")
    out.point(0, root)

    codes = []
    for operator in operators:
        if (operator.builtin, operator.version) not in codes:
            codes.append((operator.builtin, operator.version))
    place, refs = out.references(len(codes))
    out.point(model[1], place)
    for reference, (builtin, version) in zip(refs, codes):
        place, _ = out.table(min(builtin, 127), None, version, builtin)
        out.point(reference, place)
    out.point(model[3], out.string(description))

    # Buffer 0 is empty; a constant has one of its own (empty data: one that nobody points at).
    buffers, buffer_of = [b""], []
    for tensor in tensors:
        buffer_of.append(len(buffers) if tensor.data else 0)
        if tensor.data is not None:
            buffers.append(tensor.data)
    place, refs = out.references(len(buffers))
    out.point(model[4], place)
    for reference, data in zip(refs, buffers):
        place, buffer = out.table("ref" if data else None)
        out.point(reference, place)
        if data:
            out.point(buffer[0], out.vector("B", data, 16))

    place, refs = out.references(1)
    out.point(model[2], place)
    place, graph = out.table("ref", "ref", "ref", "ref", "ref")
    out.point(refs[0], place)
    out.point(graph[4], out.string("main"))

    place, refs = out.references(len(tensors))
    out.point(graph[0], place)
    for reference, tensor, buffer in zip(refs, tensors, buffer_of):
        _write_tensor(out, reference, tensor, buffer)
    out.point(graph[1], out.vector("i", inputs))
    out.point(graph[2], out.vector("i", outputs))

    place, refs = out.references(len(operators))
    out.point(graph[3], place)
    for reference, operator in zip(refs, operators):
        _write_operator(out, reference, codes.index((operator.builtin, operator.version)), operator)
    return bytes(out.data)


def chain_bytes(input_scale, input_zero, layers, description="twinloop"):
    """Tensors: 0 the input; then weights, bias and output of each layer."""
    width = len(layers[0]["weights"][0])
    tensors = [Tensor("input", INT8, [1, width], input_scale, input_zero)]
    flow_scale, operators = input_scale, []
    for index, layer in enumerate(layers):
        outputs, inputs = len(layer["weights"]), len(layer["weights"][0])
        if inputs != width:
            raise ValueError("layer %d takes %d inputs, the one before gives %d" % (index, inputs, width))
        base, bias = 1 + 3 * index, layer.get("bias")
        weights = Tensor("weights%d" % index, INT8, [outputs, inputs], layer["weight_scale"], 0,
                         [w for row in layer["weights"] for w in row])
        tensors.append(weights)
        tensors.append(Tensor("bias%d" % index, INT32, [outputs], [flow_scale * s for s in weights.scales], 0, bias or []))
        tensors.append(Tensor("output%d" % index, INT8, [1, outputs], layer["output_scale"], layer["output_zero"]))
        operators.append(Operator(FULLY_CONNECTED, [base - 1, base, base + 1 if bias is not None else -1], [base + 2],
                                  FULLY_CONNECTED_OPTIONS, [ACTIVATIONS[layer.get("activation", "none")]]))
        width, flow_scale = outputs, layer["output_scale"]
    return graph_bytes(tensors, operators, [0], [3 * len(layers)], description)


def write_chain(path, input_scale, input_zero, layers, description="twinloop"):
    data = chain_bytes(input_scale, input_zero, layers, description)
    with open(path, "wb") as file:
        file.write(data)
    return data
