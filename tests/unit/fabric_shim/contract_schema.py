"""Fetch Fabric's contract schema, as the npm package ``fabric-contract-api`` has it, into the cache."""

from __future__ import annotations

import json

from tests.npm import unpacked

PACKAGE = "fabric-contract-api"
VERSION = "2.5.8"


def contract_schema() -> dict[str, object]:
    """Return the JSON schema that other languages' tools hold contract metadata to."""
    file = unpacked(PACKAGE, VERSION) / "schema" / "contract-schema.json"
    schema: dict[str, object] = json.loads(file.read_text())
    return schema
