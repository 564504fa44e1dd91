#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures one peer in this process, and writes its rows as JSON. Every answer is checked against double first."""
import argparse
import json
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 1")
    return int(text)


def pattern(text: str) -> re.Pattern:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def parse_options() -> argparse.Namespace:
    from engines import PEERS

    parser = Parser(description=__doc__)
    parser.add_argument("peer", choices=PEERS, metavar="PEER", help=", ".join(PEERS))
    parser.add_argument("--shapes", metavar="FILE", type=Path, nargs="+", required=True, help="files of problems")
    parser.add_argument("--filter", metavar="REGEX", type=pattern, default="", help="of the problems' names")
    parser.add_argument("--threads", metavar="N", type=count, default=1, help="and the first N CPUs; default: 1")
    parser.add_argument("--cache", choices=("hot", "cold"), default="hot", metavar="hot|cold",
                        help="hot: the same operands each call, if a cache holds them; cold: they come from DRAM; "
                             "default: hot")
    parser.add_argument("--repetitions", metavar="N", type=count, default=9, help="default: 9")
    parser.add_argument("--seconds", metavar="N", type=float, default=4, help="about what a problem may take; default: 4")
    parser.add_argument("--quick", action="store_true", help="only the problems that the files mark quick")
    parser.add_argument("--budget", metavar="SECONDS", type=count, help="leave out what has not begun by then")
    parser.add_argument("--libraries", metavar="DIR", type=Path, default=HERE.parents[1] / "build/bench/peers",
                        help="what Meson built; default: %(default)s")
    parser.add_argument("--json", metavar="FILE", type=Path, help="where the rows go; default: standard output")
    return parser.parse_args()


class Fault(Exception):
    """What is wrong, in one line."""


def use_threads(threads: int) -> None:
    """Before any library is loaded that counts CPUs."""
    cpus = sorted(os.sched_getaffinity(0))
    if threads > len(cpus):
        raise Fault(f"--threads {threads}: this process may use {len(cpus)} CPUs")
    os.sched_setaffinity(0, cpus[:threads])
    os.environ["OMP_NUM_THREADS"] = str(threads)
    # A kernel family that the user's environment forces would not be the library's own choice.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.pop(name, None)


def wanted(options: argparse.Namespace) -> list:
    from shape_files import ProblemError, read_problems

    try:
        problems = read_problems(options.shapes, options.quick)
    except ProblemError as error:
        raise Fault(str(error)) from None
    problems = [problem for problem in problems
                if problem.operation in ("attention", "matmul") and re.search(options.filter, problem.name)]
    if not problems:
        raise Fault("--shapes, --filter and --quick leave no attention and no matmul")
    return problems


def run(options: argparse.Namespace) -> None:
    from engines import Absent
    from session import Session

    problems = wanted(options)
    try:
        session = Session(options)
    except (Absent, OSError) as reason:
        raise Fault(f"{options.peer} is absent: {reason}") from None
    for number, problem in enumerate(problems, 1):
        print(f"[{number}/{len(problems)}] {problem.name}: {session.attempt(problem)}", file=sys.stderr, flush=True)
        if options.json:  # now, as a peer may crash in the next problem
            write(options.json, session)
    if not options.json:
        print(session.document())


def write(path: Path, session) -> None:
    try:
        path.write_text(session.document() + "\n", encoding="utf-8")
    except OSError as error:
        raise Fault(f"--json {path}: {error.strerror}") from None


def main() -> int:
    sys.path.insert(0, os.fspath(HERE))
    options = parse_options()
    try:
        use_threads(options.threads)
        run(options)
    except Fault as fault:
        print(f"{Path(sys.argv[0]).name}: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
