"""The update from one channel configuration to another, as `configtxlator compute_update` makes it.

An update has two sets (Fabric docs "Updating a channel configuration"; common/configtx/update.go verifies
them). The read set names what must not have changed in between, by version. The write set names what changes:
each changed element with its version raised by one. A group's own version is raised only when the group gains
or loses a member or another mod policy; such a group lists all that it will have, the unchanged by version
alone. Elements that are in neither set stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fabric_protos.common import configtx_pb2

from carechannel.sdk.errors import ConfigurationError

_Config = configtx_pb2.Config
_Group = configtx_pb2.ConfigGroup
_Value = configtx_pb2.ConfigValue
_Policy = configtx_pb2.ConfigPolicy

_Leaf = TypeVar("_Leaf", _Value, _Policy)


@dataclass(frozen=True)
class _Change:
    """What a group's sets hold; `changed` tells whether there is anything in them to write."""

    read: _Group
    write: _Group
    changed: bool


def between(channel: str, current: _Config, wanted: _Config) -> configtx_pb2.ConfigUpdate:
    """Raises `ConfigurationError` when nothing differs."""
    change = _compare(current.channel_group, wanted.channel_group)
    if not change.changed:
        raise ConfigurationError(
            f"The configuration of {channel} is already as wanted; there is nothing to update."
        )
    return configtx_pb2.ConfigUpdate(channel_id=channel, read_set=change.read, write_set=change.write)


def is_void(update: configtx_pb2.ConfigUpdate, config: _Config) -> bool:
    """Whether the configuration has moved on under `update`, for versions only grow (configtx/update.go)."""
    present = dict(_versions(config.channel_group))
    read, write = dict(_versions(update.read_set)), dict(_versions(update.write_set))
    if any(present.get(place) != version for place, version in read.items()):
        return True
    changed = {place: version for place, version in write.items() if read.get(place) != version}
    return any(version != present.get(place, -1) + 1 for place, version in changed.items())


def _versions(group: _Group, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    yield place, group.version
    for name, value in group.values.items():
        yield (*place, "values", name), value.version
    for name, policy in group.policies.items():
        yield (*place, "policies", name), policy.version
    for name, inner in group.groups.items():
        yield from _versions(inner, (*place, "groups", name))


def _compare(current: _Group, wanted: _Group) -> _Change:
    read, write = _Group(version=current.version), _Group(version=current.version)
    same = _Group()
    members_changed = current.mod_policy != wanted.mod_policy
    members_changed |= _compare_leaves(current.values, wanted.values, write.values, same.values, _same_value)
    members_changed |= _compare_leaves(
        current.policies, wanted.policies, write.policies, same.policies, _same_policy
    )
    members_changed |= _compare_groups(current.groups, wanted.groups, read, write, same)
    if members_changed:
        write.version += 1
        write.mod_policy = wanted.mod_policy
        read.MergeFrom(same)
        write.MergeFrom(same)
        return _Change(read, write, changed=True)
    changed = bool(write.values or write.policies or write.groups)
    return _Change(read, write, changed)


def _compare_leaves(
    current: MutableMapping[str, _Leaf],
    wanted: MutableMapping[str, _Leaf],
    write: MutableMapping[str, _Leaf],
    same: MutableMapping[str, _Leaf],
    equal: Callable[[_Leaf, _Leaf], bool],
) -> bool:
    """Fill `write` and `same`; gives whether members came or went."""
    for name, new in wanted.items():
        if name not in current:
            _put(write, name, new, 0)
        elif equal(current[name], new):
            same[name].version = current[name].version
        else:
            _put(write, name, new, current[name].version + 1)
    return set(current) != set(wanted)


def _compare_groups(
    current: MutableMapping[str, _Group],
    wanted: MutableMapping[str, _Group],
    read: _Group,
    write: _Group,
    same: _Group,
) -> bool:
    for name, new in wanted.items():
        if name not in current:
            added = _compare(_Group(), new).write
            added.version, added.mod_policy = 0, new.mod_policy
            write.groups[name].CopyFrom(added)
            continue
        change = _compare(current[name], new)
        if change.changed:
            read.groups[name].CopyFrom(change.read)
            write.groups[name].CopyFrom(change.write)
        else:
            same.groups[name].version = current[name].version
    return set(current) != set(wanted)


def _put(leaves: Any, name: str, new: Any, version: int) -> None:
    leaves[name].CopyFrom(new)
    leaves[name].version = version


def _same_value(one: _Value, other: _Value) -> bool:
    return one.mod_policy == other.mod_policy and one.value == other.value


def _same_policy(one: _Policy, other: _Policy) -> bool:
    return one.mod_policy == other.mod_policy and one.policy == other.policy
