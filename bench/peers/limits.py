# SPDX-License-Identifier: Apache-2.0
"""The measured limits of this machine, from the library that qkv-bench's loops are built into."""
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

CPU_FILES = Path("/sys/devices/system/cpu/cpu0/cache")
PEAK_TRIES = 9
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def cpu_flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def best_isa() -> str:
    flags = cpu_flags()
    if "avx512f" in flags:
        return "avx512"
    return "avx2" if "avx2" in flags else "neon" if "asimd" in flags else "generic"


def cache_sizes() -> dict[str, int]:
    """Bytes of the data caches: {"L1": ..., "L2": ..., "L3": ...}, as many as there are."""
    sizes = {}
    for folder in sorted(CPU_FILES.glob("index*")):
        if (folder / "type").read_text().strip() != "Instruction":
            size = (folder / "size").read_text().strip()
            unit = UNITS.get(size[-1], 1)
            sizes["L" + (folder / "level").read_text().strip()] = int(size.rstrip("KMG")) * unit
    return sizes


@dataclass
class Limit:
    """A rate that a problem cannot pass, and how to measure it again."""

    name: str
    unit: str
    measure: Callable[[], float]


class Limits:
    def __init__(self, library: Path, threads: int):
        self.library = ctypes.CDLL(os.fspath(library))
        self.library.qkv_limit_flops.restype = ctypes.c_double
        self.library.qkv_limit_read.restype = ctypes.c_double
        self.library.qkv_limit_read.argtypes = [ctypes.c_void_p]
        self.library.qkv_limit_reader.restype = ctypes.c_void_p
        self.library.qkv_limit_reader.argtypes = [ctypes.c_size_t, ctypes.c_int]
        self.threads = threads
        self.isa = best_isa()
        self.caches = cache_sizes()
        self.readers: dict[str, int] = {}
        # Which limit binds a problem must not depend on a neighbour's noise.
        self.best_flops = max(self.flops() for _ in range(PEAK_TRIES))
        self.best_read = {level: max(self.read(level) for _ in range(PEAK_TRIES)) for level in (*self.caches, "DRAM")}

    def flops(self) -> float:
        return self.library.qkv_limit_flops(self.isa.encode(), self.threads)

    def read(self, level: str) -> float:
        return self.library.qkv_limit_read(self.reader(level))

    def reader(self, level: str) -> int:
        """Memory that lies in this level: half of a cache, or four times the last one."""
        if level not in self.readers:
            last = max(self.caches.values(), default=32 << 20)
            size = self.caches[level] // 2 if level in self.caches else 4 * last
            shared = level in ("L3", "DRAM")
            self.readers[level] = self.library.qkv_limit_reader(size // (self.threads if shared else 1), self.threads)
        return self.readers[level]

    def level_of(self, size: float) -> str:
        """The cache level that so many bytes fit in. All but the last level are every core's own."""
        for level, capacity in self.caches.items():
            if size <= capacity * (1 if level == "L3" else self.threads):
                return level
        return "DRAM"

    def of(self, problem) -> Limit:
        """The roofline: the FMA peak, or what reading its bytes allows where that is less."""
        level = self.level_of(problem.bytes)
        if problem.flops / problem.bytes * self.best_read[level] < self.best_flops:
            return Limit(f"read {level}", "bytes/s", lambda: self.read(level))
        return Limit(f"fma {self.isa}", "FLOP/s", self.flops)

    def peaks(self) -> dict[str, dict[str, float]]:
        count = str(self.threads)
        reads = {f"read {level}": {count: rate} for level, rate in self.best_read.items()}
        return {f"fma {self.isa}": {count: self.best_flops}, **reads}
