# SPDX-License-Identifier: Apache-2.0
"""What a peer's process writes: rows with every promised key, and operands from DRAM where they are said to be."""
import argparse
import json
import sys
import unittest
from pathlib import Path

try:
    import numpy
except ImportError:
    print("skipped: there is no numpy")
    sys.exit(77)

import session
from engines import Prepared
from measure import Meter
from problems import Matmul
from reference import operands

sys.path.insert(0, str(Path(__file__).parents[2] / "bench/report"))
from results import PROMISED, Results  # noqa: E402

PROBLEM = Matmul(2, 3, 5, "f32", "none", 0)


class Limit:
    unit, best = "bytes/s", 100.0

    def __init__(self, name: str):
        self.name = name

    def measure(self) -> float:
        return self.best


class Limits:
    copies = 3

    def __init__(self, name: str):
        self.name = name

    def bound_of(self, _problem, cold: bool) -> Limit:
        return Limit("read DRAM" if cold else self.name)

    def cold_copies(self, _problem) -> int:
        return self.copies

    def peaks(self) -> dict:
        return {}


class Peer:
    """Multiplies right, or adds `fault`; remembers on which operands it ran."""

    version = "1"

    def __init__(self, fault: float = 0):
        self.fault, self.inputs, self.ran = fault, [], []

    def prepare(self, _problem, given: dict) -> Prepared:
        self.inputs.append(given["input"])
        number = len(self.inputs) - 1
        return Prepared(lambda calls: self.ran.extend([number] * calls),
                        lambda: given["input"] @ given["weight"].T + numpy.float32(self.fault))


def session_of(peer: Peer, cache: str = "hot", limit: str = "read L2") -> session.Session:
    made = session.Session.__new__(session.Session)
    made.options = argparse.Namespace(peer="test", threads=1, cache=cache)
    made.peer, made.limits, made.cold = peer, Limits(limit), cache == "cold"
    seconds = iter(range(10**9))
    made.meter = Meter(5, 1e9, 1, lambda: float(next(seconds)), lambda: 0.0, lambda _: None)
    made.deadline, made.rows, made.skipped = float("inf"), [], []
    return made


class Rows(unittest.TestCase):
    def test_every_promised_key_is_there(self):
        for fault in (0, 1, float("nan")):  # a NaN is in no JSON
            made = session_of(Peer(fault))
            made.attempt(PROBLEM)
            document = json.loads(made.document(), parse_constant=self.fail)
            self.assertLessEqual(set(PROMISED), set(document["rows"][0]))
            self.assertEqual(document["rows"][0]["wrong"], fault != 0)

    def test_a_merged_file_keeps_the_promise_for_rows_that_do_not(self):
        row = {"engine": "blis", "op": "matmul", "threads": 1, "shape": PROBLEM.name, "ratio": None}
        self.assertEqual(list(Results([{"rows": [row]}]).merged()["rows"][0])[:len(PROMISED)], list(PROMISED))


class Turns(unittest.TestCase):
    def copies_used(self, **options) -> set[int]:
        peer = Peer()
        made = session_of(peer, **options)
        made.attempt(PROBLEM)
        self.assertEqual(made.rows[0]["cache"], options.get("cache", "hot"))
        self.assertEqual(len({array.ctypes.data for array in peer.inputs}), len(peer.inputs))
        return set(peer.ran)

    def test_operands_in_a_cache_stay_there(self):
        self.assertEqual(self.copies_used(), {0})

    def test_operands_from_dram_take_turns(self):
        self.assertEqual(self.copies_used(cache="cold"), {0, 1, 2})
        self.assertEqual(self.copies_used(limit="read DRAM"), {0, 1, 2})

    def test_in_turn_means_in_order(self):
        peer = Peer()
        turns = session.engines.in_turns([peer.prepare(PROBLEM, operands(PROBLEM)) for _ in range(3)])
        turns.run(4)
        turns.run(1)
        self.assertEqual(peer.ran, [0, 1, 2, 0, 1])

    def test_too_many_or_too_large_copies_are_a_reason_to_skip(self):
        for copies, reason in ((0, "do not fit into memory"), (session.MOST_COPIES + 1, "too many")):
            made = session_of(Peer(), cache="cold")
            made.limits.copies = copies
            self.assertIn(reason, made.attempt(PROBLEM))
            self.assertEqual((made.rows, len(made.skipped)), ([], 1))


if __name__ == "__main__":
    unittest.main()
