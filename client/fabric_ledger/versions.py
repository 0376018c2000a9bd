"""Whether what a transaction read still stood when it was committed, and what it then changed.

Source: Fabric core/ledger/kvledger/txmgmt/validation (validator.go, rangequery_validator.go, tx_ops.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fabric_gateway.validation import ValidationCode

from fabric_ledger import merkle
from fabric_ledger._rwset_messages import Changes, Height, Namespace, RangeQuery
from fabric_ledger.errors import UnsupportedError
from fabric_ledger.state import Space, State, Update, Updates

_UPSERT, _SET_METADATA, _DROP_METADATA, _DELETE = 1, 2, 4, 8


def conflict(parts: Iterable[Namespace], updates: Updates, state: State) -> tuple[ValidationCode, str] | None:
    """Why what was read no longer stands, or None.

    Args:
        parts: the transaction's read/write set.
        updates: what the valid transactions before it in the block change.
        state: before the block.
    """
    for part in parts:
        space = (part.name, "")
        if (key := _outdated(space, part.public, updates, state)) is not None:
            return (
                ValidationCode.MVCC_READ_CONFLICT,
                f"{part.name}/{_text(key)} had changed since it was read",
            )
        for query in part.public.ranges:
            if not _same_range(space, query, updates, state):
                return (
                    ValidationCode.PHANTOM_READ_CONFLICT,
                    f"the range of {part.name} from {_text(query.start)} had changed since it was read",
                )
        for private in part.collections:
            key = _outdated((part.name, private.collection), private, updates, state)
            if key is not None:
                return (
                    ValidationCode.MVCC_READ_CONFLICT,
                    f"a private key in {part.name}/{private.collection} had changed since it was read",
                )
    return None


def apply(parts: Iterable[Namespace], height: Height, updates: Updates, state: State) -> None:
    """Add a valid transaction's changes to those of its block."""
    for part in parts:
        for changes in (part.public, *part.collections):
            if changes.writes or changes.metadata_writes:
                _apply((part.name, changes.collection), changes, height, updates, state)


def _apply(space: Space, changes: Changes, height: Height, updates: Updates, state: State) -> None:
    flags: dict[bytes, int] = {}
    values: dict[bytes, bytes] = {}
    metadata: dict[bytes, bytes] = {}
    # Sums, as in Fabric: a key that stands twice in a hostile write set becomes what it becomes there.
    for key, value in changes.writes:
        flags[key] = flags.get(key, 0) + (_DELETE if value is None else _UPSERT) & 0xFF
        if value is not None:
            values[key] = value
    for key, entries in changes.metadata_writes:
        flags[key] = flags.get(key, 0) + (_DROP_METADATA if entries is None else _SET_METADATA) & 0xFF
        if entries is not None:
            metadata[key] = entries
    current = updates.setdefault(space, {})
    merged: dict[bytes, Update] = {}
    for key, flag in flags.items():
        if flag & _DELETE:
            merged[key] = Update(height, None, None)
        elif flag & _UPSERT and flag & (_SET_METADATA | _DROP_METADATA):
            merged[key] = Update(height, values.get(key), metadata.get(key))
        elif flag | _UPSERT == _UPSERT:
            merged[key] = Update(height, values.get(key), _metadata_before(space, key, current, state))
        else:
            value = _value_before(space, key, current, state)
            if value is not None:
                merged[key] = Update(height, value, metadata.get(key))
    current.update(merged)
    if not current:
        del updates[space]


def _value_before(space: Space, key: bytes, current: dict[bytes, Update], state: State) -> bytes | None:
    update = current.get(key)
    if update is not None and update.value is not None:
        return update.value
    # Fabric looks into the state also where the block deleted the key.
    entry = state.get(space, key)
    return None if entry is None else entry.value


def _metadata_before(space: Space, key: bytes, current: dict[bytes, Update], state: State) -> bytes | None:
    update = current.get(key)
    if update is not None and update.value is not None:
        return update.metadata
    entry = state.get(space, key)
    return None if entry is None else entry.metadata


def _outdated(space: Space, changes: Changes, updates: Updates, state: State) -> bytes | None:
    """The first key whose version is not what was read."""
    changed = updates.get(space, {})
    for key, version in changes.reads:
        if key in changed:
            return key
        entry = state.get(space, key)
        if (None if entry is None else entry.height) != version:
            return key
    return None


def _same_range(space: Space, query: RangeQuery, updates: Updates, state: State) -> bool:
    results = _results(space, query, updates, state)
    if query.summary is None:
        expected = iter(query.reads)
        for key, height in results:
            if next(expected, None) != (key, height):
                return False
        return next(expected, None) is None
    degree = query.summary[0]
    if degree < 2:  # noqa: PLR2004 - a peer stops there
        raise UnsupportedError("the Merkle summary of a range has a degree below 2")
    return merkle.summary(results, degree) == query.summary


def _results(
    space: Space, query: RangeQuery, updates: Updates, state: State
) -> Iterator[tuple[bytes, Height]]:
    """The range as state and block make it; a range that was not read to its end includes its end key."""
    changed = updates.get(space, {})
    new = sorted(key for key in changed if key >= query.start and (not query.end or key < query.end))
    stored = state.scan(space, query.start, query.end)
    yield from _merged(stored, iter(new), changed)
    if not query.exhausted:
        update = changed.get(query.end)
        if update is not None and update.value is not None:
            yield query.end, update.height
            return
        entry = state.get(space, query.end)
        if entry is not None:
            yield query.end, entry.height


def _merged(
    stored: Iterator[tuple[bytes, Height]], new: Iterator[bytes], changed: dict[bytes, Update]
) -> Iterator[tuple[bytes, Height]]:
    new_key = next(new, None)
    for key, height in stored:
        while new_key is not None and new_key < key:
            if changed[new_key].value is not None:
                yield new_key, changed[new_key].height
            new_key = next(new, None)
        if new_key == key:
            if changed[key].value is not None:
                yield key, changed[key].height
            new_key = next(new, None)
        else:
            yield key, height
    while new_key is not None:
        if changed[new_key].value is not None:
            yield new_key, changed[new_key].height
        new_key = next(new, None)


def _text(key: bytes) -> str:
    return key.decode(errors="replace").replace("\0", "|")
