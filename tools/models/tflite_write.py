"""Writes an int8 fully-connected network as a .tflite file, with nothing but the standard library.

Why: our models come from our own scripts, and the same numbers must give the same file on any
machine, so no converter stands between. Layout of FlatBuffers: engine/kernels/flatbuffer.h.

    write_chain(path, input_scale, input_zero, [
        {"weights": [[...], ...],        # outputs x inputs, -127..127
         "bias": [...],                  # int32, one an output; None: absent
         "weight_scale": 0.01,           # or a list, one an output (per channel)
         "output_scale": 0.05, "output_zero": -128,
         "activation": "relu"},          # "none", "relu", "relu_n1_to_1", "relu6"
    ])
"""
import struct

INT32, INT8 = 2, 9
FULLY_CONNECTED = 9
FULLY_CONNECTED_OPTIONS = 8
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}


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
        """Fields in schema order: None (absent), "ref", or an integer. Returns place, references."""
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


def _tensor(out, reference, name, kind, shape, buffer, scales, zero):
    place, refs = out.table("ref", kind, buffer, "ref", "ref" if scales else None)
    out.point(reference, place)
    out.point(refs[0], out.vector("i", shape))
    out.point(refs[3], out.string(name))
    if scales:
        place, quantisation = out.table(None, None, "ref", "ref")
        out.point(refs[4], place)
        out.point(quantisation[2], out.vector("f", scales))
        out.point(quantisation[3], out.vector("q", [zero] * len(scales), 8))


def _scales(layer):
    scale = layer["weight_scale"]
    return list(scale) if isinstance(scale, (list, tuple)) else [scale]


def chain_bytes(input_scale, input_zero, layers, description="twinloop"):
    out = _Bytes()
    out.data += b"\0\0\0\0TFL3"
    root, model = out.table(3, "ref", "ref", "ref", "ref")
    out.point(0, root)

    place, refs = out.references(1)
    out.point(model[1], place)
    place, _ = out.table(FULLY_CONNECTED, None, 1, FULLY_CONNECTED)
    out.point(refs[0], place)
    out.point(model[3], out.string(description))

    buffers = [b""]
    for layer in layers:
        buffers.append(b"".join(struct.pack("%db" % len(row), *row) for row in layer["weights"]))
        bias = layer.get("bias")
        buffers.append(struct.pack("<%di" % len(bias), *bias) if bias is not None else b"")
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

    # Tensors: 0 the input; then weights, bias and output of each layer.
    place, tensors = out.references(1 + 3 * len(layers))
    out.point(graph[0], place)
    width = len(layers[0]["weights"][0])
    _tensor(out, tensors[0], "input", INT8, [1, width], 0, [input_scale], input_zero)
    flow_scale, operators = input_scale, []
    for index, layer in enumerate(layers):
        outputs, inputs = len(layer["weights"]), len(layer["weights"][0])
        if inputs != width:
            raise ValueError("layer %d takes %d inputs, the one before gives %d" % (index, inputs, width))
        base, scales = 1 + 3 * index, _scales(layer)
        _tensor(out, tensors[base], "weights%d" % index, INT8, [outputs, inputs], 1 + 2 * index,
                scales, 0)
        has_bias = layer.get("bias") is not None
        _tensor(out, tensors[base + 1], "bias%d" % index, INT32, [outputs],
                2 + 2 * index if has_bias else 0, [flow_scale * s for s in scales], 0)
        _tensor(out, tensors[base + 2], "output%d" % index, INT8, [1, outputs], 0,
                [layer["output_scale"]], layer["output_zero"])
        operators.append(([base - 1, base, base + 1 if has_bias else -1], base + 2,
                          ACTIVATIONS[layer.get("activation", "none")]))
        width, flow_scale = outputs, layer["output_scale"]
    out.point(graph[1], out.vector("i", [0]))
    out.point(graph[2], out.vector("i", [3 * len(layers)]))

    place, refs = out.references(len(operators))
    out.point(graph[3], place)
    for reference, (inputs, output, activation) in zip(refs, operators):
        place, op = out.table(0, "ref", "ref", FULLY_CONNECTED_OPTIONS, "ref")
        out.point(reference, place)
        out.point(op[1], out.vector("i", inputs))
        out.point(op[2], out.vector("i", [output]))
        place, _ = out.table(activation)
        out.point(op[4], place)
    return bytes(out.data)


def write_chain(path, input_scale, input_zero, layers, description="twinloop"):
    data = chain_bytes(input_scale, input_zero, layers, description)
    with open(path, "wb") as file:
        file.write(data)
    return data
