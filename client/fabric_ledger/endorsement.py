"""Whether the endorsements of a transaction suffice (Fabric core/common/validation/statebased, v20.go).

The policy of a key that is written is, in this order: the key's own, its collection's, its chaincode's.
"""

from __future__ import annotations

from collections.abc import Callable

from fabric_gateway.validation import ValidationCode

from fabric_ledger import _policy_messages, _rwset_messages
from fabric_ledger._rwset_messages import Namespace
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import UndecodableError, UnsupportedError
from fabric_ledger.lifecycle import IMPLICIT, NAMESPACE, Definitions, lifecycle_policy_holders
from fabric_ledger.msp import Identity
from fabric_ledger.policies import satisfied
from fabric_ledger.state import Space, State
from fabric_ledger.transactions import InvalidError

Check = Callable[[tuple[Identity, ...]], bool]
PolicyChanges = dict[tuple[Space, bytes], set[str]]
"""Keys whose policies earlier transactions of the block change, with the namespaces that those passed in."""

_POLICY_ENTRY = "VALIDATION_PARAMETER"


class Endorsements:
    """Judges transactions of one block against the state before it.

    Args:
        configuration: in force for the block.
        definitions: of chaincodes, before the block.
        state: before the block.
    """

    def __init__(self, configuration: ChannelConfiguration, definitions: Definitions, state: State) -> None:
        self._configuration = configuration
        self._definitions = definitions
        self._state = state
        self._policies: dict[str, Check] = {}

    def namespaces(self, chaincode: str, parts: tuple[Namespace, ...]) -> list[str]:
        """The namespaces whose policies count: the chaincode's that was called, and all that are written."""
        if len(parts) == 1 and parts[0].name == chaincode:
            return [chaincode]
        names = [part.name for part in parts]
        if len(set(names)) != len(names):
            raise InvalidError(ValidationCode.ILLEGAL_WRITESET, "a namespace stands twice in the write set")
        return list(dict.fromkeys([chaincode, *(part.name for part in parts if part.writes_anything)]))

    def defined(self, namespace: str) -> bool:
        """Whether a chaincode of that name can be judged at all.

        Raises:
            UnsupportedError: it is defined in a way that is not understood.
        """
        if namespace == NAMESPACE:
            return True
        definition = self._definitions.get(namespace)
        return definition is not None and bool(definition.plugin and definition.policy)

    def refusal(
        self,
        namespace: str,
        parts: tuple[Namespace, ...],
        endorsers: tuple[Identity, ...],
        earlier: PolicyChanges,
    ) -> str | None:
        """Why the endorsers do not suffice for one namespace, or None."""
        judged: set[str] = set()
        chaincode_policy = self._policies.get(namespace)
        if chaincode_policy is None:
            chaincode_policy = self._policies[namespace] = self._chaincode_policy(namespace)
        for part in parts:
            if part.name != namespace:
                continue
            spaces = (part.public, *part.collections)
            # Fabric takes all writes of collections before their metadata; any refusal is the same code.
            for space in spaces:
                for key, _ in (*space.writes, *space.metadata_writes):
                    refusal = self._key_refusal(
                        (namespace, space.collection), key, endorsers, earlier, judged, chaincode_policy
                    )
                    if refusal is not None:
                        return refusal
        if not judged and not chaincode_policy(endorsers):
            return f"the endorsement policy of {namespace} is not satisfied"
        return None

    def _key_refusal(  # noqa: PLR0911, PLR0917 - one return for each kind of policy, as in Fabric
        self,
        space: Space,
        key: bytes,
        endorsers: tuple[Identity, ...],
        earlier: PolicyChanges,
        judged: set[str],
        chaincode_policy: Check,
    ) -> str | None:
        namespace, collection = space
        if earlier and namespace in earlier.get((space, key), ()):
            return "an earlier transaction of the block changes the policy of a key that it writes"
        policy = self._key_policy(space, key)
        if policy:
            judged.add("key")
            return (
                None
                if self._holds(policy, endorsers)
                else "the policy of a key that it writes is not satisfied"
            )
        if collection and f"collection {collection}" in judged:
            return None
        check: Check | None = None
        if collection:
            check = self._collection_policy(namespace, collection)
        if check is not None:
            judged.add(f"collection {collection}")
            if check(endorsers):
                return None
            return f"the endorsement policy of collection {collection} is not satisfied"
        if "chaincode" in judged:
            return None
        judged.add("chaincode")
        return (
            None if chaincode_policy(endorsers) else f"the endorsement policy of {namespace} is not satisfied"
        )

    def _key_policy(self, space: Space, key: bytes) -> bytes:
        entry = self._state.get(space, key)
        if entry is None or entry.metadata is None:
            return b""
        return _rwset_messages.metadata_entry(entry.metadata, _POLICY_ENTRY)

    def _holds(self, policy: bytes, endorsers: tuple[Identity, ...]) -> bool:
        try:
            return satisfied(_policy_messages.signature_policy(policy), endorsers)
        except UndecodableError as error:
            raise UnsupportedError(f"the policy of a key cannot be read: {error}") from error

    def _chaincode_policy(self, namespace: str) -> Check:
        configuration = self._configuration
        if namespace == NAMESPACE:
            holders = lifecycle_policy_holders(configuration)
            if isinstance(holders, str):
                path = holders
                return lambda endorsers: configuration.satisfies(path, endorsers)
            rule = _policy_messages.any_member(holders, len(holders) // 2 + 1)
            return lambda endorsers: satisfied(rule, endorsers)
        definition = self._definitions.get(namespace)
        policy = b"" if definition is None else definition.policy  # an empty one nobody satisfies
        return lambda endorsers: configuration.satisfies_application_policy(policy, endorsers)

    def _collection_policy(self, namespace: str, collection: str) -> Check | None:
        """The collection's policy; None where the chaincode's stands for it."""
        configuration = self._configuration
        if collection.startswith(IMPLICIT):
            msp_id = collection.removeprefix(IMPLICIT)
            for name, member in sorted(configuration.application_msp_ids.items()):
                if member == msp_id:
                    path = f"/Channel/Application/{name}/Endorsement"
                    if configuration.has_policy(path):
                        return lambda endorsers: configuration.satisfies(path, endorsers)
                    rule = _policy_messages.any_member([msp_id])
                    return lambda endorsers: satisfied(rule, endorsers)
            return _nobody
        definition = None if namespace == NAMESPACE else self._definitions.get(namespace)
        if definition is None or collection not in definition.collections:
            return _nobody
        policy = definition.collections[collection].endorsement_policy
        if not policy:
            # Fabric hands out the chaincode's policy here, as the collection's.
            return lambda endorsers: configuration.satisfies_application_policy(definition.policy, endorsers)
        return lambda endorsers: configuration.satisfies_application_policy(policy, endorsers)


def _nobody(endorsers: tuple[Identity, ...]) -> bool:
    """The policy of a collection that does not exist."""
    del endorsers
    return False
