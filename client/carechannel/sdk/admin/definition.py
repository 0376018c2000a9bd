"""A chaincode definition, as a channel's members approve and commit it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from carechannel.sdk.admin._names import CHAINCODE
from carechannel.sdk.errors import DefinitionError
from carechannel.sdk.signature_policy import PolicyError, parse

# core/chaincode/lifecycle/scc.go in Fabric's source.
_VERSION = re.compile(r"[A-Za-z0-9_.+-]+")
_MOST_PEERS, _MOST_SEQUENCE, _MOST_BLOCKS = 2**31 - 1, 2**63 - 1, 2**64 - 1
DEFAULT_ENDORSEMENT = "/Channel/Application/Endorsement"
"""The channel's policy that counts where a definition names none."""

_KEYS = {
    "name",
    "policy",
    "requiredPeerCount",
    "maxPeerCount",
    "blockToLive",
    "memberOnlyRead",
    "memberOnlyWrite",
    "endorsementPolicy",
}
_POLICY_KEYS = {"signaturePolicy", "channelConfigPolicy"}


@dataclass(frozen=True)
class Collection:
    """A private data collection.

    `members` is a signature policy with OR alone; `endorsement` a signature policy or `channel_policy` the
    name of one of the channel's, neither for the chaincode's own. `block_to_live` counts blocks, 0 for ever.
    Raises `DefinitionError` for a policy that cannot be read.
    """

    name: str
    members: str
    required_peer_count: int = 0
    max_peer_count: int = 1
    block_to_live: int = 0
    member_only_read: bool = False
    member_only_write: bool = False
    endorsement: str = ""
    channel_policy: str = ""

    def __post_init__(self) -> None:
        check_policy(self.members, f"The policy of collection {self.name}")
        check_endorsement(self.endorsement, self.channel_policy, f"collection {self.name}")
        if (
            max(self.required_peer_count, self.max_peer_count) > _MOST_PEERS
            or self.block_to_live > _MOST_BLOCKS
        ):
            raise DefinitionError(f"Collection {self.name} counts more peers or blocks than Fabric can.")
        if self.required_peer_count < 0 or self.block_to_live < 0:
            raise DefinitionError(f"Collection {self.name} counts peers or blocks below 0.")
        if self.max_peer_count < self.required_peer_count:
            raise DefinitionError(f"Collection {self.name} asks for more peers than the most that it allows.")


@dataclass(frozen=True)
class ChaincodeDefinition:
    """What is agreed on for `name`: `sequence` counts its definitions on the channel, from 1.

    `endorsement` is a signature policy, or `channel_policy` the name of one of the channel's; with neither it
    is `/Channel/Application/Endorsement`. Raises `DefinitionError` for what Fabric would not take.
    """

    name: str
    version: str
    sequence: int
    endorsement: str = ""
    channel_policy: str = ""
    collections: tuple[Collection, ...] = ()
    init_required: bool = False
    endorsement_plugin: str = "escc"
    validation_plugin: str = "vscc"

    def __post_init__(self) -> None:
        if not CHAINCODE.fullmatch(self.name):
            raise DefinitionError(
                f"{self.name!r} is no name of a chaincode: letters and digits, '-' and '_' between."
            )
        if not _VERSION.fullmatch(self.version):
            raise DefinitionError(f"{self.version!r} is no version: letters, digits, '_', '-', '+' and '.'.")
        if self.sequence > _MOST_SEQUENCE:
            raise DefinitionError(f"{self.sequence} is more than a sequence can be.")
        if self.sequence < 1:
            raise DefinitionError(f"The first sequence of a definition is 1, not {self.sequence}.")
        check_endorsement(self.endorsement, self.channel_policy, f"chaincode {self.name}")

    def same_as(self, other: ChaincodeDefinition) -> bool:
        """Whether both say the same, whatever their sequences, and however their policies are written."""
        return _compared(self) == _compared(other)


def collections_from_json(text: str) -> tuple[Collection, ...]:
    """The file that `peer lifecycle chaincode … --collections-config` takes; unknown keys are refused.

    Raises `DefinitionError`.
    """
    try:
        listed = json.loads(text)
        return tuple(_collection(one) for one in listed)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DefinitionError(f"The collections configuration cannot be read: {error}") from error


def check_endorsement(endorsement: str, channel_policy: str, what: str) -> None:
    """Raises `DefinitionError` unless at most one is given, and that can be read."""
    if endorsement and channel_policy:
        raise DefinitionError(
            f"For {what}, give a signature policy or the name of a channel's policy, not both."
        )
    if endorsement:
        check_policy(endorsement, f"The endorsement policy of {what}")


def check_policy(text: str, what: str) -> None:
    """Raises `DefinitionError` unless `text` is a signature policy."""
    try:
        parse(text)
    except PolicyError as error:
        raise DefinitionError(f"{what} cannot be read: {error}") from error


def _compared(definition: ChaincodeDefinition) -> ChaincodeDefinition:
    return replace(
        definition,
        sequence=1,
        endorsement=_canonical(definition.endorsement),
        channel_policy=definition.channel_policy or ("" if definition.endorsement else DEFAULT_ENDORSEMENT),
        collections=tuple(
            replace(one, members=_canonical(one.members), endorsement=_canonical(one.endorsement))
            for one in definition.collections
        ),
    )


def _canonical(policy: str) -> str:
    return str(parse(policy)) if policy else ""


def _collection(one: dict[str, object]) -> Collection:
    unknown = sorted(set(one) - _KEYS)
    if unknown:
        raise DefinitionError(f"A collection has no {unknown[0]!r}.")
    policy = one.get("endorsementPolicy") or {}
    if not isinstance(policy, dict) or set(policy) - _POLICY_KEYS:
        raise DefinitionError(
            "The endorsementPolicy of a collection has a signaturePolicy or a channelConfigPolicy."
        )
    return Collection(
        name=_text(one["name"]),
        members=_text(one["policy"]),
        required_peer_count=_count(one.get("requiredPeerCount", 0)),
        max_peer_count=_count(one.get("maxPeerCount", 1)),
        block_to_live=_count(one.get("blockToLive", 0)),
        member_only_read=_flag(one.get("memberOnlyRead", False)),
        member_only_write=_flag(one.get("memberOnlyWrite", False)),
        endorsement=_text(policy.get("signaturePolicy", "")),
        channel_policy=_text(policy.get("channelConfigPolicy", "")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value
