"""TensorFlow Lite Micro's own reference kernels as the oracle of a model of make_op_models.py.

    TflmModel(name, tensors, operators, inputs, outputs, ...)    # an op_model.Model with another oracle

Development-time only: a virtual environment with the package tflite-micro (the golden files were made with
0.dev20261023182759, whose x86-64 kernels are the reference ones). With TL_ORACLE=tensorflow in the environment
TensorFlow is the oracle of all models: --check then says where the two differ.
"""
import multiprocessing
import os
import queue as queues

import numpy as np

from op_model import Model


def _run(queue, file, cases, output_count, stream):
    from tflite_micro import runtime
    interpreter = runtime.Interpreter.from_bytes(file, arena_size=2 << 20)
    results = []
    for case in cases:
        if not stream:
            interpreter.reset()
        for index, value in enumerate(case):
            interpreter.set_input(value, index)
        interpreter.invoke()
        results.append([np.array(interpreter.get_output(index)) for index in range(output_count)])
    queue.put(results)


def tflm_outputs(file, cases, output_count, stream):
    """In a child process, because TensorFlow Lite Micro ends its own where it does not like a model."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_run, args=(queue, file, cases, output_count, stream))
    child.start()
    while True:
        try:
            results = queue.get(timeout=0.1)
            break
        except queues.Empty:
            if not child.is_alive() and queue.empty():
                raise RuntimeError("TensorFlow Lite Micro refuses it or ends its process") from None
    child.join()
    return results


class TflmModel(Model):
    """tensorflow: True where TensorFlow Lite Micro does not run the form and TensorFlow does."""

    def __init__(self, *given, tensorflow=False, **more):
        super().__init__(*given, **more)
        if not tensorflow and os.environ.get("TL_ORACLE") != "tensorflow":
            self.expected, self.source, self._results = self._next, "tflm", []

    def _next(self, _case):
        """Cases come in their order; all of them run at the first."""
        if not self._results:
            cases = [self.case(number) for number in range(self.cases)]
            self._results = tflm_outputs(self.tflite(), cases, len(self.outputs), self.stream)
        return self._results.pop(0)
