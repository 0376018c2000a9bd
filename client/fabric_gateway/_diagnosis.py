"""From gRPC's and the gateway's words to a sentence that says what is wrong and what to do."""

from __future__ import annotations

from fabric_gateway.errors import ErrorDetail, StatusCode

# Of several that fit, the first says more.
_UNREACHABLE = (
    (
        "certificate has expired",
        "its TLS certificate has expired; have its operator renew it, and check this machine's clock",
    ),
    (
        "certificate is not yet valid",
        "its TLS certificate is not valid yet; check this machine's clock and the peer's",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "its TLS certificate is not signed by the given TLS root; check tls_root_pem",
    ),
    ("Hostname Verification Check failed", "its TLS certificate has another name; check server_name"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS; check the address"),
    ("Connection refused", "nothing listens there; check the address and that the peer runs"),
    ("DNS resolution failed", "the host's name is unknown; check the address"),
    (
        "failed to connect to all addresses; last error: UNAVAILABLE: ",
        "it broke off while the connection was made; it may ask for TLS (tls_root_pem) or for a TLS client "
        "certificate of an authority that it knows",
    ),
)
_DENIED = (
    (
        "incorrect timestamp",
        "for its time; this machine's clock and the peer's differ too much, set them by NTP",
    ),
    ("identity expired", "since this identity's certificate has expired; enrol again"),
    (
        "access denied",
        "to this identity; check that certificate, key and MSP ID belong together and that the organisation "
        "is a member of the channel",
    ),
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
    for words, meaning in _DENIED:
        if words in reason:
            return f"{step} was denied {meaning}: {reason}"
    match status:
        case StatusCode.UNAVAILABLE if not details:
            for words, meaning in _UNREACHABLE:
                if words in reason:
                    return f"the gateway peer {address} cannot be reached: {meaning} ({reason})"
            return f"the gateway peer {address} or a node behind it is not available: {reason}"
        case StatusCode.DEADLINE_EXCEEDED if timeout is not None:
            late = "it or a node behind it hangs" if timeout > 0 else "that leaves no time at all"
            return f"{step} at {address} was not answered within {timeout:g} s; {late}"
        case StatusCode.PERMISSION_DENIED | StatusCode.UNAUTHENTICATED:
            return f"{step} at {address} was denied to this identity: {reason}"
        case _:
            return reason
