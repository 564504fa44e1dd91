#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/tools/golden_minilm.json: what Hugging Face says about all-MiniLM-L6-v2, for the tests of qkv-attend.

    pip install torch transformers && tools/make_golden_minilm.py MODEL_DIR > tests/tools/golden_minilm.json

MODEL_DIR holds model.safetensors, config.json, vocab.txt and the tokeniser's JSON files. The golden file has

- texts: token ids of the fast tokeniser, and the embedding from the model run in float64;
- sweeps: digests of the ids of every code point in several surroundings, one per block of code points;
- random: digests of the ids of random strings, drawn by a generator that the test repeats.
"""
import json
import sys

import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer

from golden_texts import SCRIPTS, SWEEP_BLOCK, Random, digest, encode_all, sweep

MAX_TOKENS = 512
SWEEPS = ["{}", "a{}b", "the {}s \u00e9{}", "x{}\u302e{}\U0001d165\u0301{}y"]
RANDOM_SEED, RANDOM_BLOCKS, RANDOM_BLOCK = 20260101, 20, 1000
# Weighted by repetition: ASCII, Latin, marks, Greek to Arabic, Indic, Thai to Georgian, Jamo, Hangul, symbols, CJK and
# kana, compatibility forms, emoji, tags, and everything.
RANDOM_RANGES = [
    (0x20, 0x7E), (0x20, 0x7E), (0x61, 0x7A), (0x61, 0x7A), (0x20, 0x20), (0x20, 0x20), (0x00, 0x24F), (0x300, 0x36F),
    (0x300, 0x36F), (0x370, 0x6FF), (0x900, 0xDFF), (0xE00, 0x10FF), (0x1100, 0x11FF), (0xAC00, 0xD7A3),
    (0x1AB0, 0x1FFF), (0x2000, 0x2FFF), (0x3000, 0x9FFF), (0xF900, 0xFFFF), (0x10000, 0x1FFFF), (0x1F300, 0x1FAFF),
    (0xE0000, 0xE01EF), (0xE000, 0x10FFFF),
]
SPECIAL = "[MASK]"

TEXTS = [
    "The pizza came out of the oven and it tasted good",
    "The trophy does not fit in the suitcase because it is too big.",
    "",
    " \t\r\n\u00a0\u3000 ",
    "a",
    "Don't stop: it's 3.14, isn't it?! (50% off \u2014 \u201cnow\u201d)",
    "UPPER lower MiXeD \u0130stanbul \u1e9eTRASSE \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
    "caf\u00e9 na\u00efve co\u00f6perate \u00c5ngstr\u00f6m \u0141\u00f3d\u017a \u1ec6",
    "cafe\u0301 nai\u0308ve coo\u0308perate A\u030angstro\u0308m",
    "Z\u0351\u036b\u0343a\u033d\u034ag\u0321\u0301l\u0302\u0328o\u0336\u0334 text",
    "q\u0323\u0307 and q\u0307\u0323, \u0344 \u1e69 s\u0323\u0307",
    *SCRIPTS,
    "\U0001f600\U0001f44d\U0001f3fd great! \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7 \u2764\ufe0f \U0001f3f4\U000e0067\U000e0062\U000e007f",
    "E=mc\u00b2 \u2211x\u2081 \u2264 \u221e \u20ac5 \u00a35 \u00bd \u2167 \u212b \u2126 \ufb01ne \ufb03",
    "con\u0000tr\u0007ol\u001b[31m chars\u007f\u0085\u200b\u200e\ufeff\ufffd\ufffe\ue000\u00ad here",
    "line\nbreak\ttab\rreturn\u000bvertical\u000cfeed\u2028sep\u2029para",
    "[MASK] is the capital of France. [SEP] [CLS] [PAD] [UNK] [mask] [ MASK ] [MASK][MASK]x",
    "The [MASK] sat##ed on ##the [[MASK]] mat [unused1]",
    "https://example.org/a_b?c=d&e=%20#f user@example.com C:\\dir\\file.txt",
    "x" * 100,
    "x" * 101 + " short",
    "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "1234567890 0xDEADBEEF 1,000,000.00 2026-01-02T03:04:05Z",
    "$+<=>^`|~ \u00a7\u00b6\u00bf\u00a1\u00ab\u00bb\u2026\u2022\u203d\u3001\u3008 \u166d\u1735",
    "\u2e43\u2e52\u1c89\ua7cb \u0890 \u08d4 \u1885 \u1abf new letters \U00016ea0",
    "word " * 255,
    "word " * 510,
    "word " * 511,
    " ".join(f"number {i} is followed by {i + 1}," for i in range(400)),
]


def random_digests(tokenizer):
    random = Random(RANDOM_SEED, RANDOM_RANGES, SPECIAL)
    return [digest(encode_all(tokenizer, random.texts(RANDOM_BLOCK))) for _ in range(RANDOM_BLOCKS)]


def embedding(model, ids):
    with torch.no_grad():
        hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    mean = hidden.mean(dim=0)
    return [float(f"{value:.9g}") for value in (mean / mean.norm()).tolist()]


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1], use_fast=True)
    model = AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager").double().eval()
    plain = Tokenizer.from_file(f"{sys.argv[1]}/tokenizer.json")
    plain.no_truncation()
    plain.no_padding()
    texts = []
    for text in TEXTS:
        ids = tokenizer(text, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        texts.append({"text": text, "ids": ids, "embedding": embedding(model, ids)})
    golden = {
        "texts": texts,
        "sweep_block": SWEEP_BLOCK,
        "sweeps": [{"template": template, "digests": sweep(plain, template)} for template in SWEEPS],
        "random": {"seed": RANDOM_SEED, "block": RANDOM_BLOCK, "ranges": RANDOM_RANGES, "special": SPECIAL,
                   "longest": Random.LONGEST, "digests": random_digests(plain)},
    }
    sys.stdout.write(json.dumps(golden, separators=(",", ":")).replace('{"text"', '\n{"text"') + "\n")


if __name__ == "__main__":
    main()
