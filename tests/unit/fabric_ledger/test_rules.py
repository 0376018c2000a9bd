"""Who may do what on a ledger, on made channels: orderers, configurations, creators, endorsers, versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from fabric_gateway.validation import ValidationCode
from fabric_ledger import Finding, LedgerBlock, LedgerVerifier, Report, Severity, SourceError, State, Verdict
from fabric_protos.common import common_pb2
from fabric_protos.peer import collection_pb2, policy_pb2
from fabric_protos.peer.lifecycle import db_pb2

from tests.unit.fabric_ledger.maker import BEGIN, CHANNEL, Authority, Channel, Signer, Writes, signed_by


def verified(blocks: Iterable[LedgerBlock]) -> Report:
    with State() as state:
        verifier = LedgerVerifier(state)
        for block in blocks:
            verifier.add(block)
        return verifier.report


def broken(blocks: Iterable[LedgerBlock]) -> Finding:
    found = verified(blocks).first_break
    assert found is not None
    return found


def codes(channel: Channel) -> list[ValidationCode | None]:
    """The recomputed codes of the last block, which carries VALID for all."""
    report = verified(channel.blocks)
    last = channel.blocks[-1]
    differing = {flag.transaction: flag.recomputed for flag in report.flags if flag.block == last.number}
    return [differing.get(place, ValidationCode.VALID) for place in range(len(last.data))]


def put(key: str = "k", value: bytes | None = b"v") -> Writes:
    return Writes(puts={key: value})


@pytest.fixture
def channel() -> Channel:
    made = Channel("A", "B", "C")
    made.deploy()
    made.append(made.transaction(put()))
    return made


def test_a_made_ledger_holds(channel: Channel) -> None:
    report = verified(channel.blocks)
    assert report.intact
    assert report.channel == CHANNEL
    assert report.verdicts[Verdict.AGREES] == 3
    assert report.commit_hashes[Verdict.UNKNOWN] == 2  # the maker writes none


class TestOrderers:
    def test_a_rewritten_suffix_with_orderers_of_a_stranger(self, channel: Channel) -> None:
        stranger = Authority("A")  # the same name, another key
        forged = Channel("A", "B", "C")
        forged.blocks = [*channel.blocks[:2]]
        mallory = [stranger.issue("orderer0", "orderer")]
        for _ in range(3):
            forged.append(channel.transaction(put("k", b"forged")), orderers=mallory)
        found = broken(forged.blocks)
        assert (found.block, found.check) == (2, "orderers")
        assert verified(forged.blocks).proven_to == 1

    @pytest.mark.parametrize("who", ["peer", "client", "admin of another", "orderer of another"])
    def test_a_block_signed_by_a_member_who_does_not_order(self, channel: Channel, who: str) -> None:
        other = channel.authorities["B"]
        signer = {
            "peer": channel.peers["B"],
            "client": other.issue("client", "client"),
            "admin of another": channel.admins["B"],
            "orderer of another": other.issue("orderer", "orderer"),
        }[who]
        channel.append(channel.transaction(put()), orderers=[signer])
        found = broken(channel.blocks)
        assert (found.block, found.check) == (3, "orderers")
        assert "BlockValidation" in found.sentence

    def test_a_second_signature_must_hold_too(self, channel: Channel) -> None:
        made = channel.append(channel.transaction(put()), orderers=[channel.orderers[0], channel.orderers[0]])
        assert "signed twice" in broken(channel.blocks).sentence
        metadata = common_pb2.Metadata.FromString(made.metadata[0])
        metadata.signatures[1].signature = b"x"
        channel.blocks[-1] = replace(made, metadata=(metadata.SerializeToString(), *made.metadata[1:]))
        assert "does not fit" in broken(channel.blocks).sentence

    @pytest.mark.parametrize(("count", "holds"), [(4, True), (3, True), (2, False), (1, False)])
    def test_a_quorum_of_bft_consenters(self, count: int, holds: bool) -> None:
        channel = Channel("A", "B", consenters=4)
        everybody = channel.orderers
        channel.orderers = everybody[:count]
        channel.deploy()
        report = verified(channel.blocks)
        assert report.intact is holds
        assert report.proven_to == (1 if holds else 0)

    def test_a_consenter_that_there_is_not(self) -> None:
        channel = Channel("A", "B", consenters=4)
        channel.orderers.append(channel.authorities["A"].issue("fifth", "orderer"))
        channel.deploy()
        assert "no consenter 5" in broken(channel.blocks).sentence

    def test_a_last_configuration_that_was_not(self, channel: Channel) -> None:
        channel.last_config = 1
        channel.append(channel.transaction(put()))
        assert broken(channel.blocks).check == "last-configuration"


class TestConfigurations:
    def test_members_change_a_policy(self, channel: Channel) -> None:
        group = channel.group()
        policy = group.groups["Application"].policies["Endorsement"]
        policy.version += 1
        policy.policy.type = 1
        policy.policy.value = signed_by("B")
        channel.append_configuration(channel.configure(group, [channel.admins["A"], channel.admins["C"]]))
        channel.append(
            channel.transaction(put(), endorsers=[channel.peers["B"]]),
            channel.transaction(put("l"), endorsers=[channel.peers["A"], channel.peers["C"]]),
        )
        report = verified(channel.blocks)
        assert report.configurations[-1] == (3, ("/Channel/Application/Endorsement (policy)",))
        assert report.severities[Severity.TAMPERED] == 0
        assert codes(channel) == [ValidationCode.VALID, ValidationCode.ENDORSEMENT_POLICY_FAILURE]

    @pytest.mark.parametrize("who", ["one admin", "nobody", "peers", "a stranger"])
    def test_without_leave(self, channel: Channel, who: str) -> None:
        stranger = Authority("B").issue("admin", "admin")
        signers: list[Signer] = {
            "one admin": [channel.admins["A"]],
            "nobody": [],
            "peers": channel.everybody,
            "a stranger": [channel.admins["A"], stranger],
        }[who]
        group = channel.group()
        group.groups["Application"].policies["Endorsement"].version += 1
        group.groups["Application"].policies["Endorsement"].policy.value = b""
        channel.append_configuration(channel.configure(group, signers))
        found = broken(channel.blocks)
        assert (found.block, found.check) == (3, "configuration")
        assert "without leave" in found.sentence

    def test_the_same_admin_twice_is_one(self, channel: Channel) -> None:
        group = channel.group()
        group.groups["Application"].policies["Endorsement"].version += 1
        channel.append_configuration(channel.configure(group, [channel.admins["A"]] * 2))
        assert broken(channel.blocks).check == "configuration"

    def test_a_result_that_the_update_does_not_make(self, channel: Channel) -> None:
        group = channel.group()
        group.groups["Application"].policies["Endorsement"].version += 1
        envelope = channel.configure(group, list(channel.admins.values()))
        # The orderer puts its own authority into the result and signs the envelope anew.
        outer = common_pb2.Envelope.FromString(envelope)
        payload = common_pb2.Payload.FromString(outer.payload)
        payload.data = payload.data.replace(b"BatchTimeout", b"BatchTimeoux")
        content = payload.SerializeToString()
        channel.append_configuration(
            common_pb2.Envelope(
                payload=content, signature=channel.orderers[0].sign(content)
            ).SerializeToString()
        )
        assert broken(channel.blocks).check == "configuration"

    @pytest.mark.parametrize("version", [0, 2, 7])
    def test_versions_follow(self, channel: Channel, version: int) -> None:
        group = channel.group()
        group.groups["Application"].policies["Endorsement"].version = version
        channel.append_configuration(channel.configure(group, list(channel.admins.values())))
        assert broken(channel.blocks).check == "configuration"

    def test_an_old_update_played_again(self, channel: Channel) -> None:
        group = channel.group()
        group.groups["Orderer"].values["BatchTimeout"].version += 1
        envelope = channel.configure(group, [channel.admins["A"]])
        channel.append_configuration(envelope)
        assert verified(channel.blocks).intact
        channel.append_configuration(envelope)
        assert (broken(channel.blocks).block, broken(channel.blocks).check) == (4, "configuration")

    def test_smuggled_among_transactions(self, channel: Channel) -> None:
        group = channel.group()
        group.groups["Orderer"].values["BatchTimeout"].version += 1
        envelope = channel.configure(group, [channel.admins["A"]])
        channel.append(channel.transaction(put()), envelope)
        assert "among other transactions" in broken(channel.blocks).sentence

    def test_what_is_not_adopted_gives_no_rights(self, channel: Channel) -> None:
        """A forged configuration that lets a stranger order: the stranger's blocks stay forged."""
        stranger = Authority("A")
        mallory = stranger.issue("orderer0", "orderer")
        group = channel.group()
        value = group.groups["Orderer"].groups["A"].values["MSP"]
        value.version, value.value = value.version + 1, stranger.msp()
        channel.append_configuration(channel.configure(group, []))
        channel.append(channel.transaction(put()), orderers=[mallory])
        report = verified(channel.blocks)
        assert report.proven_to == 2
        assert {finding.block for finding in report.findings} == {3, 4}
        assert len(report.configurations) == 1


