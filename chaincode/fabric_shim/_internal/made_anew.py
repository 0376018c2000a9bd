"""Objects that are pickled as the call that made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Self


class MadeAnew:
    """Base of what the simulator's second process gets a copy of.

    The copy is made by the same call, so it is as fresh as after a start of a process: whatever the original
    has computed for itself, such as the time of its making, the copy computes for itself.
    """

    _made_with: tuple[tuple[object, ...], Mapping[str, object]]

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"{cls.__name__}() takes no arguments")
        made = super().__new__(cls)
        made._made_with = args, kwargs
        return made

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        args, kwargs = self._made_with
        return partial(type(self), **kwargs), args
