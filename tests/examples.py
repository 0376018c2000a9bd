"""Fetch HL7's FHIR R4 example resources (npm package ``hl7.fhir.r4.examples``, CC0) into the cache.

They are real input for the tests and never committed.
"""

from __future__ import annotations

from pathlib import Path

from tests.npm import unpacked

PACKAGE = "hl7.fhir.r4.examples"
VERSION = "4.0.1"


def examples_dir() -> Path:
    """Return the folder of the example files, fetching the package on first use."""
    return unpacked(PACKAGE, VERSION)


def example_files() -> list[Path]:
    """Every example resource, in a stable order; the package's own manifests are left out."""
    manifests = {"package.json", ".index.json"}
    return sorted(path for path in examples_dir().glob("*.json") if path.name not in manifests)


if __name__ == "__main__":
    print(f"{len(example_files())} FHIR R4 examples in {examples_dir()}")
