# SPDX-License-Identifier: Apache-2.0
"""PyTorch: scaled_dot_product_attention, and linear with an activation."""
import numpy as np
import torch
from torch.nn import functional

from engines import Context, Prepared
from masks import boolean_mask, causal_flag
from problems import Attention, Matmul

ACTIVATIONS = {
    "none": None,
    "relu": functional.relu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}


class Peer:
    version = torch.__version__

    def __init__(self, variant: str, context: Context):
        torch.set_num_threads(context.threads)
        torch.set_grad_enabled(False)

    def prepare(self, problem, given: dict[str, np.ndarray]) -> Prepared:
        tensors = {name: torch.from_numpy(array) for name, array in given.items()}
        if isinstance(problem, Attention):
            return prepared(attention_call(problem, tensors))
        return prepared(matmul_call(problem, tensors))


def attention_call(problem: Attention, tensors):
    query, key, value = tensors["query"], tensors["key"], tensors["value"]
    is_causal = causal_flag(problem)
    mask = None if is_causal is not None else torch.from_numpy(boolean_mask(problem))
    grouped = problem.heads != problem.kv_heads
    attend = functional.scaled_dot_product_attention
    return lambda: attend(query, key, value, attn_mask=mask, is_causal=bool(is_causal), enable_gqa=grouped)


def matmul_call(problem: Matmul, tensors):
    activation = ACTIVATIONS[problem.activation]
    operands = (tensors["input"], tensors["weight"], tensors.get("bias"))
    if activation is None:
        return lambda: functional.linear(*operands)
    return lambda: activation(functional.linear(*operands))


def prepared(call) -> Prepared:
    last = [None]

    def run(calls: int) -> None:
        for _ in range(calls):
            last[0] = call()

    return Prepared(run, lambda: last[0].numpy())
