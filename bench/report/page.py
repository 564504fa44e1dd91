# SPDX-License-Identifier: Apache-2.0
"""The page: facts, words, and the sections in their order, with nothing from outside."""
from html import escape
from pathlib import Path

import comparisons
import sections
from engines import ENGINES, colours, order_of, slug_of, title_of
from results import Results
from rows_table import table
from svg import percent, si

HERE = Path(__file__).parent
CACHE_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def style() -> str:
    slugs = [*map(slug_of, ENGINES), "e-other"]
    marks = "".join(f"i.{slug}{{background:var(--{slug})}}.mark.{slug},.trouble.{slug}{{fill:var(--{slug})}}"
                    f".line.{slug}{{stroke:var(--{slug})}}" for slug in slugs)
    dark = f"@media (prefers-color-scheme: dark){{:root{{{colours(dark=True)}}}}}"
    return f":root{{{colours(dark=False)}}}{dark}{(HERE / 'page.css').read_text()}{marks}"


def cache_text(caches) -> str:
    """Of a list of caches as qkv-bench writes it."""
    texts = []
    for cache in caches if isinstance(caches, list) else []:
        if cache.get("type") != "Instruction":
            size = next((f"{cache['bytes'] / unit:g} {name}" for unit, name in CACHE_UNITS if cache["bytes"] >= unit), "")
            shared = cache.get("sharing_cores", 1)
            texts.append(f"L{cache['level']} {size}" + (f" shared by {shared}" if shared > 1 else ""))
    return ", ".join(texts)


def facts(results: Results) -> str:
    cpu = results.fact("cpu") or {}
    model = ", ".join(f"{name} {cpu[name]}" for name in ("family", "model", "stepping") if cpu.get(name) not in (None, ""))
    versions = {row.engine: row.engine_version for row in results.rows if row.engine_version}
    peers = ", ".join(f"{title_of(engine)} {version}" for engine, version in
                      sorted(versions.items(), key=lambda item: order_of(item[0])) if engine != "qkv")
    pairs = [("CPU", f"{cpu.get('name', 'unknown')} ({model})" if model else cpu.get("name", "unknown")),
             ("cores", cpu.get("cores")), ("caches", cache_text(cpu.get("caches"))),
             ("instructions", " ".join(cpu.get("flags", []))), ("qkv", results.fact("qkv_version")),
             ("compiler", results.fact("compiler")), ("peers", peers), ("date", results.fact("date"))]
    return "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in pairs if value)


def limit_order(item: tuple[str, dict]) -> tuple:
    """Arithmetic before reads, the fastest first."""
    name, rates = item
    return name.startswith("read"), -max(rates.values())


def limits(results: Results) -> str:
    """The measured limits, as a table of threads."""
    threads = sorted({int(count) for rates in results.peaks.values() for count in rates})
    head = "".join(f"<th>{sections.thread_name(count)}</th>" for count in threads)
    rows = ""
    for name, rates in sorted(results.peaks.items(), key=limit_order):
        unit = "B/s" if name.startswith("read ") else "FLOP/s"
        cells = "".join(f"<td>{si(rates[str(count)], unit) if str(count) in rates else ''}</td>" for count in threads)
        rows += f"<tr><td>{escape(name.replace('fma', 'FMA'))}</td>{cells}</tr>"
    return f"<table class='limits'><thead><tr><th>measured limit</th>{head}</tr></thead><tbody>{rows}</tbody></table>"


def tiles(results: Results, found: list) -> str:
    pairs = []
    share = comparisons.median_share(results)
    if share is not None:
        pairs.append((percent(share, 0), "of the machine's limit: qkv's median, one thread"))
    known = [one for one in found if one.lead is not None]
    if known:
        pairs.append((f"{sum(one.lead > 1 for one in known)} of {len(known)}", "comparisons in which qkv is ahead of every peer"))
        pairs.append((f"{comparisons.median_lead(known):.2f} ×", "qkv's median lead over the best peer"))
    troubled = sum(not row.is_figure for row in results.rows)
    pairs.append((str(len(results.rows) - troubled), f"figures; {troubled} more rows too noisy or wrong"))
    return "".join(f'<div class="tile"><b>{value}</b><span>{said}</span></div>' for value, said in pairs)


