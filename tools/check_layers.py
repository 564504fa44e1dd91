#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the layer picture: fails, with file and line, on every #include that no arrow of it allows.

          include/qkv  <------------------------------------ everyone
 api  ->  plan  ->  dispatch  ->  kernels/kernel_table.hpp
                                  kernels/kernel_table.cpp -> kernels/{attention,matmul,...} -> kernels/{simd,isa}
"""
import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple, Optional

PUBLIC = "include/qkv/"
TABLE = "src/kernels/kernel_table.hpp"
PEERS = "bench/peers/"  # libraries to compare with, which qkv has no part in and which are built for one machine
OPENMP = ("src/openmp/", "tests/openmp/", PEERS)
BATCH = "src/kernels/simd/batch.hpp"

C_HEADERS = {"stddef.h", "stdint.h"}
KERNEL_HEADERS = {"cstddef", "cstdint", "cmath", "limits", "type_traits", "bit"}
INTRINSICS = {"immintrin.h", "emmintrin.h", "arm_neon.h", "xsimd/xsimd.hpp"}
# Baseline code that sees these could emit, or inline, code of another ISA.
NOT_IN_BASELINE = {"immintrin.h", "arm_neon.h", "xsimd/"}


class Layer(NamedTuple):
    """Files under `home` may include the project's files under `project` and the named headers of the system."""

    home: str
    project: tuple[str, ...]
    system: Optional[set[str]] = None  # None: all but NOT_IN_BASELINE


# The first layer whose home is a prefix of the file's path holds.
LAYERS = [
    Layer("include/qkv/qkv.hpp", (PUBLIC,)),
    Layer(PUBLIC, (PUBLIC,), C_HEADERS),
    Layer("src/api/", (PUBLIC, "src/api/", "src/plan/", "src/dispatch/", TABLE)),
    Layer("src/plan/", (PUBLIC, "src/plan/", "src/dispatch/", TABLE)),
    Layer("src/dispatch/", (PUBLIC, "src/dispatch/", TABLE)),
    Layer("src/openmp/", (PUBLIC, "src/openmp/"), {"omp.h", "pthread.h", "atomic", "cstddef", "cstdint"}),
    Layer(TABLE, (PUBLIC,), KERNEL_HEADERS),
    Layer("src/kernels/isa/", ("src/kernels/isa/",), KERNEL_HEADERS | INTRINSICS),
    Layer("src/kernels/simd/", (PUBLIC, "src/kernels/simd/", "src/kernels/isa/"), KERNEL_HEADERS),
    # Families of kernels: the shared vocabulary, the table and themselves. The activations are also the epilogue of matmul.
    Layer("src/kernels/matmul/", (PUBLIC, TABLE, "src/kernels/simd/", "src/kernels/matmul/", "src/kernels/activation/"),
          KERNEL_HEADERS),
    # Attention reads the cache.
    Layer("src/kernels/attention/", (PUBLIC, TABLE, "src/kernels/simd/", "src/kernels/attention/", "src/kernels/kv_cache/"),
          KERNEL_HEADERS),
    Layer("src/kernels/{family}/", (PUBLIC, TABLE, "src/kernels/simd/", "src/kernels/{family}/"), KERNEL_HEADERS),
    Layer("src/kernels/", (PUBLIC, "src/kernels/"), KERNEL_HEADERS),  # kernel_table.cpp and what it collects
    Layer("tools/", (PUBLIC, "tools/")),
    Layer("tests/bench/", (PUBLIC, TABLE, "tests/", "tools/", "bench/")),
    Layer("tests/", (PUBLIC, "src/api/", "src/plan/", "src/dispatch/", TABLE, "tests/", "tools/")),
    Layer(PEERS, (PUBLIC, "bench/")),
    Layer("bench/", (PUBLIC, "src/api/", "src/plan/", "src/dispatch/", TABLE, "tests/", "tools/cli/", "tools/text/", "bench/")),
]
SEARCHED = ("include", "src", "", "tests", "tools", "bench")

