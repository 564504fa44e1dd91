# SPDX-License-Identifier: Apache-2.0
import unittest

from measure import LEAST_BATCH_SECONDS, LEAST_KEPT, PATIENCE, Meter, Repetition


class Clock:
    """A machine in which time passes only where a test says so."""

    def __init__(self):
        self.now = 0.0
        self.stolen = 0.0  # from the CPU time, so far

    def meter(self, repetitions: int, seconds: float = 1e9, threads: int = 1) -> Meter:
        return Meter(repetitions, seconds, threads, lambda: self.now, lambda: self.now - self.stolen, lambda _: None)


class Limit:
    """Gives the rates of a list, the last one for ever."""

    unit, best = "FLOP/s", 100.0

    def __init__(self, *rates: float, name: str = "fma"):
        self.rates = list(rates)
        self.name = name

    def measure(self) -> float:
        return self.rates.pop(0) if len(self.rates) > 1 else self.rates[0]


class Rule(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.calls = 0

    def run_of(self, seconds: float, stolen: float = 0):
        def run(calls: int) -> None:
            self.calls = calls
            self.clock.now += calls * seconds
            self.clock.stolen += calls * stolen
        return run

    def test_the_ratio_of_a_quiet_machine(self):
        figure = self.clock.meter(9).measure(self.run_of(0.01), Limit(100.0), 0.5)
        self.assertEqual((figure.kept, figure.repetitions), (9, 9))
        self.assertAlmostEqual(figure.median.ratio, 0.5)
        self.assertAlmostEqual(figure.median.seconds, 0.01)

    def test_short_calls_are_batched(self):
        self.clock.meter(9).measure(self.run_of(1e-6), Limit(100.0), 1.0)
        self.assertAlmostEqual(self.calls * 1e-6, LEAST_BATCH_SECONDS, delta=1e-5)

    def untimed_calls(self, limit: str) -> int:
        """Of one repetition, with batches of seven calls."""
        calls: list[int] = []
        self.clock.meter(9).repeat(lambda count: (calls.append(count), self.run_of(1.0)(count)),
                                   Limit(100.0, name=limit), 7, 1.0)
        return sum(calls) - 7

    def test_a_call_brings_the_operands_back_that_the_limit_loop_evicted(self):
        self.assertEqual(self.untimed_calls("read L2"), 1)
        self.assertEqual(self.untimed_calls("read DRAM"), 0)

    def test_a_slow_machine_is_no_quiet_one(self):
        figure = self.clock.meter(9).measure(self.run_of(0.01), Limit(90.0), 0.5)
        self.assertEqual((figure.kept, figure.repetitions), (0, 9 * PATIENCE))
        self.assertIsNone(figure.median)

    def test_a_neighbour_on_the_core_is_seen(self):
        figure = self.clock.meter(9).measure(self.run_of(0.01, stolen=0.003), Limit(100.0), 0.5)
        self.assertIsNone(figure.median)

    def test_with_several_threads_waiting_is_no_neighbour(self):
        figure = self.clock.meter(9, threads=2).measure(self.run_of(0.01, stolen=0.003), Limit(100.0), 0.5)
        self.assertEqual(figure.kept, 9)

    def test_retries_until_enough_are_quiet(self):
        figure = self.clock.meter(LEAST_KEPT).measure(self.run_of(0.01), Limit(*[50.0] * 6, 100.0), 0.5)
        self.assertEqual((figure.kept, figure.repetitions), (LEAST_KEPT, LEAST_KEPT + 3))

    def test_long_calls_are_repeated_less(self):
        figure = self.clock.meter(99, seconds=2).measure(self.run_of(0.5), Limit(100.0), 0.5)
        self.assertEqual(figure.repetitions, LEAST_KEPT)

    def test_what_is_quiet(self):
        for expected, before, after, idle in ((True, 100, 99, 0), (False, 100, 97, 0), (False, 94, 94, 0), (False, 100, 100, 0.03)):
            self.assertEqual(Repetition(before, after, 1.0, 50.0, idle).is_quiet(100), expected, (before, after, idle))


if __name__ == "__main__":
    unittest.main()
