# SPDX-License-Identifier: Apache-2.0
"""Result files: read, checked, merged, and what the report asks of them."""
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# What every row of a merged file has; null where its engine does not say.
PROMISED = ("engine", "op", "dtype", "isa", "threads", "shape", "causal", "rate", "limit", "ratio", "error")
REQUIRED = ("engine", "op", "threads", "shape", "ratio")
ISA_ORDER = ("", "generic", "neon", "avx2", "avx512", "avx512_bf16")


class ResultError(ValueError):
    """What is wrong with a file, in one line."""


@dataclass(frozen=True)
class Row:
    """A figure, or why there is none."""

    data: dict

    def __getattr__(self, name: str):
        return self.data.get(name)

    @property
    def label(self) -> str:
        return f"{self.engine} {self.isa}" if self.isa else self.engine

    @property
    def sizes(self) -> dict[str, str]:
        """The words of the shape."""
        return dict(word.split("=", 1) for word in self.shape.split() if "=" in word)

    def size(self, name: str, default: int) -> int:
        return int(self.sizes.get(name, default))

    @property
    def intensity(self) -> float | None:
        return self.flops / self.bytes if self.flops and self.bytes else None

    @property
    def is_figure(self) -> bool:
        return self.ratio is not None and not self.wrong

    @property
    def trouble(self) -> str:
        """Why there is no figure, or ""."""
        if self.wrong:
            return self.note or "wrong"
        return "" if self.ratio is not None else self.note or "too noisy"


class Results:
    def __init__(self, files: list[dict]):
        self.files = files
        self.rows = [Row(row) for file in files for row in file["rows"]]
        self.skipped = [one for file in files for one in file.get("skipped", [])]
        self.peaks: dict[str, dict[str, float]] = defaultdict(dict)
        for file in files:
            for name, rates in file.get("peaks", {}).items():
                for threads, rate in rates.items():
                    self.peaks[name].setdefault(threads, rate)  # qkv-bench's come first

    def fact(self, name: str):
        return next((file[name] for file in self.files if file.get(name)), None)

    def merged(self) -> dict:
        """One file that says what all say."""
        heads = {name: self.fact(name) for name in ("cpu", "date", "qkv_version", "compiler")}
        rows = [{**dict.fromkeys(PROMISED), **row.data} for row in self.rows]
        return {**heads, "peaks": self.peaks, "rows": rows, "skipped": self.skipped}

    def peak(self, limit_name: str, threads: int) -> float | None:
        return self.peaks.get(limit_name, {}).get(str(threads))

    def share_of(self, row: Row, limit_name: str) -> float | None:
        """The row's ratio, as if against another limit. Rates of different runs do not compare, ratios do."""
        if not row.is_figure or row.limit_name == limit_name or not row.intensity:
            return row.ratio if row.is_figure else None
        own, other = self.peak(row.limit_name, row.threads), self.peak(limit_name, row.threads)
        if not own or not other:
            return None
        flops = row.ratio * own * (row.intensity if row.unit == "bytes/s" else 1)
        return flops / (other * (row.intensity if limit_name.startswith("read") else 1))

    def comparable(self) -> list[Row]:
        """Rows with their operands in cache; those from DRAM if there are no others."""
        return [row for row in self.rows if row.cache != "cold"] or self.rows

    def best_qkv(self, threads: int | None = None) -> dict[tuple[str, int], Row]:
        """By shape and threads: the row of qkv's widest instructions."""
        best: dict[tuple[str, int], Row] = {}
        for row in self.comparable():
            if row.engine != "qkv" or (threads is not None and row.threads != threads):
                continue
            key = (row.shape, row.threads)
            if key not in best or isa_rank(row) > isa_rank(best[key]):
                best[key] = row
        return best

    def peers(self) -> dict[tuple[str, int], list[Row]]:
        """By shape and threads."""
        found = defaultdict(list)
        for row in self.comparable():
            if row.engine != "qkv":
                found[row.shape, row.threads].append(row)
        return found


def isa_rank(row: Row) -> int:
    return ISA_ORDER.index(row.isa) if row.isa in ISA_ORDER else len(ISA_ORDER)


def read_file(path: Path) -> dict:
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise ResultError(f"{path}: is no JSON") from None
    if not isinstance(file, dict) or not isinstance(file.get("rows"), list):
        raise ResultError(f'{path}: has no array "rows"')
    for number, row in enumerate(file["rows"]):
        missing = next((name for name in REQUIRED if not isinstance(row, dict) or name not in row), None)
        if missing:
            raise ResultError(f'{path}: row {number} has no "{missing}"')
    return file


def read_results(paths: list[Path]) -> Results:
    results = Results([read_file(path) for path in paths])
    if not results.rows:
        raise ResultError(f"{', '.join(map(str, paths))}: no rows")
    return results
