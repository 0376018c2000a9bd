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

from fabric_gateway.blocks import header_hash

from fabric_ledger import _messages, metadata, orderers, transactions, updates
from fabric_ledger._block_messages import BlockSignatures
from fabric_ledger.block import (
    LedgerBlock,
)
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import ConfigurationError, SourceError, UnsupportedError
from fabric_ledger.replay import Replay
from fabric_ledger.report import Finding, Report, Severity
from fabric_ledger.state import State
from fabric_ledger.transactions import Outline

_TAKEN_ON_TRUST = 10_000


class LedgerVerifier:
    """Takes blocks in order; what it finds stands in ``report``. It never raises for what a block holds.

    Args:
        state: empty; it is filled as blocks are replayed.
        genesis_hash: header hash of the first block, if it is known.
        channel: whose ledger it should be, if that is known.
    """

    def __init__(
        self, state: State, *, genesis_hash: bytes | None = None, channel: str | None = None
    ) -> None:
        self.report = Report()
        self._replay = Replay(state)
        self._expected_hash = genesis_hash
        self._expected_channel = channel
        self._next = 0
        self._last_hash = b""
        self._configuration: ChannelConfiguration | None = None
        self._last_config = 0

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
        if first:
            self._begin(block)
        self._check_chain(block, first=first)
        signed = None
        if not first and self._configuration is not None:
            signed = self._check_orderers(block, self._configuration)
        outlines = self._outlines(block)
        if first:
            self._anchor(block, outlines)
        for sentence in metadata.oddities(block, signed):
            report.unsigned(block.number, "metadata", sentence)
        configuration = self._configuration
        if not first:
            self._check_configuration(block, outlines)
        self._check_last_config(block, signed)
        if configuration is not None:
            self._replay.check(report, block, outlines, configuration, first=first)
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
        self.report.expected_height = height
        if self._next < height:
            self._tampered(
                self._next, "height", f"the ledger ends before block {self._next}, it should have {height}"
            )

    def _outlines(self, block: LedgerBlock) -> list[Outline]:
        """The envelopes taken apart; not where nobody vouches for them and there may be millions."""
        unvouched = self.report.broken or self.report.first_block == block.number
        if unvouched and len(block.data) > _TAKEN_ON_TRUST:
            return [Outline()] * len(block.data)
        return [transactions.outline(envelope) for envelope in block.data]

    def _begin(self, block: LedgerBlock) -> None:
        if block.number != 0 and not (
            len(block.data) == 1 and transactions.outline(block.data[0]).type == _messages.CONFIG
        ):
            raise SourceError(
                f"the first block given is {block.number}, which is no configuration block: nothing can be "
                "verified without the configuration of its time. Begin with block 0 or a configuration block"
            )
        self._next = block.number
        self.report.first_block = block.number
        self._replay.begins_at(block.number)

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
            self._replay.refusal = "the channel's configuration is not known"
            return
        report.channel = content.channel.channel
        if self._expected_channel not in {None, report.channel}:
            self._tampered(
                block.number,
                "anchor",
                f"the ledger is that of channel {report.channel!r}, not of {self._expected_channel!r}",
            )
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
    ) -> BlockSignatures | None:
        try:
            found = orderers.check(block, configuration)
        except (UnsupportedError, ConfigurationError) as error:
            self._tampered(block.number, "orderers", f"the orderers' signatures cannot be checked: {error}")
            return None
        self.report.signatures += found.checked
        for refusal in found.refusals:
            self._tampered(block.number, "orderers", f"block {block.number}: {refusal}")
        return found.signed

    def _check_last_config(self, block: LedgerBlock, signed: BlockSignatures | None) -> None:
        if signed is not None and signed.last_config != self._last_config:
            self._tampered(
                block.number,
                "last-configuration",
                f"block {block.number} says that the last configuration is in block {signed.last_config}, "
                f"it was in block {self._last_config}",
            )

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

    def _unsupported(self, number: int, sentence: str) -> None:
        """The configuration cannot be understood: nothing after it can be checked."""
        self._configuration = None
        self._tampered(number, "unsupported", f"from block {number} on nothing can be verified: {sentence}")

    def _tampered(self, number: int, check: str, sentence: str) -> None:
        self.report.add(Finding(number, None, check, Severity.TAMPERED, sentence))
