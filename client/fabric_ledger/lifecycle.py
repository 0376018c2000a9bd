"""Chaincode definitions as they stand in the ``_lifecycle`` namespace (Fabric core/chaincode/lifecycle)."""

from __future__ import annotations

from dataclasses import dataclass

from fabric_ledger import _policy_messages as messages
from fabric_ledger._policy_messages import CollectionDefinition
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import UndecodableError, UnsupportedError
from fabric_ledger.state import State, Updates

NAMESPACE = "_lifecycle"
IMPLICIT = "_implicit_org_"

_LEGACY = ("lscc", "")
_BUILT_IN = "vscc"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a channel's members committed for a chaincode.

    Attributes:
        policy: its endorsement policy, a serialized ``protos.ApplicationPolicy``.
    """

    plugin: str
    policy: bytes
    version: str
    collections: dict[str, CollectionDefinition]


class Definitions:
    """The definitions in force; those that were asked for are kept until a block changes one.

    Args:
        state: where the namespace is read.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, Definition | None] = {}

    def committed(self, updates: Updates) -> None:
        """Forget what a block may have changed."""
        if (NAMESPACE, "") in updates or _LEGACY in updates:
            self._known.clear()

    def get(self, chaincode: str) -> Definition | None:
        """The definition of a chaincode, or None where there is none.

        Raises:
            UnsupportedError: it is one that cannot be judged here.
        """
        if chaincode not in self._known:
            if len(self._known) >= 10_000:  # noqa: PLR2004 - hostile transactions may ask for any name
                self._known.clear()
            self._known[chaincode] = self._read(chaincode)
        return self._known[chaincode]

    def _read(self, chaincode: str) -> Definition | None:
        kind = self._value(f"namespaces/metadata/{chaincode}")
        if kind is None:
            if self._state.get(_LEGACY, chaincode.encode()) is not None:
                raise UnsupportedError(f"chaincode {chaincode} was deployed in the way of Fabric 1.x")
            return None
        try:
            if messages.state_type(kind) != "ChaincodeDefinition":
                raise UnsupportedError(f"the definition of {chaincode} is of an unknown type")
            plugin, policy = messages.validation_info(self._field(chaincode, "ValidationInfo"))
            version = messages.chaincode_version(self._field(chaincode, "EndorsementInfo"))
            found = messages.collections(self._field(chaincode, "Collections"))
        except UndecodableError as error:
            raise UnsupportedError(f"the definition of {chaincode} cannot be read: {error}") from error
        if plugin and plugin != _BUILT_IN:
            raise UnsupportedError(f"chaincode {chaincode} is validated by the plugin {plugin!r}")
        return Definition(plugin, policy, version, {each.name: each for each in reversed(found)})

    def _field(self, chaincode: str, name: str) -> bytes:
        value = self._value(f"namespaces/fields/{chaincode}/{name}")
        return b"" if value is None else messages.state_bytes(value)

    def _value(self, key: str) -> bytes | None:
        entry = self._state.get((NAMESPACE, ""), key.encode())
        return None if entry is None else entry.value


def lifecycle_policy_holders(configuration: ChannelConfiguration) -> str | list[str]:
    """Who endorses changes of definitions: a policy's path, or the MSP IDs of which most must."""
    path = "/Channel/Application/LifecycleEndorsement"
    if configuration.has_policy(path):
        return path
    return list(configuration.application_msp_ids.values())
