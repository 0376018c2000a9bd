"""What a peer checks of each envelope before policies (Fabric core/common/validation/msgvalidation.go)."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from fabric_gateway.validation import ValidationCode

from fabric_ledger import _messages as messages
from fabric_ledger._messages import Action, ChannelHeader, Endorsed, SignatureHeader
from fabric_ledger.errors import UndecodableError
from fabric_ledger.msp import Identity, Msps

_SEEN_BY_VALIDATOR = {messages.ENDORSER_TRANSACTION, messages.CONFIG_UPDATE, messages.CONFIG}


class InvalidError(Exception):
    """A peer gives the transaction this code. It never leaves the package."""

    def __init__(self, code: ValidationCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Outline(NamedTuple):
    """The parts of an envelope that could be read; None from the first that could not."""

    payload: bytes = b""
    signature: bytes = b""
    channel: ChannelHeader | None = None
    signer: SignatureHeader | None = None
    header: messages.Header | None = None
    data: bytes = b""
    refusal: InvalidError | None = None

    @property
    def index_id(self) -> str:
        """The id under which peers file it: as it claims, or computed where it claims none."""
        if self.channel is None:
            return ""
        if self.channel.transaction_id or self.signer is None:
            return self.channel.transaction_id
        return transaction_id(self.signer)

    @property
    def type(self) -> int | None:
        return None if self.channel is None else self.channel.type


class Checked(NamedTuple):
    """An endorser transaction whose form, creator and bindings hold."""

    channel: ChannelHeader
    creator: Identity
    endorsed: Endorsed
    extension: bytes


def transaction_id(signer: SignatureHeader) -> str:
    """The id that nonce and creator make."""
    return hashlib.sha256(signer.nonce + signer.creator).hexdigest()


def outline(content: bytes) -> Outline:
    """Take an envelope apart as far as it goes."""
    payload = signature = b""
    header = channel = signer = None
    code = ValidationCode.INVALID_OTHER_REASON
    try:
        payload, signature = messages.envelope(content)
        code = ValidationCode.BAD_PAYLOAD
        header, data = messages.payload(payload)
        code = ValidationCode.BAD_COMMON_HEADER
        if header is None:
            return Outline(payload, signature, refusal=InvalidError(code, "the payload has no header"))
        channel = messages.channel_header(header.channel_header)
        signer = messages.signature_header(header.signature_header)
    except UndecodableError as error:
        return Outline(payload, signature, channel, signer, header, b"", InvalidError(code, str(error)))
    return Outline(payload, signature, channel, signer, header, data)


def creator(parts: Outline, msps: Msps) -> Identity:
    """Check headers and the creator's signature.

    Raises:
        InvalidError: a peer refuses them.
        UnsupportedError: the creator's MSP is not understood.
    """
    identity = claimed_creator(parts, msps)
    if not identity.verify(parts.payload, parts.signature):
        raise unsigned_by_creator()
    return identity


def unsigned_by_creator() -> InvalidError:
    """What a peer says of a creator's signature that does not hold."""
    return InvalidError(ValidationCode.BAD_CREATOR_SIGNATURE, "the creator did not sign this")


def claimed_creator(parts: Outline, msps: Msps) -> Identity:
    """Check headers, and who the creator is; the signature is left to be checked.

    Raises:
        InvalidError: a peer refuses them.
        UnsupportedError: the creator's MSP is not understood.
    """
    if parts.refusal is not None:
        raise parts.refusal
    if parts.channel is None or parts.signer is None:
        raise InvalidError(ValidationCode.BAD_COMMON_HEADER, "the payload has no header")
    if parts.channel.type not in _SEEN_BY_VALIDATOR:
        raise InvalidError(
            ValidationCode.BAD_COMMON_HEADER, f"an envelope of type {parts.channel.type} is no transaction"
        )
    if parts.channel.epoch:
        raise InvalidError(ValidationCode.BAD_COMMON_HEADER, "the epoch is not 0")
    if not parts.signer.nonce or not parts.signer.creator:
        raise InvalidError(ValidationCode.BAD_COMMON_HEADER, "the header has no nonce or no creator")
    identity = msps.identity(parts.signer.creator)
    if isinstance(identity, str):
        raise InvalidError(ValidationCode.BAD_CREATOR_SIGNATURE, f"the creator is unknown: {identity}")
    if identity.refusal is not None:
        raise InvalidError(
            ValidationCode.BAD_CREATOR_SIGNATURE, f"the creator is not valid: {identity.refusal}"
        )
    return identity


def bindings(parts: Outline, identity: Identity) -> Checked:
    """Check what ties an endorser transaction together: its id, and the hash of its proposal.

    Raises:
        InvalidError: a peer refuses it.
    """
    if parts.channel is None or parts.signer is None or parts.header is None:
        raise InvalidError(ValidationCode.BAD_COMMON_HEADER, "the payload has no header")
    if parts.channel.transaction_id != transaction_id(parts.signer):
        raise InvalidError(
            ValidationCode.BAD_PROPOSAL_TXID, "the transaction id is not that of nonce and creator"
        )
    try:
        count, header, signer, endorsed, proposal_hash, extension = messages.endorser_transaction(parts.data)
    except UndecodableError as error:
        raise _malformed(str(error)) from error
    if count != 1:
        raise _malformed(f"it has {count} actions, where it must have one")
    if not signer.nonce or not signer.creator:
        raise _malformed("its action has no nonce or no creator")
    proposal = parts.header.channel_header + header + endorsed.proposal_payload
    if hashlib.sha256(proposal).digest() != proposal_hash:
        raise _malformed("the proposal is not the one that was endorsed: its hash differs")
    return Checked(parts.channel, identity, endorsed, extension)


def action(checked: Checked) -> tuple[str, bytes]:
    """Name of the chaincode and read/write set, with the checks that a peer makes of the names.

    Raises:
        InvalidError: a peer refuses it.
    """
    try:
        name = messages.header_chaincode(checked.channel.extension)
    except UndecodableError as error:
        raise InvalidError(ValidationCode.BAD_HEADER_EXTENSION, str(error)) from error
    try:
        found = messages.action(checked.extension)
    except UndecodableError as error:
        raise InvalidError(ValidationCode.BAD_RESPONSE_PAYLOAD, str(error)) from error
    if not checked.extension:
        raise InvalidError(ValidationCode.BAD_RESPONSE_PAYLOAD, "nothing was endorsed")
    return _named(name, found)


def _named(name: str | None, found: Action) -> tuple[str, bytes]:
    if name is None or found.chaincode is None:
        raise InvalidError(ValidationCode.INVALID_OTHER_REASON, "it names no chaincode")
    if not name or found.chaincode[0] != name or not found.chaincode[1]:
        raise InvalidError(
            ValidationCode.INVALID_CHAINCODE, "proposal and response name different chaincodes, or none"
        )
    if found.events:
        try:
            emitter = messages.event_chaincode(found.events)
        except UndecodableError as error:
            raise InvalidError(ValidationCode.INVALID_OTHER_REASON, str(error)) from error
        if emitter != name:
            raise InvalidError(ValidationCode.INVALID_OTHER_REASON, "its event is another chaincode's")
    return name, found.results


def _malformed(reason: str) -> InvalidError:
    return InvalidError(ValidationCode.INVALID_ENDORSER_TRANSACTION, reason)
