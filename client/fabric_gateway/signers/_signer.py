"""What a signer is, and what those made here tell of themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

Signer = Callable[[bytes], Awaitable[bytes]]
"""Signs a digest. A coroutine, so that a hardware module, a browser or a phone can be asked."""

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class KeyedSigner(ABC):
    """A signer that can be held against the certificate before anything is sent."""

    @property
    @abstractmethod
    def public_key(self) -> PublicKey | None:
        """Of the key that signs; None where the module does not show it."""

    @abstractmethod
    async def __call__(self, digest: bytes) -> bytes:
        """The signature of a digest, or of a message for an Ed25519 key."""
