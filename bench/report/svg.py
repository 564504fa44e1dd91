# SPDX-License-Identifier: Apache-2.0
"""Small pieces of SVG: scales, axes, marks with a text that the page shows on hovering."""
import math
from dataclasses import dataclass
from html import escape

PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def si(value: float, unit: str, digits: int = 3) -> str:
    """1.5e11, "FLOP/s" as 150 GFLOP/s"""
    for size, prefix in PREFIXES:
        if abs(value) >= size:
            scaled = value / size
            return f"{scaled:.{digits}g} {prefix}{unit}" if scaled < 99.5 else f"{scaled:.0f} {prefix}{unit}"
    return f"{value:.{digits}g} {unit}"


def percent(ratio: float, digits: int = 1) -> str:
    return f"{100 * ratio:.{digits}f} %"


@dataclass(frozen=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return self.start + (value - low) / ((high - low) or 1) * (self.end - self.start)


def powers(base: int, low: float, high: float) -> list[float]:
    """The powers of a base from low to high."""
    first, last = math.ceil(math.log(low, base) - 1e-9), math.floor(math.log(high, base) + 1e-9)
    return [float(base) ** power for power in range(first, last + 1)]


def tag(name: str, content: str = "", **attributes) -> str:
    """An element; class_ and stroke_width stand for class and stroke-width."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(short(value))}"' for key, value in attributes.items()
                      if value is not None)
    return f"<{name}{written}>{content}</{name}>" if content or name in ("text", "g") else f"<{name}{written}/>"


def short(value) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(x: float, y: float, content: str, **attributes) -> str:
    return tag("text", escape(content), x=float(x), y=float(y), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes) -> str:
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def dot(x: float, y: float, tip: str, **attributes) -> str:
    return tag("circle", cx=float(x), cy=float(y), data_tip=tip, **attributes)


def path(points: list[tuple[float, float]], **attributes) -> str:
    return tag("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), fill="none", **attributes)


def picture(width: float, height: float, content: str, title: str) -> str:
    label = tag("title", escape(title))
    return tag("svg", label + content, viewBox=f"0 0 {width:.0f} {height:.0f}", role="img", class_="chart")


def percent_axis(scale: Scale, right: float, values=(0, 25, 50, 75, 100)) -> str:
    """Grid lines with labels at the left, and the machine's limit drawn stronger."""
    parts = []
    for value in values:
        y = scale(value / 100)
        parts.append(line(44, y, right, y, class_="limit" if value == 100 else "grid"))
        parts.append(text(38, y + 4, f"{value}", class_="tick", text_anchor="end"))
    return "".join(parts)
