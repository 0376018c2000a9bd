"""A private key on a token, as any number of threads sign with it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric import ec

from fabric_gateway.errors import HardwareKeyError, PinError
from fabric_gateway.signers._pkcs11_login import Login
from fabric_gateway.signers._pkcs11_module import load, reason
from fabric_gateway.signers._pkcs11_objects import curve_of, find_private_key, find_token, public_key_of

if TYPE_CHECKING:
    from pkcs11.types import Session, SignMixin, Token

# What a module answers when the session, the login or the token behind it has gone. Vendors differ, so the
# unspecific ones count too: a signature made twice does no harm.
_GONE: Final = frozenset(
    {
        "DeviceError",
        "DeviceRemoved",
        "FunctionFailed",
        "GeneralError",
        "KeyHandleInvalid",
        "ObjectHandleInvalid",
        "PKCS11Error",
        "SessionClosed",
        "SessionHandleInvalid",
        "TokenNotPresent",
        "TokenNotRecognised",
        "UserNotLoggedIn",
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key lies. The PIN is no part of it."""

    module: Path
    token: str | None
    slot: int | None
    label: str | None
    id: bytes | None


class TokenKey:
    """Open from its making until ``close``, with one session of its own."""

    def __init__(self, place: Place, pin: str) -> None:
        self._place = place
        self._process = os.getpid()
        self._closed = False
        self._module = load(place.module)
        with self._module.lock:
            token = self._token()
            self.token_label = token.label
            self._login = Login.to(self._module, token, pin)
            try:
                self._generation, self._session, self._key = self._open()
                self.curve: ec.EllipticCurve | None = curve_of(self._key)
                self.public_key = public_key_of(self._session, self._key, self.curve)
            except BaseException:
                self._login.leave()
                raise

    def sign(self, data: bytes) -> bytes:
        """The raw signature: r and s side by side for ECDSA, 64 bytes for Ed25519.

        Where the session has gone (token away and back, logged out by others) it is opened again, with one
        login.

        Raises:
            PinError: the token now refuses the PIN.
            HardwareKeyError: token or key do not do it.
        """
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

        with self._module.lock:
            self.check_usable()
            if self._generation == self._login.generation:
                try:
                    return self._sign(data)
                except PKCS11Error as error:
                    if type(error).__name__ not in _GONE:
                        raise self._failed(error) from error
            self._reopen()
            try:
                return self._sign(data)
            except PKCS11Error as error:
                raise self._failed(error) from error

    def check_usable(self) -> None:
        """Refuse to sign after ``close``, and in a process that was forked off.

        Raises:
            HardwareKeyError: it is so.
        """
        if self._process != os.getpid():
            raise HardwareKeyError(
                "this PKCS#11 signer was opened before the process forked, and its session is the parent's; "
                "open one in each worker process"
            )
        if self._closed:
            raise HardwareKeyError("this PKCS#11 signer is closed; open another")

    def close(self) -> None:
        """Close the session, and log out if no other signer here uses the token. May be repeated."""
        if self._process != os.getpid():
            return  # the session is the parent's
        with self._module.lock:
            if self._closed:
                return
            self._closed = True
            _close(self._session)
            self._login.leave()

    def _sign(self, data: bytes) -> bytes:
        from pkcs11 import Mechanism  # noqa: PLC0415  an extra

        mechanism = Mechanism.EDDSA if self.curve is None else Mechanism.ECDSA
        return bytes(self._key.sign(data, mechanism=mechanism))

    def _failed(self, error: Exception) -> HardwareKeyError:
        return HardwareKeyError(f"the token {self.token_label} did not sign ({reason(error)})")

    def _token(self) -> Token:
        place = self._place
        return find_token(self._module.library, str(place.module), place.token, place.slot)

    def _open(self) -> tuple[int, Session, SignMixin]:
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

        session = None
        try:
            session = self._login.token.open()
            key = find_private_key(session, self._place.label, self._place.id)
        except BaseException as error:
            if session is not None:
                _close(session)
            if isinstance(error, PKCS11Error):
                raise HardwareKeyError(
                    f"the token {self.token_label} does not let its keys be looked for ({reason(error)})"
                ) from error
            raise
        return self._login.generation, session, key

    def _reopen(self) -> None:
        _close(self._session)
        generation = self._generation
        try:
            self._login.renew(self._token(), generation)
            opened = self._open()
        except PinError:
            raise
        except HardwareKeyError:
            # Modules that saw their token go may not see it come back until they start again.
            self._module.restart()
            self._login.renew(self._token(), generation)
            opened = self._open()
        self._generation, self._session, self._key = opened


def _close(session: Session) -> None:
    from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

    with suppress(PKCS11Error):  # a session that has gone is closed
        session.close()
