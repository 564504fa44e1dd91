#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says how near the multiply loops of the NEON kernels come to the limit of Arm CPUs, without one at hand.

The kernels are compiled with the flags of BUILD, a folder that was configured with tools/cross/aarch64-linux-gnu.ini
(it need not be built), by its compiler and by Clang. llvm-mca then plays each loop on its model of a CPU, with all
loads hitting L1. The limit is the same number of multiply-adds without loads on the same model. A Cortex-A76 is best
played as neoverse-n1, whose core it is: llvm-mca has an older one's model for it. The model of Apple's cores has three
units for multiply-adds, and an M1 has four.

Exit code: 0, or 1 for a loop below --least, 2 for a wrong call or a compiler that fails.
"""
import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

SOURCE = "kernels/kernel_table.cpp"
CLANG = "clang++-14 --target=aarch64-linux-gnu"
ANALYZERS = ("llvm-mca-19", "llvm-mca-18", "llvm-mca-17", "llvm-mca-16", "llvm-mca")
CPUS = ("neoverse-n1", "neoverse-n2", "neoverse-v1", "neoverse-v2", "apple-a14")
ITERATIONS = 200
LEAST_FMAS = 16  # of a loop worth a line: fewer are a remainder
STEPS = 4  # of depth that a loop takes at once, or one


class Place(NamedTuple):
    """Where a hot loop is, and the sums of its tile: the loops of the function with as many per step are meant."""
    title: str
    function: str
    sums: int


HOT = (Place("prefill scores", "score_group<4>(", 24), Place("scores beside weights", "score_group<4>(", 16),
       Place("prefill values", "add_values(qkv::AttentionTask const&, ", 24), Place("matmul", "multiply_tile<6>(", 24))
BRANCH = re.compile(r"\t(b|b\.?[a-z]{2}|cbn?z|tbn?z|blr|br|ret)(?:\t(.*))?$")


class Fault(Exception):
    """What is wrong, in one line."""


class Loop(NamedTuple):
    function: str
    body: list[str]

    @property
    def fmas(self) -> int:
        return sum(line.startswith("\tfmla\t") for line in self.body)


class Figure(NamedTuple):
    compiler: str
    loop: str
    cpu: str
    fmas: int
    instructions: int
    cycles: float  # of one iteration
    share: float   # of the limit

    def text(self) -> str:
        return (f"{self.compiler:<8} {self.loop:<21} {self.cpu:<12} {self.fmas:>4} {self.instructions:>5} "
                f"{self.cycles:>7.1f} {self.cycles / self.fmas:>8.3f} {self.share:>7.1%}")


def output_of(command: list[str], text: str = "") -> str:
    try:
        result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Fault(f"{command[0]}: {error.strerror}") from None
    if result.returncode != 0:
        said = [line for line in result.stderr.splitlines() if "error" in line] or result.stderr.splitlines()
        raise Fault(f"{command[0]}: exit code {result.returncode}: {(said or ['nothing on standard error'])[0]}")
    return result.stdout


def functions(assembly: str) -> Iterator[tuple[str, list[str]]]:
    name, lines = "", []
    for line in assembly.splitlines():
        if start := re.match(r"(_Z\w+):", line):
            name, lines = start[1], []
        elif line.startswith("\t.size") and name:
            yield name, lines
            name = ""
        elif re.match(r"\.L\w+:|\t[a-z]", line):
            lines.append(line.partition("//")[0].rstrip())


def loops_of(name: str, lines: list[str]) -> Iterator[Loop]:
    """Innermost loops: from a label to the branch back to it, with no branch between."""
    since: dict[str, int] = {}
    for number, line in enumerate(lines):
        if line.startswith("."):
            since[line.partition(":")[0]] = number
        elif branch := BRANCH.match(line):
            target = (branch[2] or "").rpartition(",")[2].strip()
            if target in since:
                yield Loop(name, [one for one in lines[since[target]:number + 1] if not one.startswith(".")])
            since.clear()  # no loop holds this branch and another behind it


def all_loops(assembly: str) -> list[Loop]:
    found = [loop for name, lines in functions(assembly) for loop in loops_of(name, lines) if loop.fmas >= LEAST_FMAS]
    names = output_of(["c++filt"], "\n".join(loop.function for loop in found)).splitlines()
    return [Loop(name, loop.body) for name, loop in zip(names, found)]


def hot_loops(loops: list[Loop], place: Place) -> list[Loop]:
    """Those that take the most steps; the others do the rest of the depth."""
    found = [loop for loop in loops
             if place.function in loop.function and loop.fmas in (place.sums, STEPS * place.sums)]
    if not found:
        raise Fault(f"{place.title}: the assembly has no loop of {place.sums} multiply-adds a step")
    return [loop for loop in found if loop.fmas == max(one.fmas for one in found)]


class Analyzer:
    """llvm-mca, and the limits of its models."""

    def __init__(self, program: str):
        self.program = program
        self.limits: dict[str, float] = {}

    def cycles(self, body: list[str], cpu: str) -> float:
        command = [self.program, "-mtriple=aarch64-linux-gnu", f"-mcpu={cpu}", f"-iterations={ITERATIONS}", "-json"]
        summary = json.loads(output_of(command, "\n".join(body)))["CodeRegions"][0]["SummaryView"]
        return summary["TotalCycles"] / summary["Iterations"]

    def limit(self, cpu: str) -> float:
        """Cycles of a multiply-add whose operands are all there."""
        if cpu not in self.limits:
            body = STEPS * [f"\tfmla\tv{number}.4s, v24.4s, v25.s[0]" for number in range(24)]
            self.limits[cpu] = self.cycles(body, cpu) / len(body)
        return self.limits[cpu]

    def figure(self, compiler: str, title: str, loops: list[Loop], cpu: str) -> Figure:
        """Of the slowest loop."""
        cycles, loop = max(((self.cycles(loop.body, cpu), loop) for loop in loops), key=lambda pair: pair[0])
        return Figure(compiler, title, cpu, loop.fmas, len(loop.body), cycles, self.limit(cpu) * loop.fmas / cycles)


def find_analyzer(wanted: Optional[str]) -> str:
    for name in (wanted,) if wanted else ANALYZERS:
        if shutil.which(name):
            return name
    raise Fault(f"{wanted or 'llvm-mca'}: no such program; Debian has it in the packages llvm-19 and llvm-14")


def command_of(build: Path) -> tuple[list[str], Path]:
    """The command that compiles the NEON kernels, and the folder to run it in."""
    try:
        entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Fault(f"{build}: no build folder, it has no compile_commands.json") from None
    for entry in entries:
        if entry["file"].endswith(SOURCE) and "-DQKV_ISA=neon" in entry["command"]:
            return shlex.split(entry["command"]), Path(entry["directory"])
    raise Fault(f"{build}: has no NEON kernels; configure it with --cross-file tools/cross/aarch64-linux-gnu.ini")


def assembly_of(build: Path, compiler: Optional[str]) -> str:
    command, folder = command_of(build)
    if compiler:
        command[:1] = [*shlex.split(compiler), "-w"]
    # What Meson asks for besides: dependencies, and where the object goes.
    for option in ("-o", "-MF", "-MQ"):
        at = command.index(option)
        del command[at:at + 2]
    kept = [word for word in command if word not in ("-c", "-MD")]
    print(f"compiling the NEON kernels with {command[0]}: about a minute", file=sys.stderr, flush=True)
    # Sources are named relative to the folder.
    return output_of(["env", "-C", str(folder), *kept, "-S", "-o", "-"])


def compilers(clang: Optional[str]) -> list[tuple[str, Optional[str]]]:
    """Names, and commands if it is not the build's own. Clang may be missing unless it is asked for."""
    command = clang or CLANG
    if shutil.which(shlex.split(command)[0]):
        return [("gcc", None), ("clang", command)]
    if clang:
        raise Fault(f"--clang {clang}: no such program")
    print(f"{command}: not found, left out", file=sys.stderr)
    return [("gcc", None)]


