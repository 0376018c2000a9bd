"""A channel's configuration at one time: its MSPs, policies, capabilities and orderers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from fabric_ledger import _configuration_messages as messages
from fabric_ledger import _policy_messages as policy_messages
from fabric_ledger._configuration_messages import GROUP, POLICY, ROOT, VALUE, Consenter, Element, Path, Tree
from fabric_ledger.errors import ConfigurationError, UndecodableError, UnsupportedError
from fabric_ledger.msp import Identity, Msp, Msps
from fabric_ledger.policies import satisfied

_MSPS_UNDERSTOOD = {"V1_4_3", "V2_0", "V3_0"}
_VALIDATION_UNDERSTOOD = {"V2_0", "V2_5"}


class ChannelConfiguration:
    """What a configuration block put in force.

    Args:
        channel: name of the channel.
        content: serialized ``common.ConfigEnvelope``.

    Raises:
        ConfigurationError: it cannot be a channel's configuration.
        UnsupportedError: it needs something that is not understood here.
    """

    def __init__(self, channel: str, content: bytes) -> None:
        try:
            parsed = messages.configuration(content)
            self.channel = channel
            self.sequence = parsed.sequence
            self.tree: Tree = parsed.tree
            self.last_update = parsed.last_update
            self.capabilities = self._capabilities(ROOT)
            self.application_capabilities = self._capabilities(ROOT, "Application")
            self.msps = self._msps()
            self._verdicts: dict[tuple[str | bytes, tuple[Identity, ...]], bool] = {}
        except UndecodableError as error:
            raise ConfigurationError(f"the configuration of {channel} cannot be read: {error}") from error

    @property
    def is_bft(self) -> bool:
        """Whether blocks may be signed by consenters' numbers."""
        return "V3_0" in self.capabilities

    @property
    def validation_refusal(self) -> str | None:
        """Why transactions of this time cannot be judged, or None."""
        if self.application_capabilities & _VALIDATION_UNDERSTOOD:
            return None
        return "the application capability of that time is below V2_0, whose validation rules are older"

    @cached_property
    def consenters(self) -> tuple[Consenter, ...]:
        value = self.tree.get((VALUE, (ROOT, "Orderer", "Orderers")))
        return () if value is None else messages.consenters(value.content)

    @cached_property
    def consensus(self) -> str:
        """``etcdraft``, ``BFT`` …; empty where the configuration does not say."""
        value = self.tree.get((VALUE, (ROOT, "Orderer", "ConsensusType")))
        return "" if value is None else messages.consensus_type(value.content)

    @cached_property
    def application_msp_ids(self) -> dict[str, str]:
        """MSP IDs of the members, by the name of their group."""
        found = {}
        for name in self._groups((ROOT, "Application")):
            value = self.tree.get((VALUE, (ROOT, "Application", name, "MSP")))
            if value is not None:
                definition = messages.msp(value.content)
                if isinstance(definition, messages.MspDefinition):
                    found[name] = definition.name
        return found

    def has_policy(self, reference: str) -> bool:
        return self.policy(reference) is not None

    def policy(self, reference: str, manager: Path = (ROOT,)) -> tuple[Path, Element] | None:
        """The policy that a reference means, seen from a group, or None; absolute ones begin with a slash."""
        if reference.startswith("/"):
            prefix = "/" + "/".join(manager)
            if not reference.startswith(prefix):
                return None
            reference = reference[len(prefix) + 1 :]
        if not reference:
            return None
        path = (*manager, *reference.split("/"))
        element = self.tree.get((POLICY, path))
        return None if element is None else (path, element)

    def satisfies(self, reference: str, identities: tuple[Identity, ...], manager: Path = (ROOT,)) -> bool:
        """Whether identities satisfy a policy of the configuration; a missing policy is satisfied by nobody.

        Raises:
            ConfigurationError: the policy cannot be read.
        """
        key = ("/".join(manager) + " " + reference, identities)
        known = self._verdicts.get(key)
        if known is None:
            found = self.policy(reference, manager)
            known = found is not None and self._holds(*found, identities)
            self._remember(key, known)
        return known

    def satisfies_application_policy(self, content: bytes, identities: tuple[Identity, ...]) -> bool:
        """Whether identities satisfy a serialized ``protos.ApplicationPolicy``; a broken one, nobody."""
        key = (content, identities)
        known = self._verdicts.get(key)
        if known is None:
            try:
                policy = policy_messages.application_policy(content)
            except UndecodableError:
                known = False
            else:
                known = (
                    self.satisfies(policy, identities)
                    if isinstance(policy, str)
                    else satisfied(policy, identities)
                )
            self._remember(key, known)
        return known

    def _remember(self, key: tuple[str | bytes, tuple[Identity, ...]], verdict: bool) -> None:
        if len(self._verdicts) >= 10_000:  # noqa: PLR2004 - a bound on memory, whatever the policies
            self._verdicts.clear()
        self._verdicts[key] = verdict

    def _holds(self, path: Path, element: Element, identities: tuple[Identity, ...]) -> bool:
        name = "/" + "/".join(path)
        try:
            if element.policy_type == messages.SIGNATURE:
                return satisfied(policy_messages.signature_policy(element.content), identities)
            if element.policy_type == messages.IMPLICIT_META:
                meta = policy_messages.implicit_meta(element.content)
                return self._meta_holds(path[:-1], meta, identities)
        except UndecodableError as error:
            raise ConfigurationError(f"the policy {name} cannot be read: {error}") from error
        raise ConfigurationError(f"the policy {name} is of an unknown type")

    def _meta_holds(
        self, group: Path, meta: policy_messages.ImplicitMeta, identities: tuple[Identity, ...]
    ) -> bool:
        inner = self._groups(group)
        needed = {"ANY": 1, "ALL": len(inner), "MAJORITY": len(inner) // 2 + 1}[meta.rule] if inner else 0
        return needed <= sum(
            self.satisfies(meta.sub_policy, identities, manager=(*group, name)) for name in inner
        )

    def _groups(self, path: Path) -> Sequence[str]:
        group = self.tree.get((GROUP, path))
        return [] if group is None else sorted(key[1][-1] for key in group.children if key[0] == GROUP)

    def _capabilities(self, *path: str) -> frozenset[str]:
        value = self.tree.get((VALUE, (*path, "Capabilities")))
        return frozenset() if value is None else messages.capabilities(value.content)

    def _msps(self) -> Msps:
        if not self.capabilities & _MSPS_UNDERSTOOD:
            raise UnsupportedError(
                f"the channel capabilities of {self.channel} are below V1_4_3; "
                "their MSP rules are older than those here"
            )
        members: dict[str, Msp] = {}
        unsupported: dict[str, str] = {}
        seen: dict[str, bytes] = {}
        for (kind, path), value in self.tree.items():
            if kind != VALUE or path[-1] != "MSP":
                continue
            definition = messages.msp(value.content)
            if isinstance(definition, messages.ForeignMsp):
                unsupported[definition.name] = definition.reason
                continue
            if seen.setdefault(definition.name, value.content) != value.content:
                raise ConfigurationError(f"MSP {definition.name} is defined twice, in different ways")
            if definition.name not in members:
                try:
                    members[definition.name] = Msp(definition, ed25519_allowed=self.is_bft)
                except UnsupportedError as error:
                    unsupported[definition.name] = str(error)
        return Msps(members, unsupported)
