"""FHIR JSON as a tree, and the resources that lie inside a resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

FhirValue: TypeAlias = "bool | int | float | str | list[FhirValue] | dict[str, FhirValue] | None"
FhirObject: TypeAlias = dict[str, FhirValue]


def objects(value: FhirValue) -> Iterator[tuple[int, FhirObject]]:
    """The objects of a list with their places in it; nothing for anything that is not a list."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield index, item


def nested(resource: FhirObject, path: str) -> Iterator[tuple[str, FhirObject, str, FhirObject]]:
    """The resources directly inside one: each as (its path, itself, the key that holds it, the key's object).

    FHIR R4 has four places for them: ``contained``, a Bundle's ``entry.resource`` and
    ``entry.response.outcome``, and a Parameters' ``parameter.resource`` (with its parts).
    """
    for index, item in objects(resource.get("contained")):
        yield f"{path}.contained[{index}]", item, "contained", resource
    if resource.get("resourceType") == "Bundle":
        for index, entry in objects(resource.get("entry")):
            at = f"{path}.entry[{index}]"
            if isinstance(inner := entry.get("resource"), dict):
                yield f"{at}.resource", inner, "resource", entry
            response = entry.get("response")
            if isinstance(response, dict) and isinstance(outcome := response.get("outcome"), dict):
                yield f"{at}.response.outcome", outcome, "outcome", response
    if resource.get("resourceType") == "Parameters":
        yield from _parameters(resource.get("parameter"), f"{path}.parameter")


def walk(resource: FhirObject, path: str | None = None) -> Iterator[tuple[str, FhirObject]]:
    """The resource and every resource inside it, outermost first, each with its FHIRPath."""
    at = path if path is not None else str(resource.get("resourceType", "?"))
    yield at, resource
    for inner_path, inner, _, _ in nested(resource, at):
        yield from walk(inner, inner_path)


def _parameters(value: FhirValue, path: str) -> Iterator[tuple[str, FhirObject, str, FhirObject]]:
    for index, parameter in objects(value):
        at = f"{path}[{index}]"
        if isinstance(inner := parameter.get("resource"), dict):
            yield f"{at}.resource", inner, "resource", parameter
        yield from _parameters(parameter.get("part"), f"{at}.part")
