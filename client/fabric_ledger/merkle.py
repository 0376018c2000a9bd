"""The Merkle summary of a range's results (Fabric rwsetutil/query_results_helper.go)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fabric_ledger._rwset_messages import Height, serialized_reads

Summary = tuple[int, int, tuple[bytes, ...]]
"""Highest degree, level, hashes at that level."""


def summary(results: Iterable[tuple[bytes, Height]], degree: int) -> Summary | None:
    """What a peer records of results, or None where they are too few for hashes."""
    tree: dict[int, list[bytes]] = {}
    top = 1
    pending: list[tuple[bytes, Height]] = []
    hashed = False
    for result in results:
        pending.append(result)
        if len(pending) > degree:
            top = _add(tree, top, _leaf(pending), degree)
            pending, hashed = [], True
    if not hashed:
        return None
    if pending:
        top = _add(tree, top, _leaf(pending), degree)
    level = 1
    while level < top:
        hashes = tree.pop(level, [])
        if hashes:
            tree.setdefault(level + 1, []).append(hashes[0] if len(hashes) == 1 else _combined(hashes))
        level += 1
    final = tree.get(top, [])
    if len(final) > degree:
        top += 1
        final = [_combined(final)]
    return degree, top, tuple(final)


def _add(tree: dict[int, list[bytes]], top: int, leaf: bytes, degree: int) -> int:
    level = 1
    tree.setdefault(level, []).append(leaf)
    while len(tree[level]) > degree:
        combined = _combined(tree.pop(level))
        level += 1
        tree.setdefault(level, []).append(combined)
        top = max(top, level)
    return top


def _leaf(results: list[tuple[bytes, Height]]) -> bytes:
    return hashlib.sha256(serialized_reads(results)).digest()


def _combined(hashes: list[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashes)).digest()
