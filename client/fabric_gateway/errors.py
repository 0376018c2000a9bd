"""Everything that this package raises, from one base class, each class with a stable ``code``."""

from __future__ import annotations

import copyreg
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from fabric_gateway.validation import ValidationCode

_CHAINCODE_RESPONSE = re.compile(r"chaincode response ([0-9]{1,10}), (.*)", re.DOTALL)
# gRPC's own words on this side for an answer that came but is larger than it takes.
_ANSWER_TOO_LARGE = ("CLIENT: Received message larger than max", "metadata size exceeds")
_REQUEST_TOO_LARGE = "CLIENT: Sent message larger than max"
# Terminals act on these; other nodes' words may hold them. Lines and tabs stay.
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


class StatusCode(StrEnum):
    """The canonical gRPC status codes (grpc.github.io/grpc/core/md_doc_statuscodes.html)."""

    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    ABORTED = "ABORTED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    INTERNAL = "INTERNAL"
    UNAVAILABLE = "UNAVAILABLE"
    DATA_LOSS = "DATA_LOSS"
    UNAUTHENTICATED = "UNAUTHENTICATED"


# With these answers the gateway has handed the transaction to no orderer.
_REFUSED_BEFORE_ORDERING = frozenset(
    {
        StatusCode.INVALID_ARGUMENT,
        StatusCode.NOT_FOUND,
        StatusCode.PERMISSION_DENIED,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.FAILED_PRECONDITION,
        StatusCode.UNIMPLEMENTED,
        StatusCode.UNAUTHENTICATED,
    }
)

_TRANSIENT = frozenset(
    {
        StatusCode.CANCELLED,
        StatusCode.UNKNOWN,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.ABORTED,
        StatusCode.INTERNAL,
        StatusCode.UNAVAILABLE,
    }
)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """What one node said (``gateway.ErrorDetail``): its address, its organisation, its words."""

    address: str
    msp_id: str
    message: str


