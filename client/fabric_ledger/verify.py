"""Verification of a ledger, block by block: bytes in, a verified state out; no clock, no network.

What is verified, in this order, for every block:

 1. Encoding: the bytes are those of a block and nothing else; nothing hides beside its fields.
 2. Chain: numbers follow one another; the block names the header hash of the one before; the header's data
    hash is that of the envelopes.
 3. Anchor: block 0 is compared with the expected hash if one is given. If none is, its hash is shown, and all
    that follows is proven relative to it. It must be compared with what the members have by another way.
 4. Orderers: every signature in the metadata holds over (signed metadata, signature header, header), is by an
    identity of the channel's MSPs of that time, and together they satisfy the BlockValidation policy of the
    configuration in force; on a BFT channel they are a quorum of its consenters. The signed index of the last
    configuration is the one that was seen.
 5. Configurations: a configuration block holds one envelope, and the configuration is what its update makes
    of the one before; the update's signatures satisfy the modification policy of each element changed;
    versions and sequence follow. Only then is it in force, from the next block on.
 6. Flags: each transaction's validation flag is recomputed in the order of a peer: form; creator's
    certificate (MSP of that time: authorities, node OUs, revocation lists) and signature; transaction id;
    hash of the proposal; ids seen before; chaincode definition of that time (``_lifecycle`` namespace);
    endorsement signatures against the policies of keys, collections (named and implicit) and chaincode; then
    read versions, public and private by hash, and ranges, raw or by Merkle summary, against a replay of all
    writes. Each is reported as: agrees, differs, cannot be recomputed (with the reason).
 7. Commit hash: recomputed from flags and writes, compared where the block carries one.

What is not verified:

 a. That the first block is the right one, unless its hash is given (3).
 b. That the ledger does not go on: blocks cut off at the end leave no trace in what remains. Compare heights
    with other peers (``compare``).
 c. Private values and transient fields: the ledger holds hashes of the former only, nothing of the latter.
 d. That a chaincode computed rightly: only that enough endorsers signed what it returned.
 e. Times: a transaction's timestamp is its client's claim; peers do not look at the dates of certificates
    when they validate, so this does not either; it notes a creator whose certificate had expired.
 f. That an orderer left nothing out, or did not prefer anybody.
 g. Flags under rules that are not built in: validation plugins other than ``vscc``, Idemix identities,
    application capabilities below V2_0, chaincodes of the 1.x lifecycle. They are reported as not recomputed,
    and the ledger's own flag is followed.
 h. The envelope in which a configuration update was sent: its members' signatures are inside.

Sources: Fabric protoutil/blockutils.go, common/configtx, core/committer/txvalidator/v20 and
core/ledger/kvledger.
"""

from __future__ import annotations

import contextlib

from fabric_gateway.blocks import header_hash
from fabric_gateway.validation import ValidationCode

from fabric_ledger import _messages, commit_hash, orderers, transactions, updates
from fabric_ledger.block import COMMIT_HASH, LAST_CONFIG, ORDERER, TRANSACTIONS_FILTER, LedgerBlock
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import ConfigurationError, SourceError, UndecodableError, UnsupportedError
from fabric_ledger.flags import BlockFlags, FlagMachine, Recomputed, file_id
from fabric_ledger.report import Finding, Flag, Report, Severity, Verdict
from fabric_ledger.state import State
from fabric_ledger.transactions import Outline

_HASH_LENGTH = 32


