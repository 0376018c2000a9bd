"""What two runs of one transaction do not have in common. Names keys, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fabric_shim.testing.rwset import KeySet, NamespaceSet, ReadWriteSet
from fabric_shim.testing.simulation import Executed


def differences(
    first: Executed, first_set: ReadWriteSet, second: Executed, second_set: ReadWriteSet
) -> list[str]:
    """Say what is not the same in the results of two runs: response, event, read/write set."""
    return [*_in_answers(first, second), *_in_sets(first_set, second_set)]


def _in_answers(first: Executed, second: Executed) -> Iterator[str]:
    if first.response.status != second.response.status:
        yield f"the response's status ({first.response.status} and {second.response.status})"
    if first.response.message != second.response.message:
        yield "the response's message"
    if first.response.payload != second.response.payload:
        yield "the response's payload"
    if (first.event and first.event.name) != (second.event and second.event.name):
        yield "the event's name"
    if (first.event and first.event.payload) != (second.event and second.event.payload):
        yield "the event's payload"


def _in_sets(first: ReadWriteSet, second: ReadWriteSet) -> Iterator[str]:
    for name in sorted(first.namespaces.keys() | second.namespaces.keys()):
        one = first.namespaces.get(name) or NamespaceSet()
        other = second.namespaces.get(name) or NamespaceSet()
        yield from _in_keys(name, one.public, other.public)
        if one.ranges != other.ranges:
            yield f"the range queries of {name}"
        for collection in sorted(one.collections.keys() | other.collections.keys()):
            yield from _in_keys(
                f"{name}, collection {collection}",
                one.collections.get(collection) or KeySet(),
                other.collections.get(collection) or KeySet(),
            )


def _in_keys(where: str, first: KeySet, second: KeySet) -> Iterator[str]:
    for what, one, other in (
        ("reads", first.reads, second.reads),
        ("writes", first.writes, second.writes),
        ("purges", dict.fromkeys(first.purges), dict.fromkeys(second.purges)),
        ("validation parameters", first.validation_parameters, second.validation_parameters),
    ):
        if keys := _differing(one, other):
            yield f"the {what} of {where}: {', '.join(map(repr, keys))}"


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> list[str]:
    return sorted(
        key
        for key in first.keys() | second.keys()
        if key not in first or key not in second or first[key] != second[key]
    )
