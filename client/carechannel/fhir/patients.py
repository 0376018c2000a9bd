"""A record belongs to one patient; content about two must not be published under one's handle."""

from __future__ import annotations

from typing import Final

from carechannel.errors import SeveralPatientsError
from carechannel.fhir.read import Resource
from carechannel.fhir.tree import FhirObject, FhirValue, objects

_SUBJECTS: Final = ("subject", "patient", "beneficiary", "individual")


def check_one_patient(resource: Resource) -> None:
    """Returns when the content is about at most one patient.

    In a Bundle, every Patient resource and every patient that an entry's subject names counts; references are
    resolved as in https://hl7.org/fhir/R4/bundle.html#references. Patients contained in another resource are
    the patient of that resource and do not count.

    Raises:
        SeveralPatientsError: there are two; their elements are named.
    """
    entries = _entries(resource)
    identities = _identities(entries)
    seen: dict[str, str] = {}
    for path, full_url, inner in entries:
        for at, identity in _patients(path, full_url, inner, identities):
            seen.setdefault(identity, at)
        if len(seen) > 1:
            first, second = list(seen.values())[:2]
            raise SeveralPatientsError(
                f"The content is about more than one patient ({first} and {second}); "
                "publish each patient's part by itself."
            )


def _entries(resource: Resource) -> list[tuple[str, str, FhirObject]]:
    if resource.type != "Bundle":
        return [(resource.type, "", resource.tree)]
    return [
        (f"Bundle.entry[{index}].resource", str(entry.get("fullUrl", "")), inner)
        for index, entry in objects(resource.tree.get("entry"))
        if isinstance(inner := entry.get("resource"), dict)
    ]


def _identities(entries: list[tuple[str, str, FhirObject]]) -> dict[str, str]:
    """What each entry may be called, to one name of it; only patients' names begin with ``Patient``."""
    names: dict[str, str] = {}
    for path, full_url, inner in entries:
        kind = inner.get("resourceType")
        identity = f"{kind} {full_url or inner.get('id') or path}"
        if full_url:
            names[full_url] = identity
        if isinstance(name := inner.get("id"), str):
            names.setdefault(f"{kind}/{name}", identity)
    return names


def _patients(path: str, full_url: str, inner: FhirObject, names: dict[str, str]) -> list[tuple[str, str]]:
    if inner.get("resourceType") == "Patient":
        name = inner.get("id")
        known = names.get(full_url) or names.get(f"Patient/{name}") or f"Patient {name or path}"
        return [(path, known)]
    found = []
    for key in _SUBJECTS:
        value = inner.get(key)
        for reference in _references(value if isinstance(value, list) else [value]):
            identity = _resolve(reference, full_url, names, certain=key in {"patient", "beneficiary"})
            if identity is not None:
                found.append((f"{path}.{key}", identity))
    return found


def _references(values: list[FhirValue]) -> list[str]:
    return [text for _, value in objects(values) if isinstance(text := value.get("reference"), str)]


def _resolve(reference: str, full_url: str, names: dict[str, str], *, certain: bool) -> str | None:
    """The patient that a reference names; None where it names something else, or nothing that is known."""
    target = reference.split("/_history/", maxsplit=1)[0]
    if not target or target.startswith("#"):
        return None
    base = "/".join(full_url.split("/")[:-2])
    identity = names.get(f"{base}/{target}") if base else None
    identity = identity or names.get(target)
    if identity is not None:
        return identity if identity.startswith("Patient ") else None
    kind = target.split("/")[-2] if "/" in target else None
    if kind == "Patient":
        return f"Patient {target.rsplit('/', 1)[-1]}" if target.count("/") == 1 else f"Patient {target}"
    return f"Patient {target}" if certain and kind is None else None
