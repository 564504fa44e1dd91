#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of fixed problems and compares them with a committed baseline.

Times change from run to run, counts do not: a kernel that takes more than 2 % more instructions than the baseline fails.
One that takes more than 2 % less passes, with a word, so that the baseline follows (--update). Counts belong to a
compiler: the baseline of another one is not compared with. Valgrind knows AVX2 and no AVX-512, so that the tier is avx2.

Exit code: 0, or 1 for a growth, 2 for a wrong call, 77 (skipped) without valgrind, avx2 or a baseline of this compiler.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIER = "avx2"
PROGRAM = "bench/instructions/qkv-count-instructions"
FUNCTION = "qkv_measured_call"
THRESHOLD = 0.02
SKIPPED = 77
BASELINE = Path(__file__).parent.parent / "bench/instructions/baseline.json"


class Skip(Exception):
    """Why nothing can be said here."""


def output_of(command: list[str]) -> str:
    environment = {**os.environ, "QKV_MAX_ISA": TIER}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        said = result.stderr.strip().splitlines()[-1:] or ["nothing on standard error"]
        raise RuntimeError(f"{' '.join(command)}: exit code {result.returncode}: {said[0]}")
    return result.stdout


def program_in(place: str) -> str:
    """The program itself, or the one of a build folder."""
    path = Path(place, PROGRAM) if Path(place).is_dir() else Path(place)
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise RuntimeError(f"{path}: no such program; it is built with -Dbench=enabled")
    return str(path)


def count(program: str, problem: str) -> int:
    """Instructions between entering and leaving the measured call, whatever it calls included."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "callgrind.out")
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no",
                    f"--toggle-collect={FUNCTION}"]
        printed = output_of([*valgrind, program, problem])
        if f"@{TIER}" not in printed:
            raise Skip(f"this machine does not run the tier {TIER}: {printed.strip()}")
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    if not total or int(total[1]) == 0:
        raise RuntimeError(f"{problem}: callgrind has counted nothing in {FUNCTION}")
    return int(total[1])


def measure(program: str) -> dict[str, int]:
    if shutil.which("valgrind") is None:
        raise Skip("there is no valgrind")
    counts = {}
    names = output_of([program, "--list"]).split()
    for number, name in enumerate(names, 1):
        counts[name] = count(program, name)
        print(f"[{number:2}/{len(names)}] {name:<18} {counts[name]:>12,} instructions", flush=True)
    return counts


def compare(counts: dict[str, int], baseline: dict[str, int], threshold: float) -> tuple[list[str], list[str]]:
    """(what fails, what is only worth a word)"""
    failures, words = [], []
    for name in sorted(counts.keys() | baseline.keys()):
        if name not in counts:
            failures.append(f"{name}: is in the baseline, but no problem any more")
        elif name not in baseline:
            failures.append(f"{name}: is not in the baseline")
        else:
            before, after = baseline[name], counts[name]
            text = f"{name}: {before:,} -> {after:,} instructions ({after / before - 1:+.1%})"
            if after > before * (1 + threshold):
                failures.append(text)
            elif after < before * (1 - threshold):
                words.append(f"{text}: fewer; --update keeps it so")
    return failures, words


def read_baseline(path: Path) -> dict[str, dict[str, int]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def check(program: str, path: Path) -> int:
    compiler = output_of([program, "--compiler"]).strip()
    baseline = read_baseline(path)
    if compiler not in baseline:
        raise Skip(f"{path.name} has counts of {', '.join(baseline) or 'no compiler'}, and this is {compiler}")
    failures, words = compare(measure(program), baseline[compiler], THRESHOLD)
    print(*words, sep="\n", end="\n" if words else "")
    print(*(f"FAILED: {failure}" for failure in failures), sep="\n", end="\n" if failures else "")
    print(f"{compiler}, {TIER}: {len(baseline[compiler])} problems, {len(failures)} failures")
    if failures:
        print("If that is meant: tools/check_instructions.py --update BUILD")
    return 1 if failures else 0


def update(program: str, path: Path) -> int:
    baseline = read_baseline(path)
    baseline[output_of([program, "--compiler"]).strip()] = measure(program)
    new = path.with_suffix(".tmp")
    new.write_text(json.dumps(baseline, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    new.replace(path)
    print(f"{path} is written")
    return 0


# Counts, baseline, and what must be found: a failure, a word, or nothing.
CASES = [
    ({"a": 100}, {"a": 100}, ""),
    ({"a": 102}, {"a": 100}, ""),
    ({"a": 103}, {"a": 100}, "failure"),
    ({"a": 98}, {"a": 100}, ""),
    ({"a": 97}, {"a": 100}, "word"),
    ({"a": 100, "b": 1}, {"a": 100}, "failure"),
    ({"a": 100}, {"a": 100, "b": 1}, "failure"),
]


def self_test(program: str | None) -> int:
    """The comparison finds each kind of change; with a program, so does the whole check."""
    wrong = []
    for counts, baseline, expected in CASES:
        failures, words = compare(counts, baseline, THRESHOLD)
        found = "failure" if failures else "word" if words else ""
        if found != expected:
            wrong.append(f"{counts} against {baseline}: {found or 'nothing'} instead of {expected or 'nothing'}")
    if program:
        wrong += self_test_of_program(program)
    print(*wrong, f"{len(CASES)} comparisons tried, {len(wrong)} mistakes", sep="\n")
    return 1 if wrong else 0


def self_test_of_program(program: str) -> list[str]:
    """A baseline of 3 % fewer instructions than counted must make the check fail; the counted one must not."""
    wrong = []
    counts = measure(program)
    compiler = output_of([program, "--compiler"]).strip()
    for share, expected in ((1.0, 0), (0.97, 1)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "baseline.json")
            path.write_text(json.dumps({compiler: {name: int(share * value) for name, value in counts.items()}}))
            if check(program, path) != expected:
                wrong.append(f"a baseline of {share:.0%} of what is counted: not exit code {expected}")
    return wrong


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", metavar="BUILD",
                        help="a release build folder, or its qkv-count-instructions")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="default: bench/instructions/baseline.json")
    parser.add_argument("--update", action="store_true", help="write the counts of this compiler into the baseline")
    parser.add_argument("--self-test", action="store_true", help="prove that the check can fail")
    arguments = parser.parse_args()
    if not arguments.self_test and arguments.program is None:
        parser.error("BUILD is missing: a release build folder")
    try:
        program = program_in(arguments.program) if arguments.program else None
        if arguments.self_test:
            return self_test(program)
        return (update if arguments.update else check)(program, arguments.baseline)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except (OSError, RuntimeError, ValueError) as error:
        print(f"check_instructions.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
