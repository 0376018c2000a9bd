"""Whether a JSON object is a valid FHIR R4 resource, and if not, which element breaks which rule.

Structure, cardinality and types are checked, of R4 (4.0.1) and, where its models are wider, of R4B (4.3.0):
`carechannel.fhir.r4_only` lists where the two differ. Then the codes of every element that R4 (4.0.1) binds
to a value set as *required* are checked, where R4 lists the codes: not so media types, currencies and UCUM
units (`carechannel.fhir.required_codes` names all of them). Weaker bindings (extensible, preferred, example),
profiles and invariants written in FHIRPath are not checked. Each resource inside the resource is checked by
itself, so that a Bundle of any size names the one element that is wrong.
"""

from __future__ import annotations

from care_rules.resource_types import RESOURCE_TYPES

from carechannel.errors import InvalidFhirError, NotFhirError, WrongFhirVersionError
from carechannel.fhir import r4_only, versions
from carechannel.fhir.models import check, model_of
from carechannel.fhir.problem import Problem
from carechannel.fhir.required_codes import check_codes
from carechannel.fhir.tree import FhirObject, nested


def validate(resource: FhirObject) -> None:
    """Returns when the object, and every resource inside it, is valid FHIR R4.

    Raises:
        NotFhirError: no ``resourceType``, or one that no version of FHIR has.
        WrongFhirVersionError: the resource is of another version of FHIR.
        InvalidFhirError: an element breaks a rule.
    """
    given = resource.get("resourceType")
    if not isinstance(given, str):
        raise NotFhirError("This is JSON but not a FHIR resource: it has no resourceType.")
    _validate(resource, given if given in RESOURCE_TYPES else "the resource")


def _validate(resource: FhirObject, path: str) -> None:
    name = resource.get("resourceType")
    if not isinstance(name, str):
        raise InvalidFhirError(f"This is not valid FHIR R4: {path}.resourceType is required.", path=path)
    if name not in RESOURCE_TYPES:
        _refuse_type(name, path)
    if other := versions.version_of_profile(resource):
        raise WrongFhirVersionError(f"{path}.meta.profile says FHIR {other}; convert the content to FHIR R4.")
    inner = list(nested(resource, path))
    shell = _without(resource, inner)
    if problems := _check(shell, name, path):
        _refuse(resource, problems[0])
    if problems := check_codes(shell, name, path):
        raise _invalid(problems[0])
    for inner_path, child, _, _ in inner:
        _validate(child, inner_path)


def _check(shell: FhirObject, name: str, path: str) -> list[Problem]:
    model = model_of(name)
    problems = check(model, shell, path) if model is not None else None
    if problems == [] or not r4_only.defines(name):
        return problems if problems is not None else [Problem(path, "is of a type that R4 does not define")]
    return r4_only.check_r4(shell, name, path)


def _without(resource: FhirObject, inner: list[tuple[str, FhirObject, str, FhirObject]]) -> FhirObject:
    """A copy of the resource without the resources inside it."""
    if not inner:
        return resource
    held = {(id(holder), key) for _, _, key, holder in inner}
    return _copy(resource, held)


def _copy(value: FhirObject, held: set[tuple[int, str]]) -> FhirObject:
    copied: FhirObject = {}
    for key, item in value.items():
        if (id(value), key) in held:
            continue
        if isinstance(item, dict):
            copied[key] = _copy(item, held)
        elif isinstance(item, list) and key in {"entry", "parameter", "part"}:
            copied[key] = [_copy(part, held) if isinstance(part, dict) else part for part in item]
        else:
            copied[key] = item
    return copied


def _refuse_type(name: str, path: str) -> None:
    if other := versions.version_of_type(name):
        raise WrongFhirVersionError(
            f"The resourceType of {path} is one that FHIR {other} has and R4 has not; convert it to FHIR R4."
        )
    raise NotFhirError(f"This is not FHIR R4: the resourceType of {path} is not one that FHIR has.")


def _refuse(resource: FhirObject, problem: Problem) -> None:
    if other := versions.version_of_shape(resource):
        raise WrongFhirVersionError(
            f"This is FHIR {other}, not R4: {problem.path} {problem.rule} in R4; convert it to FHIR R4."
        )
    raise _invalid(problem)


def _invalid(problem: Problem) -> InvalidFhirError:
    return InvalidFhirError(f"This is not valid FHIR R4: {problem.path} {problem.rule}.", path=problem.path)
