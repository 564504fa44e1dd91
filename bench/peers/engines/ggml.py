# SPDX-License-Identifier: Apache-2.0
"""ggml, from llama-cpp-python's libraries: ggml_flash_attn_ext in f32. Hidden keys are said by an f16 mask."""
import ctypes
import importlib.util
import math
import os
from ctypes import c_bool, c_float, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import numpy as np

from engines import Absent, Context, NotSupported, Prepared
from masks import additive_mask, causal_flag
from problems import Attention

F32, F16 = 0, 1  # ggml_type
CONTEXT_BYTES = 1 << 20  # descriptions only: the backend holds the data


class InitParams(ctypes.Structure):
    _fields_ = [("mem_size", c_size_t), ("mem_buffer", c_void_p), ("no_alloc", c_bool)]


SIGNATURES = {
    "ggml_init": (c_void_p, [InitParams]),
    "ggml_free": (None, [c_void_p]),
    "ggml_version": (ctypes.c_char_p, []),
    "ggml_new_tensor_4d": (c_void_p, [c_void_p, c_int, c_int64, c_int64, c_int64, c_int64]),
    "ggml_flash_attn_ext": (c_void_p, [*[c_void_p] * 5, c_float, c_float, c_float]),
    "ggml_new_graph": (c_void_p, [c_void_p]),
    "ggml_build_forward_expand": (None, [c_void_p, c_void_p]),
    "ggml_backend_cpu_init": (c_void_p, []),
    "ggml_backend_cpu_set_n_threads": (None, [c_void_p, c_int]),
    "ggml_backend_alloc_ctx_tensors": (c_void_p, [c_void_p, c_void_p]),
    "ggml_backend_buffer_free": (None, [c_void_p]),
    "ggml_backend_tensor_set": (None, [c_void_p, c_void_p, c_size_t, c_size_t]),
    "ggml_backend_tensor_get": (None, [c_void_p, c_void_p, c_size_t, c_size_t]),
    "ggml_backend_graph_compute": (c_int, [c_void_p, c_void_p]),
}


def folder_of_libraries() -> Path:
    spec = importlib.util.find_spec("llama_cpp")  # not imported: that would load llama.cpp as well
    return Path(spec.origin).parent / "lib"


def functions() -> dict:
    folder = folder_of_libraries()
    try:
        libraries = [ctypes.CDLL(os.fspath(folder / name), ctypes.RTLD_GLOBAL)
                     for name in ("libggml-base.so", "libggml-cpu.so")]
    except OSError as error:
        raise Absent(str(error)) from None
    found = {}
    for name, (result, arguments) in SIGNATURES.items():
        owner = next((library for library in libraries if hasattr(library, name)), None)
        if owner is None:
            raise Absent(f"this ggml has no {name}")
        found[name] = getattr(owner, name)
        found[name].restype, found[name].argtypes = result, arguments
    return found


class Peer:
    def __init__(self, variant: str, context: Context):
        self.call = functions()
        self.version = self.call["ggml_version"]().decode()
        self.backend = self.call["ggml_backend_cpu_init"]()
        self.call["ggml_backend_cpu_set_n_threads"](self.backend, context.threads)

    def prepare(self, problem, given: dict[str, np.ndarray]) -> Prepared:
        if not isinstance(problem, Attention):
            raise NotSupported("attention only")
        return GgmlAttention(self.call, self.backend, problem, given)


class GgmlAttention(Prepared):
    def __init__(self, call: dict, backend: int, problem: Attention, given: dict[str, np.ndarray]):
        super().__init__(self.compute, self.read)
        self.call, self.backend, self.problem, self.buffer = call, backend, problem, None
        self.context = call["ggml_init"](InitParams(CONTEXT_BYTES, None, True))
        operands = [given["query"], given["key"], given["value"]]
        if causal_flag(problem) is not False:
            operands.append(additive_mask(problem, np.float16)[None, None])
        tensors = [self.tensor(array) for array in operands]
        query, key, value, *mask = tensors
        self.result = call["ggml_flash_attn_ext"](self.context, query, key, value, *(mask or [None]),
                                                  1 / math.sqrt(problem.head_dim), 0, 0)
        self.graph = call["ggml_new_graph"](self.context)
        call["ggml_build_forward_expand"](self.graph, self.result)
        self.buffer = call["ggml_backend_alloc_ctx_tensors"](self.context, backend)
        if not self.buffer:
            raise NotSupported("not enough memory")
        for tensor, array in zip(tensors, operands, strict=True):
            call["ggml_backend_tensor_set"](tensor, array.ctypes.data, 0, array.nbytes)

    def tensor(self, array: np.ndarray) -> int:
        kind = F16 if array.dtype == np.float16 else F32
        return self.call["ggml_new_tensor_4d"](self.context, kind, *reversed(array.shape))

    def compute(self, calls: int) -> None:
        for _ in range(calls):
            self.call["ggml_backend_graph_compute"](self.backend, self.graph)

    def read(self) -> np.ndarray:
        p = self.problem
        output = np.empty((p.batch, p.queries, p.heads, p.value_dim), np.float32)
        self.call["ggml_backend_tensor_get"](self.result, output.ctypes.data, 0, output.nbytes)
        return output.transpose(0, 2, 1, 3)

    def __del__(self):
        if self.buffer:
            self.call["ggml_backend_buffer_free"](self.buffer)
        self.call["ggml_free"](self.context)
