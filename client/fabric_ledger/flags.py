"""The validation flags of a block, recomputed in the order of a peer.

1. each transaction by itself, against the state before the block: form, creator, bindings, id not seen in an
   earlier block, chaincode, endorsements (Fabric core/committer/txvalidator/v20);
2. of valid ones with the same id in the block, only the first;
3. in order, whether what was read still stands (core/ledger/kvledger/txmgmt/validation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fabric_gateway.validation import ValidationCode

from fabric_ledger import _messages, _rwset_messages, opened, signatures, transactions, versions
from fabric_ledger._rwset_messages import Height, Namespace
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.endorsement import Endorsements, PolicyChanges
from fabric_ledger.errors import ConfigurationError, UndecodableError, UnsupportedError
from fabric_ledger.lifecycle import Definitions
from fabric_ledger.msp import Identity
from fabric_ledger.opened import Opened
from fabric_ledger.signatures import Claim
from fabric_ledger.state import State, Updates
from fabric_ledger.transactions import Checked, InvalidError, Outline

_VALID = (ValidationCode.VALID,)


@dataclass(slots=True)
class Recomputed:
    """One transaction's flag.

    Attributes:
        codes: what a peer gives it; more than one where a peer's order is left to chance; empty: unknown.
        why: the reason.
        parts: its read/write set, once it is known.
    """

    codes: tuple[ValidationCode, ...]
    why: str
    parts: tuple[Namespace, ...] = ()
    creator: Identity | None = None
    signatures: int = 0


class BlockFlags(NamedTuple):
    """The flags of a block, and what its valid transactions change."""

    flags: list[Recomputed]
    updates: Updates


class FlagMachine:
    """Recomputes flags block by block.

    Args:
        state: the state before the next block; the caller applies each block's updates to it.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.definitions = Definitions(state)

    def recompute(
        self,
        number: int,
        outlines: list[Outline],
        configuration: ChannelConfiguration,
        recorded: list[ValidationCode],
    ) -> BlockFlags:
        """The flags of one block. Where one cannot be recomputed, the recorded one is what goes on.

        Args:
            number: of the block.
            outlines: its envelopes.
            configuration: in force for it.
            recorded: the flags that it carries.
        """
        judge = Endorsements(configuration, self.definitions, self._state)
        earlier: PolicyChanges = {}
        claims: list[Claim | None] = []
        cases = [opened.opened(parts, configuration, claims) for parts in outlines]
        held = signatures.check(claims)
        flags = [
            self._alone(parts, each, held, judge, earlier)
            for parts, each in zip(outlines, cases, strict=True)
        ]
        self._mark_duplicates(outlines, flags)
        updates: Updates = {}
        for place, flag in enumerate(flags):
            if flag.codes and flag.codes[0] is ValidationCode.VALID:
                self._commit((number, place), flag, updates)
            if not flag.codes and recorded[place] is ValidationCode.VALID:
                versions.apply(flag.parts, (number, place), updates, self._state)
        return BlockFlags(flags, updates)

    def _alone(
        self,
        parts: Outline,
        each: Opened,
        held: list[bool],
        judge: Endorsements,
        earlier: PolicyChanges,
    ) -> Recomputed:
        flag = Recomputed((), "")
        try:
            if each.refusal is not None:
                raise each.refusal
            flag.signatures = 1
            if not held[each.place]:
                raise transactions.unsigned_by_creator()
            flag.creator = each.creator
            if each.later is not None:
                raise each.later
            if each.checked is not None:
                self._endorser_transaction(each, each.checked, flag, held, judge, earlier)
            flag.codes = _VALID
        except InvalidError as error:
            flag.codes, flag.why = (error.code,), str(error)
        except _AmbiguousError as error:
            flag.codes, flag.why = error.codes, str(error)
        except (UnsupportedError, ConfigurationError) as error:
            flag.codes, flag.why = (), str(error)
            flag.parts = flag.parts or _parts_of(parts)
        return flag

    def _endorser_transaction(  # noqa: PLR0917 - what a peer has at hand at this step
        self,
        each: Opened,
        checked: Checked,
        flag: Recomputed,
        held: list[bool],
        judge: Endorsements,
        earlier: PolicyChanges,
    ) -> None:
        if self._state.has_transaction(file_id(checked.channel.transaction_id)):
            raise InvalidError(
                ValidationCode.DUPLICATE_TXID, "an earlier block holds a transaction of this id"
            )
        name, results = transactions.action(checked)
        try:
            flag.parts = _rwset_messages.read_write_set(results)
        except UndecodableError as error:
            raise InvalidError(ValidationCode.BAD_RWSET, str(error)) from error
        flag.signatures += len(checked.endorsed.endorsements)
        _judge(judge, name, flag.parts, opened.endorsers(each, held), earlier)

    def _mark_duplicates(self, outlines: list[Outline], flags: list[Recomputed]) -> None:
        seen: set[str] = set()
        for parts, flag in zip(outlines, flags, strict=True):
            if ValidationCode.VALID not in flag.codes or parts.type != _messages.ENDORSER_TRANSACTION:
                continue
            if parts.index_id in seen:
                flag.codes = (ValidationCode.DUPLICATE_TXID,)
                flag.why = "an earlier transaction of the block has this id"
            seen.add(parts.index_id)

    def _commit(self, height: Height, flag: Recomputed, updates: Updates) -> None:
        try:
            found = versions.conflict(flag.parts, updates, self._state)
        except UnsupportedError as error:
            flag.codes, flag.why = (), str(error)
            return
        if found is not None:
            flag.codes, flag.why = (found[0],), found[1]
            return
        versions.apply(flag.parts, height, updates, self._state)