INCLUDE = re.compile(r"^[ \t]*#[ \t]*(?:include|include_next|import)\b[ \t]*(.*?)[ \t]*$", re.MULTILINE)
# The one computed include: the ISA table of src/meson.build names the header of each ISA.
ISA_HEADER = "QKV_ISA_HEADER"
WORDS = [
    (re.compile(r"\bxsimd\s*::\s*batch\b"), (BATCH, PEERS), f"only {BATCH} writes xsimd::batch; say Batch<float>"),
    (re.compile(r"\busing\s+namespace\s+xsimd\b|\bnamespace\s+\w+\s*=\s*xsimd\b"), (), "say xsimd:: in full"),
    (re.compile(r"\bxsimd\s*::\s*(?:dispatch|available_architectures)\b"), (), "dispatch is src/dispatch's own"),
    (re.compile(r"#\s*pragma\s+omp\b|\b_Pragma\s*\(\s*\"omp\b|#\s*include\s*<omp\.h>"), OPENMP, f"OpenMP lives in {OPENMP}"),
]


def layer_of(path: str) -> Optional[Layer]:
    for layer in LAYERS:
        if "{family}" in layer.home:
            family = re.match(r"src/kernels/(\w+)/", path)
            if family:
                names = tuple(name.format(family=family[1]) for name in layer.project)
                return layer._replace(project=names)
        elif path.startswith(layer.home):
            return layer
    return None


def without_comments(text: str) -> str:
    """Comments become blanks, so that line numbers stay; strings are kept, they hold the names of headers."""
    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)

    def blank(match: re.Match) -> str:
        return match[0] if match[0].startswith('"') else re.sub(r"[^\n]", " ", match[0])

    return pattern.sub(blank, text)


def resolved(root: Path, path: str, name: str) -> Optional[str]:
    """The project's file that an #include means, relative to the root, or None if it is not the project's."""
    for folder in (Path(path).parent, *map(Path, SEARCHED)):
        candidate = (root / folder / name).resolve()
        if candidate.is_file() and candidate.is_relative_to(root):
            return candidate.relative_to(root).as_posix()
    return None


def system_allowed(layer: Layer, name: str) -> bool:
    if layer.system is not None:
        return name in layer.system
    return layer.home == PEERS or not any(name == word or (word.endswith("/") and name.startswith(word)) for word in NOT_IN_BASELINE)


def include_fault(root: Path, path: str, layer: Layer, operand: str) -> Optional[str]:
    if operand == ISA_HEADER:
        return None if path == BATCH else f"{ISA_HEADER} belongs in {BATCH}"
    quoted = re.fullmatch(r"\"([^\"]+)\"|<([^>]+)>", operand)
    if not quoted:
        return f"#include {operand}: a computed include hides what it includes"
    name = quoted[1] or quoted[2]
    target = resolved(root, path, name)
    if target is None:
        if quoted[1]:
            return f"{name} is no file of the project"
        return None if system_allowed(layer, name) else f"<{name}> is not allowed in {layer.home}"
    return None if target.startswith(layer.project) else f"{layer.home} may not include {target}"


def faults_in(root: Path, path: str) -> Iterator[str]:
    layer = layer_of(path)
    text = without_comments((root / path).read_text(encoding="utf-8"))
    found = []
    if layer is None:
        found.append((0, "belongs to no layer"))
    else:
        found += [(match.start(1), include_fault(root, path, layer, match[1])) for match in INCLUDE.finditer(text)]
    for pattern, homes, message in WORDS:
        if not path.startswith(homes or ("nowhere",)):
            found += [(match.start(), message) for match in pattern.finditer(text)]
    for position, message in sorted(found, key=lambda fault: fault[0]):
        if message:
            yield f"{path}:{text.count(chr(10), 0, position) + 1}: {message}"


def sources(root: Path) -> list[str]:
    folders = ("include", "src", "tools", "tests", "bench")
    files = (file for folder in folders for file in (root / folder).rglob("*"))
    return sorted(file.relative_to(root).as_posix() for file in files if file.suffix in (".h", ".hpp", ".c", ".cpp"))


def all_faults(root: Path) -> list[str]:
    return [fault for path in sources(root) for fault in faults_in(root, path)]


