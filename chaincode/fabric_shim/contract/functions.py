"""Reads the marked functions of a contract and refuses those that no transaction could call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fabric_shim.contract.context import BlockingContext, Context
from fabric_shim.contract.converters import Converter, Nullable
from fabric_shim.contract.converters.registry import description
from fabric_shim.contract.declared import MARK, Contract, Kind, Mark
from fabric_shim.contract.hooks import HOOKS
from fabric_shim.contract.serializer import Decoder, Encoder, Serializer
from fabric_shim.contract.signature import (
    declared_context,
    declared_converter,
    hints_of,
    marked,
    parameters_of,
    result_encoder,
    result_of,
)
from fabric_shim.contract.types import PRIVATE, TRANSIENT
from fabric_shim.errors import ContractDefinitionError

SYSTEM_CONTRACT: Final = "org.hyperledger.fabric"
_RESERVED: Final = (*HOOKS, "create_context")
_PARAMETER_LINE: Final = re.compile(r"^:param (\w+): (.*(?:\n[ \t]+.*)*)\n?", re.MULTILINE)
_EMPTY: Final = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter of a transaction function, the context left out.

    :ivar transient: it comes from the transient map under its name.
    :ivar required: it must be given; ``default`` stands for it otherwise.
    """

    name: str
    description: str
    transient: bool
    required: bool
    default: object = field(repr=False)
    converter: Converter
    decode: Decoder


@dataclass(frozen=True, slots=True)
class TransactionFunction:
    """A transaction function as declared.

    :ivar name: its name on the wire.
    :ivar parameters: the public ones first, in the order in which clients give them, then the transient ones.
    :ivar private: its result is declared private.
    :ivar blocking: a plain function, to be run on a worker thread.
    :ivar context: the context class that it declares.
    """

    name: str
    kind: Kind
    description: str
    parameters: tuple[Parameter, ...]
    result: Converter | None
    encode: Encoder
    private: bool
    blocking: bool
    context: type[Context] | type[BlockingContext]
    call: Callable[..., object]

    @property
    def public(self) -> tuple[Parameter, ...]:
        """The parameters that are arguments of the transaction."""
        return tuple(parameter for parameter in self.parameters if not parameter.transient)

    @property
    def transient(self) -> tuple[Parameter, ...]:
        """The parameters that come from the transient map."""
        return tuple(parameter for parameter in self.parameters if parameter.transient)


def transaction_functions(contract: Contract, serializer: Serializer) -> dict[str, TransactionFunction]:
    """Give the contract's transaction functions by their names on the wire, in the order of their writing.

    :raises ContractDefinitionError: the contract has no name, or no transaction could call a function.
    """
    owner = type(contract).__qualname__
    if not isinstance(contract, Contract):
        raise ContractDefinitionError(f"A chaincode is made of instances of Contract, not of {owner}.")
    name: object = contract.name
    if not isinstance(name, str) or not name or ":" in name or name == SYSTEM_CONTRACT:
        raise ContractDefinitionError(
            f"{owner} needs a `name` that is not empty, has no colon and is not {SYSTEM_CONTRACT}."
        )
    functions: dict[str, TransactionFunction] = {}
    for attribute, mark in _marks(type(contract)).items():
        function = _describe(owner, attribute, mark, getattr(contract, attribute), serializer)
        if function.name in functions:
            raise ContractDefinitionError(f"{owner} has two functions with the wire name {function.name}.")
        functions[function.name] = function
    if not functions:
        raise ContractDefinitionError(f"{owner} has no function marked with @transaction or @query.")
    return functions


def _marks(contract: type[Contract]) -> dict[str, Mark]:
    """Give the marks by attribute. An override decides: one without a mark is no transaction function."""
    names = dict.fromkeys(name for klass in reversed(contract.__mro__) for name in vars(klass))
    written = {name: inspect.getattr_static(contract, name) for name in names}
    # A mark below @staticmethod or @classmethod is on what they wrap.
    marks = {name: getattr(getattr(value, "__func__", value), MARK, None) for name, value in written.items()}
    return {name: mark for name, mark in marks.items() if isinstance(mark, Mark)}


def _describe(
    owner: str, attribute: str, mark: Mark, method: Callable[..., object], serializer: Serializer
) -> TransactionFunction:
    where = f"{owner}.{attribute}"
    name = mark.name or attribute
    if ":" in name or attribute in _RESERVED:
        raise ContractDefinitionError(f"{where} cannot be a transaction function: its name is reserved.")
    if inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise ContractDefinitionError(f"{where} yields, so calling it would run nothing; return the result.")
    blocking = not inspect.iscoroutinefunction(method)
    declared = parameters_of(where, method)
    hints = hints_of(where, method)
    context = declared_context(where, declared, hints, blocking=blocking)
    described = _PARAMETER_LINE.findall(text := inspect.getdoc(method) or "")
    notes = {parameter: " ".join(note.split()) for parameter, note in described}
    parameters = [_parameter(where, parameter, hints, notes, serializer) for parameter in declared[1:]]
    _check_order(where, parameters)
    if "return" not in hints:
        raise ContractDefinitionError(f"{where} must say what it returns.")
    marker, returns = result_of(where, hints["return"])
    if marker is PRIVATE and mark.kind == "submit":
        raise ContractDefinitionError(
            f"{where} is submitted, so its result lies in the block and cannot be Private: mark it with "
            "@query, or return nothing private."
        )
    return TransactionFunction(
        name=name,
        kind=mark.kind,
        description=_PARAMETER_LINE.sub("", text).strip(),
        parameters=tuple(sorted(parameters, key=lambda parameter: parameter.transient)),
        result=None if returns is type(None) else declared_converter(f"{where}, result", returns),
        encode=result_encoder(where, hints["return"], serializer),
        private=marker is PRIVATE,
        blocking=blocking,
        context=context,
        call=method,
    )


def _parameter(
    where: str,
    declared: inspect.Parameter,
    hints: Mapping[str, object],
    notes: Mapping[str, str],
    serializer: Serializer,
) -> Parameter:
    name = declared.name
    where = f"{where}, parameter {name}"
    if declared.kind not in (declared.POSITIONAL_OR_KEYWORD, declared.KEYWORD_ONLY) or name not in hints:
        raise ContractDefinitionError(f"{where} must be plain and annotated.")
    marker, annotation = marked(hints[name])
    if marker is PRIVATE:
        raise ContractDefinitionError(f"{where} cannot be Private, only a result can; declare it Transient.")
    converter = declared_converter(where, annotation)
    transient = marker is TRANSIENT
    may_be_missing = transient and isinstance(converter, Nullable)
    return Parameter(
        name=name,
        description=description(hints[name]) or description(annotation) or notes.get(name, ""),
        transient=transient,
        required=declared.default is _EMPTY and not may_be_missing,
        default=None if declared.default is _EMPTY else declared.default,
        converter=converter,
        decode=serializer.decoder(annotation),
    )


def _check_order(where: str, parameters: Sequence[Parameter]) -> None:
    public = [parameter.required for parameter in parameters if not parameter.transient]
    if public != sorted(public, reverse=True):
        raise ContractDefinitionError(
            f"{where}: a parameter without a default follows one with a default, so it cannot be given alone."
        )
