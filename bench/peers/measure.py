# SPDX-License-Identifier: Apache-2.0
"""The measuring rule, as in qkv-bench: a repetition is the limit loop, a batch of calls, the limit loop, and counts if it
is quiet. The figure is the quiet repetition of median ratio."""
import statistics
import time
from dataclasses import dataclass
from typing import Callable

LEAST_BATCH_SECONDS = 2e-3
LIMIT_SECONDS = 2e-3  # what the limit loops of a repetition take, roughly
LIMITS_AGREE_WITHIN = 0.02
BEST_LIMIT_WITHIN = 0.05
IDLE_AT_MOST = 0.02
LEAST_KEPT = 5
DRAM = "read DRAM"  # the limit of operands that no cache holds
PATIENCE = 6  # times the repetitions asked for, before it is too noisy


@dataclass
class Repetition:
    before: float  # the limit
    after: float
    seconds: float  # of one call
    rate: float
    idle: float = 0  # share of the batch's time in which the system ran something else on this core

    @property
    def limit(self) -> float:
        return max(self.before, self.after)

    @property
    def ratio(self) -> float:
        return self.rate / self.limit

    def is_quiet(self, best_limit: float) -> bool:
        lower = min(self.before, self.after)
        agree = lower >= (1 - LIMITS_AGREE_WITHIN) * self.limit
        return agree and lower >= (1 - BEST_LIMIT_WITHIN) * best_limit and self.idle <= IDLE_AT_MOST


@dataclass
class Figure:
    kept: int
    repetitions: int
    median: Repetition | None  # None: too noisy


@dataclass
class Meter:
    """Measures calls against limits."""

    repetitions: int
    seconds: float  # about what one problem may take, if that leaves LEAST_KEPT repetitions
    threads: int
    clock: Callable[[], float] = time.perf_counter
    cpu_clock: Callable[[], float] = time.thread_time
    sleep: Callable[[float], None] = time.sleep

    def measure(self, run: Callable[[int], None], limit, work: float) -> Figure:
        """`run(n)` makes n calls, each of which does `work` in the limit's unit."""
        calls = self.calls_of_a_batch(run)
        once = self.timed(run, calls) + LIMIT_SECONDS
        planned = min(max(int(self.seconds / once), LEAST_KEPT), self.repetitions)
        deadline = self.clock() + max(self.seconds, 2 * planned * once)
        done: list[Repetition] = []
        while len(done) < planned or self.is_patient(done, planned, deadline, limit.best):
            done.append(self.repeat(run, limit, calls, work))
            if not done[-1].is_quiet(limit.best):
                self.sleep(1e-3)  # waking up, a thread gets a whole slice of time before others do
        return figure(done, limit.best)

    def is_patient(self, done: list[Repetition], planned: int, deadline: float, best: float) -> bool:
        quiet = sum(one.is_quiet(best) for one in done)
        return quiet < LEAST_KEPT and len(done) < PATIENCE * planned and self.clock() < deadline

    def calls_of_a_batch(self, run) -> int:
        calls = 1
        while (seconds := self.timed(run, calls)) < LEAST_BATCH_SECONDS / 4:
            calls *= 2
        return max(1, round(calls * LEAST_BATCH_SECONDS / seconds))

    def timed(self, run, calls: int) -> float:
        start = self.clock()
        run(calls)
        return self.clock() - start

    def repeat(self, run, limit, calls: int, work: float) -> Repetition:
        before = limit.measure()
        if limit.name != DRAM:
            run(1)  # the limit loop has evicted the operands
        cpu = self.cpu_clock()
        seconds = self.timed(run, calls)
        # One thread alone never waits for another: what is missing to the time on the wall was taken from it.
        idle = 1 - (self.cpu_clock() - cpu) / seconds if self.threads == 1 else 0
        return Repetition(before, limit.measure(), seconds / calls, work * calls / seconds, idle)


def figure(done: list[Repetition], best_limit: float) -> Figure:
    quiet = [one for one in done if one.is_quiet(best_limit)]
    if len(quiet) < LEAST_KEPT:
        return Figure(len(quiet), len(done), None)
    middle = statistics.median_low(one.ratio for one in quiet)
    return Figure(len(quiet), len(done), next(one for one in quiet if one.ratio == middle))