def check_cpu(analyzer: Analyzer, cpu: str) -> None:
    try:
        analyzer.limit(cpu)
    except Fault as fault:
        raise Fault(f"--cpu {cpu}: {fault}") from None


def measure(arguments: argparse.Namespace) -> list[Figure]:
    analyzer = Analyzer(find_analyzer(arguments.analyzer))
    for cpu in arguments.cpu:
        check_cpu(analyzer, cpu)
    figures = []
    for name, compiler in compilers(arguments.clang):
        loops = all_loops(assembly_of(arguments.build, compiler))
        for place in HOT:
            hot = hot_loops(loops, place)
            figures += [analyzer.figure(name, place.title, hot, cpu) for cpu in arguments.cpu]
    for cpu in arguments.cpu:
        print(f"limit of {cpu}: {1 / analyzer.limit(cpu):.1f} multiply-adds of 128 bits per cycle")
    return figures


def write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fault(f"--json {path}: {error.strerror}") from None


def report(figures: list[Figure], arguments: argparse.Namespace) -> int:
    print(f"\n{'compiler':<8} {'loop':<21} {'cpu':<12} {'fmas':>4} {'instr':>5} {'cycles':>7} {'cycl/fma':>8} {'limit':>7}")
    for figure in figures:
        print(figure.text())
    if arguments.json:
        write(arguments.json, json.dumps([one._asdict() for one in figures], indent=1) + "\n")
    low = [figure for figure in figures if 100 * figure.share < arguments.least]
    print(f"\n{len(figures)} figures, {len(low)} below {arguments.least:g} % of the limit")
    return 1 if low else 0


