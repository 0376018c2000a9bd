"""Fetch Fabric's contract schema, as the npm package ``fabric-contract-api`` has it, into the cache."""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.examples import cache_dir, npm

PACKAGE = "fabric-contract-api"
VERSION = "2.5.8"


def contract_schema() -> dict[str, object]:
    """Return the JSON schema that other languages' tools hold contract metadata to."""
    target = cache_dir() / f"{PACKAGE}-{VERSION}.schema.json"
    if not target.is_file():
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
                package.extract("package/schema/contract-schema.json", work, filter="data")
            Path(work, "package", "schema", "contract-schema.json").rename(target)
    schema: dict[str, object] = json.loads(target.read_text())
    return schema
