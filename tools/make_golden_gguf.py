#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/tools/golden_gguf.json: what the package gguf makes of blocks of every type that the GGUF reader knows.

    pip install gguf && tools/make_golden_gguf.py > tests/tools/golden_gguf.json

For each type: its name and block, some blocks (hexadecimal bytes, of the file's order) and the bits of their values (float,
hexadecimal, 8 digits each). All bits of the blocks are random, but for scales, which are finite: normal, subnormal, zero
and negative ones.
"""
import json
import sys

import numpy
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

SEED, BLOCKS = 20260201, 4
# Where the f16 numbers of a block stand.
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}
ODD_SCALES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00]


def random_blocks(name: str, block_bytes: int, generator: numpy.random.Generator) -> numpy.ndarray:
    blocks = generator.integers(0, 256, (BLOCKS, block_bytes), dtype=numpy.uint8)
    for offset in SCALES[name]:
        scales = generator.normal(0, 0.1, BLOCKS).astype(numpy.float16).view(numpy.uint16)
        scales[: BLOCKS // 2] = generator.choice(ODD_SCALES, BLOCKS // 2)
        blocks[:, offset : offset + 2] = scales.view(numpy.uint8).reshape(BLOCKS, 2)
    return blocks.reshape(-1)


def every_half(name: str) -> numpy.ndarray:
    """Bits of 16-bit floats: all exponents and signs, odd mantissas."""
    mantissa = [0, 1, 0x2AA, 0x3FF] if name == "F16" else [0, 1, 0x55, 0x7F]
    low_bits = 10 if name == "F16" else 7
    bits = [sign << 15 | exponent << low_bits | m for sign in (0, 1) for exponent in range(1 << (15 - low_bits)) for m in mantissa]
    return numpy.array(bits, dtype="<u2").view(numpy.uint8)


def golden_type(name: str, generator: numpy.random.Generator) -> dict:
    kind = GGMLQuantizationType[name]
    elements, block_bytes = GGML_QUANT_SIZES[kind]
    if name == "F32":
        blocks = generator.normal(0, 1, 16).astype("<f4").view(numpy.uint8)
    else:
        blocks = every_half(name) if elements == 1 else random_blocks(name, block_bytes, generator)
    if name == "F16":
        values = blocks.view("<f2").astype(numpy.float32)
    elif name == "F32":
        values = blocks.view("<f4")
    else:
        values = quants.dequantize(blocks, kind)
    bits = numpy.ascontiguousarray(values, dtype=numpy.float32).reshape(-1).view(numpy.uint32)
    return {"type": name, "number": int(kind), "block_elements": elements, "block_bytes": block_bytes,
            "blocks": blocks.tobytes().hex(), "values": "".join(f"{value:08x}" for value in bits)}


def main() -> None:
    if len(sys.argv) != 1:
        raise SystemExit(__doc__)
    generator = numpy.random.default_rng(SEED)
    names = ["F32", "F16", "BF16", *SCALES]
    lines = [json.dumps(golden_type(name, generator), separators=(",", ":")) for name in names]
    sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
