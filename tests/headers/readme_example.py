#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the C++ example of the README to a file: readme_example.py README.md OUTPUT."""
import re
import sys
from pathlib import Path

MOST_LINES = 15

readme, output = map(Path, sys.argv[1:])
examples = re.findall(r"^```cpp\n(.*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
if len(examples) != 1:
    sys.exit(f"{readme}: {len(examples)} C++ examples, expected 1")
lines = examples[0].splitlines()
if len(lines) > MOST_LINES:
    sys.exit(f"{readme}: the example has {len(lines)} lines, promised are at most {MOST_LINES}")
output.write_text(examples[0], encoding="utf-8")
