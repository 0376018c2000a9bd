"""Committing a block: valid transactions change the state, old private data goes.

Source: Fabric core/ledger/kvledger/txmgmt/validation/tx_ops.go, …/pvtstatepurgemgmt/purge_mgr.go.
"""

from __future__ import annotations

from collections.abc import Sequence

from fabric_shim.ledger import KeyModification
from fabric_shim.testing.blocks import Block, CommittedTransaction, Endorsed, ValidationCode
from fabric_shim.testing.channel import Channel
from fabric_shim.testing.rwset import KeySet
from fabric_shim.testing.validation import LedgerKey, conflict_code, endorsement_codes
from fabric_shim.testing.world import Entry, Version, World


def commit_block(channel: Channel, transactions: Sequence[Endorsed]) -> Block:
    """Validate the transactions, apply the valid ones in their order, and append the block."""
    number = channel.height
    written: set[LedgerKey] = set()
    committed: list[CommittedTransaction] = []
    codes = endorsement_codes(channel, transactions)
    for position, transaction in enumerate(transactions):
        code = codes[position]
        if code is ValidationCode.VALID:
            code = conflict_code(channel, transaction, written)
        if code is ValidationCode.VALID:
            written |= _apply(channel.world, transaction, Version(number, position))
        committed.append(CommittedTransaction(transaction, code))
    _expire(channel, number)
    block = Block(number, tuple(committed))
    channel.blocks.append(block)
    channel.tx_ids.update(transaction.tx_id for transaction in transactions)
    return block


def _apply(world: World, transaction: Endorsed, version: Version) -> set[LedgerKey]:
    written: set[LedgerKey] = set()
    for name, namespace in transaction.read_write_set.namespaces.items():
        for key, value in namespace.public.writes.items():
            change = KeyModification(transaction.tx_id, value or b"", transaction.timestamp, value is None)
            world.history[name, key].append(change)
        for collection, keys in (("", namespace.public), *namespace.collections.items()):
            written.update(
                (name, collection, key) for key in _apply_keys(world, name, collection, keys, version)
            )
            if collection:
                _keep_private(world, name, collection, keys, version)
    return written


def _apply_keys(world: World, name: str, collection: str, keys: KeySet, version: Version) -> list[str]:
    store = world.store(name, collection)
    applied: list[str] = []
    for key in keys.written_keys:
        before = store.get(key)
        value = keys.writes.get(key, before and before.value)
        if key in keys.writes and value is None:
            store.delete(key)
        elif value is not None:
            kept = before.validation_parameter if before else b""
            parameter = keys.validation_parameters.get(key, kept)
            store.put(key, Entry(value, version, parameter))
        else:
            continue  # a validation parameter for a missing key: valid, and nothing is stored
        applied.append(key)
    return applied


def _keep_private(world: World, name: str, collection: str, keys: KeySet, version: Version) -> None:
    kept = world.private_store[name, collection]
    for key, value in keys.writes.items():
        if key in keys.purges:
            kept.pop(key, None)
        elif value is not None:
            kept[key].append((version, value))


def _expire(channel: Channel, number: int) -> None:
    for definition in channel.definitions.values():
        for collection, config in definition.collections.items():
            if not config.block_to_live:
                continue
            # Written at block 100 to live for 10 blocks: gone at block 111 (btlpolicy.go).
            last = number - config.block_to_live - 1
            store = channel.world.store(definition.name, collection)
            for key in [key for key, entry in store.entries.items() if entry.version.block <= last]:
                store.delete(key)
            kept = channel.world.private_store[definition.name, collection]
            for key, values in list(kept.items()):
                values[:] = [each for each in values if each[0].block > last]
                if not values:
                    del kept[key]