class TestCreators:
    def test_revoked_from_the_configuration_on(self, channel: Channel) -> None:
        assert codes(channel) == [ValidationCode.VALID]
        authority = channel.authorities["A"]
        revoking = authority.msp([authority.revocations(channel.client)])
        group = channel.group()
        for part in ("Application", "Orderer"):
            value = group.groups[part].groups["A"].values["MSP"]
            value.version, value.value = value.version + 1, revoking
        channel.append_configuration(channel.configure(group, list(channel.admins.values())))
        channel.append(
            channel.transaction(put()),
            channel.transaction(put("l"), creator=authority.issue("other", "client")),
        )
        assert codes(channel) == [ValidationCode.BAD_CREATOR_SIGNATURE, ValidationCode.VALID]

    def test_strangers_and_odd_roles(self, channel: Channel) -> None:
        home = channel.authorities["A"]
        channel.append(
            channel.transaction(put("1"), creator=Authority("A").issue("client", "client")),
            channel.transaction(put("2"), creator=Authority("Z").issue("client", "client")),
            channel.transaction(put("3"), creator=home.issue("none", "gardener")),
            channel.transaction(put("4"), creator=channel.peers["B"]),
        )
        bad = ValidationCode.BAD_CREATOR_SIGNATURE
        assert codes(channel) == [bad, bad, bad, ValidationCode.VALID]

    def test_an_expired_certificate_is_noted_and_no_more(self, channel: Channel) -> None:
        short = channel.authorities["A"].issue("short", "client", days=1)
        channel.append(channel.transaction(put(), creator=short, at=BEGIN + timedelta(days=9)))
        report = verified(channel.blocks)
        assert report.intact
        assert [(each.check, each.severity) for each in report.findings] == [
            ("creator-expired", Severity.NOTE)
        ]

    def test_a_high_s_is_refused(self, channel: Channel) -> None:
        envelope = common_pb2.Envelope.FromString(channel.transaction(put()))
        from cryptography.hazmat.primitives.asymmetric.utils import (
            decode_dss_signature,
            encode_dss_signature,
        )

        from tests.unit.fabric_ledger.maker import ORDER

        r, s = decode_dss_signature(envelope.signature)
        high = common_pb2.Envelope(payload=envelope.payload, signature=encode_dss_signature(r, ORDER - s))
        trailing = common_pb2.Envelope(payload=envelope.payload, signature=envelope.signature + b"\0")
        channel.append(high.SerializeToString())
        assert codes(channel) == [ValidationCode.BAD_CREATOR_SIGNATURE]
        channel.blocks.pop()
        channel.append(trailing.SerializeToString())  # Go's reader takes no notice of what follows
        assert codes(channel) == [ValidationCode.VALID]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda header: setattr(header, "tx_id", "0" * 64), ValidationCode.BAD_PROPOSAL_TXID),
            (lambda header: setattr(header, "epoch", 1), ValidationCode.BAD_COMMON_HEADER),
            (lambda header: setattr(header, "type", 0), ValidationCode.BAD_COMMON_HEADER),
            (lambda header: setattr(header, "type", 2), ValidationCode.UNSUPPORTED_TX_PAYLOAD),
            (lambda header: header.timestamp.FromSeconds(1), ValidationCode.INVALID_ENDORSER_TRANSACTION),
        ],
    )
    def test_headers(self, channel: Channel, change, code: ValidationCode) -> None:  # type: ignore[no-untyped-def]
        envelope = common_pb2.Envelope.FromString(channel.transaction(put()))
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        change(header)
        payload.header.channel_header = header.SerializeToString()
        content = payload.SerializeToString()
        channel.append(
            common_pb2.Envelope(payload=content, signature=channel.client.sign(content)).SerializeToString()
        )
        assert codes(channel) == [code]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"\xff", ValidationCode.INVALID_OTHER_REASON),
            (common_pb2.Envelope(payload=b"\xff").SerializeToString(), ValidationCode.BAD_PAYLOAD),
            (common_pb2.Envelope().SerializeToString(), ValidationCode.BAD_COMMON_HEADER),
        ],
    )
    def test_garbage(self, channel: Channel, content: bytes, code: ValidationCode) -> None:
        channel.append(content, channel.transaction(put()))
        assert codes(channel) == [code, ValidationCode.VALID]

    def test_another_channels_envelope_cannot_be_judged(self, channel: Channel) -> None:
        envelope = channel.transaction(put()).replace(CHANNEL.encode(), b"evil")
        channel.append(envelope)
        report = verified(channel.blocks)
        assert report.flags[-1].verdict is Verdict.UNKNOWN
        assert "evil" in report.flags[-1].why


