"""Brings a transaction's arguments and transient fields into a function's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fabric_shim.contract.functions import Parameter, TransactionFunction
from fabric_shim.contract.serializer import decode
from fabric_shim.errors import ArgumentError


class Arguments:
    """Decodes what one function takes; made once for each function."""

    def __init__(self, function: TransactionFunction) -> None:
        self._name = function.name
        self._public = function.public
        self._transient = function.transient
        self._required = sum(parameter.required for parameter in self._public)

    def decode(self, arguments: Sequence[bytes], transient: Mapping[str, bytes]) -> dict[str, object]:
        """Give the function's parameters by name. Transient fields that it does not declare are left alone.

        :raises ArgumentError: too few, too many, or one that is not of its type. Names parameters, no values.
        """
        if not self._required <= len(arguments) <= len(self._public):
            raise ArgumentError(self._count_problem(len(arguments)))
        decoded = {
            parameter.name: decode(parameter.name, parameter.decode, argument)
            for parameter, argument in zip(self._public, arguments, strict=False)
        }
        for parameter in self._transient:
            if parameter.name in transient:
                decoded[parameter.name] = decode(parameter.name, parameter.decode, transient[parameter.name])
            elif parameter.required:
                raise ArgumentError(f"{parameter.name} is missing: put it into the transient map.")
            else:
                decoded[parameter.name] = parameter.default
        return decoded

    def _count_problem(self, count: int) -> str:
        problem = f"{self._name} takes the arguments ({_names(self._public) or 'none'}), not {count} of them"
        if not self._transient:
            return f"{problem}."
        return f"{problem}; put {_names(self._transient)} into the transient map, never into the arguments."


def _names(parameters: Sequence[Parameter]) -> str:
    return ", ".join(parameter.name for parameter in parameters)