def section(name: str, title: str, words: str, content: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{words and f"<p>{words}</p>"}{content}</section>'


ROOF_WORDS = """Each dot is one problem. It cannot rise above the roof: the flat lines are what this machine's multiply-add
units reached, the slanted lines what it read from each cache and from memory, measured in the same run. The closer to its
roof, the better. Where a dot's operands lie decides which slanted line is its own. Hover for details."""
LENGTH_WORDS = """One thread, % of the machine's limit over the length of the sequence. Work is counted for the (query, key)
pairs that are visible, so that a masked pair computed in vain shows as loss. × at the bottom: no figure, hover for why."""
WORKER_WORDS = """What each of several workers keeps of the speed of one working alone, both as a share of the machine's
limit with as many workers. 100 % is perfect scaling."""
PEER_WORDS = """Each engine in a process of its own, on the same CPUs and with as many threads, its answer checked against
double precision before any time. Bars show the share of the limit that was measured in the engine's own process right
before and after. The thin mark is 100 %. Peers called from Python pay their call overhead, which shows in small problems."""
TABLE_WORDS = """All rows. Click a heading to sort, once more to turn the order round."""
METHOD = """<p>A repetition is the limit loop, a batch of calls of at least 2 ms, the limit loop. It is quiet if the two limits
agree within 2 %, both lie within 5 % of the best limit of the run, and nobody else had the core. The figure is the quiet
repetition of median rate / limit; fewer than five quiet ones are "too noisy". Rates of different processes are never
compared, only their shares of the limit. The limit of a problem is the smaller of the multiply-add peak and arithmetic
intensity × read rate of the cache level that its operands fit in. A wrong answer has no figure.</p>"""


def body(results: Results) -> str:
    found = comparisons.comparisons(results)
    toggle = ('<ul class="legend"><li><i style="background:var(--e-qkv)"></i>attention</li>'
              '<li><i style="background:var(--matmul)"></i>matmul</li><li><i style="background:var(--other)"></i>other</li>'
              '<li><label><input type="checkbox" id="show-peers" checked> peers (pale)</label></li></ul>')
    cpu = results.fact("cpu") or {}
    return "".join([
        f"<h1>qkv on {escape(cpu.get('name', 'this machine'))}</h1>",
        '<p class="muted">Speed of attention kernels as a share of what this CPU can do, measured in the same run.</p>',
        '<nav><a href="#machine">Machine</a><a href="#roofline">Roofline</a><a href="#length">Length</a>'
        '<a href="#workers">Workers</a><a href="#peers">Peers</a><a href="#rows-section">All rows</a>'
        '<a href="#method">Method</a></nav>',
        f'<div class="tiles">{tiles(results, found)}</div>',
        section("machine", "Machine", "", f'<dl class="facts">{facts(results)}</dl><h3>Limits</h3>{limits(results)}'),
        section("roofline", "Roofline", ROOF_WORDS, toggle + sections.rooflines(results)),
        section("length", "Over the length of the sequence", LENGTH_WORDS, sections.scaling_over_length(results)),
        section("workers", "Over workers", WORKER_WORDS, sections.scaling_over_workers(results)),
        section("peers", "Peers", PEER_WORDS, comparisons.not_ahead(found) + comparisons.peers_section(found)),
        section("rows-section", "All rows", TABLE_WORDS, table(results)),
        f'<section id="method"><h2>Method</h2>{METHOD}</section>'])


def page(results: Results) -> str:
    title = escape((results.fact("cpu") or {}).get("name", "this machine"))
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>qkv: speed on {title}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style()}</style></head>'
            f'<body><main>{body(results)}</main><div id="tip" hidden></div>'
            f"<script>{(HERE / 'page.js').read_text()}</script></body></html>\n")
