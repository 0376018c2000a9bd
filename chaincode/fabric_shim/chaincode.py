"""What a chaincode is: something that answers a transaction with a response."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self, cast

from fabric_shim._internal.made_anew import MadeAnew
from fabric_shim._internal.steps import not_awaitable, run_to_end
from fabric_shim.blocking import BlockingStub, run_blocking
from fabric_shim.errors import AwaitError, ChaincodeError
from fabric_shim.logs import places
from fabric_shim.stub import ChaincodeStub

__all__ = ["Chaincode", "Outcome", "Response", "execute", "masked", "run_to_end"]

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


class Chaincode(MadeAnew):
    """Base of a chaincode that handles its transactions itself.

    Most are written as contracts instead (:class:`fabric_shim.contract.ContractChaincode`).

    ``init`` and ``invoke`` may be plain functions, too: they then get a
    :class:`~fabric_shim.blocking.BlockingStub` and run on a worker thread of their own.

    A chaincode is pickled as the call that made it; the copy is as fresh as after a start of the process.
    """

    _made_with: tuple[tuple[object, ...], dict[str, object]]

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        made = super().__new__(cls)
        made._made_with = args, kwargs
        return made

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        args, kwargs = self._made_with
        return partial(type(self), **kwargs), args

    async def init(self, stub: ChaincodeStub) -> Response:  # noqa: ARG002 - for chaincodes that need it
        """Answer the INIT message, which only definitions with ``--init-required`` send."""
        return Response.success()

    async def invoke(self, stub: ChaincodeStub) -> Response:
        """Answer a transaction."""
        raise NotImplementedError

    def function_label(self, stub: ChaincodeStub) -> str:  # noqa: ARG002 - for chaincodes that have several
        """Name the called function for metrics and spans: one of a small fixed set, never an argument."""
        return "invoke"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The response, and the exception that it masks, if any: for a test to show, never for the wire."""

    response: Response
    masked: BaseException | None = None
    code: str = ""


async def execute(chaincode: Chaincode, stub: ChaincodeStub, *, init: bool = False) -> Outcome:
    """Run one transaction, its buffered writes included, and turn whatever it raises into a response.

    A :class:`ChaincodeError` crosses the wire as ``code: message``, or as its message alone if it has no
    code. Any other exception is logged by its type and the places it passed through, never by its text, which
    may hold data, and the response says ``internal error``. Whoever drives the coroutine masks what is no
    :class:`Exception` (:func:`masked`).
    """
    function = chaincode.init if init else chaincode.invoke
    try:
        if inspect.iscoroutinefunction(function):
            response = await function(stub)
        else:
            response = await run_blocking(stub, cast("Callable[[BlockingStub], Response]", function))
        if response.endorsed:
            await stub.flush()
        return Outcome(response)
    except ChaincodeError as error:
        text = f"{error.code}: {error}" if error.code else str(error)
        return Outcome(Response.error(text), code=error.code)
    except Exception as error:
        return masked(stub, error)


def masked(stub: ChaincodeStub, error: BaseException) -> Outcome:
    """Log an exception without its text, and make the response that hides it."""
    if isinstance(error, AwaitError):
        _log.error("Transaction %s: %s", stub.get_tx_id(), error)
    elif module := _asyncio_module(error):
        _log.error("Transaction %s: %s", stub.get_tx_id(), not_awaitable(f"something of {module}"))
    _log.error("Transaction %s ended in %s at %s", stub.get_tx_id(), type(error).__qualname__, places(error))
    return Outcome(Response.error(MASKED_MESSAGE), masked=error, code="internal")


def _asyncio_module(error: BaseException) -> str:
    """Name the module of asyncio that raised the error, as it does where no event loop runs; else empty."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__", "")) if trace else ""
    return module if module.startswith("asyncio.") else ""
