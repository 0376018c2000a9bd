"""What somebody makes to deceive, crash or stall an auditor: all ends soon, and none is called intact."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from carechannel.cli import app, session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fabric_ledger import (
    BlockFiles,
    LedgerBlock,
    LedgerVerifier,
    Report,
    Severity,
    SourceError,
    State,
    chains,
)
from fabric_ledger import _configuration_messages as messages
from fabric_ledger.block import LAST_CONFIG, ORDERER, SIGNATURES
from fabric_ledger.errors import ConfigurationError
from fabric_ledger.msp import Identity, Msp
from fabric_ledger.sources import formats
from fabric_protos.common import common_pb2
from fabric_protos.peer import collection_pb2
from fabric_protos.peer.lifecycle import db_pb2
from typer.testing import CliRunner, Result

from tests.unit.fabric_ledger.maker import BEGIN, CHANNEL, Channel, Writes

REAL = Path(__file__).parent / "blocks" / "blockfile_000000"


@pytest.fixture(scope="module")
def blocks() -> list[LedgerBlock]:
    return list(BlockFiles([REAL]))


@pytest.fixture
def channel() -> Channel:
    made = Channel("A", "B", "C")
    made.deploy()
    made.append(made.transaction(Writes(puts={"k": b"v"})))
    return made


def verified(blocks: Iterable[LedgerBlock], channel: str | None = None) -> Report:
    with State() as state:
        verifier = LedgerVerifier(state, channel=channel)
        for block in blocks:
            verifier.add(block)
        return verifier.report


def place(block: LedgerBlock, slot: int, content: bytes) -> LedgerBlock:
    metadata = [*block.metadata]
    metadata[slot] = content
    return replace(block, metadata=tuple(metadata))


def sealed(block: LedgerBlock, *data: bytes) -> LedgerBlock:
    """The block with other transactions and a data hash that fits them."""
    return replace(block, data=data, data_hash=hashlib.sha256(b"".join(data)).digest())


def ledger(*arguments: str) -> Result:
    session._as_json = False
    return CliRunner().invoke(app, ["ledger", *arguments], env={"CARECHANNEL_PROFILE": ""})


def stream(path: Path, blocks: Iterable[LedgerBlock]) -> Path:
    with path.open("wb") as file:
        for block in blocks:
            formats.write(file, block)
    return path


class TestCertificates:
    def test_every_version_a_flip_can_make(self, channel: Channel) -> None:
        """A certificate of X.509 version 7 and the like is refused, and ends no run."""
        pem = channel.client.certificate.public_bytes(Encoding.DER)
        at = pem.index(b"\xa0\x03\x02\x01\x02") + 4
        for version in (1, 3, 7, 106, 255):
            changed = pem[:at] + bytes([version]) + pem[at + 1 :]
            text = base64.encodebytes(changed)
            content = b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
            found = chains.parse_pem(content)
            assert found is None or found.version is x509.Version.v3

    @pytest.mark.filterwarnings("error")
    def test_a_serial_number_below_zero_warns_nobody(self, channel: Channel) -> None:
        der = channel.client.certificate.public_bytes(Encoding.DER)
        at = der.index(b"\xa0\x03\x02\x01\x02\x02") + 7
        changed = der[:at] + bytes([der[at] | 0x80]) + der[at + 1 :]
        content = (
            b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(changed) + b"-----END CERTIFICATE-----\n"
        )
        assert chains.parse_pem(content) is None  # as Go reads it

    @pytest.mark.parametrize(
        "content",
        [
            b"-----BEGIN A-----\n" * 300_000,
            b"-----BEGIN A-----\n" * 300_000 + b"\n-----END B-----\n",
            b"".join(b"-----BEGIN A%d-----\n" % n for n in range(200_000)) + b"\n-----END B-----\n",
        ],
        ids=["no end", "another end", "many kinds"],
    )
    def test_beginnings_without_an_end(self, content: bytes) -> None:
        assert chains.parse_pem(content) is None

    def test_what_stands_around_a_certificate(self, channel: Channel) -> None:
        pem = channel.client.certificate.public_bytes(Encoding.PEM)
        for content in (
            b"text\n" + pem,
            b"-----BEGIN X-----\n-----BEGIN Y-----\n" + pem,
            pem.replace(b"\n", b"\r\n"),
            pem + pem,
            pem.replace(b"-----BEGIN CERTIFICATE-----\n", b"-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\n"),
        ):
            assert chains.parse_pem(content) is not None, content
        for content in (b"x" + pem, pem.replace(b"\n", b" "), pem.replace(b"-----END", b"----END"), b""):
            assert chains.parse_pem(content) is None, content

    def test_authorities_that_certify_each_other(self) -> None:
        """Twenty of one name, each signed by each other's key: ten steps deep, nobody walks all ways."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loop")])

        def issued(authority: bool) -> x509.Certificate:
            return (
                x509.CertificateBuilder()
                .subject_name(name)
                .issuer_name(name)
                .public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(BEGIN)
                .not_valid_after(BEGIN + timedelta(days=365))
                .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                .sign(key, hashes.SHA256())
            )

        authorities = chains.Authorities((), tuple(issued(authority=True) for _ in range(20)))
        assert authorities.chain(issued(authority=False)) is None


