# SPDX-License-Identifier: Apache-2.0
"""Every row, to be filtered and sorted."""
from html import escape

from engines import order_of, short_title_of, slug_of
from results import Results, Row, isa_rank
from svg import percent, si


def row_cells(row: Row) -> str:
    unit = "B/s" if row.unit == "bytes/s" else row.unit or ""
    figure = (f'<td class="share" data-sort="{row.ratio}"><i style="width:{min(row.ratio, 1) * 100:.1f}%"></i>'
              f"<b>{percent(row.ratio)}</b></td>") if row.is_figure else \
        f'<td class="share none" data-sort="-1"><b>{escape(row.trouble)}</b></td>'
    error = "" if row.error is None else f"{row.error:.1e}"
    return (f'<td data-sort="{order_of(row.engine):02}{escape(row.engine)}"><i class="swatch {slug_of(row.engine)}"></i>'
            f'{escape(short_title_of(row.engine))}</td><td>{escape(row.shape)}</td>'
            f'<td data-sort="{isa_rank(row)}">{escape(row.isa or "")}</td><td>{row.threads}</td><td>{row.cache or ""}</td>'
            f'<td data-sort="{row.rate or -1}">{si(row.rate, unit) if row.rate else ""}</td>'
            f'<td>{escape(row.limit_name or "")}</td>{figure}'
            f'<td data-sort="{row.kept or 0}">{row.kept or 0} / {row.repetitions or 0}</td>'
            f'<td data-sort="{row.error or 0}">{error}</td><td>{escape(row.kernel or "")}</td>')


def table(results: Results) -> str:
    names = ("engine", "problem", "ISA", "threads", "cache", "rate", "bound by", "% of limit", "kept", "error", "kernel")
    head = "".join(f'<th><button type="button">{name}</button></th>' for name in names)
    rows = "".join(f"<tr{' class=trouble' if not row.is_figure else ''}>{row_cells(row)}</tr>" for row in results.rows)
    return (f'<p class="tools"><input id="filter" type="search" placeholder="filter: all words must occur, such as '
            f'&quot;qkv causal avx512&quot;" aria-label="filter"><span id="count"></span></p>'
            f'<div class="scroll"><table id="rows"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
