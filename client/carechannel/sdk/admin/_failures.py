"""What a failed call means, in a sentence: of gRPC's status, and of a chaincode's."""

from __future__ import annotations

from carechannel.sdk.errors import NodeRefusedError, NodeUnreachableError, SdkError

_NOT_REACHED = {"UNAVAILABLE"}
_OUT_OF_TIME = {"DEADLINE_EXCEEDED", "CANCELLED"}

_HINTS = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        "shows a TLS certificate that does not come from the expected root, or is not for this name",
    ),
    ("Peer name", "shows a TLS certificate that is not for this name"),
    ("failed to connect", "cannot be connected to; is it running, and is this its address"),
    ("Connection refused", "cannot be connected to; is it running, and is this its address"),
)

_CAUSES = (
    ("identity expired", "The certificate has expired: enrol the identity again."),
    (
        "at version",
        "The configuration has changed since the update was made: read it again, make the update from it, "
        "and have it signed anew.",
    ),
    ("error validating DeltaSet: policy", "More administrators have to sign the update, or others."),
    (
        "access denied",
        "Is the identity a member of the channel (for what concerns the node itself: an administrator of its "
        "organisation), and neither expired nor revoked?",
    ),
    ("creator org unknown", "The organisation is no member of the channel."),
    (
        "Failed to verify",
        "Is the identity an administrator of this organisation, and neither expired nor revoked?",
    ),
    ("channel not found", "Has the peer joined the channel?"),
    ("not found", "Has the peer joined the channel, and is the name right?"),
)


def of_call(node: str, what: str, status: str, text: str, *, sent: bool) -> SdkError:
    """The error for a gRPC call that ended with `status` (by its name).

    `what` ends the sentence "… did not …"; `sent` says that the request may have reached the node.
    """
    if status in _NOT_REACHED:
        hint = next((words for mark, words in _HINTS if mark in text), f"gave no answer ({_short(text)})")
        return NodeUnreachableError(
            f"{node} did not {what}: it {hint}.", outcome_unknown=sent and not _never_left(text)
        )
    if status in _OUT_OF_TIME:
        return NodeUnreachableError(
            f"{node} did not {what} within the time given. It may do so yet: look before trying again.",
            outcome_unknown=sent,
        )
    return NodeRefusedError(_refusal(node, what, status, text), status, text)


def refused(node: str, what: str, status: int | str, reason: str) -> NodeRefusedError:
    """The error for an answer that says no."""
    return NodeRefusedError(_refusal(node, what, status, reason), status, reason)


def _refusal(node: str, what: str, status: int | str, reason: str) -> str:
    cause = next((words for mark, words in _CAUSES if mark in reason), "")
    if status == "FORBIDDEN" and not cause:
        cause = "Is the identity a member of the channel, and neither expired nor revoked?"
    said = _short(reason) or "no reason given"
    return f"{node} did not {what}: {said} (status {status}).{' ' + cause if cause else ''}"


def _never_left(text: str) -> bool:
    return any(mark in text for mark, _ in _HINTS)


def _short(text: str) -> str:
    """One line of what a node says; nodes repeat whole requests now and then."""
    line = " ".join(text.split())
    return (line if len(line) <= _LONGEST else line[:_LONGEST] + " …").rstrip(".")


_LONGEST = 400
