# SPDX-License-Identifier: Apache-2.0
import importlib.util
import math
import unittest

from shape_files import parse_line

HAS_NUMPY = importlib.util.find_spec("numpy") is not None
if HAS_NUMPY:
    import numpy as np
    from masks import additive_mask, boolean_mask, causal_flag, ends_at_last_key
    from reference import error_of, operands


def problem(line: str):
    return parse_line(line, "line").problem


def attend(p, given) -> "np.ndarray":
    """Attention by the book, in double, for all rows."""
    output = np.zeros((p.batch, p.heads, p.queries, p.value_dim))
    for batch, head, row in np.ndindex(p.batch, p.heads, p.queries):
        group = head * p.kv_heads // p.heads
        logits = given["key"][batch, group].astype(float) @ given["query"][batch, head, row].astype(float)
        weights = np.exp(logits / math.sqrt(p.head_dim)) * boolean_mask(p)[row]
        output[batch, head, row] = weights @ given["value"][batch, group] / max(weights.sum(), 1e-300)
    return output


@unittest.skipUnless(HAS_NUMPY, "needs numpy")
class Reference(unittest.TestCase):
    lines = ("attention heads=2 queries=5 head_dim=8", "attention heads=4 kv_heads=2 queries=6 head_dim=8 causal=1",
             "attention batch=2 heads=2 queries=1 keys=9 head_dim=8 value_dim=4",
             "attention heads=1 queries=7 keys=9 head_dim=4 causal=1 window=3 position=2")

    def test_a_right_answer_passes_and_each_wrong_row_is_found(self):
        for line in self.lines:
            p = problem(line)
            given = operands(p)
            output = attend(p, given)
            with self.subTest(line):
                self.assertLess(error_of(p, given, output), 1e-6)
                output[0, 0, 0, 0] += 0.25
                self.assertGreater(error_of(p, given, output), 0.05)
                output[0, 0, 0, 0] = np.nan
                self.assertEqual(error_of(p, given, output), np.inf)

    def test_matmul(self):
        p = problem("matmul m=3 n=5 k=7 activation=gelu_tanh bias=1")
        given = operands(p)
        x = given["input"].astype(float) @ given["weight"].T.astype(float) + given["bias"]
        right = x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        self.assertLess(error_of(p, given, right), 1e-6)
        self.assertGreater(error_of(p, given, x), 0.05)


@unittest.skipUnless(HAS_NUMPY, "needs numpy")
class Masks(unittest.TestCase):
    def test_where_a_flag_says_it_all(self):
        for line, flag in {"queries=4": False, "queries=4 causal=1": True, "queries=4 causal=1 window=4": True,
                           "queries=4 causal=1 window=3": None, "queries=4 keys=8 causal=1 position=4": None,
                           "queries=1 keys=8 causal=1 position=7": False, "queries=1 keys=8": False}.items():
            self.assertIs(causal_flag(problem(f"attention heads=1 head_dim=4 {line}")), flag, line)

    def test_queries_at_the_end_of_the_keys(self):
        for line, ends in {"queries=4": False, "queries=4 causal=1": True, "queries=4 keys=8 causal=1 position=4": True,
                           "queries=4 keys=8 causal=1": False, "queries=1 keys=8": True}.items():
            self.assertEqual(ends_at_last_key(problem(f"attention heads=1 head_dim=4 {line}")), ends, line)

    def test_masks(self):
        p = problem("attention heads=1 queries=3 head_dim=4 causal=1 window=2")
        self.assertEqual(boolean_mask(p).astype(int).tolist(), [[1, 0, 0], [1, 1, 0], [0, 1, 1]])
        self.assertEqual(additive_mask(p, np.float32)[0].tolist(), [0, -math.inf, -math.inf])


if __name__ == "__main__":
    unittest.main()
