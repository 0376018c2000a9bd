"""What every call of one gateway shares: transport, identity, signer, time limits."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_gateway._transport import Transport
from fabric_gateway.errors import NoSignerError
from fabric_gateway.signers import Hash, Signer
from fabric_gateway.timeouts import Timeouts


@dataclass(frozen=True, slots=True)
class Session:
    """``creator`` is the serialized identity; ``tls_certificate_hash`` is empty without a TLS client."""

    transport: Transport
    creator: bytes
    signer: Signer | None
    hash: Hash
    timeouts: Timeouts
    tls_certificate_hash: bytes

    async def sign(self, message: bytes, recreated_by: str) -> bytes:
        """The signature of the message's digest.

        Args:
            message: what is signed.
            recreated_by: how a caller makes the signed message without a signer.

        Raises:
            NoSignerError: the gateway has no signer.
        """
        if self.signer is None:
            raise NoSignerError(
                "this gateway has no signer; have the digest signed where the key is, then use "
                f"{recreated_by}(bytes, signature)"
            )
        return await self.signer(self.hash(message))
