# SPDX-License-Identifier: Apache-2.0
"""Which rows are drawn in which picture of the page."""
from collections import defaultdict
from html import escape

from charts import Panel, legend, thread_name, tip_of
from engines import slug_of
from results import Results, Row
from roofline import Roofline
from svg import percent


def rooflines(results: Results) -> str:
    parts = []
    for threads in sorted({row.threads for row in results.rows}):
        drawn = Roofline(results, threads).svg()
        if drawn:
            parts.append(f"<h3>{thread_name(threads).capitalize()}</h3>{drawn}")
    return "".join(parts)


def is_square(row: Row) -> bool:
    """A prompt: as many queries as keys, nothing special."""
    return row.op == "attention" and not set(row.sizes) & {"keys", "window", "position", "value_dim", "kv_heads", "batch"}


def is_decode(row: Row) -> bool:
    return row.op == "attention" and row.size("queries", 1) == 1 and "keys" in row.sizes and "window" not in row.sizes


def panel_of(row: Row) -> tuple[tuple, str, str, int] | None:
    """Key and title of the row's panel, what its axis counts, and the row's place on it."""
    dim = row.size("head_dim", 1)
    if is_square(row):
        how = "causal" if row.causal else "full"
        return ((0, bool(row.causal), dim), f"head dim {dim}, {how}", "queries = keys", row.size("queries", 1))
    if is_decode(row):
        group = row.size("heads", 1) // row.size("kv_heads", row.size("heads", 1))
        title = f"decode, head dim {dim}, {group} query head{'s' if group > 1 else ''} per key head"
        return (1, group, dim), title, "keys", row.size("keys", 1)
    return None


def scaling_over_length(results: Results) -> str:
    panels: dict[tuple, Panel] = {}
    best = results.best_qkv(1)
    for row in results.comparable():
        place = panel_of(row) if row.threads == 1 else None
        if place is None or (row.engine == "qkv" and best.get((row.shape, 1)) is not row):
            continue
        panels.setdefault(place[0], Panel(place[1], place[2])).add(place[3], row)
    shown = [panel for _, panel in sorted(panels.items()) if len(panel.sizes) > 1]
    if not shown:
        return "<p>No problems that differ in their length only.</p>"
    engines = {engine for panel in shown for engine, _ in panel.series}
    figures = "".join(f"<figure><figcaption>{panel.title}</figcaption>{panel.svg()}</figure>" for panel in shown)
    return f'{legend(engines)}<div class="panels">{figures}</div>'


def by_workers(results: Results) -> dict[tuple, dict[int, Row]]:
    """Rows that differ in their threads only, where one of them has one."""
    groups: dict[tuple, dict[int, Row]] = defaultdict(dict)
    for row in results.rows:
        groups[row.engine, row.isa, row.shape, row.cache][row.threads] = row
    return {key: rows for key, rows in groups.items() if len(rows) > 1 and 1 in rows}


def scaling_over_workers(results: Results) -> str:
    """A line per problem: the share of one worker's speed that each of several keeps."""
    best = results.best_qkv()
    shapes: dict[str, list[str]] = defaultdict(list)
    for (engine, _, shape, cache), rows in by_workers(results).items():
        if cache == "cold" or (engine == "qkv" and best.get((shape, 1)) is not rows[1]):
            continue
        for threads, row in sorted(rows.items()):
            if threads > 1:
                shapes[shape].append(worker_mark(rows[1], row))
    if not shapes:
        return "<p>Only one number of workers was measured.</p>"
    lines = "".join(f'<div class="bar"><span class="shape">{escape(shape)}</span><span class="track dots">{"".join(marks)}'
                    "</span></div>" for shape, marks in shapes.items())
    engines = [row.engine for row in results.rows if row.threads > 1]
    scale = '<div class="bar head"><span></span><span class="track dots"><b style="left:0">0 %</b>' \
            '<b style="left:45.45%">50 %</b><b style="left:90.91%">100 %</b></span></div>'
    return f'{legend(engines)}<div class="bars workers">{scale}{lines}</div>'


def worker_mark(one: Row, many: Row) -> str:
    tip = tip_of(many)
    slug = slug_of(many.engine)
    if not (one.is_figure and many.is_figure):
        return f'<i class="{slug} none" style="left:0" data-tip="{escape(tip)}"></i>'
    kept = many.ratio / one.ratio
    said = f"{many.threads} workers: {percent(kept)} of one worker's speed each\n{tip}"
    return (f'<i class="{slug}{" own" if many.engine == "qkv" else ""}" style="left:{min(kept, 1.1) / 1.1 * 100:.2f}%" '
            f'data-tip="{escape(said)}"></i>')
