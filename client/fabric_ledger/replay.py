"""Flags and commit hashes of blocks, recomputed against a replay of the ledger and compared with theirs."""

from __future__ import annotations

import contextlib

from fabric_gateway.validation import ValidationCode

from fabric_ledger import _block_messages, commit_hash
from fabric_ledger.block import COMMIT_HASH, TRANSACTIONS_FILTER, LedgerBlock
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import UndecodableError, UnsupportedError
from fabric_ledger.flags import BlockFlags, FlagMachine, Recomputed, file_id
from fabric_ledger.report import Finding, Flag, Report, Severity, Verdict
from fabric_ledger.state import State
from fabric_ledger.transactions import Outline

_CODES = [ValidationCode(code) for code in range(256)]
_NEVER = 1 << 62
"""A block that no ledger reaches; some collections' private keys live as long."""


class Replay:
    """Follows the blocks from block 0 on.

    Args:
        state: empty; it is filled as blocks are replayed.

    Attributes:
        refusal: why flags cannot be recomputed from here on, or None.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._machine = FlagMachine(state)
        self.refusal: str | None = None
        self._commit_hashes: set[bytes] = {b""}
        self._carries_flags = False

    def begins_at(self, number: int) -> None:
        """Note that the blocks before one are not there."""
        if number:
            self.refusal = f"the blocks before {number} are not there, so the state is not known"
            self._commit_hashes = set()

    def check(
        self,
        report: Report,
        block: LedgerBlock,
        outlines: list[Outline],
        configuration: ChannelConfiguration,
        *,
        first: bool,
    ) -> None:
        carried = block.slot(TRANSACTIONS_FILTER)
        if carried and len(carried) != len(block.data):
            report.unsigned(
                block.number,
                "flag",
                f"there are {len(carried)} validation flags for {len(block.data)} transactions",
            )
        if not carried and self._carries_flags:
            report.unsigned(block.number, "flag", "the block carries no flags, where those before it do")
        self._carries_flags = self._carries_flags or bool(carried)
        codes = [_CODES[code] for code in carried[: len(block.data)]]
        codes += [ValidationCode.NOT_VALIDATED] * (len(block.data) - len(codes))
        if report.broken and self.refusal is None:
            self.refusal = f"block {block.number}, or one before it, is not what was ordered"
        if self.refusal is not None:
            computed = BlockFlags([Recomputed((), self.refusal) for _ in outlines], {})
        elif first:
            computed = BlockFlags([Recomputed((ValidationCode.VALID,), "") for _ in outlines], {})
        else:
            computed = self._machine.recompute(block.number, outlines, configuration, codes)
        for place, (flag, parts) in enumerate(zip(computed.flags, outlines, strict=True)):
            self._report_flag(report, block, place, flag, parts)
        if self.refusal is None:
            self._check_commit_hash(report, block, computed, codes)
            self._commit(block.number, outlines, computed)

    def _report_flag(
        self, report: Report, block: LedgerBlock, place: int, flag: Recomputed, parts: Outline
    ) -> None:
        number, carried = block.number, block.slot(TRANSACTIONS_FILTER)
        code = _CODES[carried[place]] if place < len(carried) else ValidationCode.NOT_VALIDATED
        report.signatures += flag.signatures
        if not flag.codes:
            verdict, recomputed, why = Verdict.UNKNOWN, None, flag.why
        elif not carried:
            verdict, recomputed, why = (
                Verdict.UNKNOWN,
                flag.codes[0],
                "the block carries no flags (an orderer's copy)",
            )
        elif code in flag.codes:
            verdict, recomputed, why = Verdict.AGREES, code, flag.why
        else:
            verdict, recomputed, why = Verdict.DIFFERS, flag.codes[0], flag.why
        if verdict is Verdict.AGREES and code is ValidationCode.VALID:
            report.verdicts[verdict] += 1
        else:
            report.add_flag(Flag(number, place, parts.index_id, code, recomputed, verdict, why))
        if verdict is Verdict.DIFFERS:
            told = f"; {why}" if why else ""
            report.unsigned(
                number, "flag", f"the flag says {code.name}, it should be {flag.codes[0].name}{told}", place
            )
        if flag.creator is not None and parts.channel is not None and parts.channel.timestamp is not None:
            begins, ends = flag.creator.lifetime
            if not begins <= parts.channel.timestamp < ends:
                sentence = "the creator's certificate was not valid at the time that the transaction claims"
                report.add(Finding(number, place, "creator-expired", Severity.NOTE, sentence))

    def _check_commit_hash(
        self, report: Report, block: LedgerBlock, computed: BlockFlags, codes: list[ValidationCode]
    ) -> None:
        content = block.slot(COMMIT_HASH)
        if block.number == 0:
            if content:
                report.unsigned(0, "commit-hash", "block 0 carries a commit hash, which it does not have")
            return
        if not content and (block.number == 1 or not self._commit_hashes):
            self._commit_hashes = set()  # a copy by an orderer, or by a peer that writes none
            report.commit_hashes[Verdict.UNKNOWN] += 1
            return
        flags = bytes(
            code if code in flag.codes or not flag.codes else flag.codes[0]
            for flag, code in zip(computed.flags, codes, strict=True)
        )
        following = {
            commit_hash.following(previous, flags, computed.updates) for previous in self._commit_hashes
        }
        recorded = b""
        with contextlib.suppress(UndecodableError):
            recorded = _block_messages.metadata_value(content)
        if recorded in following:
            verdict, following = Verdict.AGREES, {recorded}
        else:
            verdict = Verdict.DIFFERS
            report.unsigned(
                block.number, "commit-hash", "the commit hash is not what flags and writes make it"
            )
            # Either it alone was changed, or the peer came to another state: the next block tells which.
            following.add(recorded)
        report.commit_hashes[verdict] += 1
        self._commit_hashes = set(sorted(following)[:4])

    def _commit(self, number: int, outlines: list[Outline], computed: BlockFlags) -> None:
        state = self._state
        expired = [
            (space, key)
            for space, key in state.expiring(number)
            if key not in computed.updates.get(space, ())
        ]
        for space, changes in computed.updates.items():
            lives = self._block_to_live(*space)
            for key, update in changes.items():
                if lives and update.value is not None and number + lives < _NEVER:
                    state.expire_at(number + lives + 1, space, key, number)
        state.apply(computed.updates)
        for space, key in expired:
            state.forget(space, key)
        state.add_transactions({file_id(parts.index_id) for parts in outlines})
        self._machine.definitions.committed(computed.updates)

    def _block_to_live(self, namespace: str, collection: str) -> int:
        if not collection or namespace == "_lifecycle":
            return 0
        try:
            definition = self._machine.definitions.get(namespace)
        except UnsupportedError:
            return 0
        if definition is None or collection not in definition.collections:
            return 0
        return definition.collections[collection].block_to_live
