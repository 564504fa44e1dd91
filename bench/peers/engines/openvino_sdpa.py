# SPDX-License-Identifier: Apache-2.0
"""OpenVINO: a model of one scaled_dot_product_attention, with f32 kept as f32."""
import numpy as np
import openvino
from openvino import opset13, properties

from engines import Context, NotSupported, Prepared
from masks import additive_mask, causal_flag
from problems import Attention


class Peer:
    version = openvino.get_version().split("-")[0]

    def __init__(self, variant: str, context: Context):
        self.core = openvino.Core()
        self.configuration = {
            properties.inference_num_threads(): context.threads,
            properties.num_streams(): 1,
            properties.hint.inference_precision(): openvino.Type.f32,
            properties.hint.enable_cpu_pinning(): False,  # the process is bound already
        }
        self.problem, self.compiled = None, None

    def prepare(self, problem, given: dict[str, np.ndarray]) -> Prepared:
        if not isinstance(problem, Attention):
            raise NotSupported("attention only")
        operands = [given["query"], given["key"], given["value"]]
        if causal_flag(problem) is None:
            operands.append(additive_mask(problem, np.float32))
        try:
            compiled = self.compiled_for(problem, operands)
        except RuntimeError as error:
            raise NotSupported(str(error).splitlines()[-1][:160]) from None
        request = compiled.create_infer_request()
        tensors = [openvino.Tensor(array, shared_memory=True) for array in operands]
        for index, tensor in enumerate(tensors):
            request.set_input_tensor(index, tensor)
        return OpenvinoPrepared(request, operands)

    def compiled_for(self, problem, operands: list[np.ndarray]) -> openvino.CompiledModel:
        """The last one, if it is of the same problem: each has threads of its own."""
        if problem != self.problem:
            self.compiled = self.core.compile_model(model_of(problem, operands), "CPU", self.configuration)
            self.problem = problem
        return self.compiled


class OpenvinoPrepared(Prepared):
    def __init__(self, request: openvino.InferRequest, operands: list[np.ndarray]):
        super().__init__(self.infer, lambda: request.get_output_tensor(0).data)
        self.request, self.operands = request, operands  # the request reads their memory, and keeps none of them

    def infer(self, calls: int) -> None:
        for _ in range(calls):
            self.request.infer()


def model_of(problem: Attention, operands: list[np.ndarray]) -> openvino.Model:
    parameters = [opset13.parameter(array.shape, array.dtype.type) for array in operands]
    query, key, value, *mask = parameters
    group = problem.heads // problem.kv_heads
    if group > 1:
        key, value = repeated(key, problem, group), repeated(value, problem, group)
    attention = opset13.scaled_dot_product_attention(query, key, value, *mask, causal=bool(causal_flag(problem)))
    return openvino.Model([attention], parameters, "attention")


def repeated(heads, problem: Attention, group: int):
    """Grouped queries as exported models write them: each key head repeated."""
    batch, count, rows, dim = heads.shape
    spread = opset13.broadcast(opset13.unsqueeze(heads, opset13.constant([2])),
                               opset13.constant([batch, count, group, rows, dim]))
    return opset13.reshape(spread, opset13.constant([batch, count * group, rows, dim]), False)
