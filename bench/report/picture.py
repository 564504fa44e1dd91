# SPDX-License-Identifier: Apache-2.0
"""One picture for a README: a handful of problems, qkv against its peers, as shares of the machine's limit."""
import re

import comparisons
from engines import ENGINES, colours, order_of, short_title_of, slug_of
from results import ResultError, Results
from svg import Scale, dot, line, percent, tag, text

MOST_PROBLEMS = 8
MOST = 0.75  # of the engines of the problem that has most of them
WIDTH, LEFT, RIGHT, TOP, STEP = 900.0, 330.0, 850.0, 110.0, 34.0
LIGHT = "--ground:#ffffff;--text:#1f2328;--muted:#59636e;--grid:#e3e7eb;"
DARK = "--ground:#0d1117;--text:#e6edf3;--muted:#9aa4af;--grid:#2a3038;"


def chosen(results: Results, wanted: re.Pattern) -> list[comparisons.Comparison]:
    """The largest of those that most engines have measured, in the order of the rows."""
    found = [one for one in comparisons.comparisons(results)
             if one.own.threads == 1 and one.own.is_figure and wanted.search(one.own.shape)]
    most = max(map(engine_count, found), default=0)
    widely = [one for one in found if engine_count(one) >= MOST * most]
    ranked = sorted(widely, key=lambda one: -one.own.flops)[:MOST_PROBLEMS]
    return [one for one in found if one in ranked]


def engine_count(one: comparisons.Comparison) -> int:
    return sum(share is not None for share in one.shares.values())


def words_of(shape: str) -> str:
    """attention heads=1 queries=512 head_dim=64 causal=1: attention 512, head dim 64, causal"""
    sizes = dict(word.split("=") for word in shape.split()[1:])
    if shape.startswith("matmul"):
        return f"matmul {sizes['m']} × {sizes['n']} × {sizes['k']}"
    parts = [f"attention {sizes['queries']}" + (f" × {sizes['keys']}" if "keys" in sizes else "")]
    parts.append(f"head dim {sizes['head_dim']}")
    parts += ["causal"] if sizes.get("causal") == "1" else []
    heads, groups = sizes.get("heads", "1"), sizes.get("kv_heads")
    parts += [f"{heads} heads" + (f" on {groups}" if groups else "")] if heads != "1" else []
    return ", ".join(parts)


def style() -> str:
    slugs = sorted({slug_of(engine) for engine in ENGINES} | {"e-other"})
    fills = "".join(f".{slug}{{fill:var(--{slug})}}" for slug in slugs)
    return (f"svg{{{LIGHT}{colours(False)}font:13px system-ui,'DejaVu Sans',sans-serif}}"
            f"@media (prefers-color-scheme:dark){{svg{{{DARK}{colours(True)}}}}}"
            f".ground{{fill:var(--ground)}}text{{fill:var(--text)}}.muted{{fill:var(--muted)}}.title{{font-size:18px;"
            f"font-weight:600}}.grid{{stroke:var(--grid)}}.limit{{stroke:var(--muted);stroke-dasharray:5 4}}"
            f".own{{font-weight:600}}{fills}")


def legend(engines: list[str]) -> str:
    parts, x, y = [], 24.0, 66.0
    for engine in engines:
        width = 34 + 7.6 * len(short_title_of(engine))
        if x + width > WIDTH - 20:
            x, y = 24.0, y + 20
        parts.append(tag("circle", cx=x + 5, cy=y - 4, r=5, class_=slug_of(engine)))
        parts.append(text(x + 15, y, short_title_of(engine)))
        x += width
    return "".join(parts)


def problem_line(one: comparisons.Comparison, y: float, x: Scale) -> str:
    parts = [text(LEFT - 16, y + 4, words_of(one.own.shape), text_anchor="end"),
             line(x(0), y, x(1), y, class_="grid")]
    for row in one.peers:
        share = one.shares[row.engine]
        if share is not None:
            parts.append(dot(x(min(share, 1)), y, "", r=4.5, class_=slug_of(row.engine)))
    parts.append(dot(x(min(one.own.ratio, 1)), y, "", r=7.5, class_="e-qkv"))
    parts.append(text(RIGHT + 8, y + 4, percent(one.own.ratio, 0), class_="own"))
    return "".join(parts).replace(' data-tip=""', "")


def picture_of(results: Results, wanted: re.Pattern) -> str:
    lines = chosen(results, wanted)
    if not lines:
        raise ResultError("--svg: no problem has been measured by qkv and a peer on one thread")
    height = TOP + STEP * len(lines) + 44
    x = Scale(0, 1, LEFT, RIGHT)
    name = (results.fact("cpu") or {}).get("name", "this CPU")
    parts = [tag("style", style()), tag("rect", width=WIDTH, height=height, class_="ground"),
             text(24, 36, "Speed on one core: % of what the CPU can do", class_="title"),
             legend(sorted({row.engine for one in lines for row in one.peers} | {"qkv"}, key=order_of))]
    bottom = TOP + STEP * len(lines) - 6
    for value in (0, 25, 50, 75, 100):
        parts.append(line(x(value / 100), TOP - 4, x(value / 100), bottom, class_="limit" if value == 100 else "grid"))
        parts.append(text(x(value / 100), bottom + 18, f"{value} %", class_="muted", text_anchor="middle"))
    parts += [problem_line(one, TOP + STEP * index + 12, x) for index, one in enumerate(lines)]
    parts.append(text(24, height - 8, f"{name}. The limit is measured in the same process, right before and after.",
                      class_="muted"))
    return tag("svg", "".join(parts), xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
               width=f"{WIDTH:.0f}", height=f"{height:.0f}") + "\n"
