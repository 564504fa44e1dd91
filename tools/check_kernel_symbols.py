#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves on the built objects that no instruction of one ISA can reach a CPU that lacks it.

Kernel objects: no weak symbol (the linker would keep any ISA's copy), no external symbol but the table, no undefined
symbol but a few of libc, no static initialiser. Instructions: none that a CPU with no more than the tier asks for would
lack, plain x86-64 in baseline objects. GNU as is the judge: it assembles the disassembly again for such a CPU.
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
# What an x86 object may use, as GNU as calls it. In the baseline XGETBV, which it calls after a look at OSXSAVE.
AVX2 = "generic64+avx2+fma+f16c"
AVX512_SET = AVX2 + "+avx512f+avx512bw+avx512dq+avx512vl"
ARCHITECTURES = {
    "baseline": "generic64+xsave",
    "generic": "generic64",
    "avx2": AVX2,
    "avx512": AVX512_SET,
    "avx512_bf16": AVX512_SET + "+avx512vbmi+avx512_vnni+avx512_bf16",
}
# Every x86-64 CPU has them: branches, whose targets make no sense elsewhere, and padding; ENDBR64 is a NOP where it is not
# known, and TZCNT is BSF, which compilers write so where the operand is not 0.
PLAIN = re.compile(r"(bnd |notrack |rex\.W |data16 |cs |ds )*(j\w+|call|loop\w*|nop\w*|endbr64|tzcnt)\b")


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


def instructions_of(path: Path) -> dict[str, str]:
    """Instructions as text, and a function that each is in."""
    function, found = "", {}
    for line in output_of("objdump", "--disassemble", "--wide", str(path)).splitlines():
        if line.endswith(">:"):
            function = line.split("<", 1)[1][:-2]
        fields = line.split("\t")
        if len(fields) < 3:  # no mnemonic: a title, or the rest of a long line
            continue
        text = re.sub(r"<[^>]*>|#.*", "", fields[2]).strip()
        if not PLAIN.match(text):
            found.setdefault(text, function)
    return found


def instruction_faults(path: Path, tier: str) -> Iterator[str]:
    if tier not in ARCHITECTURES:
        yield f"{path.name}: tier {tier} is not in ARCHITECTURES of this script"
        return
    found = instructions_of(path)
    command = ["as", f"-march={ARCHITECTURES[tier]}", "-o", "/dev/null", "-"]
    verdict = subprocess.run(command, input="\n".join(found) + "\n", capture_output=True, text=True)
    refused = {list(found)[int(line) - 1] for line in re.findall(r"^\{.*?\}:(\d+): ", verdict.stderr, re.MULTILINE)}
    if verdict.returncode != 0 and not refused:
        yield f"{path.name}: as says: {verdict.stderr.strip()}"
    for text in sorted(refused)[:3]:
        yield f"{path.name}: not on {tier}: {text} (in {found[text]})"


def is_x86(path: Path) -> bool:
    return "X86-64" in output_of("readelf", "--file-header", str(path))


def object_faults(path: Path, tier: str) -> Iterator[str]:
    """What holds for every object; libqkv_openmp alone runs something at start, to notice a fork."""
    starts_early = path.parent.name.startswith("libqkv_openmp")
    if not starts_early and re.search(r"\.(init_array|ctors)", output_of("readelf", "--wide", "--sections", str(path))):
        yield f"{path.name}: has static initialisers"
    if is_x86(path):
        yield from instruction_faults(path, tier)


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
        if symbol.section != "UND" and symbol.binding != "LOCAL" and not symbol.name.startswith("qkv_"):
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


TABLES = {isa: f"namespace qkv::{isa} {{ extern const int kernel_table; const int kernel_table = 1; }}"
          for isa in ("avx2", "avx512", "avx512_bf16")}
ADD = "void qkv_add(float* x) { for (int i = 0; i < 64; i++) x[i] += 1.5F; }"
INTERNAL_ADD = ADD.replace("void", "static __attribute__((used)) void")
SHIFT = "static __attribute__((used)) long f(long x, int y) { return x << y; }"
AVX512 = "-mavx512f -mavx512bw -mavx512dq -mavx512vl"


def assembly(text: str) -> str:
    return f'static __attribute__((used)) void f() {{ asm volatile("{text}"); }}'


# Source beside the table of a kernel object, its flags, and the fault that must be found: "" where none may be.
KERNEL_CASES = [
    ("avx2", "", "", ""),
    ("avx2", INTERNAL_ADD, "-mavx2", ""),
    ("avx2", "inline int f(int x) { static int y; return y += x; } extern int (*g)(int); int (*g)(int) = f;", "", "weak|unique"),
    ("avx2", ADD, "", "external symbol"),
    ("avx2", "extern int f(); static __attribute__((used)) int g() { return f(); }", "", "undefined symbol _Z1fv"),
    ("avx2", "extern int f(); static __attribute__((used)) int x = f();", "", "static initialisers"),
    ("avx2", INTERNAL_ADD, "-mavx512f -mprefer-vector-width=512", "not on avx2: .*zmm"),
    ("avx2", assembly("{evex} vmovaps %ymm1, %ymm2"), AVX512, "not on avx2: {evex} vmovaps"),
    ("avx2", assembly("{vex} vpdpbusd %ymm1, %ymm2, %ymm3"), "-mavx2 -mavxvnni", "not on avx2: .*vpdpbusd"),
    ("avx2", SHIFT, "-mavx2 -mbmi2", "not on avx2: shlx"),
    ("avx512", INTERNAL_ADD, AVX512 + " -mprefer-vector-width=512", ""),
    ("avx512", SHIFT, AVX512 + " -mbmi2", "not on avx512: shlx"),
    ("avx512", assembly("vpermb %zmm1, %zmm2, %zmm3"), AVX512 + " -mavx512vbmi", "not on avx512: vpermb"),
    ("avx512_bf16", assembly("vpdpbusd %zmm1, %zmm2, %zmm3"), AVX512 + " -mavx512vnni", ""),
    ("avx512_bf16", assembly("vpshldw $1, %zmm1, %zmm2, %zmm3"), AVX512 + " -mavx512vbmi2", "not on avx512_bf16: vpshldw"),
    ("avx512", assembly("vpdpbusd %zmm1, %zmm2, %zmm3"), AVX512 + " -mavx512vnni", "not on avx512: vpdpbusd"),
]
NO_TABLE = "static __attribute__((used)) int x;"
BASELINE_CASES = [
    (ADD, "", ""),
    (ADD, "-mavx", "not on baseline: v"),
    ("int f(int x) { return __builtin_popcount(x); }", "-mpopcnt", "not on baseline: popcnt"),
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


class Object(NamedTuple):
    folder: str
    source: str
    flags: str

    @classmethod
    def kernel(cls, isa: str, source: str, flags: str) -> "Object":
        return cls(f"libqkv_kernels_{isa}.a.p", source, flags)


def self_test(compiler: list[str]) -> Iterator[str]:
    if "x86_64" not in output_of(*compiler, "-dumpmachine"):
        return
    plain = Object("libqkv.a.p", ADD, "")
    cases = [(Object(plain.folder, source, flags), Object.kernel("avx2", TABLES["avx2"], ""), fault)
             for source, flags, fault in BASELINE_CASES]
    cases += [(plain, Object.kernel(isa, TABLES[isa] + source, flags), fault) for isa, source, flags, fault in KERNEL_CASES]
    cases += [(plain, Object.kernel("avx2", NO_TABLE, ""), "0 definitions"),
              (plain, Object.kernel("avx3", "", ""), "avx3 is not in ARCHITECTURES")]
    for baseline, kernel, fault in cases:
        with tempfile.TemporaryDirectory() as folder:
            for planted in baseline, kernel:
                compiled(compiler, planted.source, f"-c {planted.flags}", Path(folder, "src", planted.folder, "object.o"))
            yield from verdict(list(all_faults(Path(folder))), fault, f"{baseline.flags} and {kernel}")
    for source, flags, fault in LIBRARY_CASES:
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder, "libqkv.so")
            compiled(compiler, source, f"-shared {flags} -Wl,--as-needed", library)
            yield from verdict(list(library_faults(library)), fault, library.name)


def verdict(faults: list[str], expected: str, planted: str) -> Iterator[str]:
    found = any(re.search(expected, fault) for fault in faults) if expected else not faults
    if not found:
        yield f"{planted}: expected {expected or 'no fault'}, got {faults or 'none'}"


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message}\n")


def main() -> int:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, nargs="?", help="a Meson build folder")
    parser.add_argument("--self-test", nargs="+", metavar="COMPILER", help="plant every fault with this compiler")
    arguments = parser.parse_args()
    if arguments.self_test:
        faults = list(self_test(arguments.self_test))
    elif arguments.build and not any(arguments.build.glob("src/libqkv*.p")):
        parser.error(f"{arguments.build}: holds no objects of qkv in src/, so no build folder of it")
    elif arguments.build:
        faults = list(all_faults(arguments.build))
    else:
        parser.error("which build folder?")
    print(*faults, sep="\n", end="\n" if faults else "")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
