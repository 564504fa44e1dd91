# SPDX-License-Identifier: Apache-2.0
"""Bad input gives one line that names it, and exit code 2."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]


class CommandLines(unittest.TestCase):
    def run_program(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder.name)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        Path(self.folder.name, "shapes.txt").write_text("matmul m=1 n=1 k=1\nmatmul m=1 n=x k=1\n")
        Path(self.folder.name, "softmax.txt").write_text("softmax rows=1 columns=1\n")
        Path(self.folder.name, "none.json").write_text('{"rows": []}')
        Path(self.folder.name, "bad.json").write_text('{"rows": [{"engine": "qkv"}]}')

    def refuses(self, program: str, word: str, *arguments: str) -> None:
        first = [sys.executable] if program.endswith(".py") else []
        done = self.run_program(*first, str(ROOT / program), *arguments)
        with self.subTest(arguments):
            self.assertEqual(done.returncode, 2, done)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn(word, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_peers(self):
        program = "bench/peers/run_peer.py"
        self.refuses(program, "numpy-attention", "numpy-attention", "--shapes", "shapes.txt")
        self.refuses(program, "--shapes", "openblas")
        self.refuses(program, "shapes.txt:2: n=x", "openblas", "--shapes", "shapes.txt")
        self.refuses(program, "missing.txt", "openblas", "--shapes", "missing.txt")
        self.refuses(program, "'0'", "openblas", "--shapes", "shapes.txt", "--threads", "0")
        self.refuses(program, "--threads 4096", "openblas", "--shapes", "shapes.txt", "--threads", "4096")
        self.refuses(program, "'lukewarm'", "openblas", "--shapes", "shapes.txt", "--cache", "lukewarm")
        self.refuses(program, "'('", "openblas", "--shapes", "shapes.txt", "--filter", "(")
        self.refuses(program, "no attention", "openblas", "--shapes", "softmax.txt")

    def test_report(self):
        program = "bench/report/make_report.py"
        self.refuses(program, "nothing to write", "none.json")
        self.refuses(program, "no rows", "none.json", "-o", "page.html")
        self.refuses(program, 'row 0 has no "op"', "bad.json", "-o", "page.html")
        self.refuses(program, "shapes.txt: is no JSON", "shapes.txt", "-o", "page.html")
        self.refuses(program, "missing.json", "missing.json", "-o", "page.html")
        self.assertFalse(Path(self.folder.name, "page.html").exists())

    def test_bench_script(self):
        program = "tools/bench.sh"
        self.refuses(program, "--fast", "--fast")
        self.refuses(program, "'two'", "--threads", "1,two")
        self.refuses(program, "'mkl'", "--peers", "openblas,mkl")
        self.refuses(program, "--json needs", "--json")
        self.refuses(program, "gpt9.txt", "--shapes", "gpt9")
        self.refuses(program, "'('", "--filter", "(")
        self.refuses(program, "'warm'", "--cache", "warm")
        self.refuses(program, "nowhere/rows.json", "--json", "nowhere/rows.json")

    def test_check_instructions(self):
        program = "tools/check_instructions.py"
        self.refuses(program, "BUILD is missing")
        self.refuses(program, "nowhere: no such program", "nowhere")
        self.refuses(program, "qkv-count-instructions: no such program", ".")
        self.refuses(program, "false --compiler: exit code 1", shutil.which("false"))

    def test_arm_cycles(self):
        program = "tools/arm_cycles.py"
        self.refuses(program, "BUILD is missing")
        self.refuses(program, "nowhere: no build folder", "nowhere")
        self.refuses(program, "nothing: no such program", ".", "--analyzer", "nothing")
        if shutil.which("llvm-mca"):
            self.refuses(program, "--cpu z80: ", ".", "--analyzer", "llvm-mca", "--cpu", "z80")
            self.refuses(program, "--clang nothing: ", ".", "--analyzer", "llvm-mca", "--cpu", "neoverse-n1", "--clang", "nothing")

    def test_checks(self):
        for name in ("kernel_symbols", "layers", "sizes"):
            self.refuses(f"tools/check_{name}.py", "nowhere: ", "nowhere")
            self.refuses(f"tools/check_{name}.py", "--sideways", "--sideways")
        self.refuses("tools/check_kernel_symbols.py", "which build folder")
        self.refuses("tools/check_kernel_symbols.py", "no objects", str(ROOT))

    def test_help(self):
        for program in ("bench/peers/run_peer.py", "bench/report/make_report.py", "tools/bench.sh"):
            first = [sys.executable] if program.endswith(".py") else []
            done = self.run_program(*first, str(ROOT / program), "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), program)
            self.assertIn("usage", done.stdout.lower())


if __name__ == "__main__":
    unittest.main()
