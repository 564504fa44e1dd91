# SPDX-License-Identifier: Apache-2.0
"""Random operands, and what the answer should be, in double, for a sample of rows."""
import math

import numpy as np

from problems import Attention, Matmul

SAMPLES = 24  # rows
COLUMNS = 512  # of a matmul's result, at most
AMPLITUDE = 1.7  # uniform: variance 1, like normalised activations


def random_floats(*shape: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).random(shape, dtype=np.float32)
    return (2 * AMPLITUDE) * values - np.float32(AMPLITUDE)


def operands(problem) -> dict[str, np.ndarray]:
    if isinstance(problem, Attention):
        queries = (problem.batch, problem.heads, problem.queries)
        keys = (problem.batch, problem.kv_heads, problem.keys)
        found = {"query": random_floats(*queries, problem.head_dim, seed=1),
                 "key": random_floats(*keys, problem.head_dim, seed=2),
                 "value": random_floats(*keys, problem.value_dim, seed=3)}
        if problem.rising:  # each key's score is about 0.4 above the one before
            found["query"][..., 0] = problem.head_dim ** 0.5
            found["key"][..., 0] = 0.4 * np.arange(problem.keys)
        return found
    found = {"input": random_floats(problem.m, problem.k, seed=1),
             "weight": random_floats(problem.n, problem.k, seed=2)}
    return {**found, "bias": random_floats(problem.n, seed=3)} if problem.bias else found


def error_of(problem, given: dict[str, np.ndarray], output: np.ndarray) -> float:
    """The largest |output - double reference| over the sampled rows, over max(1, largest |reference|)."""
    rows = attention_rows(problem, given) if isinstance(problem, Attention) else matmul_rows(problem, given)
    largest, scale = 0.0, 1.0
    for index, expected in rows:
        difference = np.abs(output[index].astype(np.float64) - expected)
        largest = max(largest, float(np.where(np.isnan(difference), np.inf, difference).max()))
        scale = max(scale, float(np.abs(expected).max()))
    return largest / scale


def sampled(extents: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Indices of first, last and random rows."""
    count = math.prod(extents)
    chosen = {0, count - 1, *np.random.default_rng(4).integers(0, count, SAMPLES).tolist()}
    return [tuple(int(i) for i in np.unravel_index(row, extents)) for row in sorted(chosen)]


def attention_rows(problem: Attention, given: dict[str, np.ndarray]):
    group = problem.heads // problem.kv_heads
    for batch, head, row in sampled((problem.batch, problem.heads, problem.queries)):
        visible = problem.visible(row)
        if not visible:
            yield (batch, head, row), np.zeros(problem.value_dim)
            continue
        keys = slice(visible.start, visible.stop)
        query = given["query"][batch, head, row].astype(np.float64)
        logits = given["key"][batch, head // group, keys].astype(np.float64) @ query / math.sqrt(problem.head_dim)
        weights = np.exp(logits - logits.max())
        yield (batch, head, row), weights / weights.sum() @ given["value"][batch, head // group, keys].astype(np.float64)


def matmul_rows(problem: Matmul, given: dict[str, np.ndarray]):
    columns = np.unique(np.linspace(0, problem.n - 1, COLUMNS).astype(int))
    weight = given["weight"][columns].astype(np.float64)
    for (row,) in sampled((problem.m,)):
        result = weight @ given["input"][row].astype(np.float64)
        yield (row, columns), activated(result + given["bias"][columns] if problem.bias else result, problem.activation)


def activated(x: np.ndarray, activation: str) -> np.ndarray:
    if activation == "relu":
        return np.maximum(x, 0)
    if activation == "gelu":
        return x / 2 * (1 + np.array([math.erf(value / math.sqrt(2)) for value in x]))
    if activation == "gelu_tanh":
        return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / (1 + np.exp(-x)) if activation == "silu" else x
