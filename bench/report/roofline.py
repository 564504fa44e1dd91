# SPDX-License-Identifier: Apache-2.0
"""The roofline (Williams et al. 2009): measured ceilings, and a dot for each row."""
import math

from charts import tip_of
from results import Results, Row
from svg import Scale, dot, line, path, picture, powers, short, si, text

LEVELS = ("L1", "L2", "L3", "DRAM")


class Roofline:
    """Ceilings and dots for one number of threads: FLOP/s over FLOP per byte, both logarithmic."""

    width, height, left, right, top, bottom = 980.0, 440.0, 62.0, 800.0, 12.0, 392.0

    def __init__(self, results: Results, threads: int):
        self.results, self.threads = results, threads
        self.rows = [(row, self.attained(row)) for row in results.rows if row.threads == threads and row.intensity]
        self.rows = [(row, flops) for row, flops in self.rows if flops]
        rates = {name: rates[str(threads)] for name, rates in results.peaks.items() if str(threads) in rates}
        self.arithmetic = {name: rate for name, rate in rates.items() if not name.startswith("read ")}
        self.reads = {name: rate for name, rate in rates.items() if name.startswith("read ")}
        self.highest = max(self.arithmetic.values(), default=0)

    def attained(self, row: Row) -> float | None:
        """FLOP/s against the run's best limit, so that a dot stands to its roof as its ratio says."""
        if not row.is_figure:
            return None
        limit = self.results.peak(row.limit_name, self.threads) or row.limit
        return row.ratio * limit * (row.intensity if row.unit == "bytes/s" else 1)

    def svg(self) -> str:
        if not self.rows or not self.arithmetic:
            return ""
        intensities = [row.intensity for row, _ in self.rows]
        x = Scale(min(0.2, *intensities) / 1.5, max(256, *intensities) * 2, self.left, self.right, True)
        lowest = min(flops for _, flops in self.rows)
        y = Scale(min(lowest / 1.6, self.highest / 30), self.highest * 1.5, self.bottom, self.top, True)
        content = self.axes(x, y) + self.ceilings(x, y) + "".join(self.mark(row, flops, x, y) for row, flops in self.ordered())
        return picture(self.width, self.height, content, f"Roofline, {self.threads} threads")

    def ordered(self):
        """qkv last, on top."""
        return sorted(self.rows, key=lambda pair: (pair[0].engine == "qkv", pair[1]))

    def axes(self, x: Scale, y: Scale) -> str:
        parts = []
        for value in powers(2, x.low, x.high)[::2]:
            parts.append(line(x(value), self.top, x(value), self.bottom, class_="grid"))
            name = f"{value:g}" if value >= 1 else f"1/{1 / value:g}"
            parts.append(text(x(value), self.bottom + 18, name, class_="tick", text_anchor="middle"))
        for value in [factor * power for power in powers(10, y.low / 10, y.high) for factor in (1, 2, 5)]:
            if y.low <= value <= y.high:
                parts.append(line(self.left, y(value), self.right, y(value), class_="grid"))
                parts.append(text(self.left - 6, y(value) + 4, f"{value / 1e9:g}", class_="tick", text_anchor="end"))
        parts.append(text((self.left + self.right) / 2, self.bottom + 40, "arithmetic intensity: useful FLOP per byte moved",
                          class_="axis", text_anchor="middle"))
        parts.append(text(14, (self.top + self.bottom) / 2, "GFLOP/s", class_="axis", text_anchor="middle",
                          transform=f"rotate(-90 14 {(self.top + self.bottom) / 2:.0f})"))
        return "".join(parts)

    def ceilings(self, x: Scale, y: Scale) -> str:
        parts, labels = [], []
        slowest_read = min(self.reads.values(), default=self.highest)
        for name, rate in self.arithmetic.items():
            start = max(x.low, rate / max(self.reads.values(), default=slowest_read))
            parts.append(line(x(start), y(rate), self.right, y(rate), class_="roof"))
            labels.append((y(rate), f"{name.replace('fma', 'FMA')}  {si(rate, 'FLOP/s')}"))
        for name, rate in self.reads.items():
            low, high = max(x.low, y.low / rate), self.highest / rate
            parts.append(path([(x(low), y(low * rate)), (x(high), y(high * rate))], class_="roof read"))
            parts.append(self.read_label(name, rate, x, y, low))
        return "".join(parts) + self.roof_labels(labels)

    def roof_labels(self, labels: list[tuple[float, str]]) -> str:
        """At the right end, apart from each other."""
        parts, last = [], -100.0
        for y, label in sorted(labels):
            last = max(y + 4, last + 15)
            parts.append(text(self.right + 8, last, label, class_="rooflabel"))
        return "".join(parts)

    def read_label(self, name: str, rate: float, x: Scale, y: Scale, low: float) -> str:
        """On its line, each level at another place."""
        step = LEVELS.index(name.split()[1]) if name.split()[1] in LEVELS else 0
        at = low * (self.highest / rate / low) ** (0.2 + 0.12 * step)
        angle = -math.degrees(math.atan2(y(1) - y(math.e), x(math.e) - x(1)))
        place = f"translate({x(at):.1f} {y(at * rate) - 5:.1f}) rotate({angle:.1f})"
        return text(0, 0, f"{name.removeprefix('read ')} {si(rate, 'B/s')}", class_="rooflabel", transform=place,
                    text_anchor="middle")

    def mark(self, row: Row, flops: float, x: Scale, y: Scale) -> str:
        own = row.engine == "qkv"
        kind = row.op if row.op in ("attention", "matmul") else "other"
        classes = f"mark {'own' if own else 'peer'} op-{kind}{' cold' if row.cache == 'cold' else ''}"
        return dot(x(row.intensity), y(flops), tip_of(row, f"{si(flops, 'FLOP/s')} at {short(row.intensity)} FLOP/byte"),
                   r=5 if own else 3.5, class_=classes)
