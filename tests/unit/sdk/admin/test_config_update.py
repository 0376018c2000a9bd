"""Updates of a configuration: equal to configtxlator's, signed by several, seen in force."""

from __future__ import annotations

import asyncio
import copy
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from carechannel.sdk.admin import (
    Administrator,
    ChannelConfiguration,
    ConfigUpdate,
    ConfigurationError,
    NodeRefusedError,
    NodeUnreachableError,
    Orderer,
    Peer,
)
from fabric_protos.common import common_pb2, configtx_pb2, ledger_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sdk.admin.blocks import CHANNEL, config_block
from tests.unit.sdk.admin.scripted_node import (
    Asked,
    ScriptedNode,
    administrator,
    broadcast,
    responds,
    scripted_node,
)

Group = dict[str, Any]
POLICY = {"mod_policy": "Admins", "policy": {"type": 3, "value": {"rule": "ANY", "sub_policy": "Admins"}}}


def organization(name: str) -> Group:
    msp = {"type": 0, "config": {"name": name, "root_certs": ["QQ=="]}}
    return {
        "mod_policy": "Admins",
        "policies": {"Admins": POLICY},
        "values": {"MSP": {"mod_policy": "Admins", "value": msp}},
    }


def document() -> dict[str, Any]:
    """A channel with typed values at every level."""
    return {
        "sequence": "3",
        "channel_group": {
            "mod_policy": "Admins",
            "policies": {"Admins": POLICY},
            "values": {
                "HashingAlgorithm": {"mod_policy": "Admins", "value": {"name": "SHA256"}},
                "Capabilities": {"version": "2", "value": {"capabilities": {"V3_0": {}, "V2_0": {}}}},
            },
            "groups": {
                "Application": {
                    "version": "1",
                    "mod_policy": "Admins",
                    "policies": {"Readers": POLICY, "Writers": POLICY},
                    "values": {"ACLs": {"value": {"acls": {"event/Block": {"policy_ref": "/x"}}}}},
                    "groups": {"Org1": organization("Org1MSP"), "Org2": organization("Org2MSP")},
                },
                "Orderer": {
                    "values": {
                        "BatchSize": {"version": "4", "value": {"max_message_count": 500}},
                        "BatchTimeout": {"value": {"timeout": "50ms"}},
                        "ConsensusType": {"value": {"type": "etcdraft", "metadata": {"options": {}}}},
                    },
                    "groups": {"Org1": organization("Org1MSP")},
                },
            },
        },
    }


EMPTY = ChannelConfiguration(CHANNEL, 3, configtx_pb2.Config().SerializeToString())
CURRENT = EMPTY.edited(document())


def edited(change: Callable[[Group], object]) -> ChannelConfiguration:
    wanted = copy.deepcopy(CURRENT.json())
    group = wanted["channel_group"]
    assert isinstance(group, dict)
    change(group)
    return CURRENT.edited(wanted)


def application(group: Group) -> Group:
    found: Group = group["groups"]["Application"]
    return found


EDITS: dict[str, Callable[[Group], object]] = {
    "a value": lambda g: g["groups"]["Orderer"]["values"]["BatchTimeout"]["value"].update(timeout="1s"),
    "a versioned value": lambda g: g["groups"]["Orderer"]["values"]["BatchSize"]["value"].update(
        max_message_count=7
    ),
    "a value more": lambda g: g["values"].update(
        OrdererAddresses={"mod_policy": "x", "value": {"addresses": ["o:1"]}}
    ),
    "a value less": lambda g: application(g)["values"].clear(),
    "a policy": lambda g: application(g)["policies"]["Readers"]["policy"]["value"].update(rule="ALL"),
    "a policy's mod policy": lambda g: application(g)["policies"]["Readers"].update(mod_policy="Writers"),
    "a policy more": lambda g: application(g)["policies"].update(New=POLICY),
    "a policy less": lambda g: application(g)["policies"].pop("Writers"),
    "an organisation more": lambda g: application(g)["groups"].update(Org3=organization("Org3MSP")),
    "an organisation less": lambda g: application(g)["groups"].pop("Org2"),
    "another mod policy": lambda g: application(g).update(mod_policy="/Channel/Orderer/Admins"),
    "a top mod policy": lambda g: g.update(mod_policy="Writers"),
    "a part less": lambda g: g["groups"].pop("Orderer"),
    "an organisation's certificate": lambda g: application(g)["groups"]["Org1"]["values"]["MSP"]["value"][
        "config"
    ].update(root_certs=["Qg=="]),
    "a map": lambda g: g["values"]["Capabilities"]["value"]["capabilities"].pop("V2_0"),
}


