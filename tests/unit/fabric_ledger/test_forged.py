"""Ledgers that look right and are not: forged quorums, borrowed identities, flags that were turned round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_gateway.validation import ValidationCode
from fabric_ledger import LedgerBlock, LedgerVerifier, Report, State, Verdict
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.msp import identities_pb2
from fabric_protos.peer import policy_pb2

from tests.unit.fabric_ledger.maker import Channel, Signer, Writes, signed_by

VALID = ValidationCode.VALID
MVCC = ValidationCode.MVCC_READ_CONFLICT
POLICY = ValidationCode.ENDORSEMENT_POLICY_FAILURE


@pytest.fixture
def channel() -> Channel:
    made = Channel("A", "B", "C")
    made.deploy()
    made.append(made.transaction(Writes(puts={"k": b"v"})))
    return made


def verified(blocks: Iterable[LedgerBlock]) -> Report:
    with State() as state:
        verifier = LedgerVerifier(state)
        for block in blocks:
            verifier.add(block)
        return verifier.report


def judged(channel: Channel, endorsers: Sequence[Signer]) -> ValidationCode | None:
    """What a transaction with these endorsers is recomputed to, where the ledger calls it VALID."""
    channel.append(channel.transaction(Writes(puts={"k": b"w"}), endorsers=endorsers))
    report = verified(channel.blocks)
    return report.flags[0].recomputed if report.flags else VALID


def renamed(signer: Signer, msp_id: str, pem: bytes | None = None) -> Signer:
    """The same key and certificate, under another MSP ID or in other PEM."""
    content = signer.certificate.public_bytes(Encoding.PEM) if pem is None else pem
    identity = identities_pb2.SerializedIdentity(mspid=msp_id, id_bytes=content)
    return replace(signer, identity=identity.SerializeToString())


class TestQuorums:
    def test_one_endorser_in_many_clothes(self, channel: Channel) -> None:
        peer = channel.peers["A"]
        pem = peer.certificate.public_bytes(Encoding.PEM)
        body = pem.split(b"-----")[2].replace(b"\n", b"")
        clothes = [
            peer,
            renamed(peer, "A", b"text\n" + pem),
            renamed(peer, "A", pem.replace(b"\n", b"\r\n")),
            renamed(peer, "A", b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n"),
            replace(peer, identity=peer.identity + b"\xfa\x01\x01x"),
        ]
        assert judged(channel, clothes) is POLICY

    @pytest.mark.parametrize("who", ["borrowed", "authority", "revoked", "no role", "client"])
    def test_a_second_endorser_who_is_none(self, channel: Channel, who: str) -> None:
        home = channel.authorities["B"]
        match who:
            case "borrowed":
                second = renamed(channel.peers["A"], "B")
            case "authority":
                second = renamed(Signer(b"", home.key, home.certificate), "B")
            case "revoked":
                second = channel.peers["B"]
                group = channel.group()
                value = group.groups["Application"].groups["B"].values["MSP"]
                value.version += 1
                value.value = home.msp([home.revocations(second)])
                channel.append_configuration(channel.configure(group, [channel.admins["B"]]))
            case "no role":
                second = home.issue("nobody", "")
            case _:
                second = home.issue("client", "client")
        assert judged(channel, [channel.peers["A"], second]) is POLICY

    def test_a_policy_that_asks_for_nobody(self) -> None:
        """Members may agree on it; then it is what they agreed on, and nobody's signature is missing."""
        channel = Channel("A", "B", "C")
        content = policy_pb2.ApplicationPolicy()
        content.signature_policy.MergeFromString(signed_by("A", needed=0))
        channel.deploy(policy=content.SerializeToString())
        assert judged(channel, []) is VALID

    def test_a_consenter_by_number_and_by_certificate(self) -> None:
        channel = Channel("A", "B", consenters=4)
        everybody = channel.orderers
        channel.orderers = everybody[:2]
        made = channel.deploy()
        metadata = common_pb2.Metadata.FromString(made.metadata[0])
        header = common_pb2.SignatureHeader(creator=everybody[0].identity, nonce=b"n").SerializeToString()
        signature = everybody[0].sign(metadata.value + header + made.header)
        metadata.signatures.add(signature_header=header, signature=signature)
        channel.blocks[-1] = replace(made, metadata=(metadata.SerializeToString(), *made.metadata[1:]))
        report = verified(channel.blocks)
        assert report.proven_to == 0
        assert any("twice" in each.sentence for each in report.findings)


