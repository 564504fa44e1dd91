#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves on the built objects that no instruction of one ISA can reach a CPU that lacks it.

Kernel objects: no weak symbol (the linker would keep any ISA's copy), no external symbol but the table, no undefined
symbol but a few of libc, no static initialiser, no instruction of a higher ISA. Baseline objects: plain x86-64 only.
Libraries: only qkv_* exported, nothing needed but libc.
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator, NamedTuple

# What a compiler may call on its own account, and position-independent code needs.
KERNEL_IMPORTS = {"memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
NEEDED = {
    "libqkv.so": r"libc\.so\.6|ld-linux.*",
    "libqkv_openmp.so": r"libc\.so\.6|ld-linux.*|libqkv\.so\.\d+|libgomp\.so\.1|libomp\.so\.5",
}
# Which instruction encodings an x86 object may hold; tiers that are not named here may hold all.
ENCODINGS = {"baseline": set(), "generic": set(), "avx2": {"VEX", "SSE4"}}


class Symbol(NamedTuple):
    name: str
    binding: str  # LOCAL, GLOBAL, WEAK, UNIQUE
    section: str  # UND: undefined


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols_of(path: Path, dynamic: bool = False) -> list[Symbol]:
    listing = output_of("readelf", "--wide", "--dyn-syms" if dynamic else "--syms", str(path))
    rows = (line.split() for line in listing.splitlines())
    return [Symbol(row[7].split("@")[0], row[4], row[6]) for row in rows if len(row) >= 8 and row[0].rstrip(":").isdigit()]


def table_symbol(isa: str) -> str:
    return f"_ZN3qkv{len(isa)}{isa}12kernel_tableE"


def encoding_of(code: bytes) -> str:
    """The encoding that an x86-64 instruction is in, as far as it says which CPUs have it."""
    start = 0
    while start < len(code) - 1 and code[start] in b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3":
        start += 1
    if code[start] in (0xC4, 0xC5):
        return "VEX"
    if code[start] == 0x62:
        return "EVEX"
    if code[start] & 0xF0 == 0x40:  # REX
        start += 1
    opcode = code[start : start + 2]
    popcnt = opcode == b"\x0f\xb8" and b"\xf3" in code[:start]
    return "SSE4" if opcode in (b"\x0f\x38", b"\x0f\x3a") or popcnt else "plain"


def encoding_faults(path: Path, allowed: set[str]) -> Iterator[str]:
    function = ""
    for line in output_of("objdump", "--disassemble", "--wide", str(path)).splitlines():
        if line.endswith(">:"):
            function = line.split("<", 1)[1][:-2]
            continue
        fields = line.split("\t")
        if len(fields) < 3:  # no mnemonic: a title, or the rest of a long line
            continue
        encoding = encoding_of(bytes.fromhex(fields[1]))
        if encoding != "plain" and encoding not in allowed:
            yield f"{path.name}: {encoding} instruction in {function}: {fields[2].strip()}"
            return


def is_x86(path: Path) -> bool:
    return "X86-64" in output_of("readelf", "--file-header", str(path))


def object_faults(path: Path, tier: str) -> Iterator[str]:
    """What holds for every object; libqkv_openmp alone runs something at start, to notice a fork."""
    starts_early = path.parent.name.startswith("libqkv_openmp")
    if not starts_early and re.search(r"\.(init_array|ctors)", output_of("readelf", "--wide", "--sections", str(path))):
        yield f"{path.name}: has static initialisers"
    if is_x86(path) and tier in ENCODINGS:
        yield from encoding_faults(path, ENCODINGS[tier])


def kernel_symbol_faults(path: Path, isa: str) -> Iterator[str]:
    for symbol in symbols_of(path):
        if symbol.binding == "LOCAL" or not symbol.name:
            continue
        if symbol.binding != "GLOBAL":
            yield f"{path.name}: {symbol.binding.lower()} symbol {symbol.name}"
        elif symbol.section == "UND" and symbol.name not in KERNEL_IMPORTS:
            yield f"{path.name}: undefined symbol {symbol.name}"
        elif symbol.section != "UND" and symbol.name != table_symbol(isa):
            yield f"{path.name}: external symbol {symbol.name}"


def kernel_faults(folder: Path, isa: str) -> Iterator[str]:
    objects = sorted(folder.glob("*.o"))
    tables = 0
    for path in objects:
        yield from object_faults(path, isa)
        yield from kernel_symbol_faults(path, isa)
        tables += sum(symbol.name == table_symbol(isa) for symbol in symbols_of(path))
    if tables != 1:
        yield f"{folder.name}: {tables} definitions of qkv::{isa}::kernel_table"


def library_faults(path: Path) -> Iterator[str]:
    """A shared library, by its name without version."""
    for symbol in symbols_of(path, dynamic=True):
        if symbol.section != "UND" and symbol.name and not symbol.name.startswith("qkv_"):
            yield f"{path.name}: exports {symbol.name}"
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "--wide", "--dynamic", str(path))):
        if not re.fullmatch(NEEDED[path.name], needed):
            yield f"{path.name}: needs {needed}"


