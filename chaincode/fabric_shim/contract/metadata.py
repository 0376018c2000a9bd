"""The contract metadata that ``org.hyperledger.fabric:GetMetadata`` answers.

Its shape is Fabric's contract schema (fabric-contract-api, schema/contract-schema.json), so that clients and
tools of any language know every function. What the schema has no word for:

* transient parameters stand in a list ``transient`` of their own beside ``parameters``, which so holds
  exactly the arguments to be given. The schema allows further members of a transaction, not of a parameter;
* a private result is told by the tag ``private``; tags are free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fabric_shim.contract.converters import Components, Schema
from fabric_shim.contract.converters.records import own_docstring
from fabric_shim.contract.declared import Contract
from fabric_shim.contract.functions import SYSTEM_CONTRACT, Parameter, TransactionFunction
from fabric_shim.contract.info import Info

SCHEMA_URL: Final = "https://hyperledger.github.io/fabric-chaincode-node/main/api/contract-schema.json"
LATEST: Final = "latest"

_SYSTEM: Final[Schema] = {
    "name": SYSTEM_CONTRACT,
    "info": {"title": SYSTEM_CONTRACT, "version": LATEST},
    "default": False,
    "transactions": [
        {
            "name": "GetMetadata",
            "tag": ["evaluate", "EVALUATE"],
            "description": "The metadata of all contracts.",
            "parameters": [],
            "returns": {"type": "string"},
        }
    ],
}


def contract_metadata(
    info: Info,
    contracts: Mapping[str, tuple[Contract, Mapping[str, TransactionFunction]]],
    default: str | None,
) -> Schema:
    """Describe all contracts of a chaincode.

    :raises ContractDefinitionError: two classes of one name would be one component.
    """
    components = Components()
    version = info.version or LATEST
    described = {
        name: _contract(
            contract, list(functions.values()), components, version=version, default=name == default
        )
        for name, (contract, functions) in contracts.items()
    }
    return {
        "$schema": SCHEMA_URL,
        "info": info.described(title=default or next(iter(contracts)), version=version),
        "contracts": {**described, SYSTEM_CONTRACT: _SYSTEM},
        "components": {"schemas": components.schemas},
    }


def _contract(
    contract: Contract,
    functions: Sequence[TransactionFunction],
    components: Components,
    *,
    version: str,
    default: bool,
) -> Schema:
    # A contract may have a transaction function that is called info.
    info = contract.info if isinstance(contract.info, Info) else Info()
    return {
        "name": contract.name,
        "info": info.described(
            title=contract.name, version=version, description=own_docstring(type(contract))
        ),
        "default": default,
        "transactions": [_transaction(function, components) for function in functions],
    }


def _transaction(function: TransactionFunction, components: Components) -> Schema:
    described: Schema = {
        "name": function.name,
        "tag": [function.kind, function.kind.upper(), *(["private"] if function.private else [])],
        "parameters": [_parameter(parameter, components) for parameter in function.public],
    }
    if function.description:
        described["description"] = function.description
    if function.transient:
        described["transient"] = [_parameter(parameter, components) for parameter in function.transient]
    if function.result is not None:
        described["returns"] = function.result.schema(components)
    return described


def _parameter(parameter: Parameter, components: Components) -> Schema:
    described: Schema = {
        "name": parameter.name,
        "required": parameter.required,
        "schema": parameter.converter.schema(components),
    }
    if parameter.description:
        described["description"] = parameter.description
    return described
