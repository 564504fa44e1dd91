# SPDX-License-Identifier: Apache-2.0
"""The measured limits of this machine, those of qkv-bench, and which of them bounds a problem."""
import ctypes
import os
from pathlib import Path


def best_isa() -> str:
    flags: set[str] = set()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            flags = set(value.split())
            break
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
        return "avx512"
    return "avx2" if "avx2" in flags else "neon" if "asimd" in flags else "generic"


class Limit:
    """A rate that nothing passes."""

    def __init__(self, library: ctypes.CDLL, name: str, threads: int):
        self.library, self.name = library, name
        self.unit = "bytes/s" if name.startswith("read ") else "FLOP/s"
        self.handle = library.qkv_limit_open(name.encode(), threads)
        if not self.handle:
            raise OSError(f"the limit {name} cannot be measured")

    @property
    def best(self) -> float:
        return self.library.qkv_limit_best(self.handle)

    def measure(self) -> float:
        return self.library.qkv_limit_measure(self.handle)


class Limits:
    """The limits of a process. Each is calibrated when it is first asked for."""

    def __init__(self, path: Path, threads: int):
        self.library = library = ctypes.CDLL(os.fspath(path))
        library.qkv_limit_open.restype = ctypes.c_void_p
        library.qkv_limit_open.argtypes = [ctypes.c_char_p, ctypes.c_int]
        library.qkv_limit_measure.restype = library.qkv_limit_best.restype = ctypes.c_double
        library.qkv_limit_measure.argtypes = library.qkv_limit_best.argtypes = [ctypes.c_void_p]
        library.qkv_limit_bound.restype = ctypes.c_char_p
        library.qkv_limit_bound.argtypes = [ctypes.c_double, ctypes.c_double, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
        library.qkv_limit_cold_copies.restype = ctypes.c_int64
        library.qkv_limit_cold_copies.argtypes = [ctypes.c_double, ctypes.c_double]
        self.threads = threads
        self.isa = best_isa()
        self.known: dict[str, Limit] = {}

    def get(self, name: str) -> Limit:
        if name not in self.known:
            self.known[name] = Limit(self.library, name, self.threads)
        return self.known[name]

    def bound_of(self, problem, cold: bool) -> Limit:
        """The roofline of qkv-bench. cold: the operands come from DRAM."""
        isa = self.isa.encode()
        return self.get(self.library.qkv_limit_bound(problem.flops, problem.bytes, isa, self.threads, cold).decode())

    def cold_copies(self, problem) -> int:
        """Copies of the operands to be used in turns, so that they come from DRAM; 0: they do not fit."""
        return self.library.qkv_limit_cold_copies(problem.bytes, problem.operand_bytes)

    def peaks(self) -> dict[str, dict[str, float]]:
        return {name: {str(self.threads): limit.best} for name, limit in self.known.items()}
