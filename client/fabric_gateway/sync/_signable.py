"""What all signables have, without the loop: nothing is waited for."""

from __future__ import annotations

import builtins

from fabric_gateway import _signable
from fabric_gateway.sync._loop import Loop


class Signable:
    """Blocking twin of what an identity signs."""

    def __init__(self, loop: Loop, twin: _signable.Signable) -> None:
        self._loop = loop
        self._signable = twin

    @property
    def bytes(self) -> builtins.bytes:
        """See :attr:`fabric_gateway.Proposal.bytes`."""
        return self._signable.bytes

    @property
    def message(self) -> builtins.bytes:
        """See :attr:`fabric_gateway.Proposal.message`."""
        return self._signable.message

    @property
    def digest(self) -> builtins.bytes:
        """See :attr:`fabric_gateway.Proposal.digest`."""
        return self._signable.digest
