"""The private data collections of a chaincode definition, as the `peer` program reads them."""

from __future__ import annotations

import json

from fabric_network.topology import Chaincode


def collections_config(chaincode: Chaincode) -> str:
    """The file for `--collections-config` (JSON), or an empty text for a chaincode without collections."""
    if not chaincode.collections:
        return ""
    listed = [
        one.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
        for one in chaincode.collections
    ]
    return json.dumps(listed, indent=2, sort_keys=True) + "\n"
