"""What a chaincode is: something that answers a transaction with a response."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from fabric_shim.errors import ChaincodeError
from fabric_shim.stub import ChaincodeStub

_log = logging.getLogger(__name__)

OK = 200
ERROR_THRESHOLD = 400
ERROR = 500
MASKED_MESSAGE = "internal error"


@dataclass(frozen=True, slots=True)
class Response:
    """The outcome of a transaction: endorsed below status 400, refused from there on.

    Payload and message of an endorsed transaction lie in the block, readable by every member.
    """

    status: int
    message: str = field(default="", repr=False)
    payload: bytes = field(default=b"", repr=False)

    @classmethod
    def success(cls, payload: bytes = b"") -> Self:
        """Make an endorsed response."""
        return cls(OK, "", payload)

    @classmethod
    def error(cls, message: str) -> Self:
        """Make a refusal; nothing of the transaction is committed."""
        return cls(ERROR, message)

    @property
    def endorsed(self) -> bool:
        """Whether the peer will sign it."""
        return self.status < ERROR_THRESHOLD


class Chaincode:
    """Base of a chaincode that handles its transactions itself.

    Most are written as contracts instead (:class:`fabric_shim.contract.ContractChaincode`).
    """

    async def init(self, stub: ChaincodeStub) -> Response:  # noqa: ARG002 - for chaincodes that need it
        """Answer the INIT message, which only definitions with ``--init-required`` send."""
        return Response.success()

    async def invoke(self, stub: ChaincodeStub) -> Response:
        """Answer a transaction."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Outcome:
    """The response, and the exception that it masks, if any: for a test to show, never for the wire."""

    response: Response
    masked: Exception | None = None
    code: str = ""


async def execute(chaincode: Chaincode, stub: ChaincodeStub, *, init: bool = False) -> Outcome:
    """Run one transaction and turn whatever it raises into a response.

    A :class:`ChaincodeError` crosses the wire as ``code: message``. Any other exception is logged by its type
    and the places it passed through, never by its text, which may hold data, and the response says
    ``internal error``.
    """
    try:
        return Outcome(await (chaincode.init(stub) if init else chaincode.invoke(stub)))
    except ChaincodeError as error:
        return Outcome(Response.error(f"{error.code}: {error}"), code=error.code)
    except Exception as error:
        _log.error(
            "Transaction %s ended in %s at %s", stub.get_tx_id(), type(error).__qualname__, _frames(error)
        )
        return Outcome(Response.error(MASKED_MESSAGE), masked=error, code="internal")


def _frames(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
