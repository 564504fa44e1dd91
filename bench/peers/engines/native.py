# SPDX-License-Identifier: Apache-2.0
"""Peers in C++: the libraries of native/, one per process."""
import ctypes
import os
from ctypes import c_char_p, c_int64, c_void_p

import numpy as np

from engines import Absent, Context, NotSupported, Prepared
from problems import ACTIVATIONS, Attention

REASON_BYTES = 256


# Those of native/peer.hpp: a peer knows no packed cache, and sees in the operands what they are.
ATTENTION_SIZES = ("batch", "heads", "kv_heads", "queries", "keys", "head_dim", "value_dim", "causal", "window",
                   "position")


class AttentionProblem(ctypes.Structure):
    _fields_ = [*((name, c_int64) for name in ATTENTION_SIZES),
                *((name, c_void_p) for name in ("query", "key", "value", "output")), ("threads", c_int64)]


class MatmulProblem(ctypes.Structure):
    _fields_ = [*((name, c_int64) for name in ("m", "n", "k", "activation")),
                *((name, c_void_p) for name in ("input", "weight", "bias", "output")), ("threads", c_int64)]


def pointer(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


class Peer:
    def __init__(self, variant: str, context: Context):
        path = context.libraries / f"libqkv-peer-{variant}.so"
        if not path.is_file():
            raise Absent(f"{path.name} was not built: its library was not found")
        try:
            self.library = ctypes.CDLL(os.fspath(path))
        except OSError as error:
            raise Absent(str(error)) from None
        self.threads = context.threads
        self.library.qkv_peer_version.restype = c_char_p
        self.library.qkv_peer_run.argtypes = [c_void_p, c_int64]
        self.library.qkv_peer_free.argtypes = [c_void_p]
        self.version = self.library.qkv_peer_version().decode()

    def prepare(self, problem, given: dict[str, np.ndarray]) -> Prepared:
        if isinstance(problem, Attention):
            output = np.empty((problem.batch, problem.heads, problem.queries, problem.value_dim), np.float32)
            values = [getattr(problem, name) for name in ATTENTION_SIZES]
            operands = [given["query"], given["key"], given["value"], output]
            arguments = AttentionProblem(*values, *map(pointer, operands), self.threads)
            return self.prepared(self.library.qkv_peer_attention, arguments, operands)
        output = np.empty((problem.m, problem.n), np.float32)
        operands = [given["input"], given["weight"], given.get("bias"), output]
        values = [problem.m, problem.n, problem.k, ACTIVATIONS.index(problem.activation)]
        arguments = MatmulProblem(*values, *map(pointer, operands), self.threads)
        return self.prepared(self.library.qkv_peer_matmul, arguments, operands)

    def prepared(self, prepare, arguments: ctypes.Structure, operands: list) -> Prepared:
        prepare.restype = c_void_p
        reason = ctypes.create_string_buffer(REASON_BYTES)
        handle = prepare(ctypes.byref(arguments), reason)
        if not handle:
            raise NotSupported(reason.value.decode())
        return NativePrepared(self.library, handle, operands)


class NativePrepared(Prepared):
    def __init__(self, library: ctypes.CDLL, handle: int, operands: list):
        super().__init__(lambda calls: library.qkv_peer_run(handle, calls), lambda: operands[-1])
        self.free = lambda: library.qkv_peer_free(handle)

    def __del__(self):
        self.free()
