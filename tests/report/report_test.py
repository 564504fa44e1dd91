# SPDX-License-Identifier: Apache-2.0
import re
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[2] / "bench/report"))

from comparisons import comparisons, not_ahead  # noqa: E402
from page import page  # noqa: E402
from picture import picture_of  # noqa: E402
from results import ResultError, Results, read_results  # noqa: E402
from svg import Scale, powers, si  # noqa: E402

PEAKS = {"fma avx512": {"1": 200e9, "2": 400e9}, "read L2": {"1": 100e9, "2": 200e9}}


def row(engine: str, queries: int, ratio, **other) -> dict:
    flops = 4.0 * 64 * queries**2
    found = {"engine": engine, "engine_version": "1", "op": "attention", "dtype": "f32", "isa": "", "threads": 1,
             "shape": f"attention heads=1 queries={queries} head_dim=64", "causal": False, "cache": "hot",
             "rate": None if ratio is None else ratio * 200e9, "unit": "FLOP/s", "limit": 200e9,
             "limit_name": "fma avx512", "ratio": ratio, "kept": 9, "repetitions": 9, "flops": flops,
             "bytes": 1024.0 * queries, "seconds": 1.0, "kernel": "", "error": 1e-7, "wrong": False, "note": ""}
    return {**found, **other}


def results_of(*rows: dict, skipped=()) -> Results:
    cpu = {"name": "A <CPU> & more", "cores": 2, "caches": [{"level": 2, "type": "Unified", "bytes": 1 << 20, "sharing_cores": 1}]}
    return Results([{"cpu": cpu, "peaks": PEAKS, "rows": list(rows), "skipped": list(skipped)}])


FULL = (row("qkv", 512, 0.9, isa="avx512"), row("qkv", 512, 0.44, isa="avx2"), row("qkv", 2048, 0.8, isa="avx512"),
        row("qkv", 512, 0.88, isa="avx512", threads=2), row("openblas", 512, 0.6), row("openblas", 2048, None, kept=2),
        row("pytorch", 512, 0.95), row("ggml", 2048, None, wrong=True, note="wrong: error 3.0e-01"),
        row("openvino", 512, None, note="too noisy", cache="cold"))


class Reader(HTMLParser):
    """Fails on tags that do not fit together, and collects what a page refers to."""

    void = {"meta", "input", "br", "link", "img"}

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.tips: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.references += [value for name, value in attrs if name in ("src", "href")]
        self.tips += [value for name, value in attrs if name == "data-tip"]
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> in {self.getpos()}"


class Page(unittest.TestCase):
    def setUp(self):
        self.text = page(results_of(*FULL, skipped=[{"engine": "blis", "threads": 1, "shape": FULL[0]["shape"],
                                                     "reason": "no <reason>"}]))
        self.reader = Reader()
        self.reader.feed(self.text)

    def test_is_well_formed_and_needs_nothing_else(self):
        self.assertEqual(self.reader.open, [])
        self.assertTrue(all(reference.startswith("#") for reference in self.reader.references), self.reader.references)
        self.assertNotRegex(self.text, r"url\(|@import|https?://(?!www\.w3\.org)")

    def test_every_row_is_in_the_table(self):
        body = self.text[self.text.index('<table id="rows">'):]
        self.assertEqual(body.count("<tr"), len(FULL) + 1)

    def test_rows_without_a_figure_say_why(self):
        body = self.text[self.text.index('<table id="rows">'):]
        self.assertEqual(body.count("<b>too noisy</b>"), 2)
        self.assertEqual(body.count("<b>wrong: error 3.0e-01</b>"), 1)
        cards = self.text[self.text.index('<section id="peers">'):self.text.index('<section id="rows-section">')]
        self.assertIn("wrong: error 3.0e-01", cards)
        self.assertIn("no &lt;reason&gt;", cards)

    def test_each_figure_has_a_dot_in_a_roofline(self):
        roof = self.text[self.text.index('<section id="roofline">'):self.text.index('<section id="length">')]
        self.assertEqual(roof.count("<circle"), sum(one["ratio"] is not None for one in FULL))

    def test_texts_are_escaped(self):
        self.assertIn("A &lt;CPU&gt; &amp; more", self.text)

    def test_pictures_in_it_are_xml(self):
        pictures = re.findall(r"<svg.*?</svg>", self.text, re.DOTALL)
        self.assertGreaterEqual(len(pictures), 3)
        for one in pictures:
            ElementTree.fromstring(one)

    def test_peers_alone_make_a_page_too(self):
        page(results_of(row("pytorch", 512, 0.5)))


