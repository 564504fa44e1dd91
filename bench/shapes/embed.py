#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes shape files as C++ strings: embed.py OUTPUT FILE..."""
import sys
from pathlib import Path

LITERAL_END = ')shapes"'


def entry(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if LITERAL_END in text:
        raise ValueError(f"{path} contains {LITERAL_END}, which would end its C++ string")
    return f'    {{"{path.stem}", R"shapes({text}{LITERAL_END}}},\n'


def cpp_source(paths: list[Path]) -> str:
    return f"""// SPDX-License-Identifier: Apache-2.0
#include "problems/models.hpp"

namespace qkv::bench {{

std::span<const Model> models() {{
  static constexpr Model all[] = {{
{"".join(map(entry, paths))}  }};
  return all;
}}

}}  // namespace qkv::bench
"""


def main() -> None:
    output, *paths = map(Path, sys.argv[1:])
    output.write_text(cpp_source(paths), encoding="utf-8")


if __name__ == "__main__":
    main()