class TestEndorsements:
    def test_majority_by_distinct_peers(self, channel: Channel) -> None:
        a, b = channel.peers["A"], channel.peers["B"]
        second = channel.authorities["A"].issue("peer1", "peer")
        channel.append(
            channel.transaction(put("1"), endorsers=[a, b]),
            channel.transaction(put("2"), endorsers=[a]),
            channel.transaction(put("3"), endorsers=[a, a]),
            channel.transaction(put("4"), endorsers=[a, second]),
            channel.transaction(put("5"), endorsers=[a, channel.admins["B"]]),
            channel.transaction(put("6"), endorsers=[a, Authority("B").issue("peer", "peer")]),
            channel.transaction(put("7"), endorsers=[]),
        )
        assert codes(channel) == [ValidationCode.VALID] + [ValidationCode.ENDORSEMENT_POLICY_FAILURE] * 6

    def test_the_implicit_collection_is_its_members(self, channel: Channel) -> None:
        def private(member: str) -> Writes:
            key = hashlib.sha256(b"k").digest()
            return Writes(private={f"_implicit_org_{member}": {key: key}})

        only_b = [channel.peers["B"]]
        channel.append(
            channel.transaction(private("B"), endorsers=only_b),
            channel.transaction(private("C"), endorsers=only_b),
            channel.transaction(private("nobody"), endorsers=channel.everybody),
            channel.transaction(Writes(private={"unknown": {b"k" * 32: b"v" * 32}})),
        )
        failure = ValidationCode.ENDORSEMENT_POLICY_FAILURE
        assert codes(channel) == [ValidationCode.VALID, failure, failure, failure]

    def test_the_policy_of_a_key(self, channel: Channel) -> None:
        owner = Writes(puts={"own": b"1"}, policies={"own": signed_by("C")})
        channel.append(channel.transaction(owner))
        channel.append(
            channel.transaction(put("own"), endorsers=[channel.peers["C"]]),
            channel.transaction(put("own"), endorsers=[channel.peers["A"], channel.peers["B"]]),
        )
        assert codes(channel) == [ValidationCode.VALID, ValidationCode.ENDORSEMENT_POLICY_FAILURE]

    def test_a_chaincode_that_there_is_not(self, channel: Channel) -> None:
        channel.append(
            channel.transaction(Writes("other", puts={"k": b"v"}), chaincode="other"),
            channel.transaction(put(), Writes("other", puts={"k": b"v"})),
            channel.transaction(put(), Writes("cc", puts={"l": b"v"})),
        )
        assert codes(channel) == [
            ValidationCode.INVALID_CHAINCODE,
            ValidationCode.INVALID_CHAINCODE,
            ValidationCode.ILLEGAL_WRITESET,
        ]

    def test_a_definition_counts_from_the_next_block_on(self, channel: Channel) -> None:
        strict = policy_pb2.ApplicationPolicy()
        strict.signature_policy.ParseFromString(signed_by("A", "B", "C", needed=3))
        two = [channel.peers["A"], channel.peers["B"]]
        assert codes(channel) == [ValidationCode.VALID]
        channel.deploy(policy=strict.SerializeToString())
        channel.append(channel.transaction(put(), endorsers=two), channel.transaction(put("l")))
        assert codes(channel) == [ValidationCode.ENDORSEMENT_POLICY_FAILURE, ValidationCode.VALID]

    def test_another_plugin_cannot_be_judged(self, channel: Channel) -> None:
        info = b"\x0a\x07foreign\x12\x01x"
        channel.append(
            channel.transaction(
                Writes(
                    "_lifecycle",
                    puts={
                        "namespaces/fields/cc/ValidationInfo": db_pb2.StateData(
                            Bytes=info
                        ).SerializeToString()
                    },
                ),
                chaincode="_lifecycle",
            )
        )
        channel.append(channel.transaction(put()))
        report = verified(channel.blocks)
        assert report.intact
        assert report.verdicts[Verdict.UNKNOWN] == 1
        assert "'foreign'" in report.flags[-1].why


