# SPDX-License-Identifier: Apache-2.0
"""The problems of the shape files: one a line, `kind word=value ...`, `#` starts a comment."""
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Iterable, Iterator, NamedTuple

ACTIVATIONS = ("none", "relu", "gelu", "gelu_tanh", "silu")
FLOAT_BYTES = 4


class ProblemError(ValueError):
    """What is wrong with a shape file, in one line."""


@dataclass(frozen=True)
class Problem:
    """The fields are the words of a line, in the order of its name. A default may be the name of an earlier field."""

    operation: ClassVar[str]
    defaults: ClassVar[dict[str, object]]
    choices: ClassVar[dict[str, tuple[str, ...]]] = {}

    @property
    def name(self) -> str:
        """The line without defaults: the key under which every engine's rows are found."""
        words = [self.operation]
        for field in dataclasses.fields(self):
            default = self.defaults.get(field.name)
            value = getattr(self, field.name)
            if value != (getattr(self, default) if default in self.field_names() else default):
                words.append(f"{field.name}={value}")
        return " ".join(words)

    @classmethod
    def field_names(cls) -> list[str]:
        return [field.name for field in dataclasses.fields(cls)]


@dataclass(frozen=True)
class Attention(Problem):
    operation = "attention"
    defaults = {"batch": 1, "kv_heads": "heads", "keys": "queries", "value_dim": "head_dim",
                "causal": 0, "window": 0, "position": 0}
    batch: int
    heads: int
    kv_heads: int
    queries: int
    keys: int
    head_dim: int
    value_dim: int
    causal: int
    window: int
    position: int

    def visible(self, query: int) -> range:
        """The keys that a query row sees."""
        position = self.position + query
        first = max(0, position - self.window + 1) if self.window else 0
        last = min(self.keys, position + 1) if self.causal else self.keys
        return range(min(first, last), last)

    @property
    def pairs(self) -> int:
        return self.batch * self.heads * sum(len(self.visible(query)) for query in range(self.queries))

    @property
    def flops(self) -> float:
        return 2.0 * (self.head_dim + self.value_dim) * self.pairs

    @property
    def bytes(self) -> float:
        """Query, output and the keys and values that anything sees, each once."""
        return self.bytes_with(self.visible(self.queries - 1).stop - self.visible(0).start)

    @property
    def operand_bytes(self) -> float:
        return self.bytes_with(self.keys)

    def bytes_with(self, keys: int) -> float:
        dims = self.head_dim + self.value_dim
        return float(FLOAT_BYTES * self.batch * dims * (self.heads * self.queries + self.kv_heads * keys))


@dataclass(frozen=True)
class Matmul(Problem):
    operation = "matmul"
    defaults = {"activation": "none", "bias": 0}
    choices = {"activation": ACTIVATIONS}
    m: int
    n: int
    k: int
    activation: str
    bias: int

    @property
    def flops(self) -> float:
        return 2.0 * self.m * self.n * self.k

    @property
    def bytes(self) -> float:
        return float(FLOAT_BYTES * (self.m * self.k + self.n * self.k + self.m * self.n + self.bias * self.n))

    @property
    def operand_bytes(self) -> float:
        return self.bytes


def rows_of(operation: str, kinds: tuple[str, ...] = (), first: str = "") -> type[Problem]:
    """A problem type with a kind, or one more number, before rows and columns."""
    words = [("kind", str)] if kinds else [(first, int)] if first else []
    members = {"operation": operation, "defaults": {}, "choices": {"kind": kinds} if kinds else {}}
    return dataclasses.make_dataclass(operation.title(), [*words, ("rows", int), ("columns", int)], bases=(Problem,),
                                      namespace=members, frozen=True)


OPERATIONS = {problem.operation: problem for problem in (
    Attention, Matmul, rows_of("softmax"), rows_of("norm", ("layer", "rms")), rows_of("activation", ACTIVATIONS),
    rows_of("embedding", first="entries"), rows_of("position", ("learned", "sinusoidal", "sinusoidal_halves")))}


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
    if name in ("causal", "bias") and int(value) > 1:
        raise ProblemError(f"{where}: {name}={value}: must be 0 or 1")
    return int(value)


def check(problem: Problem, where: str) -> None:
    if isinstance(problem, Attention) and problem.heads % problem.kv_heads:
        raise ProblemError(f"{where}: kv_heads={problem.kv_heads} does not divide heads={problem.heads}")


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