def archive_faults(archive: Path, shared: Path) -> Iterator[str]:
    """The static library needs nothing that the shared one does not find in libc, and defines no foreign name."""
    symbols = symbols_of(archive)
    defined = {symbol.name for symbol in symbols if symbol.section != "UND"}
    imported = {symbol.name for symbol in symbols_of(shared, dynamic=True) if symbol.section == "UND"}
    wanted = {symbol.name for symbol in symbols if symbol.section == "UND" and symbol.binding != "LOCAL"}
    for name in sorted(wanted - defined - imported - KERNEL_IMPORTS - {"", "__tls_get_addr"}):
        yield f"{archive.name}: needs {name}"
    for symbol in symbols:
        if symbol.binding == "GLOBAL" and symbol.section != "UND" and not re.match(r"qkv_|_ZN?K?3qkv", symbol.name):
            yield f"{archive.name}: defines {symbol.name}"


def baseline_objects(libraries: Path) -> list[Path]:
    folders = (folder for folder in libraries.glob("libqkv*.p") if not folder.name.startswith("libqkv_kernels_"))
    return sorted(path for folder in folders for path in folder.glob("*.o"))


def all_faults(build: Path) -> Iterator[str]:
    libraries = build / "src"
    kernels = {re.fullmatch(r"libqkv_kernels_(\w+)\.a\.p", folder.name)[1]: folder
               for folder in sorted(libraries.glob("libqkv_kernels_*.a.p"))}
    baseline = baseline_objects(libraries)
    if not kernels or not baseline:
        yield f"{libraries}: holds no kernel objects or no baseline objects"
    for isa, folder in kernels.items():
        yield from kernel_faults(folder, isa)
    for path in baseline:
        yield from object_faults(path, "baseline")
    for name in NEEDED:
        if (libraries / name).exists():
            yield from library_faults(libraries / name)
    if (libraries / "libqkv.a").exists() and (libraries / "libqkv.so").exists():
        yield from archive_faults(libraries / "libqkv.a", libraries / "libqkv.so")
    print(f"kernel objects of {', '.join(kernels)}; {len(baseline)} baseline objects")


TABLE = "namespace qkv::avx2 { extern const int kernel_table; const int kernel_table = 1; }"
ADD = "void qkv_add(float* x) { for (int i = 0; i < 64; i++) x[i] += 1.5F; }"
INTERNAL_ADD = ADD.replace("void", "static __attribute__((used)) void")
# Source for a kernel object, its flags, and the fault that must be found: "" where none may be.
KERNEL_CASES = [
    (TABLE, "", ""),
    (TABLE + INTERNAL_ADD, "-mavx2", ""),
    (TABLE + "inline int f(int x) { static int y; return y += x; } extern int (*g)(int); int (*g)(int) = f;", "", "weak|unique"),
    (TABLE + ADD, "", "external symbol"),
    (TABLE + "extern int f(); static __attribute__((used)) int g() { return f(); }", "", "undefined symbol _Z1fv"),
    (TABLE + "extern int f(); static __attribute__((used)) int x = f();", "", "static initialisers"),
    (TABLE + INTERNAL_ADD, "-mavx512f -mprefer-vector-width=512", "EVEX instruction"),
    ("static __attribute__((used)) int x;", "", "0 definitions"),
]
BASELINE_CASES = [
    (ADD, "", ""),
    (ADD, "-mavx", "VEX instruction"),
    ("int f(int x) { return __builtin_popcount(x); }", "-mpopcnt", "SSE4 instruction"),
]
LIBRARY_CASES = [
    ('extern "C" int qkv_f(int x) { return x; }', "-nostdlib", ""),
    ('extern "C" int f(int x) { return x; }', "-nostdlib", "exports f"),
    ('#include <math.h>\nextern "C" double qkv_f(double x) { return exp(x); }', "-lm", "needs libm"),
]


def compiled(compiler: list[str], source: str, flags: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [*compiler, "-x", "c++", "-std=c++20", "-O2", "-ftree-vectorize", "-fPIC", "-o", str(path), "-", *flags.split()]
    subprocess.run(command, check=True, input=source, text=True)


def self_test(compiler: list[str]) -> Iterator[str]:
    if "x86_64" not in output_of(*compiler, "-dumpmachine"):
        return
    baseline, kernel = "src/libqkv.a.p/plain.o", "src/libqkv_kernels_avx2.a.p/table.o"
    cases = [(source, TABLE, f"-c {flags}", "-c", baseline, fault) for source, flags, fault in BASELINE_CASES]
    cases += [(ADD, source, "-c", f"-c {flags}", kernel, fault) for source, flags, fault in KERNEL_CASES]
    for plain, table, plain_flags, table_flags, planted, fault in cases:
        with tempfile.TemporaryDirectory() as folder:
            compiled(compiler, plain, plain_flags, Path(folder, baseline))
            compiled(compiler, table, table_flags, Path(folder, kernel))
            yield from verdict(list(all_faults(Path(folder))), fault, planted)
    for source, flags, fault in LIBRARY_CASES:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder, "libqkv.so")
            compiled(compiler, source, f"-shared {flags} -Wl,--as-needed", library)
            yield from verdict(list(library_faults(library)), fault, library.name)


def verdict(faults: list[str], expected: str, planted: str) -> Iterator[str]:
    found = any(re.search(expected, fault) for fault in faults) if expected else not faults
    if not found:
        yield f"{planted}: expected {expected or 'no fault'}, got {faults or 'none'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", help="a Meson build folder")
    parser.add_argument("--self-test", nargs="+", metavar="COMPILER", help="plant every fault with this compiler")
    arguments = parser.parse_args()
    if arguments.self_test:
        faults = list(self_test(arguments.self_test))
    elif arguments.build:
        faults = list(all_faults(arguments.build))
    else:
        parser.error("which build folder?")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