class Compared(unittest.TestCase):
    def test_the_best_peer_counts(self):
        first = comparisons(results_of(*FULL))[0]
        self.assertEqual((first.own.isa, first.best_peer.engine), ("avx512", "pytorch"))
        self.assertAlmostEqual(first.lead, 0.9 / 0.95)

    def test_where_qkv_is_not_ahead_is_listed(self):
        said = not_ahead(comparisons(results_of(*FULL)))
        self.assertIn("0 of 1 comparisons", said)
        self.assertIn("<td>PyTorch</td>", said)
        ahead = not_ahead(comparisons(results_of(row("qkv", 512, 0.9), row("pytorch", 512, 0.6))))
        self.assertIn("1 of 1 comparisons", ahead)
        self.assertNotIn("<table>", ahead)

    def test_equal_is_not_ahead(self):
        self.assertIn("0 of 1", not_ahead(comparisons(results_of(row("qkv", 512, 0.6), row("pytorch", 512, 0.6)))))

    def test_a_wrong_peer_is_no_peer(self):
        one = comparisons(results_of(row("qkv", 512, 0.5), row("pytorch", 512, 0.9, wrong=True)))[0]
        self.assertIsNone(one.lead)

    def test_a_cold_run_is_compared_with_itself(self):
        cold = (row("qkv", 512, 0.7, isa="avx512", cache="cold"), row("pytorch", 512, 0.8, cache="cold"))
        self.assertIn(("attention heads=1 queries=512 head_dim=64", 1), results_of(*cold).peers())
        self.assertEqual(results_of(*cold, *FULL).best_qkv(1)[cold[0]["shape"], 1].ratio, 0.9)

    def test_ratios_to_different_limits_are_brought_to_one(self):
        flops = {"flops": 1e6, "bytes": 1e6}  # 1 FLOP per byte: L2 allows 100 GFLOP/s
        own = row("qkv", 512, 0.9, unit="bytes/s", limit_name="read L2", **flops)
        one = comparisons(results_of(own, row("pytorch", 512, 0.3, **flops)))[0]
        self.assertAlmostEqual(one.shares["pytorch"], 0.6)


class Picture(unittest.TestCase):
    def test_shows_figures_only(self):
        picture = ElementTree.fromstring(picture_of(results_of(*FULL), re.compile("")))
        circles = [one for one in picture.iter() if one.tag.endswith("circle")]
        legend, marks = 3, 3  # qkv, OpenBLAS and PyTorch at 512; at 2048 no peer has a figure
        self.assertEqual(len(circles), legend + marks)

    def test_nothing_to_show_is_an_error(self):
        with self.assertRaises(ResultError):
            picture_of(results_of(*FULL), re.compile("matmul"))


class Files(unittest.TestCase):
    def test_merged_rows_read_back(self):
        merged = results_of(*FULL).merged()
        self.assertEqual(len(Results([merged]).rows), len(FULL))
        self.assertEqual(merged["peaks"]["read L2"]["1"], 100e9)

    def test_a_file_that_is_not_there(self):
        with self.assertRaisesRegex(ResultError, "nowhere.json"):
            read_results([Path("nowhere.json")])


class Numbers(unittest.TestCase):
    def test_scales_and_units(self):
        self.assertAlmostEqual(Scale(1, 100, 0, 10, logarithmic=True)(10), 5)
        self.assertEqual(powers(10, 5, 2000), [10, 100, 1000])
        self.assertEqual([si(1.5e11, "B/s"), si(999.6e9, "B/s"), si(12, "B/s")], ["150 GB/s", "1000 GB/s", "12 B/s"])


if __name__ == "__main__":
    unittest.main()
