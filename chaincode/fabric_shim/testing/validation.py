"""What committing peers check of a block's transactions: endorsement policies, then conflicts.

Source: Fabric core/common/validation/statebased (policies), core/ledger/kvledger/txmgmt/validation (MVCC).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fabric_shim.errors import ProtocolError
from fabric_shim.testing import policies
from fabric_shim.testing.blocks import Endorsed, ValidationCode
from fabric_shim.testing.channel import Channel, Definition
from fabric_shim.testing.envelopes import parse_envelope
from fabric_shim.testing.policies import Policy, Signer
from fabric_shim.testing.rwset import KeySet, NamespaceSet, RangeRead
from fabric_shim.testing.world import Store

LedgerKey = tuple[str, str, str]
"""Chaincode, collection (empty: public), key."""


def endorsement_codes(channel: Channel, transactions: Sequence[Endorsed]) -> list[ValidationCode]:
    """Check transaction ids and endorsement policies against the state before the block."""
    codes: list[ValidationCode] = []
    seen: set[str] = set()
    parameters_set: set[LedgerKey] = set()
    for transaction in transactions:
        code = ValidationCode.VALID
        if transaction.tx_id in channel.tx_ids:
            code = ValidationCode.DUPLICATE_TXID
        elif not _is_endorsed(channel, transaction, parameters_set):
            code = ValidationCode.ENDORSEMENT_POLICY_FAILURE
        else:
            # Even when it fails later: who follows in this block cannot know.
            parameters_set.update(_parameters_set(transaction))
        if code is ValidationCode.VALID and transaction.tx_id in seen:
            code = ValidationCode.DUPLICATE_TXID
        if code is ValidationCode.VALID:
            seen.add(transaction.tx_id)
        codes.append(code)
    return codes


def conflict_code(channel: Channel, transaction: Endorsed, written: set[LedgerKey]) -> ValidationCode:
    """Check that what was read is still what is stored.

    :param written: keys that earlier valid transactions of the block wrote. Their writes are applied already.
    """
    for name, namespace in sorted(transaction.read_write_set.namespaces.items()):
        public = channel.world.store(name, "")
        if not _reads_hold(name, "", namespace.public, public, written):
            return ValidationCode.MVCC_READ_CONFLICT
        if not all(_range_holds(public, read) for read in namespace.ranges):
            return ValidationCode.PHANTOM_READ_CONFLICT
        for collection, keys in namespace.collections.items():
            if not _reads_hold(name, collection, keys, channel.world.store(name, collection), written):
                return ValidationCode.MVCC_READ_CONFLICT
    return ValidationCode.VALID


def _reads_hold(name: str, collection: str, keys: KeySet, store: Store, written: set[LedgerKey]) -> bool:
    return all(
        (name, collection, key) not in written and store.version(key) == version
        for key, version in keys.reads.items()
    )


def _range_holds(store: Store, read: RangeRead) -> bool:
    now = store.range(read.start_key, read.end_key, include_end=not read.exhausted)
    return tuple((key, entry.version) for key, entry in now) == read.results


def _is_endorsed(channel: Channel, transaction: Endorsed, parameters_set: set[LedgerKey]) -> bool:
    for name, namespace in transaction.read_write_set.namespaces.items():
        if name != transaction.chaincode and not namespace.writes_something:
            continue
        check = _PolicyCheck(channel, channel.definitions[name], transaction.endorsers)
        if not check.passes(namespace, parameters_set):
            return False
    return True


class _PolicyCheck:
    """The policies of one chaincode that a transaction has to satisfy (v20.go, validator_keylevel.go)."""

    def __init__(self, channel: Channel, definition: Definition, endorsers: Sequence[str] | None) -> None:
        self._channel = channel
        self._definition = definition
        self._signers = None if endorsers is None else [Signer.peer(msp_id) for msp_id in endorsers]

    def passes(self, namespace: NamespaceSet, parameters_set: set[LedgerKey]) -> bool:
        some_checked = False
        for collection, key in _written(namespace):
            if (self._definition.name, collection, key) in parameters_set:
                return False
            entry = self._channel.world.store(self._definition.name, collection).get(key)
            some_checked = True
            if entry is not None and entry.validation_parameter:
                if not self._satisfied_by_key(entry.validation_parameter):
                    return False
            elif not self._satisfied(self._collection_policy(collection)):
                return False
        return some_checked or self._satisfied(self._definition.policy)

    def _collection_policy(self, collection: str) -> Policy | None:
        config = self._definition.collection(collection) if collection else None
        if config is None or not config.endorsement_policy:
            return self._definition.policy
        return self._channel.policy(config.endorsement_policy)

    def _satisfied_by_key(self, parameter: bytes) -> bool:
        try:
            return self._satisfied(parse_envelope(parameter))
        except ProtocolError:
            return False

    def _satisfied(self, policy: Policy | None) -> bool:
        return policy is None or self._signers is None or policies.satisfied(policy, self._signers)


def _written(namespace: NamespaceSet) -> Iterator[tuple[str, str]]:
    for collection, keys in (("", namespace.public), *namespace.collections.items()):
        for key in keys.written_keys:
            yield collection, key


def _parameters_set(transaction: Endorsed) -> Iterator[LedgerKey]:
    for name, namespace in transaction.read_write_set.namespaces.items():
        for collection, keys in (("", namespace.public), *namespace.collections.items()):
            for key in keys.validation_parameters:
                yield name, collection, key
