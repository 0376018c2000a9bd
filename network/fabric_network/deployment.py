"""One chaincode's way onto one channel: what is agreed on is left alone, what passes is tried again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TypeVar

from carechannel.sdk.admin import (
    ChaincodeDefinition,
    Lifecycle,
    NodeRefusedError,
    NodesDisagreeError,
    NodeUnreachableError,
    NotCommittedError,
    Orderer,
    SdkError,
)
from carechannel.sdk.admin.together import together

from fabric_network.administration import Administration
from fabric_network.errors import LifecycleError
from fabric_network.topology import Node

PATIENCE = 20.0
"""How long an orderer may take to find its leader, or gossip to find the other members, in seconds."""
RETRY_INTERVAL = 0.2
PASSING = ("no Raft leader", "no combination of peers", "required to disseminate")
"""What a young network says for a while; beside Fabric's own word for that, SERVICE_UNAVAILABLE."""

_APPROVED = ("attempted to redefine uncommitted sequence", "with unchanged content")
"""A peer that has this very approval already, as after an interruption."""
_NOTHING_APPROVED = "could not fetch approved chaincode definition"

_Node = tuple[Node, Lifecycle]
T = TypeVar("T")


class Deployment:
    """`definition` onto `channel`, by the first peer of each member that has one. Raises `LifecycleError`.

    `definition` is of sequence 1; where another one is committed, it becomes the one after that.
    """

    def __init__(
        self,
        channel: str,
        definition: ChaincodeDefinition,
        package: str,
        administration: Administration,
        *,
        members: Sequence[Node],
        orderer: Node,
    ) -> None:
        self._channel = channel
        self._definition = definition
        self._package = package
        self._administration = administration
        self._members = members
        self._orderer = orderer

    async def complete(self) -> bool:
        """Gives whether anything had to be done."""
        async with AsyncExitStack() as stack:
            nodes = [
                (peer, await stack.enter_async_context(self._administration.lifecycle(peer)))
                for peer in self._members
            ]
            orderer = await stack.enter_async_context(self._administration.orderer(self._orderer))
            present = await self._committed(*nodes[0])
            if present is not None and present.same_as(self._definition) and await self._is_run(nodes):
                return False
            sequence = present.sequence + 1 if present is not None else 1
            wanted = replace(self._definition, sequence=sequence)
            await together(self._approve(peer, node, wanted, orderer) for peer, node in nodes)
            await self._commit(nodes, wanted, orderer)
            return True

    async def _committed(self, peer: Node, node: Lifecycle) -> ChaincodeDefinition | None:
        listed = await must(peer, partial(node.committed, self._channel))
        return next((one for one in listed if one.name == self._definition.name), None)

    async def _is_run(self, nodes: Sequence[_Node]) -> bool:
        """Whether every member has approved just this package."""
        return all(await together(self._is_run_by(peer, node) for peer, node in nodes))

    async def _is_run_by(self, peer: Node, node: Lifecycle) -> bool:
        async def ask() -> bool:
            try:
                approved = await node.approved(self._channel, self._definition.name)
            except NodeRefusedError as error:
                if _NOTHING_APPROVED in error.reason:
                    return False
                raise
            return approved.package_id == self._package

        return await must(peer, ask)

    async def _approve(
        self, peer: Node, node: Lifecycle, wanted: ChaincodeDefinition, orderer: Orderer
    ) -> None:
        async def approve() -> None:
            try:
                await node.approve(self._channel, wanted, self._package, orderer)
            except NodeRefusedError as error:
                if not all(words in error.reason for words in _APPROVED):
                    raise

        await must(peer, approve)

    async def _commit(self, nodes: Sequence[_Node], wanted: ChaincodeDefinition, orderer: Orderer) -> None:
        (peer, first), *others = nodes

        async def commit() -> None:
            # An attempt of which nothing was heard may have been the one that did it.
            present = await self._committed(peer, first)
            if present is None or present.sequence < wanted.sequence:
                await first.commit(self._channel, wanted, orderer, [node for _, node in others])

        await must(peer, commit)


async def must(peer: Node, call: Callable[[], Awaitable[T]]) -> T:
    """Call until it succeeds; what passes by itself on a young network is tried again.

    Raises `LifecycleError`, naming the peer.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await call()
        except SdkError as error:
            if not _passes(error) or time.monotonic() > deadline:
                raise LifecycleError(
                    f"{peer.name}: {error} See: carechannel-network logs {peer.name}"
                ) from error
        await asyncio.sleep(RETRY_INTERVAL)


def _passes(error: SdkError) -> bool:
    if isinstance(error, NodeRefusedError):
        return error.status == "SERVICE_UNAVAILABLE" or any(words in error.reason for words in PASSING)
    if isinstance(error, NotCommittedError):
        # Endorsed by peers that had not heard of all approvals, or sent twice when nothing was heard.
        return error.validation_code == "MVCC_READ_CONFLICT"
    return isinstance(error, NodeUnreachableError | NodesDisagreeError)
