"""Reads what a method's signature says: context, marked types, result."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence

from fabric_shim.contract.context import BlockingContext, Context
from fabric_shim.contract.converters import Converter, UnsupportedTypeError, converter_for, type_hints
from fabric_shim.contract.serializer import Encoder, Serializer
from fabric_shim.contract.types import PRIVATE, TRANSIENT
from fabric_shim.errors import ContractDefinitionError, ShimError


def hints_of(where: str, method: Callable[..., object]) -> dict[str, object]:
    """Give a method's resolved annotations.

    :raises ContractDefinitionError: one of them cannot be resolved.
    """
    try:
        return type_hints(method)
    except UnsupportedTypeError as error:
        reason = str(error)
    raise ContractDefinitionError(f"{where}: {reason}.")


def parameters_of(where: str, method: Callable[..., object]) -> list[inspect.Parameter]:
    """Give a method's parameters without self.

    :raises ContractDefinitionError: it does not even take self.
    """
    try:
        return list(inspect.signature(method).parameters.values())
    except ValueError:
        pass
    raise ContractDefinitionError(f"{where} must take self and a context.")


def declared_context(
    where: str, declared: Sequence[inspect.Parameter], hints: Mapping[str, object], *, blocking: bool
) -> type[Context] | type[BlockingContext]:
    wanted = BlockingContext if blocking else Context
    context = hints.get(declared[0].name) if declared else None
    if isinstance(context, type) and issubclass(context, wanted):
        return context
    kind = "a plain function" if blocking else "a coroutine function"
    raise ContractDefinitionError(
        f"{where} must take `ctx: {wanted.__name__}` as its first parameter, since it is {kind}."
    )


def result_encoder(where: str, annotation: object, serializer: Serializer) -> Encoder:
    """Make the encoder of a declared result; a function without a result has an empty payload.

    :raises ContractDefinitionError: no transaction can carry the type.
    """
    _, returns = result_of(where, annotation)
    if returns is type(None):
        return _encode_nothing
    declared_converter(f"{where}, result", returns)
    return serializer.encoder(returns)


def result_of(where: str, annotation: object) -> tuple[object, object]:
    marker, returns = marked(annotation)
    if marker is TRANSIENT:
        raise ContractDefinitionError(f"{where}: a result cannot be Transient; declare it Private.")
    return marker, type(None) if returns is None else returns


def marked(annotation: object) -> tuple[object, object]:
    """Split ``Transient[T]``, ``Private[T]`` or one of them with ``| None`` into the marker and the type."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        options = [marked(option) for option in typing.get_args(annotation)]
        found = [marker for marker, _ in options if marker is not None]
        if found:
            return found[0], typing.Union[tuple(option for _, option in options)]  # noqa: UP007 - made at run time
    notes: Sequence[object] = getattr(annotation, "__metadata__", ())
    markers = [note for note in notes if note is TRANSIENT or note is PRIVATE]
    if not markers:
        return None, annotation
    others = tuple(note for note in notes if isinstance(note, str))
    inner = typing.get_args(annotation)[0]
    return markers[0], typing.Annotated[(inner, *others)] if others else inner


def declared_converter(where: str, annotation: object) -> Converter:
    try:
        return converter_for(annotation)
    except UnsupportedTypeError as error:
        reason = str(error)
    except RecursionError:
        reason = "a type alias refers to itself; only dataclasses and typed dictionaries may"
    raise ContractDefinitionError(f"{where}: {reason}.")


def _encode_nothing(result: object) -> bytes:
    if result is not None:
        # A coroutine, for example, that was returned and never awaited: then nothing has happened.
        raise ShimError(f"The function declares no result, and gave a {type(result).__qualname__}.")
    return b""
