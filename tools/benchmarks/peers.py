"""What a user would run instead: LiteRT with XNNPACK and onnxruntime, one thread, for `bench kernels --peers`; and what
plain code is measured against: TFLite Micro's reference kernels as its x86 package has them.

Reads requests from standard input, one a line, and answers each with one line of JSON:
    open LABEL MODEL.tflite     {"litert": null or reason, "onnxruntime": ..., "tflm": ...}
    time PEER BATCH SECONDS     {"us_per_inference": x}: about SECONDS of calls, the least over those calls
onnxruntime gets the same network as ONNX: every tensor as uint8 (its fast form: uint8 times int8), each operator
between DequantizeLinear and QuantizeLinear, which it fuses into its integer kernels; NCHW inside.
"""
import json
import sys
import time

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper, numpy_helper

OPS = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
TYPES = {schema.TensorType.INT8: np.int8, schema.TensorType.INT32: np.int32}


class Refused(Exception):
    """The network has something that this converter does not write."""


def options(op, cls):
    out = cls()
    out.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
    return out


class Onnx:
    """A .tflite as ONNX; tensors of rank 4 are NCHW."""

    def __init__(self, path):
        self.bytes = open(path, "rb").read()
        self.model = schema.Model.GetRootAs(self.bytes, 0)
        self.graph = self.model.Subgraphs(0)
        self.nodes, self.constants, self.count = [], [], 0

    def fresh(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def node(self, kind, inputs, **attributes):
        output = self.fresh(kind)
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, value):
        name = self.fresh("constant")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def quantisation(self, tensor):
        q = tensor.Quantization()
        return q.ScaleAsNumpy().astype(np.float32), int(q.ZeroPoint(0))

    def data(self, tensor):
        raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        return np.frombuffer(raw.tobytes(), TYPES[tensor.Type()]).reshape(tensor.ShapeAsNumpy())

    def quantise(self, value, tensor):
        """float -> uint8 -> float: what the operator's output can hold."""
        scale, zero = self.quantisation(tensor)
        parts = [self.constant(scale[0]), self.constant(np.uint8(zero + 128))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [value] + parts)] + parts)

    def weights(self, tensor, data, axis):
        scale, _ = self.quantisation(tensor)
        if len(scale) == 1:
            parts = [self.constant(scale[0]), self.constant(np.int8(0))]
            return self.node("DequantizeLinear", [self.constant(data)] + parts), scale
        parts = [self.constant(scale), self.constant(np.zeros(len(scale), np.int8))]
        return self.node("DequantizeLinear", [self.constant(data)] + parts, axis=axis), scale

    def bias(self, op, input_scale, weight_scale, outputs):
        data = np.zeros(outputs, np.int32)
        if op.InputsLength() > 2 and op.Inputs(2) >= 0:
            data = self.data(self.graph.Tensors(op.Inputs(2)))
        scale = np.broadcast_to(input_scale[0] * weight_scale, (outputs,)).astype(np.float32)
        parts = [self.constant(scale), self.constant(np.zeros(outputs, np.int32))]
        return self.node("DequantizeLinear", [self.constant(data)] + parts, axis=0)

    def activation(self, value, code):
        if code == schema.ActivationFunctionType.RELU:
            return self.node("Relu", [value])
        if code == schema.ActivationFunctionType.RELU6:
            return self.node("Clip", [value, self.constant(np.float32(0)), self.constant(np.float32(6))])
        if code != schema.ActivationFunctionType.NONE:
            raise Refused("activation")
        return value

    def pads(self, padding, sizes, outs, kernels, strides, dilations):
        begin, end = [], []
        for size, out, kernel, stride, dilation in zip(sizes, outs, kernels, strides, dilations):
            total = max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - size)
            total = total if padding == schema.Padding.SAME else 0
            begin.append(int(total // 2))
            end.append(int(total - total // 2))
        return begin + end

    def convolution(self, op, x, depthwise):
        o = options(op, schema.DepthwiseConv2DOptions if depthwise else schema.Conv2DOptions)
        tin, tw = (self.graph.Tensors(op.Inputs(i)) for i in (0, 1))
        tout = self.graph.Tensors(op.Outputs(0))
        data, groups = self.data(tw), 1
        if depthwise:
            groups = int(tin.Shape(3))
            data = data.transpose(3, 0, 1, 2)
        else:
            data = data.transpose(0, 3, 1, 2)
        w, scale = self.weights(tw, data, 0)
        kernels = list(data.shape[2:])
        strides, dilations = [o.StrideH(), o.StrideW()], [o.DilationHFactor(), o.DilationWFactor()]
        sizes, outs = [tin.Shape(1), tin.Shape(2)], [tout.Shape(1), tout.Shape(2)]
        b = self.bias(op, self.quantisation(tin)[0], scale, data.shape[0])
        y = self.node("Conv", [x, w, b], group=groups, kernel_shape=kernels, strides=strides,
                      dilations=dilations, pads=self.pads(o.Padding(), sizes, outs, kernels, strides, dilations))
        return self.activation(y, o.FusedActivationFunction())

    def fully_connected(self, op, x):
        tin, tw = (self.graph.Tensors(op.Inputs(i)) for i in (0, 1))
        w, scale = self.weights(tw, self.data(tw), 0)
        b = self.bias(op, self.quantisation(tin)[0], scale, tw.Shape(0))
        if tin.ShapeLength() != 2:
            x = self.node("Flatten", [x], axis=1)
        y = self.node("Gemm", [x, w, b], transB=1)
        return self.activation(y, options(op, schema.FullyConnectedOptions).FusedActivationFunction())

    def pool(self, op, x, kind):
        o = options(op, schema.Pool2DOptions)
        tin, tout = self.graph.Tensors(op.Inputs(0)), self.graph.Tensors(op.Outputs(0))
        kernels, strides = [o.FilterHeight(), o.FilterWidth()], [o.StrideH(), o.StrideW()]
        if kind == "AveragePool" and kernels == [tin.Shape(1), tin.Shape(2)]:
            return self.node("GlobalAveragePool", [x])
        sizes, outs = [tin.Shape(1), tin.Shape(2)], [tout.Shape(1), tout.Shape(2)]
        return self.node(kind, [x], kernel_shape=kernels, strides=strides,
                         pads=self.pads(o.Padding(), sizes, outs, kernels, strides, [1, 1]))

    def reshape(self, op, x):
        tin, tout = self.graph.Tensors(op.Inputs(0)), self.graph.Tensors(op.Outputs(0))
        if tin.ShapeLength() == 4:  # the order of NHWC
            x = self.node("Transpose", [x], perm=[0, 2, 3, 1])
        shape = [0] + [int(tout.Shape(i)) for i in range(1, tout.ShapeLength())]
        if tout.ShapeLength() == 2:
            return self.node("Reshape", [x, self.constant(np.array([0, -1], np.int64))])
        x = self.node("Reshape", [x, self.constant(np.array(shape, np.int64))])
        return self.node("Transpose", [x], perm=[0, 3, 1, 2]) if tout.ShapeLength() == 4 else x

    def operator(self, op, values):
        name = OPS[max(self.model.OperatorCodes(op.OpcodeIndex()).BuiltinCode(),
                       self.model.OperatorCodes(op.OpcodeIndex()).DeprecatedBuiltinCode())]
        x = values[op.Inputs(0)]
        if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            return self.convolution(op, x, name != "CONV_2D")
        if name == "FULLY_CONNECTED":
            return self.fully_connected(op, x)
        if name == "ADD":
            return self.activation(self.node("Add", [x, values[op.Inputs(1)]]),
                                   options(op, schema.AddOptions).FusedActivationFunction())
        if name in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            return self.pool(op, x, "AveragePool" if name == "AVERAGE_POOL_2D" else "MaxPool")
        if name == "RESHAPE":
            return self.reshape(op, x)
        if name == "SOFTMAX":
            return self.node("Softmax", [x], axis=-1)
        raise Refused(name)

    def build(self):
        g = self.graph
        tin, tout = g.Tensors(g.Inputs(0)), g.Tensors(g.Outputs(0))
        shape = [int(tin.Shape(i)) for i in range(1, tin.ShapeLength())]
        scale, zero = self.quantisation(tin)
        parts = [self.constant(scale[0]), self.constant(np.uint8(zero + 128))]
        x = self.node("DequantizeLinear", ["input"] + parts)
        values = {g.Inputs(0): self.node("Transpose", [x], perm=[0, 3, 1, 2]) if len(shape) == 3 else x}
        for i in range(g.OperatorsLength()):
            op = g.Operators(i)
            out = op.Outputs(0)
            values[out] = self.quantise(self.operator(op, values), g.Tensors(out))
        out_shape = [int(tout.Shape(i)) for i in range(1, tout.ShapeLength())]
        self.nodes[-1].output[0] = "unused"
        self.nodes[-2].output[0] = "output"
        self.nodes.pop()
        graph = helper.make_graph(
            self.nodes, "g", [helper.make_tensor_value_info("input", TensorProto.UINT8, ["n"] + shape)],
            [helper.make_tensor_value_info("output", TensorProto.UINT8, ["n"] + out_shape)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model.SerializeToString()


class LiteRt:
    def __init__(self, path):
        self.path, self.batch = path, 0
        self.prepare(1)

    def prepare(self, batch):
        if batch == self.batch:
            return
        self.runner = Interpreter(self.path, num_threads=1)
        detail = self.runner.get_input_details()[0]
        shape = [batch] + [int(d) for d in detail["shape"][1:]]
        if batch != 1:
            self.runner.resize_tensor_input(detail["index"], shape)
        self.runner.allocate_tensors()
        data = np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)
        self.runner.set_tensor(detail["index"], data)
        self.batch = batch

    def call(self):
        self.runner.invoke()


class OnnxRuntime:
    def __init__(self, path):
        opts = onnxruntime.SessionOptions()
        opts.intra_op_num_threads = opts.inter_op_num_threads = 1
        opts.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(Onnx(path).build(), opts, providers=["CPUExecutionProvider"])
        self.shape = self.session.get_inputs()[0].shape[1:]
        self.prepare(1)

    def prepare(self, batch):
        data = np.random.default_rng(1).integers(0, 256, [batch] + self.shape).astype(np.uint8)
        self.binding = self.session.io_binding()
        self.binding.bind_cpu_input("input", data)
        self.binding.bind_output("output")

    def call(self):
        self.session.run_with_iobinding(self.binding)


class TfliteMicro:
    """Has no batches: one call is one inference. A call of the smallest model takes 1.1 us in all, Python included."""

    def __init__(self, path):
        from tflite_micro import runtime

        self.runner = runtime.Interpreter.from_file(path)
        shape = self.runner.get_input_details(0)["shape"]
        self.runner.set_input(np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8), 0)

    def prepare(self, batch):
        if batch != 1:
            raise Refused("batches")

    def call(self):
        self.runner.invoke()


PEERS = {"litert": LiteRt, "onnxruntime": OnnxRuntime, "tflm": TfliteMicro}


def measure(peer, batch, seconds):
    peer.prepare(batch)
    peer.call()
    least, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        peer.call()
        least = min(least, time.perf_counter() - begin)
    return 1e6 * least / batch


def main():
    peers = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "open":
            peers, answer = {}, {}
            for name, make in PEERS.items():
                try:
                    peers[name] = make(words[2])
                    answer[name] = None
                except Exception as reason:  # a peer that refuses a model is a finding, not a failure
                    answer[name] = str(reason).splitlines()[0][:200]
        else:
            try:
                answer = {"us_per_inference": measure(peers[words[1]], int(words[2]), float(words[3]))}
            except Exception as reason:
                answer = {"error": str(reason).splitlines()[0][:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