class LedgerVerifier:
    """Takes blocks in order; what it finds stands in ``report``. It never raises for what a block holds.

    Args:
        state: empty; it is filled as blocks are replayed.
        genesis_hash: header hash of the first block, if it is known.
    """

    def __init__(self, state: State, *, genesis_hash: bytes | None = None) -> None:
        self.report = Report()
        self._state = state
        self._machine = FlagMachine(state)
        self._expected_hash = genesis_hash
        self._next = 0
        self._last_hash = b""
        self._configuration: ChannelConfiguration | None = None
        self._last_config = 0
        self._replay: str | None = None
        """Why flags cannot be recomputed from here on, or None."""
        self._commit_hashes: set[bytes] = {b""}

    @property
    def configuration(self) -> ChannelConfiguration | None:
        """In force after the blocks so far."""
        return self._configuration

    def add(self, block: LedgerBlock) -> None:
        """Verify the next block.

        Raises:
            SourceError: it is the first, and no configuration block, so that nothing can be verified.
        """
        report = self.report
        first = report.first_block is None
        outlines = [transactions.outline(envelope) for envelope in block.data]
        if first:
            self._begin(block, outlines)
        self._check_chain(block, first=first)
        signed = None
        if first:
            self._anchor(block, outlines)
        elif self._configuration is not None:
            signed = self._check_orderers(block, self._configuration)
        self._check_old_places(block, signed)
        configuration = self._configuration
        if not first:
            self._check_configuration(block, outlines)
        self._check_last_config(block, signed)
        if configuration is not None:
            self._check_flags(block, outlines, configuration, first=first)
        report.blocks += 1
        report.transactions += len(block.data)
        report.last_block = block.number
        report.last_hash = self._last_hash
        if not report.broken:
            report.proven_to = block.number

    def unreadable(self, sentence: str) -> None:
        """Note that what should be the next block is none."""
        self._tampered(self._next, "encoding", sentence)

    def ends(self, height: int) -> None:
        """Note the end of the blocks, where so many should be at least."""
        if self._next < height:
            self._tampered(
                self._next, "height", f"the ledger ends before block {self._next}, it should have {height}"
            )

    def _begin(self, block: LedgerBlock, outlines: list[Outline]) -> None:
        if block.number != 0 and not (len(outlines) == 1 and outlines[0].type == _messages.CONFIG):
            raise SourceError(
                f"the first block given is {block.number}, which is no configuration block: nothing can be "
                "verified without the configuration of its time. Begin with block 0 or a configuration block"
            )
        self._next = block.number
        self.report.first_block = block.number
        if block.number:
            self._replay = f"the blocks before {block.number} are not there, so the state is not known"
            self._commit_hashes = set()

    def _check_chain(self, block: LedgerBlock, *, first: bool) -> None:
        number = block.number
        if block.stray is not None:
            self._tampered(number, "encoding", f"the block holds {block.stray}")
        if number > self._next:
            missing = (
                f"block {self._next} is"
                if number == self._next + 1
                else f"blocks {self._next} to {number - 1} are"
            )
            self._tampered(
                self._next, "order", f"{missing} missing: block {number} follows block {self._next - 1}"
            )
        elif number < self._next:
            self._tampered(self._next, "order", f"block {number} stands where block {self._next} should")
        elif not first and block.previous_hash != self._last_hash:
            self._tampered(
                number,
                "previous-hash",
                f"block {number} does not continue block {number - 1}: its hash of it differs",
            )
        if number == 0 and block.previous_hash:
            self._tampered(number, "previous-hash", "block 0 names a block before it")
        if block.computed_data_hash != block.data_hash:
            self._tampered(
                number,
                "data-hash",
                f"the transactions of block {number} are not those of its header: their hash differs",
            )
        if not block.data:
            self._tampered(number, "data-hash", f"block {number} has no transaction")
        self._last_hash = header_hash(number, block.previous_hash, block.data_hash)
        self._next = number + 1

    def _anchor(self, block: LedgerBlock, outlines: list[Outline]) -> None:
        report = self.report
        report.genesis_hash = self._last_hash
        if self._expected_hash is not None:
            report.anchored = self._expected_hash == self._last_hash
            if not report.anchored:
                self._tampered(
                    block.number, "anchor", f"block {block.number} is not the one that was expected"
                )
        content = outlines[0] if len(outlines) == 1 else None
        if content is None or content.type != _messages.CONFIG or content.channel is None:
            self._tampered(block.number, "configuration", f"block {block.number} holds no configuration")
            self._replay = "the channel's configuration is not known"
            return
        report.channel = content.channel.channel
        self._last_config = block.number
        self._adopt(block.number, ("the first configuration",), content)

    def _adopt(self, number: int, changes: tuple[str, ...], content: Outline) -> None:
        try:
            self._configuration = ChannelConfiguration(self.report.channel, content.data)
        except ConfigurationError as error:
            self._tampered(number, "configuration", str(error))
        except UnsupportedError as error:
            self._unsupported(number, str(error))
        else:
            self.report.configurations.append((number, changes))

    def _check_orderers(
        self, block: LedgerBlock, configuration: ChannelConfiguration
    ) -> _messages.BlockSignatures | None:
        try:
            found = orderers.check(block, configuration)
        except (UnsupportedError, ConfigurationError) as error:
            self._tampered(block.number, "orderers", f"the orderers' signatures cannot be checked: {error}")
            return None
        self.report.signatures += found.checked
        for refusal in found.refusals:
            self._tampered(block.number, "orderers", f"block {block.number}: {refusal}")
        return found.signed

    def _check_last_config(self, block: LedgerBlock, signed: _messages.BlockSignatures | None) -> None:
        if signed is not None and signed.last_config != self._last_config:
            self._tampered(
                block.number,
                "last-configuration",
                f"block {block.number} says that the last configuration is in block {signed.last_config}, "
                f"it was in block {self._last_config}",
            )

    def _check_old_places(self, block: LedgerBlock, signed: _messages.BlockSignatures | None) -> None:
        """Metadata places that newer releases leave empty, or fill with what is signed elsewhere."""
        try:
            if last := block.slot(LAST_CONFIG):
                index = _messages.last_config_index(_messages.metadata_value(last))
                if signed is not None and index != signed.last_config:
                    self._unsigned(block.number, "metadata", "LAST_CONFIG is not what the orderers signed")
            if consenter := block.slot(ORDERER):
                value = _messages.metadata_value(consenter)
                if signed is not None and value != _messages.metadata_value(signed.consenter_metadata):
                    self._unsigned(block.number, "metadata", "ORDERER is not what the orderers signed")
        except UndecodableError:
            self._unsigned(block.number, "metadata", "LAST_CONFIG or ORDERER holds something else")
        if len(block.metadata) > COMMIT_HASH + 1:
            self._unsigned(block.number, "metadata", "there is metadata at a place that blocks do not have")

    def _check_configuration(self, block: LedgerBlock, outlines: list[Outline]) -> None:
        contents = [each for each in outlines if each.type == _messages.CONFIG]
        if not contents:
            return
        if len(outlines) != 1:
            self._tampered(block.number, "configuration", "a configuration stands among other transactions")
            return
        content, current = contents[0], self._configuration
        if current is None or content.channel is None or content.channel.channel != self.report.channel:
            sentence = "a configuration is another channel's, or follows none"
            self._tampered(block.number, "configuration", sentence)
            return
        try:
            new = ChannelConfiguration(self.report.channel, content.data)
            changes = updates.authorise(current, new)
            transactions.creator(content, current.msps)
        except (ConfigurationError, transactions.InvalidError) as error:
            self._tampered(
                block.number,
                "configuration",
                f"the configuration of block {block.number} is not valid: {error}",
            )
        except UnsupportedError as error:
            self._unsupported(block.number, str(error))
        else:
            self._configuration = new
            self._last_config = block.number
            self.report.configurations.append((block.number, changes))

    def _check_flags(
        self, block: LedgerBlock, outlines: list[Outline], configuration: ChannelConfiguration, *, first: bool
    ) -> None:
        carried = block.slot(TRANSACTIONS_FILTER)
        if carried and len(carried) != len(block.data):
            self._unsigned(
                block.number,
                "flag",
                f"there are {len(carried)} validation flags for {len(block.data)} transactions",
            )
        codes = [ValidationCode(code) for code in carried[: len(block.data)]]
        codes += [ValidationCode.NOT_VALIDATED] * (len(block.data) - len(codes))
        if self.report.broken and self._replay is None:
            self._replay = f"block {block.number}, or one before it, is not what was ordered"
        if self._replay is not None:
            computed = BlockFlags([Recomputed((), self._replay) for _ in outlines], {})
        elif first:
            computed = BlockFlags([Recomputed((ValidationCode.VALID,), "") for _ in outlines], {})
        else:
            computed = self._machine.recompute(block.number, outlines, configuration, codes)
        for place, (flag, code, parts) in enumerate(zip(computed.flags, codes, outlines, strict=True)):
            self._report_flag(block.number, place, flag, code, parts, carried=bool(carried))
        if self._replay is None:
            self._check_commit_hash(block, computed, codes)
            self._commit(block.number, outlines, computed)

    def _report_flag(
        self,
        number: int,
        place: int,
        flag: Recomputed,
        code: ValidationCode,
        parts: Outline,
        *,
        carried: bool,
    ) -> None:
        report = self.report
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
            self._unsigned(
                number, "flag", f"the flag says {code.name}, it should be {flag.codes[0].name}{told}", place
            )
        if flag.creator is not None and parts.channel is not None and parts.channel.timestamp is not None:
            begins, ends = flag.creator.lifetime
            if not begins <= parts.channel.timestamp < ends:
                sentence = "the creator's certificate was not valid at the time that the transaction claims"
                report.add(Finding(number, place, "creator-expired", Severity.NOTE, sentence))

    def _check_commit_hash(
        self, block: LedgerBlock, computed: BlockFlags, codes: list[ValidationCode]
    ) -> None:
        content = block.slot(COMMIT_HASH)
        if block.number == 0:
            if content:
                self._unsigned(0, "commit-hash", "block 0 carries a commit hash, which it does not have")
            return
        if not content and (block.number == 1 or not self._commit_hashes):
            self._commit_hashes = set()  # a copy by an orderer, or by a peer that writes none
            self.report.commit_hashes[Verdict.UNKNOWN] += 1
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
            recorded = _messages.metadata_value(content)
        if recorded in following:
            verdict, following = Verdict.AGREES, {recorded}
        else:
            verdict = Verdict.DIFFERS
            self._unsigned(
                block.number, "commit-hash", "the commit hash is not what flags and writes make it"
            )
            # Either it alone was changed, or the peer came to another state: the next block tells which.
            following.add(recorded)
        self.report.commit_hashes[verdict] += 1
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
                if lives and update.value is not None:
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

    def _unsupported(self, number: int, sentence: str) -> None:
        """The configuration cannot be understood: nothing after it can be checked."""
        self._configuration = None
        self._tampered(number, "unsupported", f"from block {number} on nothing can be verified: {sentence}")

    def _tampered(self, number: int, check: str, sentence: str) -> None:
        self.report.add(Finding(number, None, check, Severity.TAMPERED, sentence))

    def _unsigned(self, number: int, check: str, sentence: str, place: int | None = None) -> None:
        self.report.add(Finding(number, place, check, Severity.UNSIGNED, sentence))