ALLOWED = {
    "include/qkv/types.h": "#include <stdint.h>\n",
    TABLE: '#include "qkv/types.h"\n#include <cstdint>\n',
    "src/kernels/kernel_table.cpp": '#include "kernels/kernel_table.hpp"\n#include "kernels/norm/norm.hpp"\n',
    BATCH: "#include QKV_ISA_HEADER\nusing F = xsimd::batch<float, Arch>;\n",
    "src/kernels/isa/avx2.hpp": "#include <immintrin.h>\n#include <xsimd/xsimd.hpp>\n",
    "src/kernels/norm/norm.hpp": '// #include "plan/plan.hpp"\n#include "kernels/simd/batch.hpp"\n',
    "src/plan/plan.hpp": '#include <cstring>\n#include "kernels/kernel_table.hpp"\n',
    "src/api/norm.cpp": '#include "plan/plan.hpp"\n#include "qkv/types.h"\n',
    "src/openmp/pool.cpp": "#include <omp.h>\n#pragma omp parallel\n",
    "bench/peers/native/peer.cpp": "#include <omp.h>\n#include <xsimd/xsimd.hpp>\n#pragma omp parallel\nxsimd::batch<float> x;\n",
}
FORBIDDEN = [
    ("src/kernels/norm/norm.hpp", '#include "plan/plan.hpp"', "may not include src/plan/plan.hpp"),
    ("src/kernels/norm/norm.hpp", "#include <vector>", "<vector> is not allowed"),
    ("src/kernels/norm/norm.hpp", "#include <immintrin.h>", "<immintrin.h> is not allowed"),
    ("src/kernels/norm/norm.hpp", "xsimd :: batch<float> x;", "only src/kernels/simd/batch.hpp"),
    ("src/kernels/norm/norm.hpp", "using namespace xsimd;", "xsimd:: in full"),
    ("src/kernels/simd/batch.hpp", '#include "kernels/norm/norm.hpp"', "may not include src/kernels/norm"),
    ("src/kernels/simd/batch.hpp", '#include "kernels/kernel_table.hpp"', "may not include src/kernels/kernel_table"),
    ("src/kernels/softmax/softmax.hpp", '#include "kernels/norm/norm.hpp"', "may not include src/kernels/norm"),
    ("src/kernels/softmax/softmax.hpp", "#include QKV_ISA_HEADER", "belongs in"),
    ("src/kernels/softmax/softmax.hpp", "# pragma omp simd", "OpenMP lives"),
    ("src/api/norm.cpp", '#include "kernels/norm/norm.hpp"', "may not include src/kernels/norm"),
    ("src/api/norm.cpp", '#include "../kernels/norm/norm.hpp"', "may not include src/kernels/norm"),
    ("src/api/norm.cpp", '/* x */ #include "qkv/types.h"\n#include "no/such.hpp"', "is no file"),
    ("src/api/norm.cpp", "#include <xsimd/xsimd.hpp>", "is not allowed"),
    ("src/api/norm.cpp", "#include SOMETHING", "computed include"),
    ("src/plan/plan.hpp", '#include "api/norm.cpp"', "may not include src/api"),
    ("src/dispatch/registry.hpp", '#include "plan/plan.hpp"', "may not include src/plan"),
    ("include/qkv/types.h", "#include <string.h>", "<string.h> is not allowed"),
    ("include/qkv/types.h", '#include "plan/plan.hpp"', "may not include src/plan"),
    ("tools/program.cpp", '#include "plan/plan.hpp"', "may not include src/plan"),
    ("bench/peers/peer.cpp", '#include "plan/plan.hpp"', "may not include src/plan"),
    ("bench/bench.cpp", "#include <xsimd/xsimd.hpp>", "is not allowed"),
    ("tests/test.cpp", '#include "kernels/norm/norm.hpp"', "may not include src/kernels/norm"),
    ("src/novelty/new.cpp", "", "belongs to no layer"),
]


def faults_of(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return all_faults(root)


def self_test() -> list[str]:
    wrong = [f"allowed code was refused: {fault}" for fault in faults_of(ALLOWED)]
    for path, text, message in FORBIDDEN:
        faults = faults_of({**ALLOWED, path: f"{text}\n"})
        if not any(fault.startswith(f"{path}:") and message in fault for fault in faults):
            wrong.append(f"{path} with {text!r} was not refused; got {faults}")
    print(f"{len(FORBIDDEN)} forbidden includes tried, {len(wrong)} mistakes")
    return wrong


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, nargs="?", default=Path(__file__).parent.parent, help="the source tree")
    parser.add_argument("--self-test", action="store_true", help="prove that every rule can fail")
    arguments = parser.parse_args()
    if not (arguments.root / "src").is_dir():
        parser.error(f"{arguments.root}: no source tree of qkv, it has no src/")
    root = arguments.root.resolve()
    faults = self_test() if arguments.self_test else all_faults(root)
    print(*faults, sep="\n", end="\n" if faults else "")
    if not arguments.self_test:
        print(f"{len(sources(root))} files, {len(faults)} includes or words outside the layer picture")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
