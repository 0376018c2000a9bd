"""What can go wrong while a ledger is read; what verification finds is a finding, never an exception."""

from __future__ import annotations


class LedgerError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: stable name for programs.
    """

    code = "ledger"


class SourceError(LedgerError):
    """Blocks cannot be read from where they should come."""

    code = "ledger-source"


class BlockFormatError(LedgerError):
    """Bytes that should be a block are none."""

    code = "block-format"

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position
        """Offset in the file, where it is known."""


class ConfigurationError(LedgerError):
    """A channel configuration cannot be understood or was not authorised."""

    code = "channel-configuration"


class UnsupportedError(LedgerError):
    """The ledger uses something that this verifier cannot recompute; the sentence says what."""

    code = "unsupported"


class UndecodableError(LedgerError):
    """Bytes do not parse as the message that should stand there."""

    code = "undecodable"
