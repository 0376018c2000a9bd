"""Patients on a channel: a random handle, bound to a public key."""

from __future__ import annotations

from carechannel.ledger import Committed, Ledger
from carechannel.replies import Binding, parse


class Patients:
    """Handles and the keys that they are bound to; public to all members, and saying nothing of the
    person."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger

    async def bind(self, handle: str) -> Committed:
        """Binds a handle to the caller's own key; the caller is the patient.

        Raises:
            RefusedError: the handle is taken (``handle-taken``), or the certificate is not a patient's.
        """
        return await self._ledger.submit("patients:bind", handle)

    async def get(self, handle: str) -> Binding:
        """The binding of a handle.

        Raises:
            UnknownHandleError: nobody is bound to it on this channel.
        """
        return parse(Binding, await self._ledger.evaluate("patients:get", handle))
