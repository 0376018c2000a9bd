"""What the gateway reports, as this package's errors: whose fault it is and what to do about it."""

from __future__ import annotations

import re
from typing import Final

from fabric_gateway import errors as gateway

from carechannel.errors import (
    CareChannelError,
    ExpiredCertificateError,
    NetworkDownError,
    OutcomeUnknownError,
    RefusedError,
    TransactionError,
    UnknownHandleError,
    WrongCertificateError,
)

_REFUSAL: Final = re.compile(r"(?P<code>[a-z][a-z-]*[a-z]): (?P<sentence>.+)", re.DOTALL)
_EXPIRED: Final = ("identity expired", "certificate has expired", "expired")
_NOT_ACCEPTED: Final = (
    "access denied",
    "creator org",
    "creator is malformed",
    "unknown authority",
    "identity is not valid",
    "not satisfied",
    "does not belong",
    "permission_denied",
    "unauthorized",
)
_UNIDENTIFIED: Final = {gateway.StatusCode.PERMISSION_DENIED, gateway.StatusCode.UNAUTHENTICATED}
_UNREACHABLE: Final = {gateway.StatusCode.UNAVAILABLE, gateway.StatusCode.DEADLINE_EXCEEDED}


def translate(error: gateway.FabricGatewayError, peer: str) -> CareChannelError:
    """The error of this package that a gateway's error means; `peer` is the node that was asked."""
    if isinstance(error, gateway.GatewayError):
        if error.chaincode_message is not None:
            return _refusal(error.chaincode_message, error.transaction_id)
        kind, sentence = _call(error, peer)
    elif isinstance(error, gateway.CommitError):
        kind = TransactionError
        sentence = f"The members did not accept the transaction ({error.code}); nothing was written."
    else:
        kind, sentence = CareChannelError, f"{error.message[:1].upper()}{error.message[1:]}."
    return kind(sentence, transaction_id=error.transaction_id)


def _call(error: gateway.GatewayError, peer: str) -> tuple[type[CareChannelError], str]:
    said = " ".join([error.message, *(detail.message for detail in error.details)]).lower()
    if any(words in said for words in _EXPIRED):
        return ExpiredCertificateError, f"{peer} does not accept the certificate: it expired; enrol again."
    if error.code in _UNIDENTIFIED or any(words in said for words in _NOT_ACCEPTED):
        return WrongCertificateError, (
            f"{peer} does not accept this certificate on the channel: it must come from a member's own CA; "
            "check --identity and --profile."
        )
    if error.outcome_unknown:
        return OutcomeUnknownError, (
            "Whether the transaction was committed is not known; ask for it before trying again."
        )
    if error.code in _UNREACHABLE:
        return NetworkDownError, (
            f"{peer} cannot be reached, or has no one to pass the call to; is the network up? "
            "Its operator sees that with `make status`."
        )
    return TransactionError, f"{peer} did not take the call: {_first_line(error)}."


def _refusal(message: str, transaction_id: str | None) -> CareChannelError:
    found = _REFUSAL.fullmatch(message)
    if found is None:
        return RefusedError(f"The chaincode failed: {message}.", transaction_id=transaction_id)
    kind = UnknownHandleError if found["code"] == UnknownHandleError.code else RefusedError
    return kind(found["sentence"], code=found["code"], transaction_id=transaction_id)


def _first_line(error: gateway.GatewayError) -> str:
    text = error.details[0].message if error.details else error.message
    return text.splitlines()[0].rstrip(".") if text else str(error.code)
