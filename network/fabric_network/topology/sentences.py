"""Pydantic's errors in sentences: what is wrong at which key, and the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from fabric_network.errors import Problem
from fabric_network.topology.collection import Collection, EndorsementPolicy
from fabric_network.topology.model import (
    KEY,
    Chaincode,
    Channel,
    Ordering,
    Organization,
    Person,
    Ports,
    Topology,
)
from fabric_network.topology.part import Part, keys

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Sentences = Callable[["ErrorDetails"], tuple[str, str]]


def problem(details: ErrorDetails) -> Problem:
    wrong, mend = _SENTENCES.get(details["type"], _other)(details)
    return Problem(_key_path(details["loc"]), wrong, mend)


def _key_path(location: Sequence[int | str]) -> str:
    path = ""
    for step in location:
        if step in (KEY, "[key]"):
            continue
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.removeprefix(".")


def _unknown(details: ErrorDetails) -> tuple[str, str]:
    known = _known_keys(details["loc"])
    return (
        "The key is not known.",
        f"{nearest(str(details['loc'][-1]), known)}Known here: {', '.join(known)}.",
    )


def _known_keys(location: Sequence[int | str]) -> list[str]:
    """The keys of the model that a location lies in, found by walking the models along the location."""
    models: dict[str, type[Part]] = {
        "organizations": Organization,
        "channels": Channel,
        "chaincodes": Chaincode,
        "people": Person,
        "ordering": Ordering,
        "ports": Ports,
        "collections": Collection,
        "endorsementPolicy": EndorsementPolicy,
    }
    model: type[Part] = Topology
    for step in location[:-1]:
        if isinstance(step, str) and step in models and step in keys(model):
            model = models[step]
    return keys(model)


def nearest(word: str, known: Sequence[str]) -> str:
    """`Did you mean …? ` with the word of `known` that is like `word`, or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}? " if close else ""


def _missing(_: ErrorDetails) -> tuple[str, str]:
    return "The key is missing.", "Add it."


def _shape(details: ErrorDetails) -> tuple[str, str]:
    value = details["input"]
    context = details.get("ctx", {})
    pattern = str(context.get("pattern", ""))
    return f"{value!r} does not have the form that is needed here.", _FORMS.get(
        pattern, f"It has to match {pattern}."
    )


def _not_text(details: ErrorDetails) -> tuple[str, str]:
    return f"{details['input']!r} is not a text to YAML.", "Put the value in quotes."


def _not_number(details: ErrorDetails) -> tuple[str, str]:
    return f"{details['input']!r} is not a whole number.", "Write a whole number, without quotes."


def _not_yes_or_no(details: ErrorDetails) -> tuple[str, str]:
    return f"{details['input']!r} is neither true nor false.", "Write true or false, without quotes."


def _not_mapping(details: ErrorDetails) -> tuple[str, str]:
    return (
        f"{_kind(details['input'])} stands where keys with values are needed.",
        "Write a mapping (key: value).",
    )


def _not_list(details: ErrorDetails) -> tuple[str, str]:
    return f"{_kind(details['input'])} stands where a list is needed.", "Write it as a list: [first, second]."


def _too_few(_: ErrorDetails) -> tuple[str, str]:
    return "It is empty.", "Give at least one."


def _choice(details: ErrorDetails) -> tuple[str, str]:
    expected = str(details.get("ctx", {}).get("expected", ""))
    known = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
    hint = nearest(str(details["input"]), known)
    return f"{details['input']!r} is not known here.", f"{hint}Write one of: {', '.join(known)}."


def _range(details: ErrorDetails) -> tuple[str, str]:
    context: Mapping[str, object] = details.get("ctx", {})
    bound = next((f"{words} {context[key]}" for key, words in _BOUNDS.items() if key in context), "in range")
    return f"{details['input']!r} is out of range.", f"It has to be {bound}."


def _other(details: ErrorDetails) -> tuple[str, str]:
    return f"{details['msg']}.", "Mend the value."


def _kind(value: object) -> str:
    if value is None:
        return "Nothing"
    if isinstance(value, dict):
        return "A mapping"
    return "A list" if isinstance(value, list) else repr(value)


_BOUNDS = {
    "ge": "at least",
    "le": "at most",
    "min_length": "at least of length",
    "max_length": "at most of length",
}

_FORMS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "Use small letters, digits and single hyphens; a letter first.",
    r"^[a-z][a-z0-9.-]*$": "Use small letters, digits, dots and hyphens; a letter first.",
    r"^[a-z][a-z0-9]*([-_][a-z0-9]+)*$": "Use small letters, digits and single hyphens; a letter first.",
    r"^[A-Za-z0-9_.+-]+$": 'Use letters, digits and any of _.+- for a version: "1.0".',
    r"^[A-Za-z][A-Za-z0-9.-]*$": "Use letters, digits, dots and hyphens for an MSP ID: HospitalAMSP.",
    r"^[a-z0-9-]+(\.[a-z0-9-]+)*$": "Write a domain name in small letters: hospital-a.example.",
    r"^[A-Za-z0-9-][A-Za-z0-9_-]*$": "Use letters, digits, hyphens and underscores; no underscore first.",
    r"^[A-Z]{2}$": "Write a country as two capital letters (ISO 3166-1): DE.",
    r"^[1-9][0-9]*(ms|s|m)$": "Write a time with its unit: 50ms, 2s or 1m.",
    r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$": "Write the name of a Python module: care_contracts.",
}

_SENTENCES: Mapping[str, Sentences] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "string_pattern_mismatch": _shape,
    "string_type": _not_text,
    "int_type": _not_number,
    "int_parsing": _not_number,
    "int_from_float": _not_number,
    "bool_type": _not_yes_or_no,
    "model_type": _not_mapping,
    "mapping_type": _not_mapping,
    "dict_type": _not_mapping,
    "tuple_type": _not_list,
    "too_short": _too_few,
    "literal_error": _choice,
    "enum": _choice,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "string_too_short": _range,
    "string_too_long": _range,
}
