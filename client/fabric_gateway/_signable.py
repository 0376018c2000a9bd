"""What an identity signs: its digest, its signature, and its bytes on the way to a signer elsewhere."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from typing import ClassVar

from fabric_gateway._session import Session
from fabric_gateway.errors import SignableError


class Signable(ABC):
    """A message that the gateway takes with a signature only.

    It is signed at its first use, by the gateway's signer, and keeps that signature. Without a signer
    (offline signing) its ``bytes`` go to where the key is, its ``digest`` is signed there, and the signed one
    is made from both by a method of :class:`Gateway`.

    Args:
        session: of the gateway that sends it.
        message: the part that is signed.
        signature: as its signer made it; empty when it is not signed yet.
    """

    _recreated_by: ClassVar[str]

    def __init__(self, session: Session, message: builtins.bytes, signature: builtins.bytes) -> None:
        self._session = session
        self._message = message
        self._signature = signature

    @property
    def bytes(self) -> builtins.bytes:
        """All of it, with the signature if it has one.

        The same message as ``getBytes()`` of Fabric's clients in other languages, which take it as this one
        takes theirs.
        """
        return self._serialized()

    @property
    def message(self) -> builtins.bytes:
        """The part that is signed, for signers that hash it themselves (a browser's WebCrypto does)."""
        return self._message

    @property
    def digest(self) -> builtins.bytes:
        """What the identity's key signs: the hash given to :func:`connect`, over the message."""
        return self._session.hash(self._message)

    @abstractmethod
    def _serialized(self) -> builtins.bytes: ...

    async def _signed(self) -> builtins.bytes:
        """The signature, made now if there is none yet.

        Raises:
            NoSignerError: there is none, and the gateway has no signer.
            SignableError: the signer gave an empty one.
        """
        if not self._signature:
            signature = await self._session.sign(self._message, self._recreated_by)
            self._signature = check_signature(signature)
        return self._signature


def check_signature(signature: bytes) -> bytes:
    """Refuse what is no signature where a signed message is to be made.

    Raises:
        SignableError: it is empty, or not bytes.
    """
    if signature is not None and not isinstance(signature, bytes):
        raise SignableError(f"the signature is of type {type(signature).__name__}; a signer gives bytes")
    if not signature:
        raise SignableError("the signature is empty; a signer gives that of the digest")
    return signature
