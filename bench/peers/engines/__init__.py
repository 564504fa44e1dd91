# SPDX-License-Identifier: Apache-2.0
"""The peers, by the name of their rows. Each module is imported by the process that measures it, and by no other."""
import importlib
import importlib.util
import itertools
from dataclasses import dataclass
from typing import Callable, NamedTuple


class NotSupported(Exception):
    """What a peer cannot do, in a few words."""


class Absent(Exception):
    """A peer whose library is not there."""


@dataclass
class Prepared:
    """A problem that is ready to run."""

    run: Callable[[int], None]  # makes so many calls
    output: Callable[[], object]  # array of the last one: [batch, heads, queries, value_dim] or [m, n]


def in_turns(calls: list[Prepared]) -> Prepared:
    """Each call is of the next one."""
    turns = itertools.cycle(calls)

    def run(count: int) -> None:
        for prepared in itertools.islice(turns, count):
            prepared.run(1)

    return Prepared(run, calls[0].output)


class Context(NamedTuple):
    threads: int
    libraries: object  # the folder of the libraries that Meson built


# Name: module, what the module calls it, and the Python packages it needs.
PEERS = {
    "openblas": ("native", "openblas", []),
    "blis": ("native", "blis", []),
    "onednn": ("native", "onednn", []),
    "onednn:pypi": ("native", "onednn-pypi", []),
    "pytorch": ("pytorch", "", ["torch"]),
    "onnxruntime:MultiHeadAttention": ("onnx_runtime", "MultiHeadAttention", ["onnx", "onnxruntime"]),
    "onnxruntime:GroupQueryAttention": ("onnx_runtime", "GroupQueryAttention", ["onnx", "onnxruntime"]),
    "onnxruntime:Attention-23": ("onnx_runtime", "Attention-23", ["onnx", "onnxruntime"]),
    "openvino": ("openvino_sdpa", "", ["openvino"]),
    "ggml": ("ggml", "", ["llama_cpp"]),
}


def load(name: str, context: Context):
    """The peer: an object with `version` and `prepare(problem, operands) -> Prepared`, for attention and matmul problems.
    What it prepares for one problem several times runs in the same threads."""
    module, variant, packages = PEERS[name]
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise Absent(f"Python package {package} is not installed")
    return importlib.import_module(f"engines.{module}").Peer(variant, context)
