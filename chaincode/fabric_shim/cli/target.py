"""``module:object`` on the command line, made a chaincode."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from fabric_shim.chaincode import Chaincode
from fabric_shim.contract import Contract, ContractChaincode
from fabric_shim.errors import ContractDefinitionError, ShimError

_Kind = TypeVar("_Kind", Chaincode, Contract)
_Made = TypeVar("_Made")


class TargetError(ShimError):
    """What the command line names is no chaincode that can be served."""

    code = "target"


def load(target: str) -> Chaincode:
    """Find the chaincode that ``module:object`` or ``module`` names, in the current folder first.

    An object may be a chaincode or a contract, as an instance, a class or a function that makes one. A module
    alone must have one chaincode, or else contracts, which are served together, the first as the default one.

    :raises TargetError: there is none, or the module cannot be imported (its own error is shown then).
    """
    name, _, attribute = target.partition(":")
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        raise TargetError(f"{name!r} is no module; name it as in an import, like my_contract or my.contract.")
    module = _import(name)
    try:
        return _named(module, attribute) if attribute else _only(module)
    except ContractDefinitionError as error:
        raise TargetError(f"{target}: {error}") from None


def _import(name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise TargetError(f"There is no module {error.name} in {folder} or on Python's path.") from None
        traceback.print_exc()
        raise TargetError(f"The module {name} cannot be imported; its own error stands above.") from None


def _named(module: ModuleType, attribute: str) -> Chaincode:
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise TargetError(f"The module {module.__name__} has no {attribute}.")
        found = getattr(found, part)
    made = found if isinstance(found, Chaincode | Contract) or not callable(found) else _make(found)
    if isinstance(made, Chaincode):
        return made
    if isinstance(made, Contract):
        return _of_contracts(module, [made])
    raise TargetError(f"{module.__name__}:{attribute} is neither a chaincode nor a contract, nor makes one.")


def _only(module: ModuleType) -> Chaincode:
    chaincodes = _instances(module, Chaincode)
    if len(chaincodes) > 1:
        raise TargetError(f"The module {module.__name__} has several chaincodes; name one as module:object.")
    if chaincodes:
        return chaincodes[0]
    if contracts := _instances(module, Contract):
        return _of_contracts(module, contracts)
    raise TargetError(f"The module {module.__name__} has neither a chaincode nor a contract.")


def _instances(module: ModuleType, kind: type[_Kind]) -> list[_Kind]:
    """The module's instances of a kind, or else one of each of its own public classes of that kind."""
    public = [value for name, value in vars(module).items() if not name.startswith("_")]
    members = list({id(value): value for value in public}.values())
    if made := [member for member in members if isinstance(member, kind)]:
        return made
    own = [
        member
        for member in members
        if isinstance(member, type)
        and issubclass(member, kind)
        and f"{member.__module__}.".startswith(f"{module.__name__}.")
    ]
    bases = {base for member in own for base in member.__mro__[1:]}
    return [_make(member) for member in own if member not in bases]


def _make(maker: Callable[[], _Made]) -> _Made:
    try:
        return maker()
    except ContractDefinitionError:
        raise
    except Exception:
        traceback.print_exc()
        raise TargetError("The chaincode cannot be made; its own error stands above.") from None


def _of_contracts(module: ModuleType, contracts: Sequence[Contract]) -> Chaincode:
    return ContractChaincode(*contracts, title=module.__name__)
