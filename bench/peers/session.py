# SPDX-License-Identifier: Apache-2.0
"""One peer in this process, and what came of its problems."""
import argparse
import json
import time

import engines
from limits import Limits
from measure import Meter
from reference import error_of, operands

TOLERANCE = 1e-4  # of error: f32 sums of thousands of terms stay below, half precision anywhere does not
FEWEST_CALLS = 12  # that a figure takes
NO_FIGURE = {"rate": None, "limit": None, "ratio": None, "seconds": None, "unit": "", "limit_name": ""}


class Session:
    """One peer, and what came of its problems."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.peer = engines.load(options.peer, engines.Context(options.threads, options.libraries))
        self.limits = Limits(options.libraries / "libqkv-limits.so", options.threads)
        self.meter = Meter(options.repetitions, options.seconds, options.threads)
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
        given = operands(problem)
        prepared = self.peer.prepare(problem, given)
        start = time.monotonic()
        prepared.run(1)
        if start + FEWEST_CALLS * (time.monotonic() - start) > self.deadline:
            raise engines.NotSupported("no time left for calls as long as these")
        error = error_of(problem, given, prepared.output())
        row = {"engine": self.options.peer, "engine_version": self.peer.version, "op": problem.operation, "dtype": "f32",
               "isa": "", "threads": self.options.threads, "shape": problem.name,
               "causal": bool(getattr(problem, "causal", 0)), "cache": "hot", "flops": problem.flops,
               "bytes": problem.bytes, "error": error, "kernel": ""}
        if not error <= TOLERANCE:  # no figure for a wrong answer
            return {**row, **NO_FIGURE, "kept": 0, "repetitions": 0, "wrong": True, "note": f"wrong: error {error:.1e}"}
        return {**row, **self.timed(problem, prepared)}

    def timed(self, problem, prepared) -> dict:
        limit = self.limits.bound_of(problem)
        figure = self.meter.measure(prepared.run, limit, problem.flops if limit.unit == "FLOP/s" else problem.bytes)
        found = {**NO_FIGURE, "unit": limit.unit, "limit_name": limit.name, "kept": figure.kept,
                 "repetitions": figure.repetitions, "wrong": False, "note": ""}
        if figure.median is None:
            return {**found, "note": "too noisy"}
        median = figure.median
        return {**found, "rate": median.rate, "limit": median.limit, "ratio": median.ratio, "seconds": median.seconds}

    def document(self) -> str:
        return json.dumps({"peaks": self.limits.peaks(), "rows": self.rows, "skipped": self.skipped}, indent=1)
