"""Names of ledger keys, before Fabric's composite key encoding.

A key is its object type and attributes. Whoever sees a block sees the SHA-256 of a private key: so each
private key holds a keyed tag, a random id behind such a tag, or a transaction id, which is public anyway.
"""

from typing import Final, TypeAlias

Key: TypeAlias = tuple[str, tuple[str, ...]]

CUSTODY: Final = "custody"
"""The one private key without attributes: where a custodian keeps its pepper."""
