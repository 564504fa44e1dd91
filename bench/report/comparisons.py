# SPDX-License-Identifier: Apache-2.0
"""qkv and its peers, problem by problem."""
import statistics
from collections import defaultdict
from html import escape

from charts import thread_name, tip_of
from engines import order_of, short_title_of, slug_of, title_of
from results import Results, Row
from svg import percent


class Comparison:
    """One shape on so many threads: qkv and its peers, as shares of one limit."""

    def __init__(self, results: Results, own: Row, peers: list[Row], skipped: list[dict]):
        self.own, self.peers, self.skipped = own, sorted(peers, key=lambda row: order_of(row.engine)), skipped
        self.shares = {row.engine: results.share_of(row, own.limit_name) for row in peers}

    @property
    def best_peer(self) -> Row | None:
        known = [row for row in self.peers if self.shares[row.engine] is not None]
        return max(known, key=lambda row: self.shares[row.engine], default=None)

    @property
    def lead(self) -> float | None:
        """qkv's speed over the best peer's."""
        if self.best_peer is None or not self.own.is_figure:
            return None
        return self.own.ratio / self.shares[self.best_peer.engine]


def comparisons(results: Results) -> list[Comparison]:
    peers = results.peers()
    skipped = defaultdict(list)
    for one in results.skipped:
        skipped[one["shape"], one["threads"]].append(one)
    return [Comparison(results, own, peers[key], skipped[key]) for key, own in results.best_qkv().items() if key in peers]


def bar(label: str, slug: str, share: float | None, said: str, tip: str) -> str:
    fill = "" if share is None else f'<i class="{slug}" style="width:{min(share, 1.1) / 1.1 * 100:.2f}%"></i>'
    figure = "" if share is None else percent(share)
    note = f'<em>{escape(said)}</em>' if said else ""
    wrong = " wrong" if said.startswith("wrong") else ""
    return (f'<div class="bar{wrong}" data-tip="{escape(tip)}"><span>{escape(label)}</span><span class="track">{fill}{note}</span>'
            f"<span class=\"figure\">{figure}</span></div>")


def comparison_card(one: Comparison) -> str:
    own = one.own
    bars = [bar(f"qkv {own.isa or ''}", "e-qkv", own.ratio if own.is_figure else None, own.trouble, tip_of(own))]
    for row in one.peers:
        bars.append(bar(short_title_of(row.engine), slug_of(row.engine), one.shares[row.engine], row.trouble, tip_of(row)))
    for skip in sorted(one.skipped, key=lambda skip: order_of(skip["engine"])):
        bars.append(bar(short_title_of(skip["engine"]), "e-other", None, skip["reason"], skip["reason"]))
    lead = "no comparison" if one.lead is None else f"{one.lead:.2f} × the best peer"
    standing = "unknown" if one.lead is None else "ahead" if one.lead > 1 else "behind"
    return (f'<figure class="card"><figcaption>{escape(own.shape)}<small class="lead {standing}">{thread_name(own.threads)}, '
            f'{lead}</small></figcaption><div class="bars">{"".join(bars)}</div></figure>')


def peers_section(found: list[Comparison]) -> str:
    if not found:
        return "<p>No peer has measured a problem that qkv has measured too.</p>"
    parts = []
    for threads in sorted({one.own.threads for one in found}):
        cards = "".join(comparison_card(one) for one in found if one.own.threads == threads)
        parts.append(f'<details {"open" if threads == 1 else ""}><summary>{thread_name(threads).capitalize()}</summary>'
                     f'<div class="cards">{cards}</div></details>')
    return "".join(parts)


def not_ahead(found: list[Comparison]) -> str:
    behind = sorted((one for one in found if one.lead is not None and one.lead <= 1), key=lambda one: one.lead)
    open_ones = [one for one in found if one.lead is None]
    compared = len(found) - len(open_ones)
    if not found:
        return ""
    said = f"qkv is ahead of every peer in {compared - len(behind)} of {compared} comparisons."
    if open_ones:
        said += f" {len(open_ones)} more have no figure of qkv or none of any peer: too noisy, or wrong."
    if not behind:
        return f"<p>{said}</p>"
    rows = "".join(f"<tr><td>{escape(one.own.shape)}</td><td>{one.own.threads}</td><td>{percent(one.own.ratio)}</td>"
                   f"<td>{title_of(one.best_peer.engine)}</td><td>{percent(one.shares[one.best_peer.engine])}</td>"
                   f"<td>{one.lead:.2f}</td></tr>" for one in behind)
    return (f"<p>{said}</p><table><thead><tr><th>not ahead</th><th>threads</th><th>qkv</th><th>best peer</th><th>peer</th>"
            f"<th>qkv / peer</th></tr></thead><tbody>{rows}</tbody></table>")


def median_share(results: Results) -> float | None:
    shares = [row.ratio for row in results.best_qkv(1).values() if row.is_figure]
    return statistics.median(shares) if shares else None


def median_lead(known: list[Comparison]) -> float:
    return statistics.median(one.lead for one in known)
