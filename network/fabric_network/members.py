"""Makes the members of each channel known to the CareChannel chaincode, through the `carechannel` command.

This package knows Fabric and no health: it runs the command as an operator of each member would, and keeps in
mind for whom that was done.
"""

from __future__ import annotations

import json
import sysconfig
from functools import partial
from pathlib import Path

from fabric_network.commands import Command
from fabric_network.errors import MemberError
from fabric_network.execute import Executor
from fabric_network.files import write
from fabric_network.paths import Layout
from fabric_network.topology import Channel, Organization, Topology


def carechannel() -> Path:
    """The `carechannel` command of this Python environment."""
    return Path(sysconfig.get_path("scripts")) / "carechannel"


class Members:
    """Raises `MemberError`, naming member and channel, with the command's own words."""

    def __init__(self, topology: Topology, layout: Layout, executor: Executor) -> None:
        self._topology = topology
        self._layout = layout
        self._executor = executor

    def introduce(self) -> list[str]:
        """Have all members join, then approve one another; gives the channels where that was needed."""
        wanted = [
            channel
            for channel in self._topology.channels.values()
            if channel.keeps_members and not self._is_done(channel)
        ]
        if not wanted:
            return []
        # Each member joins with an entry of its own; approvals concern the same entries, so they go in turn.
        # One command serves all channels of a member, because its start costs more than its work.
        channels = {
            member.id: [channel.name for channel in wanted if member in self._members(channel)]
            for member in self._topology.organizations.values()
        }
        joining = [member for member in self._topology.organizations.values() if channels[member.id]]
        self._executor.together(
            [partial(self._run, channels[member.id], member, "join") for member in joining]
        )
        for member in joining:
            self._run(channels[member.id], member, "approve", "--all")
        for channel in wanted:
            write(self._stamp(channel), self._described(channel))
        return [channel.name for channel in wanted]

    def _run(self, channels: list[str], member: Organization, action: str, *options: str) -> None:
        command = Command(
            carechannel(),
            (
                *("institution", action),
                *("--profile", str(self._layout.profile(member.id))),
                *("--identity", str(self._layout.organization(member.id).user("admin").root)),
                *(word for name in channels for word in ("--consortium", name)),
                *options,
            ),
        )
        outcome = self._executor.run(command)
        if outcome.status != 0:
            raise MemberError(f"{member.name} could not {action} on {', '.join(channels)}: {outcome.reason}")

    def _members(self, channel: Channel) -> tuple[Organization, ...]:
        return self._topology.members(channel)

    def _is_done(self, channel: Channel) -> bool:
        stamp = self._stamp(channel)
        return stamp.is_file() and stamp.read_text() == self._described(channel)

    def _stamp(self, channel: Channel) -> Path:
        return self._layout.channels / f"{channel.name}.members.json"

    def _described(self, channel: Channel) -> str:
        """What a member's entry is made of: if it changes, it has to be approved again."""
        entries = {
            member.msp_id: {"name": member.name, "role": member.role, "jurisdiction": member.jurisdiction}
            for member in self._members(channel)
        }
        return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