def compute_update(programs: Path, folder: Path, wanted: ChannelConfiguration) -> bytes:
    files = folder / "original", folder / "updated", folder / "update"
    files[0].write_bytes(CURRENT.content)
    files[1].write_bytes(wanted.content)
    subprocess.run(
        [
            *(programs / "configtxlator", "compute_update", "--channel_id", CHANNEL),
            *("--original", files[0], "--updated", files[1], "--output", files[2]),
        ],
        check=True,
        capture_output=True,
    )
    return files[2].read_bytes()


def compared(programs: Path, folder: Path, wanted: ChannelConfiguration) -> None:
    ours = configtx_pb2.ConfigUpdate.FromString(ConfigUpdate.between(CURRENT, wanted).content)
    assert ours == configtx_pb2.ConfigUpdate.FromString(compute_update(programs, folder, wanted))


@pytest.mark.parametrize("name", EDITS)
def test_the_update_is_configtxlators(programs: Path, tmp_path: Path, name: str) -> None:
    compared(programs, tmp_path, edited(EDITS[name]))


@given(st.lists(st.sampled_from(sorted(set(EDITS) - {"a part less"})), min_size=2, max_size=6, unique=True))
@settings(max_examples=30, deadline=None)
def test_several_edits_at_once_are_configtxlators_too(
    programs: Path, tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    def change(group: Group) -> None:
        for name in names:
            try:
                EDITS[name](group)
            except KeyError:
                continue  # what one edit removed, another cannot change

    compared(programs, tmp_path_factory.mktemp("update"), edited(change))


def test_the_same_configuration_is_no_update() -> None:
    with pytest.raises(ConfigurationError, match="nothing to update"):
        ConfigUpdate.between(CURRENT, CURRENT.edited(CURRENT.json()))
    other = ChannelConfiguration("other", 3, CURRENT.content)
    with pytest.raises(ConfigurationError, match=r"regional-care, the other of other"):
        ConfigUpdate.between(CURRENT, other)


@pytest.mark.parametrize("kind", ["common.Config", "common.Block", "common.ConfigUpdate"])
def test_json_is_that_of_configtxlator(programs: Path, tmp_path: Path, kind: str) -> None:
    update = ConfigUpdate.between(CURRENT, edited(EDITS["an organisation more"]))
    content = {
        "common.Config": CURRENT.content,
        "common.ConfigUpdate": update.content,
        "common.Block": config_block(
            configtx_pb2.Config.FromString(CURRENT.content), update=update.to_file()
        ),
    }[kind]
    (tmp_path / "in").write_bytes(content)
    decoded = subprocess.run(
        [programs / "configtxlator", "proto_decode", "--type", kind, "--input", tmp_path / "in"],
        check=True,
        capture_output=True,
    )
    theirs = json.loads(decoded.stdout)
    if kind == "common.Block":
        from carechannel.sdk.admin._ledger_messages import block

        assert block(content, "file", CHANNEL).json() == theirs
    else:
        assert (CURRENT.json() if kind == "common.Config" else update.json()) == theirs


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"channel_group": None},
        {"channel_group": 7},
        {"channel_group": {"groups": 7}},
        {"channel_group": {"groups": {"A": 7}}},
        {"channel_group": {"values": {"HashingAlgorithm": {"value": {"nam": "x"}}}}},
        {"channel_group": {"values": {"HashingAlgorithm": {"value": "junk"}}}},
        {"channel_group": {}, "unknown": 1},
        {"channel_group": {}, "sequence": "x"},
    ],
)
def test_a_document_of_something_else_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        CURRENT.edited(wrong)


