"""The orderers' signatures over a block (Fabric protoutil/blockutils.go, BlockSignatureVerifier)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fabric_ledger import _block_messages, _messages
from fabric_ledger._block_messages import BlockSignature, BlockSignatures
from fabric_ledger.block import SIGNATURES, LedgerBlock
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import UndecodableError
from fabric_ledger.msp import Identity

POLICY = "/Channel/Orderer/BlockValidation"


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the signatures of a block came to.

    Attributes:
        signed: the metadata that the orderers signed; None where it cannot be read.
        refusals: what is wrong with it, in sentences; empty: the block is the orderers'.
        checked: so many signatures were checked.
    """

    signed: BlockSignatures | None
    refusals: tuple[str, ...]
    checked: int


def check(block: LedgerBlock, configuration: ChannelConfiguration) -> Signatures:
    """Check that the orderers of a configuration signed a block.

    Stricter than a peer, which lets a broken signature pass beside enough good ones: each one must hold.

    Raises:
        UnsupportedError: an orderer's MSP is not understood.
    """
    try:
        signed = _block_messages.block_signatures(block.slot(SIGNATURES))
    except UndecodableError as error:
        return Signatures(None, (f"the orderers' signatures cannot be read: {error}",), 0)
    refusals = []
    if not signed.canonical:
        refusals.append("the signatures' metadata holds bytes that no field accounts for")
    identities: list[Identity] = []
    header = block.header
    for each in signed.signatures:
        identity = _signer(each, configuration)
        if isinstance(identity, str):
            refusals.append(f"an orderer's signature is by nobody of the channel: {identity}")
        elif not identity.verify(signed.value + each.header + header, each.signature):
            refusals.append(f"the signature of an orderer of {identity.msp_id} does not fit the block")
        elif not identity.is_exact(each.signature):
            refusals.append(f"bytes stand after the signature of an orderer of {identity.msp_id}")
        elif any(identity.key == other.key for other in identities):
            refusals.append(f"an orderer of {identity.msp_id} signed twice")
        else:
            identities.append(identity)
    if not signed.signatures:
        refusals.append("no orderer signed the block")
    elif not configuration.satisfies(POLICY, tuple(identities)):
        by = ", ".join(sorted({identity.msp_id for identity in identities})) or "nobody"
        refusals.append(f"the orderers' policy {POLICY} is not satisfied by {by}")
    elif configuration.consensus == "BFT" and (refusal := _quorum_refusal(identities, configuration)):
        refusals.append(refusal)
    return Signatures(signed, tuple(refusals), len(signed.signatures))


def _signer(signature: BlockSignature, configuration: ChannelConfiguration) -> Identity | str:
    serialized = signature.signer
    if signature.consenter is not None:
        if not configuration.is_bft:
            return "only BFT orderers sign by number"
        consenter = next(
            (each for each in configuration.consenters if each.number == signature.consenter), None
        )
        if consenter is None:
            return f"the channel has no consenter {signature.consenter}"
        serialized = _messages.identity_bytes(consenter.msp_id, consenter.certificate_pem)
    return configuration.msps.identity(serialized)


def _quorum_refusal(identities: list[Identity], configuration: ChannelConfiguration) -> str | None:
    """Of n consenters, of which f may be faulty, (n + f + 1) / 2 must have signed."""
    consenters = {
        identity.key
        for each in configuration.consenters
        if isinstance(
            identity := configuration.msps.identity(
                _messages.identity_bytes(each.msp_id, each.certificate_pem)
            ),
            Identity,
        )
    }
    total = len(configuration.consenters)
    needed = math.ceil((total + (total - 1) // 3 + 1) / 2)
    present = sum(identity.key in consenters for identity in identities)
    if present < needed:
        return f"{present} of {total} consenters signed, where {needed} must"
    return None
