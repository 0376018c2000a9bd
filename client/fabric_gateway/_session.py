"""What every call of one gateway shares: transport, identity, signer, time limits."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway._transport import Transport
from fabric_gateway.signers import Hash, Signer
from fabric_gateway.timeouts import Timeouts


@dataclass(frozen=True, slots=True)
class Session:
    """``creator`` is the serialized identity; ``tls_certificate_hash`` is empty without a TLS client."""

    transport: Transport
    creator: bytes
    signer: Signer
    hash: Hash
    timeouts: Timeouts
    tls_certificate_hash: bytes

    async def sign(self, message: bytes) -> bytes:
        return await self.signer(self.hash(message))
