"""Every field of every block of a channel, as a member's auditor could read it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_gateway.blocks import BlockTransaction
from fabric_gateway.network import Network

from tests.scan.places import Place


async def block_places(network: Network) -> AsyncIterator[Place]:
    """Yield the decoded parts of each transaction; certificates as DER, since PEM hides what they say."""
    height = (await network.chain_info()).height
    for number in range(height):
        block = await network.block_by_number(number)
        yield f"block {number} of {network.channel}", block.raw
        for position, transaction in enumerate(block.transactions):
            where = f"block {number} of {network.channel}, transaction {position}"
            for part, data in _parts(transaction):
                yield f"{where}, {part}", data


def _parts(transaction: BlockTransaction) -> list[tuple[str, bytes]]:
    parts: list[tuple[str, bytes]] = []
    if transaction.creator is not None:
        parts.append(("creator", _der(transaction.creator.certificate_pem)))
    if (call := transaction.invocation) is not None:
        parts.append(("arguments", b"\0".join(call.arguments)))
        parts.append(("response", call.response_message.encode() + b"\0" + call.response_payload))
        if call.event is not None:
            parts.append(("event", call.event.event_name.encode() + b"\0" + call.event.payload))
        rwset = call.read_write_set
        parts += [("read", read.key.encode()) for read in rwset.reads]
        parts += [("write", write.key.encode() + b"\0" + (write.value or b"")) for write in rwset.writes]
        for write in rwset.private_writes:
            parts.append(("private write", write.key_hash + b"\0" + (write.value_hash or b"")))
        parts += [("endorser", _der(e.endorser.certificate_pem)) for e in call.endorsements]
    return parts


def _der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
