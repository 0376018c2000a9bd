"""Private data collections as ``peer lifecycle chaincode … --collections-config`` defines them.

Source: Fabric internal/peer/chaincode/common.go (file), core/chaincode/lifecycle/scc.go (checks),
core/common/privdata/store.go (who may read and write).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fabric_shim.errors import ConfigurationError
from fabric_shim.testing import policies
from fabric_shim.testing.policies import OutOf, Policy, Principal, Signer

IMPLICIT_COLLECTION_PREFIX: Final = "_implicit_org_"
_NAME: Final = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class CollectionConfig:
    """A collection.

    :ivar policy: its members; None: every organisation of the channel.
    :ivar required_peer_count: how many further members' peers must get the data before a peer endorses.
    :ivar block_to_live: for how many further blocks the data is kept; 0: for ever.
    :ivar member_only_read: only clients of members may have the chaincode read it.
    :ivar member_only_write: only clients of members may have the chaincode write to it.
    :ivar endorsement_policy: signature policy, or ANY, ALL, MAJORITY of the channel; empty: the chaincode's.
    :raises ConfigurationError: a peer count or ``block_to_live`` is below zero, ``max_peer_count`` is below
        ``required_peer_count``, or ``policy`` has something else than OR.
    """

    name: str
    policy: OutOf | None = None
    required_peer_count: int = 0
    max_peer_count: int = 1
    block_to_live: int = 0
    member_only_read: bool = False
    member_only_write: bool = False
    endorsement_policy: str = ""

    def __post_init__(self) -> None:
        if self.required_peer_count < 0:
            raise _wrong(
                self.name, f"requiredPeerCount ({self.required_peer_count}) cannot be less than zero"
            )
        if self.max_peer_count < self.required_peer_count:
            raise _wrong(
                self.name,
                f"maximum peer count ({self.max_peer_count}) cannot be less than the required peer count "
                f"({self.required_peer_count})",
            )
        if self.block_to_live < 0:
            raise _wrong(self.name, f"blockToLive ({self.block_to_live}) cannot be less than zero")
        if self.policy is not None:
            _check_or(self.name, self.policy)

    @property
    def members(self) -> frozenset[str] | None:
        """MSP IDs of the members; None: everybody."""
        return None if self.policy is None else policies.organizations(self.policy)

    def holds_data(self, msp_id: str) -> bool:
        """Whether the peers of an organisation get the data."""
        return self.policy is None or policies.satisfied(self.policy, [Signer.peer(msp_id)])

    def admits(self, creator: Signer, *, write: bool) -> bool:
        """Whether a client may have the collection read or written."""
        restricted = self.member_only_write if write else self.member_only_read
        return not restricted or self.policy is None or policies.satisfied(self.policy, [creator])


def implicit_collection(name: str) -> CollectionConfig | None:
    """Give the implicit collection of an organisation; None for the name of any other collection."""
    if not name.startswith(IMPLICIT_COLLECTION_PREFIX):
        return None
    msp_id = name.removeprefix(IMPLICIT_COLLECTION_PREFIX)
    return CollectionConfig(
        name,
        OutOf(1, (Principal(msp_id, "member"),)),
        max_peer_count=0,
        endorsement_policy=f"OR('{msp_id}.peer')",
    )


def load_collections(source: str | Path) -> list[CollectionConfig]:
    """Read a collection configuration: the JSON file that ``--collections-config`` takes, or its text.

    :raises ConfigurationError: it cannot be read, or :class:`CollectionConfig` refuses a collection.
    """
    try:
        text = source.read_text() if isinstance(source, Path) else source
        items = json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The collection configuration cannot be read: {error}.") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ConfigurationError("The collection configuration must be a JSON array of objects.")
    return [_from_json(item) for item in items]


def declared(collections: Iterable[str | CollectionConfig] | Path) -> dict[str, CollectionConfig]:
    """Give collections by name; a bare name is a collection of all organisations.

    :raises ConfigurationError: a name is none for a declared collection, or comes twice; or the file is one
        that :func:`load_collections` refuses.
    """
    listed = load_collections(collections) if isinstance(collections, Path) else collections
    found: dict[str, CollectionConfig] = {}
    for each in listed:
        config = CollectionConfig(each) if isinstance(each, str) else each
        if not _NAME.fullmatch(config.name):
            raise ConfigurationError(
                f"invalid collection name '{config.name}'. Names can only consist of alphanumerics, '_', "
                "and '-' and cannot begin with '_'"
            )
        if config.name in found:
            raise _wrong(config.name, "found duplicate in collection configuration")
        found[config.name] = config
    return found


def check_members(collections: Iterable[CollectionConfig], organizations: Sequence[str]) -> None:
    """Refuse collections with members that are not of the channel.

    :raises ConfigurationError: there is one.
    """
    for config in collections:
        for msp_id in sorted((config.members or frozenset()) - set(organizations)):
            raise _wrong(config.name, f"collection member '{msp_id}' is not part of the channel")


def _from_json(item: Mapping[str, object]) -> CollectionConfig:
    endorsement = item.get("endorsementPolicy")
    policy = ""
    if isinstance(endorsement, dict):
        signature, channel = endorsement.get("signaturePolicy"), endorsement.get("channelConfigPolicy")
        if bool(signature) == bool(channel):
            raise _wrong(
                str(item.get("name")), "endorsementPolicy takes signaturePolicy or channelConfigPolicy"
            )
        policy = str(signature) if signature else _channel_policy(str(channel))
    name = item.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigurationError("A collection of the configuration has no name.")
    return CollectionConfig(
        name,
        policies.parse(str(item.get("policy", ""))),
        required_peer_count=_number(item, "requiredPeerCount", 0),
        max_peer_count=_number(item, "maxPeerCount", 1),
        block_to_live=_number(item, "blockToLive", 0),
        member_only_read=item.get("memberOnlyRead") is True,
        member_only_write=item.get("memberOnlyWrite") is True,
        endorsement_policy=policy,
    )


def _channel_policy(reference: str) -> str:
    """Give what the channel configurations of Fabric's samples put behind a policy reference."""
    if reference in ("/Channel/Application/Endorsement", "Endorsement"):
        return "MAJORITY"
    raise ConfigurationError(
        f"The simulator knows the channel policy /Channel/Application/Endorsement only, not {reference}."
    )


def _number(item: Mapping[str, object], key: str, default: int) -> int:
    value = item.get(key)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(str(item.get("name")), f"{key} must be a whole number")
    return value


def _check_or(name: str, policy: Policy) -> None:
    if isinstance(policy, OutOf):
        if policy.count != 1:
            detail = f"signature policy is not an OR concatenation, NOutOf {policy.count}"
            raise _wrong(name, f"error in member org policy: {detail}")
        for rule in policy.rules:
            _check_or(name, rule)


def _wrong(name: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"collection-name: {name} -- {what}")
