# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: graphs of one attention node, with operands and results bound once."""
import math

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from engines import Context, NotSupported, Prepared
from masks import additive_mask, causal_flag, ends_at_last_key
from problems import Attention

CONTRIBUTED = "com.microsoft"


class Graph:
    """One node: its attributes, its inputs by name in the node's order ("" where it has none), its outputs."""

    def __init__(self, operator: str, domain: str, outputs: list[str], attributes: dict[str, object]):
        self.operator, self.domain, self.outputs, self.attributes = operator, domain, outputs, attributes
        self.inputs: dict[str, np.ndarray] = {}
        self.order: list[str] = []

    def add(self, name: str, array: np.ndarray) -> None:
        self.inputs[name] = np.ascontiguousarray(array)
        self.order.append(name)

    def skip(self, count: int = 1) -> None:
        self.order += [""] * count

    def model(self) -> bytes:
        node = helper.make_node(self.operator, self.order, self.outputs, domain=self.domain, **self.attributes)
        inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                  for name, array in self.inputs.items()]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs]
        opsets = [helper.make_opsetid("", 23), helper.make_opsetid(CONTRIBUTED, 1)]
        graph = helper.make_graph([node], "attention", inputs, outputs)
        return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def packed(array: np.ndarray) -> np.ndarray:
    """[batch, heads, rows, dim] to [batch, rows, heads * dim]"""
    batch, heads, rows, dim = array.shape
    return array.transpose(0, 2, 1, 3).reshape(batch, rows, heads * dim)


def unpacked(array: np.ndarray, heads: int) -> np.ndarray:
    batch, rows, width = array.shape
    return array.reshape(batch, rows, heads, width // heads).transpose(0, 2, 1, 3)


def multi_head_attention(problem: Attention, given: dict[str, np.ndarray]) -> Graph:
    if problem.heads != problem.kv_heads:
        raise NotSupported("no grouped queries")
    is_causal = causal_flag(problem)
    graph = Graph("MultiHeadAttention", CONTRIBUTED, ["output"],
                  {"num_heads": problem.heads, "unidirectional": int(bool(is_causal))})
    for name in ("query", "key", "value"):
        graph.add(name, packed(given[name]))
    if is_causal is None:
        graph.skip(2)
        graph.add("attention_bias", additive_mask(problem, np.float32)[None, None])
    return graph


def group_query_attention(problem: Attention, given: dict[str, np.ndarray]) -> Graph:
    """The node appends keys to a cache, and its queries are the last of the sequence."""
    if not ends_at_last_key(problem):
        raise NotSupported("causal queries at the end of the keys only")
    if problem.head_dim != problem.value_dim:
        raise NotSupported("no value head size of its own")
    window = problem.window if 0 < problem.window < problem.keys else -1
    graph = Graph("GroupQueryAttention", CONTRIBUTED, ["output", "present_key", "present_value"],
                  {"num_heads": problem.heads, "kv_num_heads": problem.kv_heads, "local_window_size": window})
    past = problem.keys - problem.queries
    graph.add("query", packed(given["query"]))
    graph.add("key", packed(given["key"][:, :, past:]))
    graph.add("value", packed(given["value"][:, :, past:]))
    if past:
        graph.add("past_key", given["key"])
        graph.add("past_value", given["value"])
    else:
        graph.skip(2)
    graph.add("seqlens_k", np.full(problem.batch, problem.keys - 1, np.int32))
    graph.add("total_sequence_length", np.array(problem.keys, np.int32))
    return graph


def attention_23(problem: Attention, given: dict[str, np.ndarray]) -> Graph:
    is_causal = causal_flag(problem)
    graph = Graph("Attention", "", ["output"], {"is_causal": int(bool(is_causal)),
                                                "scale": 1 / math.sqrt(problem.head_dim)})
    for name in ("query", "key", "value"):
        graph.add(name, given[name])
    if is_causal is None:
        graph.add("attn_mask", additive_mask(problem, np.float32))
    return graph


NODES = {"MultiHeadAttention": multi_head_attention, "GroupQueryAttention": group_query_attention,
         "Attention-23": attention_23}


class Peer:
    version = onnxruntime.__version__

    def __init__(self, variant: str, context: Context):
        self.node = NODES[variant]
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = context.threads
        self.options.inter_op_num_threads = 1
        self.options.log_severity_level = 3
        self.model, self.session = b"", None

    def prepare(self, problem, given: dict[str, np.ndarray]) -> Prepared:
        if not isinstance(problem, Attention):
            raise NotSupported("attention only")
        graph = self.node(problem, given)
        try:
            return bound(self.session_of(graph.model()), graph, problem)
        except Exception as error:  # onnxruntime's own types have no common one
            raise NotSupported(str(error).splitlines()[0][:160]) from None

    def session_of(self, model: bytes) -> onnxruntime.InferenceSession:
        """The last one, if it is of the same model: each has threads of its own, which spin."""
        if model != self.model:
            self.session = onnxruntime.InferenceSession(model, self.options, providers=["CPUExecutionProvider"])
            self.model = model
        return self.session


def bound(session: onnxruntime.InferenceSession, graph: Graph, problem: Attention) -> Prepared:
    binding = session.io_binding()
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(array) for name, array in graph.inputs.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    rows = (problem.batch, problem.queries, problem.heads * problem.value_dim)
    four = (problem.batch, problem.heads, problem.queries, problem.value_dim)
    output = onnxruntime.OrtValue.ortvalue_from_shape_and_type(list(four if graph.domain == "" else rows), np.float32)
    binding.bind_ortvalue_output("output", output)
    for kind in ("key", "value"):
        if f"past_{kind}" in values:  # the cache is written in place
            binding.bind_ortvalue_output(f"present_{kind}", values[f"past_{kind}"])
        elif f"present_{kind}" in graph.outputs:
            binding.bind_output(f"present_{kind}")

    def run(calls: int) -> None:
        for _ in range(calls):
            session.run_with_iobinding(binding)

    return Prepared(run, lambda: output.numpy() if graph.domain == "" else unpacked(output.numpy(), problem.heads))
