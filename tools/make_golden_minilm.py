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

MASK64 = (1 << 64) - 1
MAX_TOKENS = 512
SWEEP_BLOCK = 0x4000
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
    "\u042f \u043b\u044e\u0431\u043b\u044e \u0447\u0438\u0442\u0430\u0442\u044c \u043a\u043d\u0438\u0433\u0438, \u0439\u043e\u0433 \u0451\u043b\u043a\u0430",
    "\u0397 \u03b3\u03bb\u03ce\u03c3\u03c3\u03b1 \u03b5\u03af\u03bd\u03b1\u03b9 \u03cc\u03bc\u03bf\u03c1\u03c6\u03b7; \u1f08\u03c1\u03c7\u03ae",
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0627\u0644\u0644\u063a\u0629 \u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u064e\u0629\u061f \u0661\u0662\u0663",
    "\u0641\u0627\u0631\u0633\u06cc \u0645\u06cc\u200c\u062e\u0648\u0627\u0646\u0645",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 \u0915\u094d\u0937",
    "\u09ac\u09be\u0982\u09b2\u09be \u09ad\u09be\u09b7\u09be \u0a2a\u0a70\u0a1c\u0a3e\u0a2c\u0a40 \u0a97\u0ac1\u0a9c\u0ab0\u0abe\u0aa4\u0ac0",
    "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41 \u0c95\u0ca8\u0ccd\u0ca8\u0ca1 \u0d2e\u0d32\u0d2f\u0d3e\u0d33\u0d02 \u0dc3\u0dd2\u0d82\u0dc4\u0dbd",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01 \u0ea5\u0eb2\u0ea7 \u1019\u103c\u1014\u103a\u1019\u102c \u1781\u17d2\u1798\u17c2\u179a",
    "\u0f56\u0f7c\u0f51\u0f0b\u0f66\u0f90\u0f51\u0f0b \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 \u1c90\u1c91 \u0540\u0561\u0575\u0565\u0580\u0565\u0576 \u12a0\u121b\u122d\u129b",
    "\u6211\u559c\u6b22\u5403\u62ab\u8428\u3002\u7e41\u9ad4\u4e2d\u6587\uff0c\u5f88\u597d\uff01 \U00020000\U0002a6d6\U0002b820\uf900",
    "\u79c1\u306f\u30d4\u30b6\u304c\u597d\u304d\u3067\u3059\u3002\u30ac\u30cf\u3099 \uff76\uff9e \uff21\uff22\uff43",
    "\ud53c\uc790\uac00 \ub9db\uc788\uc5c8\ub2e4. \u1112\u1161\u11ab",
    "Ti\u1ebfng Vi\u1ec7t r\u1ea5t \u0111\u1eb9p",
    "\u13e3\u13b3\u13a9 \uab70\uab71 \u1403\u14c4\u1483 \u16a0\u16a2\u16a6 \u1681\u1682 \u2c80\u2c81 \u1820\u1828",
    "\U00010330\U00010331 \U00010400\U00010428 \U00010d50 \U00011103\U0001112c \U0001e900\U0001e94a \U00013000",
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


def digest(token_ids):
    """FNV-1a over 32-bit words: the ids of each text and an end mark."""
    state = 0xCBF29CE484222325
    for ids in token_ids:
        for word in [*ids, 0xFFFFFFFF]:
            state = ((state ^ word) * 0x100000001B3) & MASK64
    return f"{state:016x}"


def encode_all(tokenizer, texts):
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def sweep(tokenizer, template):
    blocks = []
    for first in range(0, 0x110000, SWEEP_BLOCK):
        block = [c for c in range(first, first + SWEEP_BLOCK) if not 0xD800 <= c < 0xE000]
        blocks.append(digest(encode_all(tokenizer, [template.replace("{}", chr(c)) for c in block])))
    return blocks


class Random:
    """Knuth's MMIX generator; the upper bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK64
        return (self.state >> 33) % limit

    def text(self):
        text = ""
        for _ in range(self.below(40)):
            kind = self.below(len(RANDOM_RANGES) + 1)
            if kind == len(RANDOM_RANGES):
                text += SPECIAL
            else:
                first, last = RANDOM_RANGES[kind]
                text += chr(first + self.below(last - first + 1))
        return text


def random_digests(tokenizer):
    random = Random(RANDOM_SEED)
    return [digest(encode_all(tokenizer, [random.text() for _ in range(RANDOM_BLOCK)])) for _ in range(RANDOM_BLOCKS)]


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
                   "longest": 40, "digests": random_digests(plain)},
    }
    sys.stdout.write(json.dumps(golden, separators=(",", ":")).replace('{"text"', '\n{"text"') + "\n")


if __name__ == "__main__":
    main()
