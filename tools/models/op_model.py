"""One test model of tests/golden/ops: a small graph, its inputs, and what the oracle makes of it.

    Model("sub_int32", tensors, operators, inputs, outputs)      # as tflite_write.graph_bytes
        cases     how many inputs the golden files hold; numbers 0, 1, 2 are lowest, highest, ramp
        ranges    {tensor index: (lowest, highest)} where the whole type is not wanted (int32, float32)
        stream    variable tensors keep their value from case to case (else cases are independent)
        expected  function(list of arrays, one an input) -> list of arrays, one an output, where TensorFlow
                  is no oracle; say in `source` what is
"""
import hashlib
import os
import re
import sys

import numpy as np

import tflite_write as tw

NUMPY = {tw.FLOAT32: np.float32, tw.INT32: np.int32, tw.UINT8: np.uint8, tw.INT64: np.int64, tw.BOOL: np.bool_,
         tw.INT16: np.int16, tw.INT8: np.int8}
DEFAULT_RANGES = {tw.FLOAT32: (-4, 4), tw.INT32: (-1000, 1000), tw.INT64: (-1000, 1000), tw.BOOL: (0, 1)}
TENSORFLOW = "tf2.17-ref"


class Model:
    def __init__(self, name, tensors, operators, inputs, outputs, cases=4, ranges=None, stream=False, expected=None,
                 source=TENSORFLOW):
        self.name, self.tensors, self.operators = name, tensors, operators
        self.inputs, self.outputs, self.cases = inputs, outputs, cases
        self.ranges, self.stream, self.expected, self.source = ranges or {}, stream, expected, source

    def tflite(self):
        return tw.graph_bytes(self.tensors, self.operators, self.inputs, self.outputs, "twinloop test " + self.name)

    def case(self, number):
        """The arrays of one case, one an input."""
        return [self._input(number, position, index) for position, index in enumerate(self.inputs)]

    def _input(self, number, position, index):
        tensor = self.tensors[index]
        kind = NUMPY[tensor.kind]
        if index in self.ranges or tensor.kind in DEFAULT_RANGES:
            low, high = self.ranges.get(index, DEFAULT_RANGES.get(tensor.kind))
        else:
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
        count = int(np.prod(tensor.shape, dtype=np.int64))
        k = np.arange(count)
        if tensor.kind == tw.FLOAT32:
            spread = (random_words(1000 + number + 7919 * position, count) >> np.uint64(40)).astype(np.float64)
            values = low + (high - low) * spread / 2 ** 24
            if number == 2:
                values = low + (high - low) * k / max(count - 1, 1)
        else:
            span = high - low + 1
            high_words = (random_words(1000 + number + 7919 * position, count) >> np.uint64(32)).astype(object)
            values = np.array([low + int(w) * span // 2 ** 32 for w in high_words], dtype=np.int64)
            if number == 2:
                values = low + k % span
        if number in (0, 1):
            values = np.full(count, low if (number + position) % 2 == 0 else high)
        return values.astype(kind).reshape(tensor.shape)


def random_words(seed, count):
    """splitmix64: word k of this seed."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def tensorflow_outputs(file, cases, stream=False, reference=True):
    """What TensorFlow's reference kernels make of the cases, each a list of arrays. reference=False: its ordinary
    kernels, for the few operators that BUILTIN_REF lacks (ELU)."""
    import tensorflow as tf
    if tf.__version__ != "2.17.1":
        sys.exit("this oracle is TensorFlow 2.17.1, not " + tf.__version__)
    resolvers = tf.lite.experimental.OpResolverType
    interpreter = tf.lite.Interpreter(
        model_content=file, experimental_op_resolver_type=resolvers.BUILTIN_REF if reference else
        resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    interpreter.allocate_tensors()
    sources = [d["index"] for d in interpreter.get_input_details()]
    targets = [d["index"] for d in interpreter.get_output_details()]
    results = []
    for case in cases:
        if not stream:
            interpreter.reset_all_variables()
        for source, value in zip(sources, case):
            interpreter.set_tensor(source, value)
        interpreter.invoke()
        results.append([interpreter.get_tensor(t) for t in targets])
    return results


def operator_names():
    """From the schema's order in engine/kernels/builtin_names.def."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "engine", "kernels", "builtin_names.def")) as file:
        return re.findall(r"NAME\((\w+)\)", file.read().split("*/", 1)[1])


def _describe(tensor):
    text = "%s[%s]" % (np.dtype(NUMPY[tensor.kind]).name, "x".join(map(str, tensor.shape)))
    if tensor.scales:
        text += "@%.9g/%d" % (np.float32(tensor.scales[0]), tensor.zeros[0])
    return text


def manifest_row(model, file, data_in, data_out):
    """The columns of tests/golden/ops/manifest.csv."""
    names = operator_names()
    operators = []
    for operator in model.operators:
        if names[operator.builtin] not in operators:
            operators.append(names[operator.builtin])
    sizes = [str(len(data) // model.cases) for data in (data_in, data_out)]
    hashes = [hashlib.sha256(data).hexdigest() for data in (file, data_in, data_out)]
    return ",".join([model.name, "+".join(operators), str(model.cases),
                     ";".join(_describe(model.tensors[i]) for i in model.inputs),
                     ";".join(_describe(model.tensors[i]) for i in model.outputs), *sizes,
                     "stream" if model.stream else "independent", model.source, *hashes])


MANIFEST_HEAD = ("model,ops,cases,inputs,outputs,in_bytes_per_case,out_bytes_per_case,state,golden_source,"
                 "sha256_tflite,sha256_in,sha256_out")
