# SPDX-License-Identifier: Apache-2.0
"""Shape files: one problem a line, `operation word=value ... [quick]`, `#` starts a comment."""
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple

from problems import OPERATIONS, WEIGHTS, Attention, Matmul, Problem


class ProblemError(ValueError):
    """What is wrong with a shape file, in one line."""


class Line(NamedTuple):
    problem: Problem
    quick: bool  # part of the short run


def parse_line(text: str, where: str) -> Line:
    operation, *words = text.split()
    if operation not in OPERATIONS:
        raise ProblemError(f"{where}: unknown operation {operation!r}, not one of {', '.join(OPERATIONS)}")
    quick = words[-1:] == ["quick"]
    problem_type = OPERATIONS[operation]
    given = given_values(problem_type, words[:-1] if quick else words, where)
    values: dict[str, object] = {}
    for name in problem_type.field_names():
        if name not in given and name not in problem_type.defaults:
            raise ProblemError(f"{where}: {operation} needs {name}=...")
        default = problem_type.defaults.get(name)
        values[name] = given[name] if name in given else values.get(default, default)
    problem = problem_type(**values)
    check(problem, where)
    return Line(problem, quick)


def given_values(problem_type: type[Problem], words: list[str], where: str) -> dict[str, object]:
    given: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in problem_type.field_names():
            raise ProblemError(f"{where}: unknown word {word!r} in a line of {problem_type.operation}")
        if name in given:
            raise ProblemError(f"{where}: {name} is given twice")
        given[name] = checked_value(problem_type, name, value, where)
    return given


def checked_value(problem_type: type[Problem], name: str, value: str, where: str) -> object:
    if name in problem_type.choices:
        if value not in problem_type.choices[name]:
            raise ProblemError(f"{where}: {name}={value}: not one of {', '.join(problem_type.choices[name])}")
        return value
    least = 0 if name in problem_type.defaults and problem_type.defaults[name] == 0 else 1
    if not (value.isascii() and value.isdecimal() and int(value) >= least):
        raise ProblemError(f"{where}: {name}={value}: not a whole number >= {least}")
    if name in ("causal", "bias", "multiplier") and int(value) > 1:
        raise ProblemError(f"{where}: {name}={value}: must be 0 or 1")
    return int(value)


def check(problem: Problem, where: str) -> None:
    if isinstance(problem, Attention) and problem.heads % problem.kv_heads:
        raise ProblemError(f"{where}: kv_heads={problem.kv_heads} does not divide heads={problem.heads}")
    if isinstance(problem, Attention) and problem.page and (problem.cache == "none" or problem.page % 16):
        raise ProblemError(f"{where}: page={problem.page}: must be a multiple of 16, of a cache")
    if isinstance(problem, Matmul):
        check_blocks(problem, where)


def check_blocks(problem: Matmul, where: str) -> None:
    block = WEIGHTS[problem.weights][0]
    if problem.k % block:
        raise ProblemError(f"{where}: k={problem.k}: must be a multiple of {block}, the block")


def parse_lines(lines: Iterable[str], source: str) -> Iterator[Line]:
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            yield parse_line(text, f"{source}:{number}")


def read_problems(paths: list[Path], quick: bool = False) -> list[Problem]:
    """The problems of all files, each once; of the short run only, if `quick`."""
    problems: dict[Problem, None] = {}
    for path in paths:
        try:
            with path.open(encoding="utf-8") as file:
                lines = list(parse_lines(file, str(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise ProblemError(f"{path}: {getattr(error, 'strerror', None) or 'is no UTF-8 text'}") from None
        problems.update((line.problem, None) for line in lines if line.quick or not quick)
    return list(problems)
