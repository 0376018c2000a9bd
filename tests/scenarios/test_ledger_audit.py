"""The shared network's channels, as the scenarios left them, against the real peers' own verdicts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fabric_ledger import PeerBlocks, Verdict, compare, verification

from tests.scenarios.conftest import CHANNEL, SECOND_CHANNEL, Network


@pytest.mark.parametrize("channel", [CHANNEL, SECOND_CHANNEL])
@pytest.mark.parametrize("organization", ["hospital-a", "regulator"])
async def test_every_flag_and_commit_hash_is_what_the_peer_made_it(
    network: Network, organization: str, channel: str
) -> None:
    """Whatever was submitted, raced, refused or replayed: the recomputed verdict is Fabric's."""
    async with network.gateway(organization, "node") as gateway:
        with verification() as run:
            report = await run.all(PeerBlocks(gateway.network(channel)))
    assert report.intact, report.findings
    assert report.channel == channel
    assert report.blocks > 3
    assert report.proven_to == report.last_block
    assert report.verdicts[Verdict.UNKNOWN] == 0, report.flags
    assert report.verdicts[Verdict.AGREES] == report.transactions
    assert report.commit_hashes == {
        Verdict.AGREES: report.blocks - 1,
        Verdict.DIFFERS: 0,
        Verdict.UNKNOWN: 0,
    }


async def test_two_peers_hold_the_same(network: Network) -> None:
    async with network.gateway("hospital-a", "node") as one, network.gateway("regulator", "node") as other:
        height = (await one.network(CHANNEL).chain_info()).height
        found = await compare(
            PeerBlocks(one.network(CHANNEL), end=height - 1),
            PeerBlocks(other.network(CHANNEL), end=height - 1),
        )
    assert found.same
    assert found.heights == (height, height)


def test_the_command_line_on_the_own_peer(network: Network, tmp_path: Path) -> None:
    """Verify online, export, take the network away, verify offline: the same blocks, the same verdict."""
    out = tmp_path / "ledger.blocks"
    peer = [
        *(
            "--profile",
            str(network.profile("hospital-a")),
            "--identity",
            str(network.user("hospital-a", "node")),
        ),
        *("--channel", CHANNEL, "--json"),
    ]
    online = ledger("verify", *peer)
    exported = ledger("export", str(out), *peer)
    offline = ledger("verify", "--files", str(out), "--json", "--genesis-hash", str(online["genesis_hash"]))
    assert online["intact"]
    assert offline["intact"]
    assert offline["genesis_expected"]
    assert exported["blocks"] == offline["blocks"]
    assert ledger("info", *peer)["genesis_hash"] == offline["genesis_hash"]


def ledger(*arguments: str) -> dict[str, object]:
    command = [str(Path(sys.executable).with_name("carechannel")), "ledger", *arguments]
    reply = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert reply.returncode == 0, reply.stderr
    found: dict[str, object] = json.loads(reply.stdout)
    return found
