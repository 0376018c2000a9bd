"""Logs that cannot carry data: what a record may say is decided here, not where it is written.

* Records that code of ``fabric_shim`` and ``fabric_transport`` makes show their text and their transaction.
* Any other record shows its text only when that is written as a literal in the very call that logs it, and
  never the arguments put into it: ``log.info("asset %s created", name)`` shows ``asset %s created``.
* A logger's name is shown when it was known before the first transaction, or is a module's.
* An exception shows its type and the places that it passed through, never its text.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Literal, TextIO

from fabric_shim._internal.literals import is_literal_message
from fabric_shim.observer import Call, Ended

LogFormat = Literal["text", "json"]

_MAX_PLACES: Final = 20
_LEVEL_NAMES: Final = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
_WITHHELD: Final = "(text withheld)"
_NAME_WITHHELD: Final = "(name withheld)"
_LOGGING: Final = logging.Formatter.format.__code__.co_filename
_log = logging.getLogger(__name__)


class TransactionLogger(logging.LoggerAdapter[logging.Logger]):
    """A contract's logger for one transaction; its records name the transaction and its channel.

    The rule of this module holds for it: write the text as a literal, without data.

    :param logger: the contract module's own logger.
    :param call: the transaction, its function by its bounded label.
    """

    def __init__(self, logger: logging.Logger, call: Call) -> None:
        super().__init__(logger, {"call": call})


class TransactionLog:
    """The observer that logs every transaction's end, at level DEBUG."""

    def stream_opened(self) -> None:
        _log.info("A peer has connected")

    def stream_closed(self) -> None:
        _log.info("A peer's stream has ended")

    def transaction_began(self, call: Call) -> None:
        """Say nothing: the end says it all."""

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        _log.debug("Transaction %s", ended.outcome, extra={"call": call, "ended": ended})


class _SafeFormatter(logging.Formatter):
    """Makes one line of a record, of these fields and no others."""

    def __init__(self, form: LogFormat) -> None:
        super().__init__()
        self._json = form == "json"
        # Looked up now: the formatter runs in the middle of whatever logs, an import for example.
        _own_folders()
        self._names = frozenset({logging.root.name, *logging.root.manager.loggerDict})

    def format(self, record: logging.LogRecord) -> str:
        named = record.name in self._names or record.name in sys.modules
        fields = dict(_fields(record, record.name if named else _NAME_WITHHELD))
        if self._json:
            return json.dumps(fields)
        line = f"{fields.pop('time')} {fields.pop('level')} {fields.pop('logger')} {fields.pop('message')}"
        line += "".join(f" {name}={value}" for name, value in fields.items())
        # A peer's text, such as a transaction id, must not make a line of its own.
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


def configure(level: str, form: LogFormat, stream: TextIO | None = None) -> None:
    """Make this process log by the rules above: all loggers, warnings and uncaught exceptions of any thread.

    Handlers that other code has set up until now are taken away, since they would not keep the rules.

    :param level: name of a level of :mod:`logging`.
    :param stream: where to; standard error by default.
    """
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_SafeFormatter(form))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Handlers set up later must not print a record that they cannot format, with its arguments.
    logging.raiseExceptions = False
    warnings.showwarning = _show_warning
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def places(error: BaseException) -> str:
    """Say where an exception passed through, innermost first: names of files and functions, line numbers."""
    frames = traceback.extract_tb(error.__traceback__, limit=-_MAX_PLACES)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))


def _fields(record: logging.LogRecord, name: str) -> Iterator[tuple[str, object]]:
    own = _is_own()
    yield "time", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    # Other names of levels are text that a module made.
    yield "level", _LEVEL_NAMES.get(record.levelno, f"LEVEL{record.levelno}")
    yield "logger", name
    yield "message", _text(record, own=own)
    if not own:
        yield "place", f"{Path(record.pathname).name}:{record.lineno}"
    call = getattr(record, "call", None)
    if isinstance(call, Call):
        yield "channel", call.channel_id
        yield "tx_id", call.tx_id
        if call.function:
            yield "function", call.function
    ended = getattr(record, "ended", None)
    if isinstance(ended, Ended):
        yield "outcome", ended.outcome
        yield "seconds", round(ended.seconds, 6)
        yield "messages", ended.messages
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        yield "exception", type(error).__qualname__
        yield "raised_at", places(error)


def _is_own() -> bool:
    """Whether the code that calls the logger is this package's or the transport's.

    Neither a name nor a record's own path says that: any code may choose the one, and shift the other to one
    of its callers (``stacklevel``).
    """
    frame: FrameType | None = sys._getframe()
    # The handler runs inside of the call: out of the formatter, and then out of logging.
    while frame is not None and frame.f_code.co_filename != _LOGGING:
        frame = frame.f_back
    while frame is not None and frame.f_code.co_filename == _LOGGING:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(_own_folders())


@cache
def _own_folders() -> tuple[str, ...]:
    transport = find_spec("fabric_transport")
    files = (__file__, transport.origin if transport else None)
    return tuple(f"{Path(file).parent}{os.sep}" for file in files if file is not None)


def _text(record: logging.LogRecord, *, own: bool) -> str:
    if own:
        try:
            return record.getMessage()
        except (TypeError, ValueError) as error:
            return f"(text cannot be made: {type(error).__name__})"
    if isinstance(record.msg, str) and _is_literal(record):
        return record.msg
    return _WITHHELD


def _is_literal(record: logging.LogRecord) -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename == record.pathname and frame.f_lineno == record.lineno:
            return is_literal_message(frame, record.msg)
    return False


def _show_warning(  # noqa: PLR0917 - the signature of warnings.showwarning
    message: Warning | str,  # noqa: ARG001 - its text may hold data
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - logged instead
    line: str | None = None,  # noqa: ARG001 - source text
) -> None:
    _log.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)


def _uncaught(kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None) -> None:
    if error is not None:
        _log.error("Uncaught %s at %s", kind.__qualname__, places(error))