UPDATE = ConfigUpdate.between(CURRENT, edited(EDITS["a value"]))
RIVAL = ConfigUpdate.between(
    CURRENT,
    edited(lambda g: g["groups"]["Orderer"]["values"]["BatchTimeout"]["value"].update(timeout="9s")),
)
"""Changes the same value."""


def test_signatures_are_collected_as_files() -> None:
    first, second = administrator("Org1MSP"), administrator("Org2MSP")
    sent = UPDATE.with_signatures(UPDATE.sign(first)).to_file()
    received = ConfigUpdate.from_file(sent)
    assert received.content == UPDATE.content
    signed = received.with_signatures(received.sign(second), received.sign(second))
    assert signed.signers == ("Org1MSP", "Org2MSP")
    assert ConfigUpdate.from_file(signed.to_file()) == signed


def test_a_signature_under_another_update_is_refused() -> None:
    other = ConfigUpdate.between(CURRENT, edited(EDITS["a policy"]))
    with pytest.raises(ConfigurationError, match="Org1MSP is not under this update"):
        UPDATE.with_signatures(other.sign(administrator()))


def test_flipping_any_byte_of_a_signature_is_noticed() -> None:
    signature = UPDATE.sign(administrator())
    for index in range(len(signature)):
        damaged = bytes([*signature[:index], signature[index] ^ 0xFF, *signature[index + 1 :]])
        with pytest.raises(ConfigurationError):
            UPDATE.with_signatures(damaged)


@pytest.mark.parametrize("junk", [b"", b"junk", b"\xff" * 40, CURRENT.content, UPDATE.content])
def test_junk_is_no_update_and_no_signature(junk: bytes) -> None:
    with pytest.raises(ConfigurationError):
        ConfigUpdate.from_file(junk)
    with pytest.raises(ConfigurationError):
        UPDATE.with_signatures(junk)


class Channel:
    """A peer and an orderer whose channel grows by what the orderer takes."""

    def __init__(self, peer: ScriptedNode, orderer: ScriptedNode) -> None:
        self.peer, self.orderer = peer, orderer
        self.blocks = [config_block(configtx_pb2.Config.FromString(CURRENT.content))]
        self.pending: list[ConfigUpdate | None] = []
        """What is found in the blocks after the first question for the height; None is the update sent."""
        orderer.replies["Broadcast"] = broadcast()
        peer.replies |= {"GetChainInfo": self._info, "GetBlockByNumber": self._block}

    def _info(self, _asked: Asked) -> bytes:
        sent = [request for _, request in self.orderer.requests]
        while sent and self.pending:
            update = self.pending.pop(0)
            envelope = update.to_file() if update else sent[-1]
            config = configtx_pb2.Config.FromString(CURRENT.content)
            config.sequence = 4
            if update is RIVAL:
                config.channel_group.groups["Orderer"].values["BatchTimeout"].version += 1
            self.blocks.append(config_block(config, number=len(self.blocks), update=envelope))
        info = ledger_pb2.BlockchainInfo(height=len(self.blocks), currentBlockHash=b"h" * 32)
        return responds(info.SerializeToString())

    def _block(self, asked: Asked) -> bytes:
        return responds(self.blocks[int(asked.arguments[1])])

    async def submit(
        self, who: Administrator, update: ConfigUpdate, limit: float = 5.0
    ) -> ChannelConfiguration:
        async with (
            Peer(self.peer.endpoint(timeout=limit), who) as peer,
            Orderer(self.orderer.endpoint(timeout=limit), who) as orderer,
        ):
            return await update.submit(who, orderer, peer.ledger(CHANNEL))


