"""What every call of one gateway shares: transport, identity, signer, time limits."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from fabric_gateway._transport import Transport
from fabric_gateway.errors import NoSignerError, SignableError
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
            SignableError: the signer is an ordinary function.
        """
        if self.signer is None:
            raise NoSignerError(
                "this gateway has no signer; have the digest signed where the key is, then use "
                f"{recreated_by}(bytes, signature)"
            )
        answer = self.signer(self.hash(message))
        if not inspect.isawaitable(answer):
            raise SignableError("the signer is an ordinary function; here it is a coroutine (async def)")
        return await answer
