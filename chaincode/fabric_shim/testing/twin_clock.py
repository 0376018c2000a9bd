"""Another clock for the twin process: everything that tells the time is more than a year ahead.

A contract that asks the clock shall notice at once, and not on the day when two peers stand at midnight.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from typing import Final

_AHEAD: Final = datetime.timedelta(days=397, hours=7, minutes=11, seconds=13)
_SECONDS: Final = int(_AHEAD.total_seconds())
_NANOSECONDS: Final = _SECONDS * 1_000_000_000

_TRUE_DATE: Final = datetime.date
_TRUE_DATETIME: Final = datetime.datetime


class _DateKind(type):
    """Makes values that C code makes count as instances of the class that stands in."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _TRUE_DATE)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _TRUE_DATE)


class _DatetimeKind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _TRUE_DATETIME)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _TRUE_DATETIME)


class _ShiftedDate(datetime.date, metaclass=_DateKind):
    @classmethod
    def today(cls) -> _ShiftedDate:
        return cls.fromtimestamp(time.time())


class _ShiftedDatetime(datetime.datetime, metaclass=_DatetimeKind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _ShiftedDatetime:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> _ShiftedDatetime:
        return cls.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> _ShiftedDatetime:
        return cls.fromtimestamp(time.time())


def shift() -> None:
    """Set the clock; to be called before anything takes over functions of ``time`` or ``datetime``."""
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime"):
        setattr(time, name, _later(getattr(time, name), _SECONDS))
        setattr(time, f"{name}_ns", _later(getattr(time, f"{name}_ns"), _NANOSECONDS))
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, _of_now(getattr(time, name)))
    for name, given in (("asctime", 0), ("strftime", 1)):
        setattr(time, name, _of_local_time(getattr(time, name), given))
    for shifted, name in ((_ShiftedDate, "date"), (_ShiftedDatetime, "datetime")):
        # By these names they are pickled, and read by the other process as what they stand for.
        shifted.__module__, shifted.__name__, shifted.__qualname__ = "datetime", name, name
        setattr(datetime, name, shifted)


def _later(clock: Callable[..., float], ahead: int) -> Callable[..., float]:
    return lambda *which: clock(*which) + ahead


def _of_now(convert: Callable[[float], object]) -> Callable[..., object]:
    return lambda seconds=None: convert(time.time() if seconds is None else seconds)


def _of_local_time(write: Callable[..., str], given: int) -> Callable[..., str]:
    """Let a function that writes the local time write the shifted one when it gets none."""
    return lambda *args: write(*args, *([time.localtime()] if len(args) == given else []))
