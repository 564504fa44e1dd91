#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/tools/golden_decoder.json: what transformers generates, in float32, with the dequantised weights of a GGUF file.

    pip install gguf transformers accelerate torch
    tools/make_golden_decoder.py models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf > tests/tools/golden_decoder.json

For every prompt (ids that make_golden_smollm2.py has checked) the 20 greatest logits after it, then 128 greedy tokens; gaps
are the differences between the two greatest logits before each of them: where one is small, another order of additions may
choose the other token.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

PROMPTS = Path(__file__).parent.parent / "tests" / "tools" / "golden_smollm2.json"
TEXTS = [
    "Once upon a time",
    "The pizza came out of the oven and it tasted good",
    "I'm you're he's we've they'll she'd don't can't it's 'twas rock'n'roll",
    "def f(x):\n    if x > 0:\n        return [i**2 for i in range(x)]\n\treturn None  # comment\n",
    "int main(void) { printf(\"%d\\n\", a[3]->b != c); /* x */ return 0; }",
    "SELECT * FROM t WHERE a_b >= 'x''y' -- ok",
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    "1234567890 0xDEADBEEF 1,000,000.00 2026-01-02T03:04:05Z 3.14 -7 +8",
    "\u6211" * 50 + "\U0001f600" * 20,
    " ".join(f"number {i} is followed by {i + 1}," for i in range(200)),
]
TOP, LENGTH = 20, 128


def ids_of(texts: list[dict], text: str) -> list[int]:
    return next(entry["ids"] for entry in texts if entry.get("text") == text)


def greedy(model, ids: list[int]) -> dict:
    generated, gaps, top = [], [], None
    with torch.no_grad():
        step = model(torch.tensor([ids]), use_cache=True)
        for _ in range(LENGTH):
            values, indices = step.logits[0, -1].topk(TOP)
            top = top or [[int(index), float(value)] for index, value in zip(indices, values)]
            generated.append(int(indices[0]))
            gaps.append(round(float(values[0] - values[1]), 6))
            step = model(indices[:1].reshape(1, 1), past_key_values=step.past_key_values, use_cache=True)
    return {"prompt_ids": ids, "top_logits": top, "ids": generated, "gaps": gaps}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    path = parser.parse_args().gguf
    texts = json.loads(PROMPTS.read_text())["texts"]
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    json.dump({"prompts": [greedy(model, ids_of(texts, text)) for text in TEXTS]}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
