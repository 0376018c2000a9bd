"""From gRPC's and the gateway's words to a sentence that says what is wrong and what to do."""

from __future__ import annotations

from fabric_gateway.errors import ErrorDetail, StatusCode

_UNREACHABLE = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its TLS certificate is not signed by the given TLS root; check tls_root_pem",
    ),
    ("Hostname Verification Check failed", "its TLS certificate has another name; check server_name"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS; check the address"),
    ("Connection refused", "nothing listens there; check the address and that the peer runs"),
    ("DNS resolution failed", "the host's name is unknown; check the address"),
)
_SEE_DETAILS = "see attached details"


def sentence(
    *,
    step: str,
    address: str,
    status: StatusCode,
    text: str,
    details: tuple[ErrorDetail, ...],
    timeout: float | None,
) -> str:
    """One sentence about a failed call.

    Args:
        step: what was asked of the gateway.
        address: of the gateway peer.
        status: how it ended.
        text: the status's own words.
        details: what single nodes said.
        timeout: the call's limit in seconds, None without one.
    """
    reason = details[0].message if details and _SEE_DETAILS in text else text or "no reason given"
    if "access denied" in reason:
        return (
            f"{step} was denied to this identity; check that certificate, key and MSP ID belong together and "
            f"that the organisation is a member of the channel: {reason}"
        )
    match status:
        case StatusCode.UNAVAILABLE if not details:
            for words, meaning in _UNREACHABLE:
                if words in reason:
                    return f"the gateway peer {address} cannot be reached: {meaning} ({reason})"
            return f"the gateway peer {address} or a node behind it is not available: {reason}"
        case StatusCode.DEADLINE_EXCEEDED if timeout is not None:
            return f"{step} at {address} was not answered within {timeout:g} s; it or a node behind it hangs"
        case StatusCode.PERMISSION_DENIED | StatusCode.UNAUTHENTICATED:
            return f"{step} at {address} was denied to this identity: {reason}"
        case _:
            return reason
