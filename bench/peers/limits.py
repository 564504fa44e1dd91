# SPDX-License-Identifier: Apache-2.0
"""The measured limits of this machine, by the loops that qkv-bench has, and which of them bounds a problem."""
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
CALIBRATION_ROUNDS = 8


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


@dataclass(frozen=True)
class Level:
    name: str
    capacity: float  # bytes of one cache
    sharing: int  # cores
    smaller: int  # capacity of the level before

    def holds(self, size: float, threads: int) -> bool:
        return size <= self.capacity * max(1, threads // self.sharing)

    def probe_bytes(self, threads: int) -> int:
        """Of a buffer for each thread that lies in this level and in no smaller one."""
        if self.name == "DRAM":
            return min(max(4 * self.smaller, 64 << 20), 1 << 30) // threads
        if self.smaller == 0:
            return int(self.capacity) // 2
        users = min(threads, self.sharing)
        return min(int(self.capacity), max(2 * self.smaller, int(self.capacity) // (4 * users)))


def cpu_count(text: str) -> int:
    """Of a list such as 0-3,8"""
    ends = [part.split("-") for part in text.split(",")]
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)


def memory_levels(folder: Path = CACHES) -> list[Level]:
    """From the nearest to DRAM."""
    levels: list[Level] = []
    smaller = 0
    for index in sorted(folder.glob("index*")):
        read = {name: (index / name).read_text().strip() for name in ("type", "level", "size", "shared_cpu_list")}
        capacity = int(read["size"].rstrip("KMG")) * UNITS.get(read["size"][-1], 1)
        if read["type"] != "Instruction" and capacity > smaller:
            levels.append(Level("L" + read["level"], capacity, cpu_count(read["shared_cpu_list"]), smaller))
            smaller = capacity
    return [*levels, Level("DRAM", float("inf"), 1, smaller)]


class Limit:
    """A rate that nothing passes."""

    def __init__(self, library: ctypes.CDLL, name: str, size: int, threads: int):
        self.library, self.name = library, name
        self.unit = "FLOP/s" if name.startswith("fma ") else "bytes/s"
        self.handle = library.qkv_limit_open(name.encode(), size, threads)
        if not self.handle:
            raise OSError(f"limit {name} cannot be measured")
        self.best = 0.0
        for _ in range(CALIBRATION_ROUNDS):
            self.measure()

    def measure(self) -> float:
        rate = self.library.qkv_limit_measure(self.handle)
        self.best = max(self.best, rate)
        return rate


class Limits:
    """The limits of a process. Each is calibrated when it is first asked for."""

    def __init__(self, library: Path, threads: int):
        self.library = ctypes.CDLL(os.fspath(library))
        self.library.qkv_limit_open.restype = ctypes.c_void_p
        self.library.qkv_limit_open.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
        self.library.qkv_limit_measure.restype = ctypes.c_double
        self.library.qkv_limit_measure.argtypes = [ctypes.c_void_p]
        self.threads = threads
        self.arithmetic = "fma " + best_isa()
        self.levels = memory_levels()
        self.known: dict[str, Limit] = {}

    def get(self, name: str, size: int = 0) -> Limit:
        if name not in self.known:
            self.known[name] = Limit(self.library, name, size, self.threads)
        return self.known[name]

    def bound_of(self, problem) -> Limit:
        """The roofline: arithmetic, or reading the problem's bytes from the level that its operands lie in."""
        level = next(level for level in self.levels if level.holds(problem.operand_bytes, self.threads))
        arithmetic = self.get(self.arithmetic)
        reading = self.get(f"read {level.name}", level.probe_bytes(self.threads))
        return arithmetic if problem.flops / arithmetic.best >= problem.bytes / reading.best else reading

    def peaks(self) -> dict[str, dict[str, float]]:
        return {name: {str(self.threads): limit.best} for name, limit in self.known.items()}
