# SPDX-License-Identifier: Apache-2.0
"""What is measured: the operations of the suite with their sizes, names and work."""
import dataclasses
from dataclasses import dataclass
from typing import ClassVar

CACHES = {"none": 4, "f32": 4, "bf16": 2, "f16": 2, "i8": 1}  # bytes of an element of K and V
ACTIVATIONS = ("none", "relu", "gelu", "gelu_tanh", "silu")
FLOAT_BYTES = 4
# Elements and bytes of a block.
WEIGHTS = {"f32": (1, 4), "q4_0": (32, 18), "q4_1": (32, 20), "q8_0": (32, 34), "q4_k": (256, 144), "q6_k": (256, 210),
           "f16": (1, 2), "bf16": (1, 2)}


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
                "causal": 0, "window": 0, "position": 0, "cache": "none", "page": 0, "rising": 0}
    choices = {"cache": tuple(CACHES)}
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
    cache: str
    page: int
    rising: int

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
        scales = 2 * FLOAT_BYTES if self.cache == "i8" else 0
        cached = self.kv_heads * keys * (CACHES[self.cache] * dims + scales)
        return float(self.batch * (FLOAT_BYTES * dims * self.heads * self.queries + cached))


@dataclass(frozen=True)
class Matmul(Problem):
    operation = "matmul"
    defaults = {"weights": "f32", "activation": "none", "bias": 0}
    choices = {"weights": tuple(WEIGHTS), "activation": ACTIVATIONS}
    m: int
    n: int
    k: int
    weights: str
    activation: str
    bias: int

    @property
    def flops(self) -> float:
        return 2.0 * self.m * self.n * self.k

    @property
    def bytes(self) -> float:
        elements, size = WEIGHTS[self.weights]
        weight = self.n * self.k // elements * size
        return float(FLOAT_BYTES * (self.m * self.k + self.m * self.n + self.bias * self.n) + weight)

    @property
    def operand_bytes(self) -> float:
        return self.bytes


def rows_of(operation: str, *words: str, kinds: tuple[str, ...] = (), **defaults: object) -> type[Problem]:
    """A problem type with a kind, if there are several, and whole numbers."""
    fields = [("kind", str)] if kinds else []
    members = {"operation": operation, "defaults": defaults, "choices": {"kind": kinds} if kinds else {}}
    return dataclasses.make_dataclass(operation.title(), fields + [(word, int) for word in words], bases=(Problem,),
                                      namespace=members, frozen=True)


OPERATIONS = {problem.operation: problem for problem in (
    Attention, Matmul,
    rows_of("softmax", "rows", "columns"),
    rows_of("norm", "rows", "columns", kinds=("layer", "rms")),
    rows_of("activation", "rows", "columns", "multiplier", kinds=ACTIVATIONS, multiplier=0),
    rows_of("embedding", "entries", "rows", "columns"),
    rows_of("position", "rows", "columns", kinds=("learned", "sinusoidal", "sinusoidal_halves")),
    rows_of("rope", "rows", "heads", "head_dim", "rotary_dim", kinds=("halves", "interleaved"), rotary_dim="head_dim"),
    rows_of("rope_table", "rows", "columns"))}
