# SPDX-License-Identifier: Apache-2.0
"""Lines over a size, and what pictures have in common."""
from collections import defaultdict
from typing import Iterable

from engines import order_of, short_title_of, slug_of, title_of
from results import Row
from svg import Scale, dot, path, percent, percent_axis, picture, text


def thread_name(count: int) -> str:
    return "one thread" if count == 1 else f"{count} threads"


def tip_of(row: Row, attained: str = "") -> str:
    """What the page shows of a row on hovering."""
    parts = [title_of(row.engine) + (f" ({row.isa})" if row.isa else ""), row.shape,
             f"{percent(row.ratio)} of {row.limit_name}" if row.is_figure else row.trouble, attained,
             f"threads {row.threads}, {row.cache or 'hot'} cache, {row.kept} of {row.repetitions} repetitions kept",
             row.kernel or ""]
    return "\n".join(part for part in parts if part)


class Panel:
    """Lines of % of limit over a size, one per engine."""

    width, height, right, top, bottom = 400.0, 250.0, 388.0, 14.0, 206.0

    def __init__(self, title: str, axis: str):
        self.title, self.axis = title, axis
        self.series: dict[tuple[str, str], dict[int, Row]] = defaultdict(dict)

    def add(self, size: int, row: Row) -> None:
        series = self.series[row.engine, row.isa or ""]
        if size not in series or row.size("heads", 1) < series[size].size("heads", 1):
            series[size] = row

    @property
    def sizes(self) -> list[int]:
        return sorted({size for series in self.series.values() for size in series})

    def svg(self) -> str:
        x = Scale(self.sizes[0], max(self.sizes[-1], 2 * self.sizes[0]), 62, self.right - 14, True)
        y = Scale(0, 1.05, self.bottom, self.top)
        parts = [percent_axis(y, self.right)]
        for size in self.sizes:
            parts.append(text(x(size), self.bottom + 18, size_name(size), class_="tick", text_anchor="middle"))
        parts.append(text((62 + self.right) / 2, self.bottom + 38, self.axis, class_="axis", text_anchor="middle"))
        for (engine, _), series in sorted(self.series.items(), key=lambda item: -order_of(item[0][0])):
            parts.append(self.drawn(engine, series, x, y))
        return picture(self.width, self.height, "".join(parts), self.title)

    def drawn(self, engine: str, series: dict[int, Row], x: Scale, y: Scale) -> str:
        figures = [(size, row) for size, row in sorted(series.items()) if row.is_figure]
        troubles = [(size, row) for size, row in sorted(series.items()) if not row.is_figure]
        classes = f"{slug_of(engine)}{' own' if engine == 'qkv' else ''}"
        parts = []
        if len(figures) > 1:
            parts.append(path([(x(size), y(row.ratio)) for size, row in figures], class_=f"line {classes}"))
        for size, row in figures:
            parts.append(dot(x(size), y(min(row.ratio, y.high)), tip_of(row), r=4 if engine == "qkv" else 3,
                             class_=f"mark {classes}"))
        for size, row in troubles:
            parts.append(text(x(size), self.bottom - 3, "×", class_=f"trouble {classes}", text_anchor="middle",
                              data_tip=tip_of(row)))
        return "".join(parts)


def size_name(size: int) -> str:
    return f"{size // 1024}k" if size >= 1024 and size % 1024 == 0 else str(size)


def legend(engines: Iterable[str]) -> str:
    """The engines of a picture, as HTML."""
    items = "".join(f'<li><i class="{slug_of(engine)}"></i>{short_title_of(engine)}</li>'
                    for engine in sorted(set(engines), key=order_of))
    return f'<ul class="legend">{items}</ul>'
