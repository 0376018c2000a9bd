"""Blocks and transactions in people's words, as plain values that are JSON as well."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping

from cryptography import x509
from fabric_gateway._blocks_messages import block as decode
from fabric_gateway.blocks import Block, BlockTransaction, Invocation, ReadWriteSet, Version
from fabric_gateway.identity import Identity
from fabric_gateway.validation import ValidationCode

from fabric_ledger import _block_messages, _configuration_messages, _messages, chains
from fabric_ledger.block import LedgerBlock
from fabric_ledger.errors import LedgerError

Words = dict[str, object]

CODES: Mapping[ValidationCode, str] = {
    ValidationCode.VALID: "valid",
    ValidationCode.BAD_PAYLOAD: "its content cannot be read",
    ValidationCode.BAD_COMMON_HEADER: "its header is wrong",
    ValidationCode.BAD_CREATOR_SIGNATURE: "its creator is unknown, revoked, or did not sign it",
    ValidationCode.INVALID_ENDORSER_TRANSACTION: "it is not what was endorsed",
    ValidationCode.INVALID_CONFIG_TRANSACTION: "the configuration is not valid",
    ValidationCode.UNSUPPORTED_TX_PAYLOAD: "it is of a kind that blocks do not hold",
    ValidationCode.BAD_PROPOSAL_TXID: "its id is not that of its creator and nonce",
    ValidationCode.DUPLICATE_TXID: "a transaction of the same id came before",
    ValidationCode.ENDORSEMENT_POLICY_FAILURE: "too few, or the wrong, members endorsed it",
    ValidationCode.MVCC_READ_CONFLICT: "a key that it read was changed before it was committed",
    ValidationCode.PHANTOM_READ_CONFLICT: "a range that it read was changed before it was committed",
    ValidationCode.UNKNOWN_TX_TYPE: "it is of an unknown kind",
    ValidationCode.BAD_HEADER_EXTENSION: "its header names no chaincode",
    ValidationCode.BAD_RESPONSE_PAYLOAD: "what was endorsed cannot be read",
    ValidationCode.BAD_RWSET: "its read and write set cannot be read",
    ValidationCode.ILLEGAL_WRITESET: "its write set names a chaincode twice",
    ValidationCode.INVALID_WRITESET: "it writes what the state database does not take",
    ValidationCode.INVALID_CHAINCODE: "it writes to a chaincode that the channel does not have",
    ValidationCode.NOT_VALIDATED: "no peer has judged it",
    ValidationCode.INVALID_OTHER_REASON: "it is malformed",
}
"""Validation codes in words; a code that is not here is told by its name."""


def code(value: ValidationCode) -> str:
    """A validation code in words, with its name."""
    words = CODES.get(value)
    return value.name if words is None else f"{value.name}: {words}"


def decoded(value: LedgerBlock) -> Block:
    """The block with everything in it, for showing."""
    return decode(_block_messages.serialized(value))


def block(value: LedgerBlock) -> Words:
    """A block."""
    full = decoded(value)
    return {
        "block": full.number,
        "hash": full.hash.hex(),
        "previous_hash": full.previous_hash.hex(),
        "data_hash": full.data_hash.hex(),
        "data_intact": full.data_intact,
        "orderers": _orderers(value),
        "transactions": [transaction(each) for each in full.transactions],
    }


def transaction(value: BlockTransaction) -> Words:
    """A transaction, all of it that the ledger holds."""
    told: Words = {
        "transaction_id": value.transaction_id,
        "type": value.type,
        "channel": value.channel,
        "timestamp": None if value.timestamp is None else value.timestamp.isoformat(),
        "validation": code(value.validation_code),
        "creator": None if value.creator is None else person(value.creator),
    }
    if value.invocation is not None:
        told |= _invocation(value.invocation)
    if value.config is not None:
        told["configuration"] = configuration(value.config)
    return told


def person(value: Identity) -> Words:
    """An identity: MSP and subject of the certificate."""
    certificate = chains.parse_pem(value.certificate_pem)
    if certificate is not None:
        with contextlib.suppress(*chains.UNREADABLE):
            return {
                "msp_id": value.msp_id,
                "subject": certificate.subject.rfc4514_string(),
                "issuer": certificate.issuer.rfc4514_string(),
                "serial": f"{certificate.serial_number:x}",
                "expires": certificate.not_valid_after_utc.isoformat(),
                "name": _common_name(certificate),
            }
    return {"msp_id": value.msp_id, "subject": None}


def configuration(content: bytes) -> Words:
    """What a configuration changed: elements by path, and by whom the update was signed."""
    try:
        parsed = _configuration_messages.configuration(content)
        if not parsed.last_update:
            return {"sequence": parsed.sequence, "changes": ["the first configuration"], "signed_by": []}
        update = _configuration_messages.update(parsed.last_update)
    except LedgerError as error:
        return {"unreadable": str(error)}
    changes = [
        _change(key, update.read_set.get(key), element)
        for key, element in sorted(update.write_set.items(), key=lambda item: item[0][1])
        if key not in update.read_set or update.read_set[key].version != element.version
    ]
    return {
        "sequence": parsed.sequence,
        "changes": changes,
        "signed_by": [_signer(serialized) for serialized, _, _ in update.signed],
    }


def text(value: bytes) -> str:
    """Bytes as text where they are text, else in base64 with that said."""
    try:
        found = value.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(value).decode()}"
    return found if found.isprintable() or "\n" in found else found.replace("\0", "␀")


def _change(
    key: _configuration_messages.Key,
    before: _configuration_messages.Element | None,
    after: _configuration_messages.Element,
) -> str:
    kind, path = key
    name = {"Group": "group", "Value": "value", "Policy": "policy"}[kind] + " /" + "/".join(path)
    if after.version == 0 and before is None:
        return f"adds {name}"
    if kind == "Group":
        kept = {child[1][-1] for child in after.children}
        return f"changes the members of {name} to: {', '.join(sorted(kept)) or 'none'}"
    return f"changes {name}"


def _signer(serialized: bytes) -> Words:
    try:
        msp_id, pem = _messages.serialized_identity(serialized)
    except LedgerError:
        return {"msp_id": None, "subject": None}
    return person(Identity(msp_id, pem))


def _orderers(value: LedgerBlock) -> list[Words]:
    try:
        signed = _block_messages.block_signatures(value.slot(0))
    except LedgerError:
        return []
    return [
        {"consenter": each.consenter} if each.consenter is not None else _signer(each.signer)
        for each in signed.signatures
    ]


def _invocation(value: Invocation) -> Words:
    function, *arguments = value.arguments or (b"",)
    return {
        "chaincode": value.chaincode,
        "function": text(function),
        "arguments": [text(each) for each in arguments],
        "response": {
            "status": value.response_status,
            "message": value.response_message,
            "payload": text(value.response_payload),
        },
        "event": None
        if value.event is None
        else {"name": value.event.event_name, "payload": text(value.event.payload)},
        "endorsers": [person(each.endorser) for each in value.endorsements],
        "reads": _reads(value.read_write_set),
        "writes": _writes(value.read_write_set),
    }


def _reads(value: ReadWriteSet) -> list[Words]:
    found: list[Words] = [
        {"chaincode": each.namespace, "key": text(each.key.encode()), "version": _version(each.version)}
        for each in value.reads
    ]
    found += [
        {
            "chaincode": each.namespace,
            "range": [text(each.start_key.encode()), text(each.end_key.encode())],
            "to_its_end": each.exhausted,
            "results": len(each.reads) if not each.merkle_hashes else "hashed",
        }
        for each in value.range_reads
    ]
    found += [
        {
            "chaincode": each.namespace,
            "collection": each.collection,
            "key_sha256": each.key_hash.hex(),
            "version": _version(each.version),
        }
        for each in value.private_reads
    ]
    return found


def _writes(value: ReadWriteSet) -> list[Words]:
    found: list[Words] = [
        {
            "chaincode": each.namespace,
            "key": text(each.key.encode()),
            "value": None if each.value is None else text(each.value),
            "deleted": each.is_delete,
        }
        for each in value.writes
    ]
    found += [
        {
            "chaincode": each.namespace,
            "key": text(each.key.encode()),
            "metadata": [name for name, _ in each.entries] or "removed",
        }
        for each in value.metadata_writes
    ]
    found += [
        {
            "chaincode": each.namespace,
            "collection": each.collection,
            "key_sha256": each.key_hash.hex(),
            "value_sha256": None if each.value_hash is None else each.value_hash.hex(),
            "deleted": each.is_delete,
            "purged": each.is_purge,
        }
        for each in value.private_writes
    ]
    found += [
        {
            "chaincode": each.namespace,
            "collection": each.collection,
            "key_sha256": each.key_hash.hex(),
            "metadata": [name for name, _ in each.entries] or "removed",
        }
        for each in value.private_metadata_writes
    ]
    return found


def _version(value: Version | None) -> str:
    return (
        "absent" if value is None else f"block {value.block_number}, transaction {value.transaction_number}"
    )


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
