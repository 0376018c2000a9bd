"""Whether a new configuration follows from the old one by an authorised update (Fabric common/configtx)."""

from __future__ import annotations

import re

from fabric_ledger import _configuration_messages as messages
from fabric_ledger._configuration_messages import GROUP, POLICY, ROOT, VALUE, Element, Key, Path, Tree
from fabric_ledger.configuration import ChannelConfiguration
from fabric_ledger.errors import ConfigurationError, UndecodableError
from fabric_ledger.msp import Identity
from fabric_ledger.policies import signers

_NAME = re.compile(r"[a-zA-Z0-9.-]{1,249}")


def authorise(current: ChannelConfiguration, new: ChannelConfiguration) -> tuple[str, ...]:
    """Check that the members of the current configuration brought about the new one.

    Returns:
        The changed elements, as paths.

    Raises:
        ConfigurationError: they did not; the sentence says why.
        UnsupportedError: a signer's MSP is not understood.
    """
    if new.sequence != current.sequence + 1:
        raise ConfigurationError(
            f"configuration {new.sequence} cannot follow configuration {current.sequence}"
        )
    try:
        update = messages.update(new.last_update)
    except UndecodableError as error:
        raise ConfigurationError(
            f"the update that led to the configuration cannot be read: {error}"
        ) from error
    if update.channel != current.channel:
        raise ConfigurationError(f"the update is for channel {update.channel!r}, not {current.channel!r}")
    _check_names(update.write_set)
    for key, element in update.read_set.items():
        existing = current.tree.get(key)
        if existing is None or existing.version != element.version:
            raise ConfigurationError(f"the update was made for another version of {_text(key)}")
    changed = {
        key: element
        for key, element in update.write_set.items()
        if key not in update.read_set or update.read_set[key].version != element.version
    }
    if not changed:
        raise ConfigurationError("the update changes nothing")
    identities = signers(update.signed, current.msps)
    for key, element in changed.items():
        _check_change(current, key, element, identities)
    result = {**current.tree, **changed}
    if any(key not in result for key in update.write_set):
        raise ConfigurationError("the update writes an element that the configuration would not have")
    if _rebuilt(result) != new.tree:
        raise ConfigurationError("the configuration is not what its update makes of the one before")
    return tuple(sorted(_text(key) for key in changed))


def _check_change(
    current: ChannelConfiguration, key: Key, element: Element, identities: tuple[Identity, ...]
) -> None:
    name = _text(key)
    if not all(_is_name(part) for part in element.mod_policy.removeprefix("/").split("/")):
        raise ConfigurationError(f"{name} has no usable modification policy")
    existing = current.tree.get(key)
    if existing is None:
        if element.version != 0:
            raise ConfigurationError(f"{name} is new, but not at version 0")
        return
    if element.version != existing.version + 1:
        raise ConfigurationError(f"{name} goes from version {existing.version} to {element.version}")
    kind, path = key
    manager: Path = (ROOT,)
    if not existing.mod_policy.startswith("/") and len(path) > 1:
        manager = path if kind == GROUP else path[:-1]
    if not current.satisfies(existing.mod_policy, identities, manager):
        by = ", ".join(sorted({identity.msp_id for identity in identities})) or "nobody"
        raise ConfigurationError(
            f"{name} was changed without leave: its policy {existing.mod_policy} is not satisfied by {by}"
        )


def _rebuilt(elements: Tree) -> Tree:
    """The tree below the root, from the elements that each group names; those that none names fall away."""
    found: Tree = {}
    adopts = (VALUE, (ROOT, "Orderer", "Capabilities")) in elements
    waiting: list[Key] = [(GROUP, (ROOT,))]
    while waiting:
        key = waiting.pop()
        element = elements.get(key)
        if element is None:
            raise ConfigurationError(f"the update names {_text(key)}, which does not exist")
        if adopts and not element.mod_policy:  # Fabric mends what its release 1.0 left empty
            element = Element(
                element.version, "Admins", element.content, element.policy_type, element.children
            )
        found[key] = element
        waiting.extend(element.children)
    return found


def _check_names(tree: Tree) -> None:
    for key in tree:
        if not _is_name(key[1][-1]):
            raise ConfigurationError("the update holds an element whose name is not allowed")


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in {".", ".."}


def _text(key: Key) -> str:
    kind, path = key
    suffix = {GROUP: "", VALUE: "", POLICY: " (policy)"}[kind]
    return "/" + "/".join(path) + suffix