class TestUnsignedParts:
    def test_every_bit_of_the_first_blocks_metadata(self, blocks: list[LedgerBlock]) -> None:
        """No hash covers it: what stands there is held against the little that can stand there."""
        slots = {slot: content for slot, content in enumerate(blocks[0].metadata) if content}
        assert set(slots) == {SIGNATURES, 2}
        for slot, content in slots.items():
            for position in range(len(content) * 8):
                changed = bytearray(content)
                changed[position // 8] ^= 1 << position % 8
                report = verified([place(blocks[0], slot, bytes(changed))])
                assert not report.intact, (slot, position)
                assert report.severities[Severity.TAMPERED] == 0

    @pytest.mark.parametrize("slot", [SIGNATURES, LAST_CONFIG, ORDERER])
    def test_something_hidden_in_the_first_blocks_metadata(
        self, blocks: list[LedgerBlock], slot: int
    ) -> None:
        value = common_pb2.Metadata(value=b"\x0a\x00" + b"\xfa\x01\x03abc").SerializeToString()
        assert not verified([place(blocks[0], slot, value), *blocks[1:3]]).intact

    def test_something_hidden_beside_the_last_configuration(self, blocks: list[LedgerBlock]) -> None:
        value = common_pb2.Metadata(value=b"\xfa\x01\x03abc").SerializeToString()
        report = verified([*blocks[:5], place(blocks[5], LAST_CONFIG, value)])
        assert [(each.block, each.check) for each in report.findings] == [(5, "metadata")]
        honest = common_pb2.Metadata(value=b"").SerializeToString()
        assert verified([*blocks[:5], place(blocks[5], LAST_CONFIG, honest)]).intact

    def test_bytes_after_an_orderers_signature(self, channel: Channel) -> None:
        """A peer ignores them; nothing hashes them, so here they are what somebody put there."""
        last = channel.blocks[-1]
        metadata = common_pb2.Metadata.FromString(last.slot(SIGNATURES))
        metadata.signatures[0].signature += b"hidden"
        channel.blocks[-1] = place(last, SIGNATURES, metadata.SerializeToString())
        report = verified(channel.blocks)
        assert not report.intact
        assert report.proven_to == last.number - 1


class TestAnotherLedger:
    def test_of_another_channel(self, channel: Channel) -> None:
        assert verified(channel.blocks, CHANNEL).intact
        report = verified(channel.blocks, "another")
        assert report.first_break is not None
        assert (report.first_break.block, report.first_break.check) == (0, "anchor")
        assert report.proven_to is None

    def test_the_command_says_so(self) -> None:
        arguments = ("verify", "--files", str(REAL), "--channel")
        assert ledger(*arguments, "probe-channel").exit_code == 0
        result = ledger(*arguments, "another", "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["findings"][0]["check"] == "anchor"

    def test_no_block_is_not_intact(self) -> None:
        assert not verified([]).intact

    def test_that_the_end_is_not_known_is_said(self) -> None:
        said = ledger("verify", "--files", str(REAL)).stdout
        assert "--height" in said
        assert "--height" not in ledger("verify", "--files", str(REAL), "--height", "48").stdout
        assert json.loads(ledger("verify", "--files", str(REAL), "--json").stdout)["height_expected"] is None


class TestTooMuch:
    @pytest.mark.parametrize("number", [0, 1])
    def test_a_great_many_empty_envelopes(self, channel: Channel, number: int) -> None:
        report = verified([*channel.blocks[:number], sealed(channel.blocks[number], *[b""] * 300_000)])
        assert report.broken

    @pytest.mark.parametrize(
        "content", [b"\x12\x00" * 3_000_000, b"\x12\x00" * 100_000], ids=["huge", "many"]
    )
    def test_more_signatures_than_orderers(self, channel: Channel, content: bytes) -> None:
        report = verified([channel.blocks[0], place(channel.blocks[1], SIGNATURES, content)])
        assert report.first_break is not None
        assert report.first_break.check == "orderers"

    @pytest.mark.parametrize("lives", [2**64 - 1, 2**63, 2**63 - 1])
    def test_private_keys_that_live_for_ever(self, channel: Channel, lives: int) -> None:
        collections = collection_pb2.CollectionConfigPackage()
        collections.config.add().static_collection_config.name = "long"
        collections.config[0].static_collection_config.block_to_live = lives
        content = db_pb2.StateData(Bytes=collections.SerializeToString()).SerializeToString()
        definition = Writes("_lifecycle", puts={"namespaces/fields/cc/Collections": content})
        channel.append(channel.transaction(definition, chaincode="_lifecycle"))
        key = hashlib.sha256(b"k").digest()
        channel.append(channel.transaction(Writes(private={"long": {key: key}})))
        assert verified(channel.blocks).intact

    def test_a_broken_revocation_list_in_the_first_block(self, channel: Channel) -> None:
        """Of every bit of a list: refused or not, never a crash."""
        authority = channel.authorities["A"]
        der = x509.load_pem_x509_crl(authority.revocations(channel.client)).public_bytes(Encoding.DER)
        for position in range(len(der) * 8):
            changed = bytearray(der)
            changed[position // 8] ^= 1 << position % 8
            definition = messages.msp(authority.msp([bytes(changed)]))
            assert isinstance(definition, messages.MspDefinition)
            try:
                msp = Msp(definition, ed25519_allowed=False)
            except ConfigurationError:
                continue
            found = msp.identity(channel.client.certificate.public_bytes(Encoding.PEM))
            assert isinstance(found, Identity)
            assert found.refusal in {None, "its certificate has been revoked"}


class TestTerminals:
    EVIL = "\n\x1b[2J\x1b]0;owned\x07\x9b31m\u202eabc\r\x00"

    @pytest.fixture
    def evil(self, channel: Channel, tmp_path: Path) -> Path:
        writes = Writes(puts={"k": self.EVIL.encode(), self.EVIL: b"v"}, reads={self.EVIL: None})
        channel.append(channel.transaction(writes, chaincode="cc"))
        channel.append(channel.transaction(Writes(self.EVIL), chaincode=self.EVIL))
        return stream(tmp_path / "evil\x1b[1m", channel.blocks)

    @pytest.mark.parametrize(
        "arguments",
        [("verify",), ("block", "3"), ("block", "4"), ("history", "k", "--chaincode", "cc"), ("info",)],
    )
    def test_nothing_in_a_ledger_steers_a_terminal(self, evil: Path, arguments: tuple[str, ...]) -> None:
        for more in ((), ("--json",)):
            result = ledger(*arguments, "--files", str(evil), *more)
            assert result.exception is None or isinstance(result.exception, SystemExit)
            shown = result.output.replace("\n", "")
            assert all(letter.isprintable() for letter in shown), [
                letter for letter in shown if not letter.isprintable()
            ]

    def test_nor_does_an_error(self, evil: Path) -> None:
        result = ledger("info", "--files", str(evil) + "\x1b[2Jnone")
        assert result.exit_code == 1
        assert "\x1b" not in result.output
        result = ledger("compare", "--files", str(evil), "--files", str(evil))
        assert "\x1b" not in result.output


class TestFiles:
    def test_a_block_twice_is_not_written_over(self, blocks: list[LedgerBlock], tmp_path: Path) -> None:
        other = replace(blocks[2], data=blocks[3].data)
        source = stream(tmp_path / "twice", [*blocks[:3], other])
        result = ledger("export", str(tmp_path / "out"), "--split", "--files", str(source))
        assert result.exit_code == 1
        assert "exist" in result.output
        assert (tmp_path / "out" / "00000002.block").read_bytes() == formats.single(blocks[2])

    def test_what_a_cut_export_left_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "out.part").write_bytes(b"")
        result = ledger("export", str(tmp_path / "out"), "--files", str(REAL))
        assert result.exit_code == 1
        assert "out.part" in result.output.replace("\n", "")
        assert (tmp_path / "out.part").exists()

    def test_a_failed_export_leaves_nothing_that_looks_whole(self, tmp_path: Path) -> None:
        cut = tmp_path / "cut"
        cut.write_bytes(REAL.read_bytes()[:100_000])
        result = ledger("export", str(tmp_path / "out"), "--files", str(cut))
        assert result.exit_code == 1
        assert sorted(each.name for each in tmp_path.iterdir()) == ["cut"]

    def test_a_hidden_field_is_not_lost_in_an_export(self, blocks: list[LedgerBlock], tmp_path: Path) -> None:
        content = formats.single(blocks[1]) + b"\xfa\x01\x03abc"
        (tmp_path / "one").write_bytes(content)
        result = ledger("export", str(tmp_path / "out"), "--files", str(tmp_path / "one"))
        assert result.exit_code == 1
        assert "Block 1 holds" in result.output

    def test_links_in_a_circle(self, tmp_path: Path) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        with pytest.raises(SourceError):
            BlockFiles([tmp_path / "a"])
        with pytest.raises(SourceError, match="holds no files"):
            BlockFiles([tmp_path])

    def test_a_folder_that_may_not_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "iterdir", refuse)
        with pytest.raises(SourceError, match="cannot be read"):
            BlockFiles([tmp_path])