class TestFlags:
    @pytest.mark.parametrize(
        ("reads", "endorsed", "carried", "right"),
        [
            ({"k": (2, 0)}, True, MVCC, VALID),
            ({"k": (1, 0)}, True, VALID, MVCC),
            ({"k": None}, True, VALID, MVCC),
            ({"none": None}, True, POLICY, VALID),
            ({"k": (2, 0)}, False, VALID, POLICY),
            ({"k": (1, 0)}, False, MVCC, POLICY),
            ({"k": (1, 0)}, True, ValidationCode.PHANTOM_READ_CONFLICT, MVCC),
        ],
    )
    def test_turned_round(
        self,
        channel: Channel,
        reads: dict[str, tuple[int, int] | None],
        endorsed: bool,
        carried: ValidationCode,
        right: ValidationCode,
    ) -> None:
        """What is right goes on: what follows is judged by it, so that the lie stands alone."""
        endorsers = channel.everybody if endorsed else [channel.peers["C"]]
        content = channel.transaction(Writes(reads=reads, puts={"k": b"w"}), endorsers=endorsers)
        lie = channel.append(content, flags=bytes([carried])).number
        stands = (lie, 0) if right is VALID else (2, 0)
        channel.append(channel.transaction(Writes(reads={"k": stands}, puts={"l": b""})))
        report = verified(channel.blocks)
        assert [(each.block, each.recorded, each.recomputed) for each in report.flags] == [
            (lie, carried, right)
        ]
        assert [(each.block, each.check) for each in report.findings] == [(lie, "flag")]
        assert not report.intact

    def test_taken_away(self, channel: Channel) -> None:
        """Of all blocks it is an orderer's copy; of one it is not."""
        bare = [replace(each, metadata=(each.metadata[0], b"", b"", b"", b"")) for each in channel.blocks]
        assert verified(bare).intact
        report = verified([*channel.blocks[:2], bare[2]])
        assert [(each.block, each.check) for each in report.findings] == [(2, "flag")]

    def test_every_code_for_a_valid_transaction(self, channel: Channel) -> None:
        last = channel.blocks[-1]
        for code in range(1, 256):
            changed = replace(last, metadata=(last.metadata[0], b"", bytes([code]), b"", b""))
            report = verified([*channel.blocks[:-1], changed])
            assert report.verdicts[Verdict.DIFFERS] == 1
            assert not report.intact


class TestConfigurations:
    def edited(self, channel: Channel, envelope: bytes, edit: str) -> bytes:
        """The configuration envelope with one thing turned, signed by the orderer all the same."""
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(envelope).payload)
        content = configtx_pb2.ConfigEnvelope.FromString(payload.data)
        header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
        match edit:
            case "sequence":
                content.config.sequence += 1
            case "same sequence":
                content.config.sequence -= 1
            case "channel":
                header.channel_id = "another"
            case "no update":
                content.ClearField("last_update")
            case "nothing":
                pass
        payload.data = content.SerializeToString()
        payload.header.channel_header = header.SerializeToString()
        inner = payload.SerializeToString()
        signature = channel.orderers[0].sign(inner)
        return common_pb2.Envelope(payload=inner, signature=signature).SerializeToString()

    @pytest.mark.parametrize("edit", ["sequence", "same sequence", "channel", "no update", "nothing"])
    def test_one_thing_turned(self, channel: Channel, edit: str) -> None:
        group = channel.group()
        group.groups["Orderer"].values["BatchTimeout"].version += 1
        group.groups["Orderer"].values["BatchTimeout"].value = b"\x0a\x022s"
        envelope = channel.configure(group, [channel.admins["A"]])
        channel.append_configuration(self.edited(channel, envelope, edit))
        report = verified(channel.blocks)
        assert report.intact is (edit == "nothing"), report.findings
        assert report.proven_to == (3 if edit == "nothing" else 2)

    @pytest.mark.parametrize(
        "reference", ["", "Nobody", "/Channel/Nobody", "/", "//", "/Other/Admins", "a/../b"]
    )
    def test_a_modification_policy_that_leads_nowhere(self, channel: Channel, reference: str) -> None:
        """What such a policy guards cannot be changed any more, by nobody."""
        value = channel.config.channel_group.groups["Orderer"].values["BatchTimeout"]
        value.mod_policy = reference
        made = Channel.__new__(Channel)
        made.__dict__ = channel.__dict__ | {"blocks": []}
        genesis = replace(channel.blocks[0])
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(genesis.data[0]).payload)
        payload.data = configtx_pb2.ConfigEnvelope(config=channel.config).SerializeToString()
        content = common_pb2.Envelope(payload=payload.SerializeToString()).SerializeToString()
        made.blocks = [made._sealed(0, b"", (content,), signed=False, flags=b"\0")]
        group = made.group()
        group.groups["Orderer"].values["BatchTimeout"].version += 1
        made.append_configuration(made.configure(group, list(made.admins.values())))
        report = verified(made.blocks)
        assert report.first_break is not None
        assert (report.first_break.block, report.first_break.check) == (1, "configuration")