@pytest.fixture
async def channel(node: ScriptedNode) -> AsyncIterator[Channel]:
    async with scripted_node() as orderer:
        yield Channel(node, orderer)


async def test_an_update_is_sent_with_all_signatures_and_seen_in_force(channel: Channel) -> None:
    channel.pending = [None]
    found = await channel.submit(
        administrator("Org1MSP"), UPDATE.with_signatures(UPDATE.sign(administrator("Org2MSP")))
    )
    assert found.sequence == 4
    payload = common_pb2.Payload.FromString(
        common_pb2.Envelope.FromString(channel.orderer.requests[0][1]).payload
    )
    sent = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
    assert sent.config_update == UPDATE.content
    assert len(sent.signatures) == 2


async def test_others_updates_before_and_after_are_told_apart(channel: Channel) -> None:
    other = ConfigUpdate.between(CURRENT, edited(EDITS["a policy"]))
    channel.pending = [other, None, other]
    await channel.submit(administrator(), UPDATE)
    assert len(channel.blocks) == 4


async def test_an_update_that_never_shows_leaves_the_outcome_unknown(channel: Channel) -> None:
    other = ConfigUpdate.between(CURRENT, edited(EDITS["a policy"]))
    channel.pending = [other]
    with pytest.raises(NodeUnreachableError, match="though the orderer took it") as caught:
        await channel.submit(administrator(), UPDATE, limit=1)
    assert caught.value.outcome_unknown


async def test_a_rivals_update_that_came_first_is_told_at_once(channel: Channel) -> None:
    """Two orderers take one update each; the one that is ordered second is dropped without a word."""
    channel.pending = [RIVAL]
    with pytest.raises(ConfigurationError, match="came first, so that this one is void"):
        await asyncio.wait_for(channel.submit(administrator(), UPDATE, limit=30), 5)


async def test_a_peer_lost_after_the_update_was_ordered_leaves_the_outcome_unknown(channel: Channel) -> None:
    info = channel.peer.replies["GetChainInfo"]
    assert callable(info)
    channel.peer.replies["GetChainInfo"] = lambda asked: (
        grpc.StatusCode.UNAVAILABLE if channel.orderer.requests else info(asked)
    )
    with pytest.raises(NodeUnreachableError, match="The orderer took the update") as caught:
        await channel.submit(administrator(), UPDATE)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            lambda g: g["groups"]["Orderer"]["values"].update(BatchTimeot={"value": {"timeout": "1s"}}),
            r"groups\.Orderer\.values\.BatchTimeot\.value: nothing is known .* is the name above right",
        ),
        (
            lambda g: g["groups"]["Orderer"]["values"]["BatchTimeout"]["value"].update(timeot="1s"),
            r'values\.BatchTimeout\.value: .*no field named "timeot"',
        ),
        (lambda g: g.update(values=[]), r"channel_group\.values: it has to be an object"),
        (lambda g: g["groups"].update(Orderer=7), r"channel_group\.groups\.Orderer: .* has to be an object"),
    ],
)
def test_a_typo_is_told_with_its_place(edit: Callable[[Group], object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        edited(edit)
    assert "\n" not in str(caught.value)


async def test_a_refusal_of_the_orderer_raises(channel: Channel) -> None:
    channel.orderer.replies["Broadcast"] = broadcast(400, "implicit policy evaluation failed")
    with pytest.raises(NodeRefusedError, match="implicit policy evaluation failed") as caught:
        await channel.submit(administrator(), UPDATE)
    assert caught.value.status == "BAD_REQUEST"


async def test_an_update_is_for_its_own_channel(node: ScriptedNode) -> None:
    who = administrator()
    async with Peer(node.endpoint(), who) as peer, Orderer(node.endpoint(), who) as orderer:
        with pytest.raises(ConfigurationError, match="the ledger is that of other"):
            await UPDATE.submit(who, orderer, peer.ledger("other"))
    assert node.asked == []