class TestVersions:
    def test_a_read_that_no_longer_stands(self, channel: Channel) -> None:
        channel.append(
            channel.transaction(Writes(reads={"k": (2, 0)}, puts={"k": b"2"})),
            channel.transaction(Writes(reads={"k": (2, 0)}, puts={"l": b"2"})),
            channel.transaction(Writes(reads={"k": (1, 0)}, puts={"l": b"2"})),
            channel.transaction(Writes(reads={"m": None}, puts={"l": b"2"})),
            channel.transaction(Writes(reads={"l": None}, puts={"l": b"2"})),
        )
        conflict = ValidationCode.MVCC_READ_CONFLICT
        valid = ValidationCode.VALID
        assert codes(channel) == [valid, conflict, conflict, valid, conflict]

    def test_an_id_counts_once(self, channel: Channel) -> None:
        again = channel.transaction(put("x"))
        channel.append(again, again)
        assert codes(channel) == [ValidationCode.VALID, ValidationCode.DUPLICATE_TXID]
        channel.append(again)
        assert codes(channel) == [ValidationCode.DUPLICATE_TXID]

    def test_private_keys_expire_with_their_collection(self, channel: Channel) -> None:
        collections = collection_pb2.CollectionConfigPackage()
        collections.config.add().static_collection_config.name = "brief"
        collections.config[0].static_collection_config.block_to_live = 1
        content = db_pb2.StateData(Bytes=collections.SerializeToString()).SerializeToString()
        definition = Writes("_lifecycle", puts={"namespaces/fields/cc/Collections": content})
        channel.append(channel.transaction(definition, chaincode="_lifecycle"))
        key = hashlib.sha256(b"k").digest()
        written = channel.append(channel.transaction(Writes(private={"brief": {key: key}}))).number
        with State() as state:
            verifier = LedgerVerifier(state)
            for block in channel.blocks:
                verifier.add(block)
            for number in range(written + 1, written + 4):
                assert (state.get(("cc", "brief"), key) is None) is (number == written + 3)
                verifier.add(channel.append(channel.transaction(put(str(number)))))
            assert verifier.report.intact


def test_nothing_can_be_said_without_a_configuration(channel: Channel) -> None:
    with pytest.raises(SourceError, match="is 2"):
        verified(channel.blocks[2:])


def test_a_first_block_that_is_no_configuration(channel: Channel) -> None:
    fake = replace(channel.blocks[0], data=channel.blocks[1].data)
    assert broken([fake, *channel.blocks[1:]]).block == 0
