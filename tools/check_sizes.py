#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the limits on files and functions, the licence line, and words that must not appear.

Fails: a file of more than 400 lines, a function of more than 60, no SPDX line, a forbidden word. Reports what is past the
aim: files of more than 150 lines, functions of more than 25. Where git is there, only the files that it tracks count.
"""
import argparse
import ast
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

FILE_AIM, FILE_LIMIT = 150, 400
FUNCTION_AIM, FUNCTION_LIMIT = 25, 60

SKIPPED_FOLDERS = re.compile(r"(build.*|\.git|\.venv|\.cache|models|__pycache__|shared)$")
C_FAMILY = {".h", ".hpp", ".c", ".cpp"}
# Formats without comments, and texts that are read as pages.
WITHOUT_LICENCE_LINE = {".json", ".jsonl", ".svg", ".png", ".md"}
WITHOUT_LICENCE_NAME = {"LICENSE", ".gitignore"}
# Data and pages: as long as what they say.
ANY_LENGTH = {".json", ".jsonl", ".svg", ".md", ".txt"}

# The classes of one letter keep this file from finding itself.
FORBIDDEN = [
    (re.compile(r"[p]ypi\.org|[p]ythonhosted|[n]pmjs|[d]eb\.debian\.org|[c]rates\.io|[s]napshot\.debian"), "registry host"),
    (re.compile(r"(?<![\w.])/(?:[w]ork|[t]mp|[o]pt|[r]oot)/\w"), "path of one machine"),
    (re.compile(r"-f[f]ast-math"), "inexact arithmetic"),
    (re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b"), "unfinished work"),
]


class Length(NamedTuple):
    line: int
    name: str
    lines: int


def text_files(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if not SKIPPED_FOLDERS.match(path.name):
                yield from text_files(path)
        elif path.is_file() and path.suffix != ".png" and path.name != ".git":  # a worktree's is a file
            yield path


def tracked_files(root: Path) -> Optional[set[Path]]:
    """None without git, or where none of the files is in a repository: an unpacked archive."""
    try:
        listing = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return {root / name for name in listing.stdout.split("\0") if name} or None


def blanked(text: str) -> str:
    """C or C++ without comments, strings, characters and preprocessor lines; lines stay where they are."""
    pattern = re.compile(
        r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*",
        re.DOTALL | re.MULTILINE,
    )
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def is_scope(header: str) -> bool:
    """Whether a brace after this text opens a namespace, a type or a linkage block."""
    header = re.sub(r"template\s*<[^{}]*?>\s*(?=(?:class|struct|union)\b)", "", header).strip()
    return re.match(r"(?:inline\s+)?namespace\b|extern\s*$", header) is not None or (
        re.match(r"(?:typedef\s+)?(?:class|struct|union|enum)\b", header) is not None and not header.endswith(")")
    )


def c_functions(text: str) -> Iterator[Length]:
    """Functions are the blocks with a parameter list that stand in a namespace or a type."""
    text = blanked(text)
    header_start, depth, opened, scopes, name = 0, 0, 0, 0, ""
    for match in re.finditer(r"[{};]", text):
        character, position = match[0], match.start()
        if depth > 0:
            depth += {"{": 1, "}": -1, ";": 0}[character]
            if depth == 0 and text[position + 1 :].lstrip()[:1] in ("{", ","):
                continue  # the brace of a member initialiser: the function's own is still to come
            if depth == 0 and name:
                lines = text.count("\n", opened, position) + 1
                yield Length(text.count("\n", 0, opened) + 1, name, lines)
        elif character == "{":
            header = text[header_start:position]
            if is_scope(header):
                scopes += 1
            else:
                depth, opened = 1, position
                called = re.search(r"([\w~:]+)\s*\(", header)
                name = called[1] if called else ""
        elif character == "}":
            scopes -= 1
        if depth == 0:
            header_start = position + 1
    if depth or scopes:
        yield Length(1, "(braces that this reader does not understand)", FUNCTION_LIMIT + 1)


def python_functions(text: str) -> Iterator[Length]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Length(node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)


def functions_of(path: Path, text: str) -> Iterator[Length]:
    if path.suffix in C_FAMILY:
        yield from c_functions(text)
    elif path.suffix == ".py":
        yield from python_functions(text)


def length_findings(path: Path, text: str) -> Iterator[tuple[bool, str]]:
    lines = text.count("\n")
    if path.suffix not in ANY_LENGTH and path.name not in WITHOUT_LICENCE_NAME and lines > FILE_AIM:
        yield lines > FILE_LIMIT, f"{path}:1: {lines} lines"
    for function in functions_of(path, text):
        if function.lines > FUNCTION_AIM:
            yield function.lines > FUNCTION_LIMIT, f"{path}:{function.line}: {function.name} has {function.lines} lines"


def word_findings(path: Path, text: str) -> Iterator[tuple[bool, str]]:
    licensed = path.suffix in WITHOUT_LICENCE_LINE or path.name in WITHOUT_LICENCE_NAME
    if not licensed and "SPDX-License-Identifier: Apache-2.0" not in text[:400]:
        yield True, f"{path}:1: no SPDX line"
    for pattern, reason in FORBIDDEN:
        for match in pattern.finditer(text):
            yield True, f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]!r}: {reason}"


def findings(root: Path) -> Iterator[tuple[bool, str]]:
    """(whether it is a failure, what was found)"""
    tracked = tracked_files(root)
    for path in text_files(root):
        if tracked is not None and path not in tracked:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for hard, message in (*length_findings(path, text), *word_findings(path, text)):
            yield hard, message.removeprefix(f"{root}/")


LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
# File, text and the failure that must be found: "" where none may be.
CASES = [
    ("a.cpp", LICENCE + "namespace n { struct S { int f() const { return '{'; } }; }\n", ""),
    ("a.cpp", LICENCE + "int table[] = {\n" + "1,\n" * 100 + "};\n", ""),
    ("a.cpp", LICENCE + "// x\n" * 399, ""),
    ("a.cpp", LICENCE + "// x\n" * 400, "401 lines"),
    ("a.cpp", LICENCE + "namespace n {\nint f() {\n" + ";\n" * 70 + "}\n}\n", "f has 72 lines"),
    ("a.hpp", LICENCE + "template <class T> struct S { S() : x{1} {\n" + "{}\n" * 70 + "} };\n", "S has 72 lines"),
    ("a.cpp", LICENCE + "int f() { {\n", "does not understand"),
    ("a.py", LICENCE.replace("//", "#") + "def f():\n" + "    pass\n" * 60, "f has 61 lines"),
    ("a.sh", "true\n", "no SPDX line"),
    ("b.sh", LICENCE + "curl https://p" + "ypi.org\n", "registry host"),
    ("b.sh", LICENCE + "cat /w" + "ork/x\n", "path of one machine"),
    ("meson.build", LICENCE + "'-ff" + "ast-math'\n", "inexact"),
    ("README.md", "TO" + "DO: all\n", "unfinished"),
]


def self_test_of_git() -> list[str]:
    """What is not tracked is not looked at."""
    with tempfile.TemporaryDirectory() as folder:
        if not shutil.which("git"):
            return []
        for name in ("kept.sh", "stray.sh"):
            Path(folder, name).write_text("true\n")
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        subprocess.run(["git", "-C", folder, "add", "kept.sh"], check=True)
        failures = [message for hard, message in findings(Path(folder)) if hard]
    return [] if failures == ["kept.sh:1: no SPDX line"] else [f"kept.sh is tracked, stray.sh is not: found {failures}"]


def self_test() -> list[str]:
    wrong = self_test_of_git()
    for name, text, expected in CASES:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, name).write_text(text)
            failures = [message for hard, message in findings(Path(folder)) if hard]
        if bool(failures) != bool(expected) or (expected and not any(expected in failure for failure in failures)):
            wrong.append(f"{name}: expected {expected or 'nothing'}, found {failures}")
    print(f"{len(CASES) + 1} cases, {len(wrong)} mistakes")
    return wrong


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", default=Path(__file__).parent.parent, help="the source tree")
    parser.add_argument("--self-test", action="store_true", help="prove that every limit can fail")
    arguments = parser.parse_args()
    if not (arguments.root / "src").is_dir():
        parser.error(f"{arguments.root}: no source tree of qkv, it has no src/")
    if arguments.self_test:
        wrong = self_test()
        print(*wrong, sep="\n", end="\n" if wrong else "")
        return 1 if wrong else 0
    found = list(findings(arguments.root.resolve()))
    for hard, message in sorted(found):
        print(f"{'FAILED' if hard else 'past the aim'}: {message}")
    failures = sum(hard for hard, _ in found)
    print(f"{failures} failures, {len(found) - failures} past the aim")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
