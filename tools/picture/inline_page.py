#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes page.html, with the style sheets and scripts that it names put in, as C++ strings.

The tags to replace are <link rel="stylesheet" href="..."> and <script src="..."></script>, each alone on its line; the
line <!-- pictures --> is where the program puts the data, so the page is cut there.
"""
import re
import sys
from pathlib import Path

TAG = re.compile(r'^ *<(?:link rel="stylesheet" href|script src)="(?P<name>[\w.]+)">(?:</script>)?$', re.MULTILINE)
CUT = "<!-- pictures -->\n"
LITERAL_END = ')page"'


def inlined(folder: Path) -> str:
    def element(match: re.Match) -> str:
        name = match["name"]
        tag = "style" if name.endswith(".css") else "script"
        return f"<{tag}>\n{(folder / name).read_text(encoding='utf-8')}</{tag}>"

    return TAG.sub(element, (folder / "page.html").read_text(encoding="utf-8"))


def cpp_source(page: str) -> str:
    if LITERAL_END in page:
        raise ValueError(f"the page contains {LITERAL_END}, which would end its C++ string")
    before, after = page.split(CUT)
    return f"""// SPDX-License-Identifier: Apache-2.0
#include "picture/page_parts.hpp"

namespace qkv::tools {{

const std::string_view page_before_pictures = R"page({before})page";
const std::string_view page_after_pictures = R"page({after})page";

}}  // namespace qkv::tools
"""


def main() -> None:
    folder, output = map(Path, sys.argv[1:])
    output.write_text(cpp_source(inlined(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
