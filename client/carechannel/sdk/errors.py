"""What goes wrong between us, the Fabric SDK (hfc) and a certificate authority."""

from __future__ import annotations


class SdkError(Exception):
    """Base class: `code` is stable for programs, the message is a sentence for people."""

    code = "sdk"


class SdkMissingError(SdkError):
    """fabric-sdk-py is not installed, or it is another version than the one that works here."""

    code = "sdk-missing"


class CaUnreachableError(SdkError):
    """The CA gave no answer: not running, another port, or its TLS certificate does not fit the root."""

    code = "ca-unreachable"


class CaRefusedError(SdkError):
    """The CA answered with an error. `ca_codes` are Fabric CA's own (`lib/caerrors` in its source)."""

    code = "ca-refused"

    def __init__(self, message: str, ca_codes: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.ca_codes = ca_codes


class CaReplyError(SdkError):
    """The CA's answer cannot be understood, or does not hold what was asked for."""

    code = "ca-reply"
