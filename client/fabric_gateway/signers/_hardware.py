"""The signer with the private key in a hardware security module, smart card or other PKCS#11 token."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from fabric_gateway.errors import HardwareKeyError, IdentityError, PinError
from fabric_gateway.identity import Identity
from fabric_gateway.signers._ecdsa_form import check_digest, raw_to_der
from fabric_gateway.signers._pkcs11_key import Place, TokenKey
from fabric_gateway.signers._pkcs11_objects import fabric_ski
from fabric_gateway.signers._request import signing_request
from fabric_gateway.signers._signer import KeyedSigner, PublicKey


class Pkcs11Signer(KeyedSigner):
    """Made by :func:`pkcs11`. Any number of tasks may use it; closed by ``close`` or ``with``.

    The module is called in a thread of the signer's own, so the event loop goes on while a token signs.
    Digests are signed one after another: a module is entered by one thread of a process at a time.
    """

    def __init__(self, key: TokenKey, name: str, public_key: PublicKey | None) -> None:
        self._key = key
        self._name = name
        self._public_key = public_key
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="fabric-gateway-pkcs11")

    def __repr__(self) -> str:
        kind = self._key.curve.name if self._key.curve else "Ed25519"
        return f"<Pkcs11Signer {self._name} on {self._key.token_label}, {kind}>"

    async def __call__(self, digest: bytes) -> bytes:
        """The signature as peers take it: DER with low S for ECDSA, 64 bytes for Ed25519.

        Raises:
            PinError: the token was away and now refuses the PIN.
            HardwareKeyError: the token or the key on it does not do it, or the signer is closed.
            IdentityError: these bytes are no digest, and the key is not Ed25519.
        """
        self._key.check_usable()
        if self._key.curve is not None:
            check_digest(digest)
        loop = asyncio.get_running_loop()
        try:
            signature = loop.run_in_executor(self._threads, self.sign, digest)
        except RuntimeError as error:  # being closed, by another thread
            raise HardwareKeyError("this PKCS#11 signer is closed; open another") from error
        return await signature

    def sign(self, digest: bytes) -> bytes:
        """The same for callers without an event loop. Blocks; any number of threads may use it."""
        self._key.check_usable()
        if self._key.curve is None:
            return self._key.sign(digest)
        check_digest(digest)
        # As many leading bits as the group's order has (FIPS 186-5, 6.4.1); not every token does that itself.
        size = self._key.curve.key_size // 8
        signature = self._key.sign(digest[:size])
        if len(signature) != 2 * size:
            raise HardwareKeyError(
                f"the token gave a signature of {len(signature)} bytes instead of {2 * size}"
            )
        return raw_to_der(signature)

    @property
    def public_key(self) -> PublicKey | None:
        return self._public_key

    def signing_request(self, common_name: str) -> bytes:
        """A certificate request (PKCS #10, PEM) for the key, signed in the token. Blocks.

        Args:
            common_name: a Fabric CA wants the enrolment id.

        Raises:
            HardwareKeyError: the token does not sign, or does not show the public key.
            IdentityError: the name is empty or longer than 64 characters.
        """
        if self._public_key is None:
            raise HardwareKeyError(
                "the token does not show the public key, which a request needs; have it keep that too"
            )
        return signing_request(common_name, self._public_key, self.sign)

    def close(self) -> None:
        """Wait for signatures under way, close the sessions, log out. May be repeated."""
        self._threads.shutdown()
        self._key.close()

    async def aclose(self) -> None:
        """The same without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.close()


def pkcs11(
    *,
    module: Path | str,
    pin: str,
    token: str | None = None,
    slot: int | None = None,
    label: str | None = None,
    id: bytes | None = None,
    identity: Identity | None = None,
) -> Pkcs11Signer:
    """Signer for a private key that stays in its token: ECDSA P-256 or P-384, or Ed25519 where it has that.

    Opening blocks until the token has answered; a program whose event loop is busy calls this in a thread.
    The PIN is given to the token once; it is kept in memory, for the login after a token was away, and shown
    nowhere. After a fork a signer is unusable in the child: worker processes open their own.

    Args:
        module: absolute path of the vendor's PKCS#11 library.
        pin: of the user (CKU_USER).
        token: label of the token.
        slot: id of its slot; where two tokens have the same label, or instead of it.
        label: of the key (CKA_LABEL).
        id: of the key (CKA_ID).
        identity: whose key it is. Without label and id the key is the one that has Fabric's identifier of the
            certificate's key as its id (:func:`fabric_ski`). A trial signature shows that it is that key.

    Raises:
        PinError: the token refuses the PIN. It is not tried again: tokens lock after a few wrong ones.
        HardwareKeyError: python-pkcs11 or the module is missing; no token or key is as told, or several are.
        IdentityError: the key on the token is not the certificate's.
    """
    if token is None and slot is None:
        raise HardwareKeyError("name the token: by its label, by its slot, or by both")
    if label is None and id is None and identity is None:
        raise HardwareKeyError(
            "name the key on the token: by its label, by its id, or by the identity it belongs to"
        )
    if not pin:
        raise PinError("the PIN is empty; the token was not asked")
    expected = None if identity is None else _expected(identity)
    if label is None and id is None and expected is not None:
        id = fabric_ski(expected)
    key = TokenKey(Place(Path(module), token, slot, label, id), pin)
    name = label if label is not None else (id or b"").hex()
    signer = Pkcs11Signer(key, name, key.public_key or expected)
    if identity is not None and expected is not None:
        try:
            _prove(signer, expected, identity.msp_id)
        except BaseException:
            signer.close()
            raise
    return signer


def _expected(identity: Identity) -> PublicKey:
    key = identity.certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        return key
    raise IdentityError(
        f"the certificate of this {identity.msp_id} identity is for neither ECDSA nor Ed25519"
    )


def _prove(signer: Pkcs11Signer, expected: PublicKey, msp_id: str) -> None:
    digest = secrets.token_bytes(32)
    signature = signer.sign(digest)
    try:
        if isinstance(expected, ed25519.Ed25519PublicKey):
            expected.verify(signature, digest)
        else:
            expected.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature as error:
        raise IdentityError(
            f"the key on the token does not belong to the certificate of this {msp_id} identity"
        ) from error
