"""What goes wrong between us, the Fabric SDK (hfc) and a certificate authority."""

from __future__ import annotations


class SdkError(Exception):
    """Base class: `code` is stable for programs, the message is a sentence for people."""

    code = "sdk"


class SdkMissingError(SdkError):
    """fabric-sdk-py is not installed, or it is another version than the one that works here."""

    code = "sdk-missing"


class CaRequestError(SdkError):
    """What was asked for cannot be asked of a CA, so nothing was sent: a name, a key, a date, a file."""

    code = "ca-request"


class CaUnreachableError(SdkError):
    """The CA gave no answer: not running, another port, too slow, or not of the expected TLS root.

    `outcome_unknown` says that the request had been sent: the CA may have done what it was asked.
    """

    code = "ca-unreachable"

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class CaRefusedError(SdkError):
    """The CA answered with an error. `ca_codes` are Fabric CA's own (`lib/caerrors` in its source)."""

    code = "ca-refused"

    def __init__(self, message: str, ca_codes: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.ca_codes = ca_codes


class CaReplyError(SdkError):
    """The CA's answer cannot be understood, or does not hold what was asked for."""

    code = "ca-reply"


class CertificateFileError(SdkError):
    """A file or folder that should hold a certificate, or a certificate and its key, does not."""

    code = "certificate-file"


class AdministrationError(SdkError):
    """What the caller gave cannot be used: an address, a certificate, a key, a name, a file."""

    code = "administration"


class NodeUnreachableError(SdkError):
    """A peer or orderer gave no answer: not running, another port, or its TLS certificate does not fit.

    `outcome_unknown` says that the request may have been carried out all the same.
    """

    code = "node-unreachable"

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class NodeRefusedError(SdkError):
    """A peer or orderer answered with an error.

    `status` is its own: 500 and the like from a chaincode, an HTTP status from an orderer's admin port, the
    name of a gRPC or ordering status (`PERMISSION_DENIED`, `FORBIDDEN`) otherwise. `reason` is what it said.
    """

    code = "node-refused"

    def __init__(self, message: str, status: int | str, reason: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class NodeReplyError(SdkError):
    """A node's answer cannot be understood, or does not hold what was asked for."""

    code = "node-reply"


class NodesDisagreeError(NodeReplyError):
    """Peers endorsed different things, so nothing was ordered: one is behind, or holds other approvals."""

    code = "nodes-disagree"


class NotCommittedError(SdkError):
    """The ordered transaction was found invalid; `validation_code` is Fabric's name, such as BAD_RWSET."""

    code = "not-committed"

    def __init__(self, message: str, transaction_id: str, validation_code: str) -> None:
        super().__init__(message)
        self.transaction_id = transaction_id
        self.validation_code = validation_code


class PackageError(SdkError):
    """A chaincode package cannot be made or read."""

    code = "package"


class DefinitionError(SdkError):
    """A chaincode definition says something that Fabric would not take: name, policy, collections."""

    code = "definition"


class ConfigurationError(SdkError):
    """A channel configuration, an update of one, a signature or a CRL for one cannot be used as it is."""

    code = "configuration"
