# SPDX-License-Identifier: Apache-2.0
"""One peer in this process, and what came of its problems."""
import argparse
import json
import math
import time

import engines
from limits import Limits
from measure import DRAM, Meter
from reference import error_of, operands

TOLERANCE = 1e-4  # of error: f32 sums of thousands of terms stay below, half precision anywhere does not
MOST_COPIES = 4096  # of operands: a peer takes up to a millisecond to prepare each
FEWEST_CALLS = 12  # that a figure takes
NO_FIGURE = {"rate": None, "limit": None, "ratio": None, "seconds": None, "unit": "", "limit_name": ""}


class Session:
    """One peer, and what came of its problems."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.peer = engines.load(options.peer, engines.Context(options.threads, options.libraries))
        self.limits = Limits(options.libraries / "libqkv-limits.so", options.threads)
        self.meter = Meter(options.repetitions, options.seconds, options.threads)
        self.cold = options.cache == "cold"
        self.deadline = time.monotonic() + (options.budget or float("inf"))
        self.rows: list[dict] = []
        self.skipped: list[dict] = []

    def attempt(self, problem) -> str:
        """Measures a problem; returns what to tell."""
        if time.monotonic() > self.deadline:
            return self.skip(problem, "no time left")
        try:
            row = self.measured(problem)
        except (engines.NotSupported, MemoryError, RuntimeError) as reason:
            return self.skip(problem, str(reason).partition("\n")[0][:160] or "not enough memory")
        self.rows.append(row)
        if row["ratio"] is None:
            return row["note"]
        return f"{100 * row['ratio']:5.1f} % of {row['limit_name']}, {row['kept']} of {row['repetitions']} kept"

    def skip(self, problem, reason: str) -> str:
        self.skipped.append({"engine": self.options.peer, "threads": self.options.threads, "shape": problem.name,
                             "reason": reason})
        return f"skipped: {reason}"

    def measured(self, problem) -> dict:
        if getattr(problem, "cache", "none") != "none":
            raise engines.NotSupported("no packed cache that could be compared")
        if getattr(problem, "weights", "f32") != "f32":
            raise engines.NotSupported("no weights that could be compared")
        given = operands(problem)
        prepared = self.peer.prepare(problem, given)
        start = time.monotonic()
        prepared.run(1)
        if start + FEWEST_CALLS * (time.monotonic() - start) > self.deadline:
            raise engines.NotSupported("no time left for calls as long as these")
        error = error_of(problem, given, prepared.output())
        is_right = error <= TOLERANCE
        row = {"engine": self.options.peer, "engine_version": self.peer.version, "op": problem.operation, "dtype": "f32",
               "isa": "", "threads": self.options.threads, "shape": problem.name,
               "causal": bool(getattr(problem, "causal", 0)), "cache": self.options.cache, "flops": problem.flops,
               "bytes": problem.bytes, "error": error if math.isfinite(error) else None, "kernel": ""}
        if not is_right:  # no figure for a wrong answer
            return {**row, **NO_FIGURE, "kept": 0, "repetitions": 0, "wrong": True, "note": f"wrong: error {error:.1e}"}
        return {**row, **self.timed(problem, given, prepared)}

    def in_cold_turns(self, problem, given: dict, first):
        """Copies of the operands, so that none is in a cache when its turn comes again."""
        copies = self.limits.cold_copies(problem)
        if copies == 0:
            raise engines.NotSupported("copies that fill no cache do not fit into memory")
        if copies > MOST_COPIES:
            raise engines.NotSupported(f"{copies} copies would fill no cache, and are too many")
        others = [self.peer.prepare(problem, {name: array.copy() for name, array in given.items()})
                  for _ in range(copies - 1)]
        turns = engines.in_turns([first, *others])
        turns.run(copies)  # a first call may still allocate
        return turns

    def timed(self, problem, given: dict, prepared) -> dict:
        limit = self.limits.bound_of(problem, self.cold)
        # As in qkv-bench: what no cache holds comes from DRAM as a whole, as in a model, whose layers take turns.
        if self.cold or limit.name == DRAM:
            prepared = self.in_cold_turns(problem, given, prepared)
        figure = self.meter.measure(prepared.run, limit, problem.flops if limit.unit == "FLOP/s" else problem.bytes)
        found = {**NO_FIGURE, "unit": limit.unit, "limit_name": limit.name, "kept": figure.kept,
                 "repetitions": figure.repetitions, "wrong": False, "note": ""}
        if figure.median is None:
            return {**found, "note": "too noisy"}
        median = figure.median
        return {**found, "rate": median.rate, "limit": median.limit, "ratio": median.ratio, "seconds": median.seconds}

    def document(self) -> str:
        return json.dumps({"peaks": self.limits.peaks(), "rows": self.rows, "skipped": self.skipped}, indent=1)
