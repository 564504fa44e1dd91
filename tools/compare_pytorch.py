#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares qkv-attend with PyTorch on all-MiniLM-L6-v2, from token ids to embedding, with the same threads.

Each engine runs in a process of its own. The embeddings must agree before any time is shown. The engines take turns: in
each round each of them encodes the text a few times and its fastest time counts; the table shows the medians over the
rounds. Needs torch and transformers.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

TOLERANCE = 1e-5
WORDS = "the pizza came out of the oven and it tasted good so we ate all of it".split()  # a token each


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(message)


class Failure(Exception):
    """What is wrong, in one line."""


class Qkv:
    """A process per round; the time is that of the encoder alone."""

    def __init__(self, program, model, text, threads):
        self.command = [program, "--model", model, "--threads", str(threads), "--json"]
        self.text = text

    def run(self, calls):
        with tempfile.NamedTemporaryFile() as times:
            command = [*self.command, "--repeat", str(calls), "--times", times.name, "--", self.text]
            try:
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            except OSError as error:
                raise Failure(f"{command[0]}: {error.strerror}") from None
            if done.returncode != 0:
                raise Failure(done.stderr.strip() or f"{command[0]}: exit code {done.returncode}")
            with open(times.name, encoding="utf-8") as file:
                return json.loads(done.stdout)["sentences"][0], json.load(file)["seconds"]

    def seconds(self, calls):
        return self.run(calls)[1]


class PyTorch:
    """One process per number of threads, as it takes seconds to start."""

    def __init__(self, model, threads):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads),
                       "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        self.process = subprocess.Popen([sys.executable, __file__, "--pytorch-process", model, str(threads)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment)
        self.version = self.answer()["version"]

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        reasons = self.process.stderr.read().strip().splitlines()
        raise Failure(f"PyTorch: {reasons[-1] if reasons else 'its process ended'}")

    def run(self, ids, calls):
        self.process.stdin.write(json.dumps({"ids": ids, "calls": calls}) + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        return answer["embedding"], answer["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def pytorch_process(model_folder, threads):
    import torch
    import transformers

    torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()
    # The configuration of the model, which is more than the folder must hold.
    config = transformers.BertConfig(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                                     intermediate_size=1536, layer_norm_eps=1e-12, attn_implementation="sdpa")
    model = transformers.BertModel.from_pretrained(model_folder, config=config).eval()
    print(json.dumps({"version": torch.__version__}), flush=True)

    def encode(ids):
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        return torch.nn.functional.normalize(hidden.mean(dim=0), dim=0)

    with torch.inference_mode():
        for line in sys.stdin:
            request = json.loads(line)
            ids, fastest = torch.tensor([request["ids"]]), float("inf")
            for _ in range(request["calls"]):
                start = time.perf_counter()
                embedding = encode(ids)
                fastest = min(fastest, time.perf_counter() - start)
            print(json.dumps({"embedding": embedding.tolist(), "seconds": fastest}), flush=True)


def text_of(tokens):
    return " ".join(WORDS[i % len(WORDS)] for i in range(tokens - 2))


def checked_ids(qkv, pytorch, tokens):
    """The ids of the text, after both engines gave the same embedding for them."""
    sentence, _ = qkv.run(1)
    ids = sentence["ids"]
    if len(ids) != tokens:
        raise Failure(f"the text has {len(ids)} tokens instead of {tokens}")
    expected, _ = pytorch.run(ids, 1)
    error = max(abs(a - b) for a, b in zip(sentence["embedding"], expected, strict=True))
    if not error <= TOLERANCE:
        raise Failure(f"the embeddings of {tokens} tokens differ by {error:.2g}, more than {TOLERANCE:g}")
    return ids, error


def compare(options, pytorch, threads, tokens):
    qkv = Qkv(options.attend, options.model, text_of(tokens), threads)
    ids, error = checked_ids(qkv, pytorch, tokens)
    pytorch.run(ids, options.calls)  # warm
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(qkv.seconds(options.calls))
        theirs.append(pytorch.run(ids, options.calls)[1])
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{tokens:6} {threads:8} {1e3 * a:10.2f} {1e3 * b:12.2f} {b / a:11.2f} {error:12.1e}", flush=True)


def run(options):
    for threads in options.threads:
        pytorch = PyTorch(options.model, threads)
        try:
            if threads == options.threads[0]:
                print(f"qkv-attend against PyTorch {pytorch.version}; median of {options.rounds} rounds, "
                      f"each the fastest of {options.calls} calls")
                print(f"{'tokens':>6} {'threads':>8} {'qkv ms':>10} {'PyTorch ms':>12} {'qkv faster':>11} "
                      f"{'difference':>12}")
            for tokens in options.tokens:
                compare(options, pytorch, threads, tokens)
        finally:
            pytorch.close()


def count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 1")
    return int(text)


def parse_options():
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attend", metavar="PROGRAM", default="build/tools/qkv-attend", help="path of qkv-attend")
    parser.add_argument("--model", metavar="DIR", help="folder of the model; default $QKV_MODEL_DIR or models/...",
                        default=os.environ.get("QKV_MODEL_DIR") or "models/all-MiniLM-L6-v2")
    parser.add_argument("--threads", metavar="N", type=count, nargs="+", default=[1, 2], help="default: 1 2")
    parser.add_argument("--tokens", metavar="N", type=count, nargs="+", default=[128, 512], help="default: 128 512")
    parser.add_argument("--rounds", metavar="N", type=count, default=9, help="default: 9")
    parser.add_argument("--calls", metavar="N", type=count, default=5, help="per round and engine; default: 5")
    options = parser.parse_args()
    for tokens in options.tokens:
        if not 3 <= tokens <= 512:
            parser.error(f"--tokens {tokens}: must be 3 to 512")
    if not os.path.isfile(os.path.join(options.model, "model.safetensors")):
        parser.error(f"--model {options.model}: holds no model.safetensors")
    return options


def main():
    if sys.argv[1:2] == ["--pytorch-process"]:
        return pytorch_process(sys.argv[2], int(sys.argv[3]))
    try:
        run(parse_options())
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