SAMPLE = """_Zsample:
.L1:
\tmov\tx1, x2
.L2:
\tldr\tq16, [x0], 16
{fmas}
\tsubs\tx3, x3, #1
\tb.ne\t.L2
\tcbnz\tx1, .L1
\tret
\t.size\t_Zsample, .-_Zsample
"""


def self_test() -> int:
    """A loop is found with exactly its body; one whose sums wait for each other falls short of the limit."""
    wrong = []
    for sums, short in ((16, False), (1, True)):
        fmas = [f"\tfmla\tv{number % sums}.4s, v16.4s, v17.s[0]" for number in range(16)]
        loops = all_loops(SAMPLE.format(fmas="\n".join(fmas)))
        if [(loop.fmas, len(loop.body)) for loop in loops] != [(16, 19)]:
            wrong.append(f"{sums} sums: found {loops}")
        elif any(map(shutil.which, ANALYZERS)):
            share = Analyzer(find_analyzer(None)).figure("", "", loops, CPUS[0]).share
            if (share < 0.9) != short:
                wrong.append(f"{sums} sums: {share:.0%} of the limit")
    print(*wrong, f"2 loops tried, {len(wrong)} mistakes", sep="\n")
    return 1 if wrong else 0


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", metavar="BUILD", help="a build folder configured for AArch64")
    parser.add_argument("--cpu", type=lambda text: text.split(","), default=list(CPUS), metavar="LIST",
                        help=f"models to play; default: {','.join(CPUS)}")
    parser.add_argument("--clang", metavar="COMMAND", help=f"default: {CLANG}, if it is there")
    parser.add_argument("--analyzer", metavar="PROGRAM", help="default: the newest llvm-mca")
    parser.add_argument("--least", type=float, default=90, metavar="PERCENT", help="share that must be reached; default: 90")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--self-test", action="store_true", help="prove that a short loop is found")
    arguments = parser.parse_args()
    if arguments.build is None and not arguments.self_test:
        parser.error("BUILD is missing: a build folder configured with tools/cross/aarch64-linux-gnu.ini")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    try:
        return self_test() if arguments.self_test else report(measure(arguments), arguments)
    except Fault as fault:
        print(f"arm_cycles.py: {fault}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
