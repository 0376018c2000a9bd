"""A simulated channel: its organisations, the chaincodes defined on it, its committed state and blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError
from fabric_shim.testing import collections, policies
from fabric_shim.testing.blocks import Block
from fabric_shim.testing.collections import CollectionConfig
from fabric_shim.testing.policies import Policy
from fabric_shim.testing.world import World

_CHANNEL_POLICIES: Final = ("ANY", "ALL", "MAJORITY")
# Fabric core/chaincode/lifecycle/scc.go
_CHAINCODE_NAME: Final = re.compile(r"[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*")
_SYSTEM_CHAINCODES: Final = frozenset({"cscc", "escc", "lscc", "qscc", "vscc"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A chaincode as the channel's organisations have approved it.

    :ivar policy: its endorsement policy; None: any organisation.
    """

    name: str
    chaincode: Chaincode = field(repr=False)
    collections: Mapping[str, CollectionConfig]
    policy: Policy | None

    def collection(self, name: str) -> CollectionConfig | None:
        """Give a collection's configuration; implicit collections always exist."""
        return self.collections.get(name) or collections.implicit_collection(name)


@dataclass(slots=True)
class Channel:
    """A channel.

    :ivar organizations: MSP IDs of its members; None: whoever comes.
    :ivar neighbours: further channels that its peers have joined, by name.
    :ivar tx_ids: the transactions in its blocks, valid or not.
    """

    name: str
    organizations: tuple[str, ...] | None = None
    definitions: dict[str, Definition] = field(default_factory=dict)
    neighbours: dict[str, Channel] = field(default_factory=dict)
    world: World = field(default_factory=World)
    blocks: list[Block] = field(default_factory=list)
    tx_ids: set[str] = field(default_factory=set)

    @property
    def height(self) -> int:
        """The number of the next block. Block 0, the channel's configuration, is there from the start."""
        return len(self.blocks) + 1

    def define(
        self, name: str, chaincode: Chaincode, configs: Mapping[str, CollectionConfig], policy: str
    ) -> None:
        """Define a chaincode, or define it anew (its state stays).

        :param configs: as :func:`~fabric_shim.testing.collections.declared` gives them.
        :raises ConfigurationError: the name is none for a chaincode, a collection has a member that is not of
            the channel, or a policy cannot be read. Whom endorsement policies name is not checked.
        """
        _check_name(name)
        if self.organizations is not None:
            collections.check_members(configs.values(), self.organizations)
        for config in configs.values():
            self.policy(config.endorsement_policy)
        self.definitions[name] = Definition(name, chaincode, configs, self.policy(policy))

    def policy(self, text: str) -> Policy | None:
        """Read an endorsement policy: signature policy, ANY, ALL, MAJORITY; None for the empty text.

        :raises ConfigurationError: it cannot be read, or needs the channel's organizations.
        """
        if not text:
            return None
        if text not in _CHANNEL_POLICIES:
            return policies.parse(text)
        if self.organizations is None:
            raise ConfigurationError(f"The policy {text} needs the channel's organizations.")
        return policies.of_channel(text, self.organizations)

    def check_peers(self, msp_ids: Sequence[str]) -> None:
        """Refuse peers of organisations that are not of the channel.

        :raises ConfigurationError: there is one.
        """
        for msp_id in msp_ids:
            if self.organizations is not None and msp_id not in self.organizations:
                raise ConfigurationError(f"{msp_id} is no organization of the channel {self.name}.")


def _check_name(name: str) -> None:
    if not _CHAINCODE_NAME.fullmatch(name):
        raise ConfigurationError(
            f"invalid chaincode name '{name}'. Names can only consist of alphanumerics, '_', and '-' and can "
            "only begin with alphanumerics"
        )
    if name in _SYSTEM_CHAINCODES:
        raise ConfigurationError(f"chaincode name '{name}' is the name of a system chaincode")