class _AmbiguousError(Exception):
    """A peer gives one code or another, as its map happens to be ordered."""

    def __init__(self, codes: tuple[ValidationCode, ...], reason: str) -> None:
        super().__init__(reason)
        self.codes = codes


def _judge(
    judge: Endorsements,
    chaincode: str,
    parts: tuple[Namespace, ...],
    endorsers: tuple[Identity, ...],
    earlier: PolicyChanges,
) -> None:
    """Ask for every namespace that is written; note whose keys' policies change for those that come after."""
    passed: set[str] = set()
    refusals: list[tuple[ValidationCode, str]] = []
    for namespace in judge.namespaces(chaincode, parts):
        if not judge.defined(namespace):
            refusals.append((ValidationCode.INVALID_CHAINCODE, f"the channel has no chaincode {namespace!r}"))
            continue
        refusal = judge.refusal(namespace, parts, endorsers, earlier)
        if refusal is None:
            passed.add(namespace)
        else:
            refusals.append((ValidationCode.ENDORSEMENT_POLICY_FAILURE, refusal))
    for part in parts:
        for changes in (part.public, *part.collections) if part.name in passed else ():
            for key, _ in changes.metadata_writes:
                earlier.setdefault(((part.name, changes.collection), key), set()).add(part.name)
    codes = tuple(dict.fromkeys(code for code, _ in refusals))
    if len(codes) > 1:
        raise _AmbiguousError(codes, "; ".join(reason for _, reason in refusals))
    if codes:
        raise InvalidError(codes[0], refusals[0][1])


def file_id(transaction_id: str) -> bytes:
    """A transaction id as it is filed: raw where it is hexadecimal SHA-256."""
    try:
        raw = bytes.fromhex(transaction_id)
    except ValueError:
        return transaction_id.encode()
    return raw if raw.hex() == transaction_id else transaction_id.encode()


def _parts_of(parts: Outline) -> tuple[Namespace, ...]:
    """The read/write set of a transaction that could not be judged, to follow the ledger's own flag."""
    try:
        found = _messages.actions(parts.data)
        if parts.type != _messages.ENDORSER_TRANSACTION or len(found) != 1:
            return ()
        _, extension = _messages.response(_messages.endorsed(found[0][1]).response_payload)
        return _rwset_messages.read_write_set(_messages.action(extension).results)
    except UndecodableError:
        return ()
