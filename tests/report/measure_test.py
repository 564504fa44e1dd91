# SPDX-License-Identifier: Apache-2.0
import tempfile
import unittest
from pathlib import Path

from limits import Level, cpu_count, memory_levels
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

    name, unit, best = "fma", "FLOP/s", 100.0

    def __init__(self, *rates: float):
        self.rates = list(rates)

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


class Memory(unittest.TestCase):
    def test_levels_are_read(self):
        caches = [("Data", 1, "32K", "0"), ("Instruction", 1, "64K", "0"), ("Unified", 2, "1M", "0-1"), ("Unified", 3, "8M", "0-3,8")]
        with tempfile.TemporaryDirectory() as folder:
            for index, values in enumerate(caches):
                place = Path(folder, f"index{index}")
                place.mkdir()
                for name, value in zip(("type", "level", "size", "shared_cpu_list"), values):
                    (place / name).write_text(f"{value}\n")
            levels = memory_levels(Path(folder))
        self.assertEqual([(level.name, level.sharing, level.smaller) for level in levels],
                         [("L1", 1, 0), ("L2", 2, 32 << 10), ("L3", 5, 1 << 20), ("DRAM", 1, 8 << 20)])

    def test_private_caches_add_up_and_shared_ones_do_not(self):
        self.assertTrue(Level("L2", 100, 1, 10).holds(400, threads=4))
        self.assertFalse(Level("L3", 100, 4, 10).holds(400, threads=4))

    def test_counts_of_cpus(self):
        self.assertEqual([cpu_count("0"), cpu_count("0-3"), cpu_count("0-1,4,6-7")], [1, 4, 5])


if __name__ == "__main__":
    unittest.main()
