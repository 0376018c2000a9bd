"""Being logged in to a token: a state of the whole process, shared by all signers on that token."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from fabric_gateway.errors import HardwareKeyError, PinError
from fabric_gateway.signers._pkcs11_module import Module, reason

if TYPE_CHECKING:
    from pkcs11.types import Session, Token

_PIN_REFUSED: Final = {
    "PinIncorrect": "is wrong",
    "PinInvalid": "has characters that the token does not take",
    "PinLenRange": "is too long or too short for the token, and so wrong",
    "PinLocked": "is locked; the token's security officer has to reset it",
    "PinExpired": "has expired; set a new one with the vendor's tool",
    "UserPinNotInitialized": "has not been set yet; set it with the vendor's tool",
}
"""Answers to a login that another try would not mend, or would lock the token by."""


class Login:
    """One token while any signer here uses it: logged in with the first, out with the last.

    Every method is called while the module's lock is held.
    """

    def __init__(self, module: Module, token: Token, pin: str) -> None:
        self.token = token
        self.generation = 0
        """Grows when sessions and handles from before become void."""
        self._module = module
        self._pin = pin
        self._users = 0
        self._session: Session | None = None
        self._refused: PinError | None = None

    @staticmethod
    def to(module: Module, token: Token, pin: str) -> Login:
        """The login to a token, made now unless another signer has it already.

        Raises:
            PinError: the token refuses the PIN, or it is open with another.
            HardwareKeyError: the token does not answer as it must.
        """
        login = module.logins.get(token.slot.slot_id)
        if login is None:
            login = Login(module, token, pin)
            login._open()
            module.logins[token.slot.slot_id] = login
        elif login._refused is not None:
            raise login._refused
        elif not hmac.compare_digest(login._pin.encode(), pin.encode()):
            raise PinError(
                f"the PIN for the token {token.label} is not the one that this process has it open with"
            )
        login._users += 1
        return login

    def void(self) -> None:
        """Note that all sessions have gone with their module."""
        self.generation += 1
        self._session = None

    def renew(self, token: Token, generation: int) -> None:
        """Log in again, unless that has happened since `generation`.

        Raises:
            PinError: the token now refuses the PIN. It is not asked again while a signer is open on it.
            HardwareKeyError: the token does not answer as it must.
        """
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

        if self._refused is not None:
            raise self._refused
        if self.generation != generation and self._session is not None:
            return
        if self._session is not None:
            with suppress(PKCS11Error):  # it may be the very session that is void
                self._session.close()
        self.token = token
        self.void()
        self._open()

    def leave(self) -> None:
        """Log out if no other signer uses the token."""
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

        self._users -= 1
        if self._users:
            return
        for slot, login in list(self._module.logins.items()):
            if login is self:
                del self._module.logins[slot]
        if self._session is not None:
            with suppress(PKCS11Error):  # removed or logged out already: what closing is for
                self._session.close()
            self._session = None

    def _open(self) -> None:
        from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn  # noqa: PLC0415  an extra

        try:
            self._session = self.token.open(user_pin=self._pin)
        except UserAlreadyLoggedIn:
            return  # by other code of this process, which will log out too
        except PKCS11Error as error:
            label = self.token.label
            if (told := _PIN_REFUSED.get(type(error).__name__)) is not None:
                self._refused = PinError(
                    f"the PIN for the token {label} {told}; it is not tried again, because tokens "
                    "lock after a few wrong PINs"
                )
                raise self._refused from error
            raise HardwareKeyError(
                f"the token {label} cannot be logged in to ({reason(error)}); check that it is there"
            ) from error