class FabricGatewayError(Exception):
    """Base of all errors of this package.

    Attributes:
        code: stable name of the failure, for programs.
        message: one sentence for people; ``str(error)`` starts with it, control characters escaped.
        transaction_id: the transaction concerned, where there is one.
    """

    code: str = "fabric-gateway"

    def __init__(self, message: str, *, transaction_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.transaction_id = transaction_id

    def __reduce__(self) -> tuple[object, ...]:
        # Otherwise made again from its message alone, where a subclass wants more: an error that could not
        # leave a worker process would break the pool.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return "\n  ".join([self.message, *self._explanation()]).translate(_CONTROL)

    def _explanation(self) -> list[str]:
        return [f"transaction {self.transaction_id}"] if self.transaction_id else []


class IdentityError(FabricGatewayError):
    """The certificate or key that the caller gave cannot be used."""

    code = "identity"


class HardwareKeyError(IdentityError):
    """The hardware security module, its token or the key on it cannot be used."""

    code = "hardware-key"


class PinError(HardwareKeyError):
    """The token refused the PIN. It was given once only: tokens lock after a few wrong ones."""

    code = "hardware-pin"


class ConnectionOptionsError(FabricGatewayError):
    """The options given to connect contradict each other or are unsafe."""

    code = "connection-options"


class ArgumentError(FabricGatewayError):
    """A value given to a call has the wrong type. Nothing was sent."""

    code = "argument"


class NoSignerError(FabricGatewayError):
    """A signature is needed, and the gateway was connected without a signer. Nothing was sent."""

    code = "no-signer"


class SignableError(FabricGatewayError):
    """Bytes or signature given to re-create a proposal, transaction, commit or request cannot be used."""

    code = "signable"


class SyncError(FabricGatewayError):
    """A blocking call was made where it could only wait for itself."""

    code = "sync"


class ClosedError(FabricGatewayError):
    """A call was started on a gateway that had been closed before. Nothing was sent."""

    code = "gateway-closed"


class CheckpointError(FabricGatewayError):
    """A checkpoint cannot be read or written."""

    code = "checkpoint"


class BlockError(FabricGatewayError):
    """A block cannot be decoded, is not the one asked for, or its data do not match its header."""

    code = "block"


class BlockNotFoundError(FabricGatewayError):
    """The peer asked has no such block (yet)."""

    code = "block-not-found"


class ResponseError(FabricGatewayError):
    """The gateway's answer is not the message that its protocol promises.

    Attributes:
        outcome_unknown: whether the transaction may have been or may yet be committed.
    """

    code = "gateway-response"

    def __init__(
        self, message: str, *, transaction_id: str | None = None, outcome_unknown: bool = False
    ) -> None:
        super().__init__(message, transaction_id=transaction_id)
        self.outcome_unknown = outcome_unknown


class GatewayError(FabricGatewayError):
    """A call to the gateway failed; one subclass for each step.

    Attributes:
        code: the gRPC status code.
        details: what each node said, as far as the gateway told.
        chaincode_status: status of the chaincode's error response (for instance 500), else None.
        chaincode_message: the message of the chaincode's error response, else None.
    """

    code: StatusCode
    step: ClassVar[str] = "call"

    def __init__(
        self,
        message: str,
        *,
        code: StatusCode,
        details: tuple[ErrorDetail, ...] = (),
        transaction_id: str | None = None,
    ) -> None:
        self.code = code
        self.details = details
        self._answer_too_large = code is StatusCode.RESOURCE_EXHAUSTED and any(
            words in message for words in _ANSWER_TOO_LARGE
        )
        self.chaincode_status: int | None = None
        self.chaincode_message: str | None = None
        for text in (*(detail.message for detail in details), message):
            if answer := _CHAINCODE_RESPONSE.search(text):
                self.chaincode_status, self.chaincode_message = int(answer[1]), answer[2]
                break
        super().__init__(self.chaincode_message or message, transaction_id=transaction_id)

    @property
    def outcome_unknown(self) -> bool:
        """Whether the transaction may have been or may yet be committed.

        If so, ask with :meth:`Network.commit` and ``transaction_id`` before trying again.
        """
        return False

    @property
    def transient(self) -> bool:
        """Whether the same call may succeed later without any change."""
        too_large = self._answer_too_large or _REQUEST_TOO_LARGE in self.message
        return self.code in _TRANSIENT and self.chaincode_status is None and not too_large

    def _explanation(self) -> list[str]:
        about = f", transaction {self.transaction_id}" if self.transaction_id else ""
        nodes = [f"{d.address} ({d.msp_id}): {d.message}" for d in self.details]
        return [f"{self.step} failed: {self.code}{about}", *nodes]


class EvaluateError(GatewayError):
    """Evaluating a proposal failed. Nothing was written."""

    step = "evaluate"


class EndorseError(GatewayError):
    """A proposal did not get its endorsements. Nothing was written."""

    step = "endorse"


class SubmitError(GatewayError):
    """The orderers did not confirm that they have the transaction; see ``outcome_unknown``."""

    step = "submit"

    @property
    def outcome_unknown(self) -> bool:
        return self.code not in _REFUSED_BEFORE_ORDERING or self._answer_too_large


class CommitStatusError(GatewayError):
    """The peer did not say in time whether the transaction was committed: its outcome is unknown."""

    step = "commit status"

    @property
    def outcome_unknown(self) -> bool:
        return True


class EventsError(GatewayError):
    """A stream of events was refused."""

    step = "events"


class CommitError(FabricGatewayError):
    """The transaction is in a block, but it is not valid: it changed nothing.

    Attributes:
        code: name of the validation code, for instance MVCC_READ_CONFLICT.
        validation_code: why.
        block_number: the block in which the transaction lies.
    """

    def __init__(self, *, transaction_id: str, validation_code: ValidationCode, block_number: int) -> None:
        super().__init__(
            f"the transaction was not committed: {validation_code.name} in block {block_number}",
            transaction_id=transaction_id,
        )
        self.code = validation_code.name
        self.validation_code = validation_code
        self.block_number = block_number
