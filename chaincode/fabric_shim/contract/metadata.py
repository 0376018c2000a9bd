"""The contract metadata that ``org.hyperledger.fabric:GetMetadata`` answers.

Its shape is Fabric's contract schema (fabric-contract-api, schema/contract-schema.json), so that clients and
tools of any language know every function.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from typing import Union, get_args, get_origin, get_type_hints

from fabric_shim.contract.contract import TransactionFunction
from fabric_shim.errors import ContractDefinitionError

SCHEMA_URL = "https://hyperledger.github.io/fabric-chaincode-node/main/api/contract-schema.json"

_SIMPLE: dict[object, dict[str, object]] = {
    str: {"type": "string"},
    bytes: {"type": "string", "format": "binary"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: {"type": "number"},
    object: {},
}


def contract_metadata(
    title: str,
    version: str,
    contracts: Mapping[str, Mapping[str, TransactionFunction]],
    default: str | None,
) -> dict[str, object]:
    """Describe all contracts of a chaincode.

    :raises ContractDefinitionError: a parameter or result has a type that arguments cannot carry.
    """
    components: dict[str, object] = {}
    return {
        "$schema": SCHEMA_URL,
        "info": {"title": title, "version": version},
        "contracts": {
            name: {
                "name": name,
                "info": {"title": name, "version": version},
                "default": name == default,
                "transactions": [
                    _transaction(f"{name}:{function.name}", function, components)
                    for function in functions.values()
                ],
            }
            for name, functions in contracts.items()
        },
        "components": {"schemas": components},
    }


def _transaction(
    where: str, function: TransactionFunction, components: dict[str, object]
) -> dict[str, object]:
    described: dict[str, object] = {
        "name": function.name,
        "tag": [function.kind],
        "description": function.description,
        "parameters": [
            {
                "name": parameter.name,
                "required": parameter.required,
                "schema": _schema(f"{where}, parameter {parameter.name}", parameter.annotation, components),
            }
            for parameter in function.parameters
        ],
    }
    if function.returns is not type(None):
        described["returns"] = _schema(f"{where}, result", function.returns, components)
    return described


def _schema(where: str, annotation: object, components: dict[str, object]) -> dict[str, object]:
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    origin = get_origin(annotation) or annotation
    inner = get_args(annotation)
    if origin in (Union, types.UnionType):
        options = [option for option in inner if option is not type(None)]
        if len(options) == 1:
            return _schema(where, options[0], components)
    if origin in (list, Sequence) or (origin is tuple and (not inner or inner[1:] == (...,))):
        return {"type": "array", "items": _schema(where, inner[0], components) if inner else {}}
    if origin in (dict, Mapping) and (not inner or inner[0] is str):
        values = _schema(where, inner[1], components) if inner else {}
        return {"type": "object", "additionalProperties": values or True}
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _component(where, annotation, components)
    raise ContractDefinitionError(f"{where}: a transaction cannot carry the type {annotation!r}.")


def _component(where: str, annotation: type, components: dict[str, object]) -> dict[str, object]:
    name = annotation.__name__
    if name not in components:
        # Entered before its fields are visited: a class may refer to itself.
        component: dict[str, object] = {"$id": name, "type": "object", "additionalProperties": False}
        components[name] = component
        hints = get_type_hints(annotation)
        component["properties"] = {
            field.name: _schema(f"{where}.{field.name}", hints[field.name], components)
            for field in dataclasses.fields(annotation)
        }
        component["required"] = [
            field.name
            for field in dataclasses.fields(annotation)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        ]
    return {"$ref": f"#/components/schemas/{name}"}