class TestEncodings:
    """Peers read more encodings than the library here; what they take as valid is valid."""

    LONG_TAG = b"\x8a" + b"\x80" * 8 + b"\x00"

    @pytest.mark.parametrize(
        ("before", "tag", "valid"),
        [
            (b"", b"\x8a\x00", True),
            (b"", LONG_TAG, True),
            (b"\xfb\x01" * 9_000 + b"\xfc\x01" * 9_000, b"\x0a", True),
            (b"\xfb\x01" * 10_001 + b"\xfc\x01" * 10_001, b"\x0a", False),
            (b"\xfb\x01\xf4\x01", b"\x0a", False),
            (b"\x00\x00", b"\x0a", False),
            (b"", b"\x8a" + b"\x80" * 9 + b"\x00", False),
        ],
        ids=["two octets", "ten octets", "deep groups", "too deep", "crossed", "field 0", "eleven octets"],
    )
    def test_of_a_payload(self, channel: Channel, before: bytes, tag: bytes, valid: bool) -> None:
        envelope = common_pb2.Envelope.FromString(channel.transaction(Writes(puts={"k": b"w"})))
        assert envelope.payload.startswith(b"\x0a")
        envelope.payload = before + tag + envelope.payload[1:]
        envelope.signature = channel.client.sign(envelope.payload)
        code = VALID if valid else ValidationCode.BAD_PAYLOAD
        channel.append(envelope.SerializeToString(), flags=bytes([code]))
        report = verified(channel.blocks)
        assert report.intact, report.findings

    def test_of_a_header_within(self, channel: Channel) -> None:
        envelope = common_pb2.Envelope.FromString(channel.transaction(Writes(puts={"k": b"w"})))
        payload = common_pb2.Payload.FromString(envelope.payload)
        header = payload.header.SerializeToString()
        loose = self.LONG_TAG + header[1:]
        data = common_pb2.Payload(data=payload.data).SerializeToString()
        envelope.payload = b"\x0a" + bytes([len(loose) & 0x7F | 0x80, len(loose) >> 7]) + loose + data
        envelope.signature = channel.client.sign(envelope.payload)
        channel.append(envelope.SerializeToString())
        assert verified(channel.blocks).intact


class TestSplices:
    def test_blocks_of_a_channel_of_the_same_name(self, channel: Channel) -> None:
        other = Channel("A", "B", "C")
        other.deploy()
        for _ in range(3):
            other.append(other.transaction(Writes(puts={"k": b"v"})))
        for at in (1, 2, 3):
            report = verified([*channel.blocks[:at], *other.blocks[at:]])
            assert report.first_break is not None
            assert report.first_break.block == at
            assert report.proven_to == at - 1

    def test_a_suffix_in_the_middle_shows_that_its_beginning_is_missing(self, channel: Channel) -> None:
        group = channel.group()
        group.groups["Orderer"].values["BatchTimeout"].version += 1
        channel.append_configuration(channel.configure(group, [channel.admins["A"]]))
        channel.append(channel.transaction(Writes(puts={"k": b"w"})))
        report = verified(channel.blocks[3:])
        assert report.first_block == 3
        assert report.verdicts[Verdict.AGREES] == 0
        assert report.verdicts[Verdict.UNKNOWN] == 2
