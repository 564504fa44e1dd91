# SPDX-License-Identifier: Apache-2.0
"""The measuring rule: every repetition is the limit loop, a batch of calls, the limit loop. Only quiet repetitions count."""
import statistics
import time
from dataclasses import dataclass, field
from typing import Callable

BATCH_SECONDS = 2e-3
AGREEMENT = 0.02  # of the limits before and after
DEPARTURE = 0.05  # of a limit from the best one seen
BUSY = 0.98  # of the batch's time this process must have had a CPU: a neighbour may come between two limit loops
FEWEST = 5  # quiet repetitions, for a figure
RETRIES = 3  # times the wanted repetitions, before giving up


@dataclass
class Repetition:
    before: float
    seconds: float  # of one call
    after: float
    busy: float  # CPU time per time

    @property
    def limit(self) -> float:
        return max(self.before, self.after)


@dataclass
class Figure:
    kept: int
    repetitions: int
    ratio: float | None  # None: too noisy
    rate: float
    limit: float
    seconds: float


@dataclass
class Meter:
    """Measures calls against limits; remembers the best of each limit, as quiet is relative to it."""

    repetitions: int
    clock: Callable[[], float] = time.perf_counter
    cpu_clock: Callable[[], float] = time.process_time
    best: dict[str, float] = field(default_factory=dict)

    def measure(self, run: Callable[[int], None], limit, work: float) -> Figure:
        """`run(n)` makes n calls that each do `work` in the limit's unit."""
        calls = self.calls_of_a_batch(run)
        done: list[Repetition] = []
        while len(done) < self.repetitions * (1 + RETRIES):
            done.append(self.repeat(run, limit, calls))
            if len(done) >= self.repetitions and len(self.quiet(done, limit.name)) >= min(FEWEST, self.repetitions):
                break
        return figure(self.quiet(done, limit.name), done, work)

    def calls_of_a_batch(self, run) -> int:
        calls = 1
        while (seconds := self.timed(run, calls)) < BATCH_SECONDS:
            calls = max(calls + 1, min(10 * calls, round(1.2 * calls * BATCH_SECONDS / max(seconds, 1e-9))))
        return calls

    def timed(self, run, calls: int) -> float:
        start = self.clock()
        run(calls)
        return self.clock() - start

    def repeat(self, run, limit, calls: int) -> Repetition:
        before = limit.measure()
        cpu = self.cpu_clock()
        seconds = self.timed(run, calls)
        busy = (self.cpu_clock() - cpu) / seconds
        repetition = Repetition(before, seconds / calls, limit.measure(), busy)
        self.best[limit.name] = max(self.best.get(limit.name, 0), repetition.limit)
        return repetition

    def quiet(self, repetitions: list[Repetition], name: str) -> list[Repetition]:
        def is_quiet(one: Repetition) -> bool:
            lowest = min(one.before, one.after)
            steady = lowest >= (1 - AGREEMENT) * one.limit and lowest >= (1 - DEPARTURE) * self.best[name]
            return steady and one.busy >= BUSY

        return [one for one in repetitions if is_quiet(one)]


def figure(quiet: list[Repetition], done: list[Repetition], work: float) -> Figure:
    counted = quiet or done
    enough = len(quiet) >= min(FEWEST, len(done))
    return Figure(
        kept=len(quiet),
        repetitions=len(done),
        ratio=statistics.median(work / one.seconds / one.limit for one in quiet) if enough else None,
        rate=work / statistics.median(one.seconds for one in counted),
        limit=statistics.median(one.limit for one in counted),
        seconds=statistics.median(one.seconds for one in counted),
    )
