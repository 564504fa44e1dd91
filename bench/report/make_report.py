#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a page of result files that explains itself: machine, roofline, scaling, peers and every row. One HTML file that
needs nothing else. Can also write one picture for a README, and all rows as one file."""
import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from page import page  # noqa: E402
from picture import picture_of  # noqa: E402
from results import ResultError, read_results  # noqa: E402


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def pattern(text: str) -> re.Pattern:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def parse_options() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", metavar="ROWS.json", type=Path, nargs="+", help="files of qkv-bench and of the peers")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="the page")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="a picture of a handful of problems, one thread")
    parser.add_argument("--svg-filter", metavar="REGEX", type=pattern, default=re.compile(""),
                        help="which problems the picture may show")
    parser.add_argument("--json", metavar="FILE", type=Path, help="all rows, in one file")
    options = parser.parse_args()
    if not (options.output or options.svg or options.json):
        parser.error("nothing to write: give --output, --svg or --json")
    return options


def write(path: Path | None, text) -> None:
    if path is None:
        return
    try:
        path.write_text(text(), encoding="utf-8")
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}") from None


def main() -> int:
    options = parse_options()
    try:
        results = read_results(options.rows)
        write(options.json, lambda: json.dumps(results.merged(), indent=1) + "\n")
        write(options.output, lambda: page(results))
        write(options.svg, lambda: picture_of(results, options.svg_filter))
    except ResultError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
