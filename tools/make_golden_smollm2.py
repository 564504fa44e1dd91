#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/tools/golden_smollm2.json: what others read from the GGUF file of SmolLM2-135M-Instruct.

    pip install gguf tokenizers transformers torch jinja2
    tools/make_golden_smollm2.py FILE.gguf > tests/tools/golden_smollm2.json

The tokeniser is Hugging Face's, built from the vocabulary and merges of the file; transformers reads the file as well, and
both must agree (transformers leaves out that digits stand alone, which is added). The golden file has

- texts: their UTF-8, or bytes in hexadecimal where they are not UTF-8 (read with U+FFFD, as Python does it), the ids, and
  the text that the ids stand for (bytes without a token are lost);
- sweeps: digests of the ids of every code point in several surroundings, one per block of code points;
- random: digests of the ids of random strings, drawn by a generator that the test repeats;
- chats: conversations, and the prompt that the chat template of the file makes of them;
- tensors: a digest of all values of every tensor, dequantised by the package gguf.
"""
import json
import os
import sys

import jinja2
import numpy
from gguf import GGUFReader, quants
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer

from golden_texts import SCRIPTS, SWEEP_BLOCK, Random, digest, encode_all, sweep

CONTROL, USER_DEFINED = 3, 4
SWEEPS = ["{}", "a{}b", " {} 's{}s 1{}", "x  {}\u0301\n{} "]
RANDOM_SEED, RANDOM_BLOCKS, RANDOM_BLOCK = 20260202, 20, 1000
SPECIAL = "<|im_end|>"
# Weighted by repetition: letters, blanks, line ends, digits, quotes and contractions, ASCII, controls, other spaces, then
# as for MiniLM.
RANDOM_RANGES = [
    (0x61, 0x7A), (0x61, 0x7A), (0x61, 0x7A), (0x20, 0x20), (0x20, 0x20), (0x20, 0x20), (0x09, 0x0D), (0x0A, 0x0A),
    (0x30, 0x39), (0x27, 0x27), (0x6C, 0x76), (0x20, 0x7E), (0x20, 0x7E), (0x00, 0x24F), (0x2000, 0x200B), (0x300, 0x36F),
    (0x370, 0x6FF), (0x900, 0xDFF), (0xE00, 0x10FF), (0xAC00, 0xD7A3), (0x1AB0, 0x1FFF), (0x2000, 0x2FFF),
    (0x3000, 0x9FFF), (0xF900, 0xFFFF), (0x10000, 0x1FFFF), (0x1F300, 0x1FAFF), (0xE000, 0x10FFFF),
]

TEXTS = [
    "Once upon a time",
    "The pizza came out of the oven and it tasted good",
    "",
    " ",
    "  ",
    "\n",
    "a",
    " a",
    "  a",
    "a ",
    "a  ",
    "a   b    c     d",
    "\n\n\n",
    "a\n\n\nb",
    "a \n b\n  c\t\td \t e",
    "\r\n\r\nwindows\r\n",
    "\u00a0non\u00a0breaking \u00a0 mixed\u3000\u3000ideographic \u2003em\u2003",
    "line\u2028sep\u2029para\u0085next\u000bvertical\u000cfeed",
    "I'm you're he's we've they'll she'd don't can't it's 'twas rock'n'roll",
    "I'M YOU'RE HE'S '' ''s 's'' 'sam 'ss 'r 'll'll 'l '",
    "don\u2019t it\u2019s \u2018quoted\u2019",
    "1234567890 0xDEADBEEF 1,000,000.00 2026-01-02T03:04:05Z 3.14 -7 +8",
    "a1b2c3 1a 2 b  3  c\n4\n5 '6 7's 8's",
    "\u0661\u0662\u0663 \u0967\u0968 \uff11\uff12 \u00bd\u00b2 \u2167 \u2460 \u4e00\u4e8c \U0001d7d8 \U00010d40",
    "cafe\u0301 na\u00efve coo\u0308perate A\u030angstro\u0308m \u1e69 s\u0323\u0307",
    "Z\u0351\u036b\u0343a\u033d\u034ag\u0321\u0301l\u0302\u0328o\u0336\u0334 text",
    *SCRIPTS,
    "\U0001f600\U0001f44d\U0001f3fd great! \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "E=mc\u00b2 \u2211x\u2081 \u2264 \u221e \u20ac5 \u00a35 \u212b \u2126 \ufb01ne",
    "con\u0000tr\u0007ol\u001b[31m chars\u007f\u200b\u200e\ufeff\ufffd\ufffe\ue000\u00ad here",
    "bytes without a token: \u0004 \u0006a\u0013b\u0014 c\u0016\u001d \u0100\u0140 \U000c0000 \U0010ffff end",
    "def f(x):\n    if x > 0:\n        return [i**2 for i in range(x)]\n\treturn None  # comment\n",
    "int main(void) { printf(\"%d\\n\", a[3]->b != c); /* x */ return 0; }",
    "<html><body class=\"a-b\">&amp;&nbsp;</body></html> <!-- ... -->",
    "{\"key\": [1, 2.5e-3, null, true], \"\\u00e9\": \"\\n\"}",
    "SELECT * FROM t WHERE a_b >= 'x''y' -- ok",
    "https://example.org/a_b?c=d&e=%20#f user@example.com C:\\dir\\file.txt ~/x",
    "...!!!???---===###***___///\\\\\\|||",
    "CamelCase snake_case kebab-case SCREAMING_CASE mixedUPPERlower",
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    "<|endoftext|><|endoftext|> <|im_end|>a<|im_start|>b <|im_sta<|im_start|>rt|>",
    "<repo_name>x<reponame>y<file_sep><filename>z<gh_stars> <issue_start><issue_comment><issue_closed>",
    "<jupyter_start><jupyter_text><jupyter_code><jupyter_output><jupyter_script><empty_output> <empty_output",
    "<|IM_START|> <| im_start |> |im_start| <|im_start|",
    "pneumonoultramicroscopicsilicovolcanoconiosis antidisestablishmentarianism",
    "a" * 300,
    "ab" * 500,
    "the" * 200,
    " " * 300,
    "\n" * 65 + " " * 17 + "x",
    "=" * 129 + "-" * 77,
    "\u6211" * 50 + "\U0001f600" * 20,
    "\u4eca\u5929\u5929\u6c14\u5f88\u597d\uff0c\u6211\u4eec\u53bb\u516c\u56ed2\u6b21\u5427\uff01",
    "\u1c89\ua7cb \U00016d40 \U000105c0 \U0001e5d0\U0001e5f1 \U0002ebf0 letters of newer standards",
    " ".join(f"number {i} is followed by {i + 1}," for i in range(200)),
]
BROKEN = [b"\xff", b"caf\xe9 au lait", b"\xe4\xb8", b"a\xe4\xb8b", b"\xf0\x9f\x98 \xf0\x9f", b"\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80",
          b"ok \x80\x81\x82 \xf5\xfe", b"<|im_start|>\xc3<|im_end|>\xa9", b"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"]
CHATS = [
    [],
    [("user", "What is the capital of France?")],
    [("system", "Answer in one word."), ("user", "Capital of France?")],
    [("system", ""), ("user", "")],
    [("user", "Hi"), ("assistant", "Hello!\n"), ("user", "  Two\nlines  ")],
    [("assistant", "I speak first"), ("system", "late"), ("user", "caf\u00e9 \U0001f600 <|im_end|> {{ x }} {% y %}")],
]


def hugging_face(fields):
    tokens, kinds = fields["tokenizer.ggml.tokens"].contents(), fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    special = [token for token, kind in zip(tokens, kinds) if kind in (CONTROL, USER_DEFINED)]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
    return tokenizer


def check_against_transformers(tokenizer, path):
    folder, name = os.path.split(os.path.abspath(path))
    other = AutoTokenizer.from_pretrained(folder, gguf_file=name).backend_tokenizer
    other.pre_tokenizer = tokenizer.pre_tokenizer
    for text in TEXTS:
        if other.encode(text).ids != tokenizer.encode(text).ids:
            raise SystemExit(f"transformers reads the tokeniser otherwise: {text!r}")


def golden_texts(tokenizer):
    entries = []
    for text in TEXTS + BROKEN:
        readable = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
        ids = tokenizer.encode(readable).ids
        entry = {"text": text} if isinstance(text, str) else {"bytes": text.hex()}
        entries.append({**entry, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    return entries


def golden_random(tokenizer):
    random = Random(RANDOM_SEED, RANDOM_RANGES, SPECIAL)
    digests = [digest(encode_all(tokenizer, random.texts(RANDOM_BLOCK))) for _ in range(RANDOM_BLOCKS)]
    return {"seed": RANDOM_SEED, "block": RANDOM_BLOCK, "ranges": RANDOM_RANGES, "special": SPECIAL,
            "longest": Random.LONGEST, "digests": digests}


def golden_chats(source):
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    chats = []
    for chat in CHATS:
        messages = [{"role": role, "content": content} for role, content in chat]
        chats.append({"messages": messages, "prompt": template.render(messages=messages, add_generation_prompt=True)})
    return chats


def tensor_digest(tensor):
    """The sum, modulo 2^64, of the bits of each value times 2 i + 1."""
    values = quants.dequantize(tensor.data, tensor.tensor_type)
    bits = numpy.ascontiguousarray(values, dtype=numpy.float32).reshape(-1).view(numpy.uint32).astype(numpy.uint64)
    weights = 2 * numpy.arange(bits.size, dtype=numpy.uint64) + numpy.uint64(1)
    return f"{int(numpy.sum(bits * weights, dtype=numpy.uint64)):016x}"


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    reader = GGUFReader(sys.argv[1])
    tokenizer = hugging_face(reader.fields)
    check_against_transformers(tokenizer, sys.argv[1])
    golden = {
        "texts": golden_texts(tokenizer),
        "sweep_block": SWEEP_BLOCK,
        "sweeps": [{"template": template, "digests": sweep(tokenizer, template)} for template in SWEEPS],
        "random": golden_random(tokenizer),
        "chats": golden_chats(reader.fields["tokenizer.chat_template"].contents()),
        "tensors": {tensor.name: {"type": tensor.tensor_type.name, "shape": [int(n) for n in reversed(tensor.shape)],
                                  "digest": tensor_digest(tensor)} for tensor in reader.tensors},
    }
    text = json.dumps(golden, separators=(",", ":"))
    for mark in ('{"text"', '{"bytes"', '{"messages"', '"tensors"'):
        text = text.replace(mark, "\n" + mark)
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
