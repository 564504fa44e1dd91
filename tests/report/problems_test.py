# SPDX-License-Identifier: Apache-2.0
import tempfile
import unittest
from pathlib import Path

from problems import Attention
from shape_files import ProblemError, parse_line, read_problems


def problem(line: str):
    return parse_line(line, "file:1").problem


class Names(unittest.TestCase):
    def test_defaults_follow_other_words(self):
        p = problem("attention heads=8 queries=16 head_dim=64")
        self.assertEqual((p.batch, p.kv_heads, p.keys, p.value_dim, p.causal), (1, 8, 16, 64, 0))

    def test_a_name_leaves_defaults_out_and_is_in_order(self):
        line = "attention head_dim=64 causal=1 kv_heads=8 batch=1 queries=16 heads=8 value_dim=64 keys=32"
        self.assertEqual(problem(line).name, "attention heads=8 queries=16 keys=32 head_dim=64 causal=1")

    def test_a_name_means_the_same_problem(self):
        for line in ("matmul m=1 n=2 k=3 activation=gelu_tanh bias=1", "matmul m=1 n=2 k=256 weights=q4_k",
                     "norm kind=rms rows=2 columns=3", "softmax rows=2 columns=3", "embedding entries=9 rows=2 columns=4",
                     "position kind=learned rows=2 columns=4", "activation kind=silu rows=2 columns=4",
                     "attention heads=2 kv_heads=1 queries=1 keys=9 head_dim=4 causal=1 window=3 position=8",
                     "attention heads=2 queries=1 keys=9 head_dim=4 cache=i8 page=16"):
            self.assertEqual(problem(line).name, line)
            self.assertEqual(problem(problem(line).name), problem(line))


class Mistakes(unittest.TestCase):
    def test_each_is_named_with_file_and_line(self):
        for line, word in {
            "attend heads=1": "attend",
            "attention heads=1 queries=4": "head_dim",
            "attention heads=1 queries=4 head_dim=8 colour=3": "colour=3",
            "attention heads=1 queries=4 head_dim=8 causal=2": "causal=2",
            "attention heads=1 queries=0 head_dim=8": "queries=0",
            "attention heads=1 queries=-4 head_dim=8": "queries=-4",
            "attention heads=1 queries=4.5 head_dim=8": "queries=4.5",
            "attention heads=1 heads=1 queries=4 head_dim=8": "heads is given twice",
            "attention heads=6 kv_heads=4 queries=4 head_dim=8": "kv_heads=4",
            "attention heads=6 queries=4 head_dim=8 cache=f64": "cache=f64",
            "attention heads=6 queries=4 head_dim=8 cache=f32 page=24": "page=24",
            "attention heads=6 queries=4 head_dim=8 page=32": "page=32",
            "matmul m=1 n=1 k=1 activation=tanh": "activation=tanh",
            "matmul m=1 n=1 k=48 weights=q4_1": "k=48",
            "matmul m=1 n=1 k=32 weights=q3": "weights=q3",
            "softmax rows=4 quick columns=4": "quick",
        }.items():
            with self.subTest(line), self.assertRaises(ProblemError) as caught:
                problem(line)
            self.assertTrue(str(caught.exception).startswith("file:1: "), str(caught.exception))
            self.assertIn(word, str(caught.exception))

    def test_a_file_that_is_not_there(self):
        with self.assertRaisesRegex(ProblemError, "nowhere.txt"):
            read_problems([Path("nowhere.txt")])


class Work(unittest.TestCase):
    def test_visible_keys_are_those_of_a_loop(self):
        p = problem("attention heads=1 queries=5 keys=9 head_dim=2 causal=1 window=3 position=2")
        for row in range(5):
            expected = [key for key in range(9) if key <= 2 + row and key > 2 + row - 3]
            self.assertEqual(list(p.visible(row)), expected)
        self.assertEqual(p.pairs, 15)

    def test_rows_that_see_nothing(self):
        p = problem("attention heads=1 queries=4 keys=2 head_dim=2 window=2 position=1")
        self.assertEqual([len(p.visible(row)) for row in range(4)], [2, 1, 0, 0])

    def test_flops_and_bytes(self):
        p = problem("attention heads=4 kv_heads=2 queries=3 keys=8 head_dim=16 value_dim=8 causal=1 position=1")
        self.assertIsInstance(p, Attention)
        self.assertEqual(p.flops, 2 * (16 + 8) * 4 * (2 + 3 + 4))
        self.assertEqual(p.bytes, 4 * (16 + 8) * (4 * 3 + 2 * 4))
        self.assertEqual(p.operand_bytes, 4 * (16 + 8) * (4 * 3 + 2 * 8))
        self.assertEqual(problem("matmul m=2 n=3 k=5 bias=1").bytes, 4 * (10 + 15 + 6 + 3))


class Files(unittest.TestCase):
    def test_comments_quick_and_repeats(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "shapes.txt")
            path.write_text("# a comment\n\nsoftmax rows=4 columns=4 quick  # short\nsoftmax rows=8 columns=4\n")
            names = ["softmax rows=4 columns=4", "softmax rows=8 columns=4"]
            self.assertEqual([p.name for p in read_problems([path, path])], names)
            self.assertEqual([p.name for p in read_problems([path], quick=True)], names[:1])

    def test_an_error_names_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "shapes.txt")
            path.write_text("softmax rows=4 columns=4\nsoftmax rows=4\n")
            with self.assertRaisesRegex(ProblemError, "shapes.txt:2: softmax needs columns"):
                read_problems([path])

    def test_the_shape_files_of_the_suite_can_be_read(self):
        paths = sorted((Path(__file__).parents[2] / "bench/shapes").glob("*.txt"))
        for path in paths:
            with self.subTest(path.name):
                self.assertTrue(read_problems([path]))


if __name__ == "__main__":
    unittest.main()
