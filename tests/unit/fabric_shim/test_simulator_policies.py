"""Endorsement policies: their language, and which of them a transaction has to satisfy."""

from __future__ import annotations

import base64

import pytest
from fabric_protos.common.policies_pb2 import SignaturePolicy, SignaturePolicyEnvelope
from fabric_protos.msp.msp_principal_pb2 import MSPPrincipal
from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.errors import (
    ConfigurationError,
    EndorsementError,
    ProtocolError,
    TransactionInvalidError,
    TransactionRefusedError,
)
from fabric_shim.stub import ChaincodeStub
from fabric_shim.testing import CollectionConfig, LedgerSimulator, TestIdentity, ValidationCode
from fabric_shim.testing.envelopes import parse_envelope
from fabric_shim.testing.policies import OutOf, Policy, Principal, Signer, parse, satisfied

from tests.unit.fabric_shim.policy_envelopes import serialize_envelope
from tests.unit.fabric_shim.simulator_toy import Toy
from tests.unit.policy_texts import ACCEPTED, REFUSED

ORGANIZATIONS = ("AMSP", "BMSP", "CMSP")
SOMEBODY = TestIdentity.create("AMSP", "somebody")
A, B, C = (Principal(msp_id, "peer") for msp_id in ORGANIZATIONS)


def encoded(text: str) -> str:
    return base64.b64encode(serialize_envelope(parse(text))).decode()


def channel(policy: str = "", **collections: CollectionConfig) -> LedgerSimulator:
    return LedgerSimulator(
        "ch", Toy(), policy=policy, organizations=ORGANIZATIONS, collections=collections.values()
    )


async def code(
    ledger: LedgerSimulator, function: str, *arguments: str, endorsers: list[str]
) -> ValidationCode:
    endorsed = await ledger.endorse(function, arguments, creator=SOMEBODY, endorsers=endorsers)
    return (await ledger.commit([endorsed])).codes[0]


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("OR('AMSP.peer','BMSP.peer')", OutOf(1, (A, B))),
        ("And ( 'AMSP.peer' , Or('BMSP.peer', \"CMSP.peer\") )", OutOf(2, (A, OutOf(1, (B, C))))),
        ("OutOf(2, 'AMSP.peer', 'BMSP.peer', and('CMSP.peer'))", OutOf(2, (A, B, OutOf(1, (C,))))),
        ("or('a-b.c1.member')", OutOf(1, (Principal("a-b.c1", "member"),))),
        ("OutOf('1', 'AMSP.peer', 'BMSP.peer')", OutOf(1, (A, B))),
        ("OutOf(0, 'AMSP.peer')", OutOf(0, (A,))),
        ("OutOf(2, 'AMSP.peer')", OutOf(2, (A,))),
    ],
)
def test_the_language_of_signature_policies(text: str, policy: Policy) -> None:
    assert parse(text) == policy
    assert parse_envelope(serialize_envelope(policy)) == policy


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_fabric_takes_is_taken(text: str) -> None:
    policy = parse(text)
    assert parse_envelope(serialize_envelope(policy)) == policy


@pytest.mark.parametrize(
    "envelope",
    [
        SignaturePolicyEnvelope(rule=SignaturePolicy(signed_by=0)),
        SignaturePolicyEnvelope(rule=SignaturePolicy(signed_by=-1), identities=[MSPPrincipal()]),
        SignaturePolicyEnvelope(),
        SignaturePolicyEnvelope(
            rule=SignaturePolicy(signed_by=0),
            identities=[MSPPrincipal(principal_classification=MSPPrincipal.IDENTITY)],
        ),
    ],
)
def test_what_is_no_envelope_that_the_simulator_can_judge(envelope: SignaturePolicyEnvelope) -> None:
    with pytest.raises(ProtocolError):
        parse_envelope(envelope.SerializeToString())


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_signature_policy(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "signers", "holds"),
    [
        ("OR('AMSP.peer', 'BMSP.peer')", "A", True),
        ("OR('AMSP.peer', 'BMSP.peer')", "C", False),
        ("OR('AMSP.member')", "A", True),
        ("OR('AMSP.admin')", "A", False),
        ("AND('AMSP.peer', 'BMSP.peer')", "A", False),
        ("AND('AMSP.peer', 'BMSP.peer')", "AB", True),
        # One signature stands for one principal.
        ("AND('AMSP.peer', 'AMSP.member')", "A", False),
        ("OutOf(2, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')", "CA", True),
        ("OutOf(2, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')", "B", False),
        ("OutOf(0, 'AMSP.peer')", "", True),
        ("OutOf(2, 'AMSP.peer')", "A", False),
        ("OR(AND('AMSP.peer', 'BMSP.peer'), AND('AMSP.peer', 'CMSP.peer'))", "AC", True),
    ],
)
def test_who_satisfies_a_policy(text: str, signers: str, *, holds: bool) -> None:
    assert satisfied(parse(text), [Signer.peer(f"{name}MSP") for name in signers]) is holds


async def test_without_a_policy_any_organisation_will_do() -> None:
    for endorser in ORGANIZATIONS:
        assert await code(channel(), "put", "k", endorsers=[endorser]) is ValidationCode.VALID


@pytest.mark.parametrize(
    ("policy", "enough", "too_few"),
    [
        ("AND('AMSP.peer', 'BMSP.peer')", ["BMSP", "AMSP"], ["AMSP", "CMSP"]),
        ("MAJORITY", ["AMSP", "CMSP"], ["AMSP"]),
        ("ALL", ["AMSP", "BMSP", "CMSP"], ["AMSP", "BMSP"]),
        ("OR('BMSP.peer')", ["BMSP"], ["AMSP"]),
    ],
)
async def test_the_policy_of_the_chaincode(policy: str, enough: list[str], too_few: list[str]) -> None:
    ledger = channel(policy)
    assert await code(ledger, "put", "k", endorsers=too_few) is ValidationCode.ENDORSEMENT_POLICY_FAILURE
    assert ledger.state == {}
    # A transaction that only reads has to satisfy it as well.
    assert await code(ledger, "get", "k", endorsers=too_few) is ValidationCode.ENDORSEMENT_POLICY_FAILURE
    assert await code(ledger, "put", "k", endorsers=enough) is ValidationCode.VALID
    assert ledger.state == {"k": b"v"}
    with pytest.raises(
        TransactionInvalidError, match=r"status code 10 \(ENDORSEMENT_POLICY_FAILURE\)"
    ) as error:
        await ledger.submit("put", ["l"], creator=SOMEBODY, endorsers=too_few)
    assert error.value.validation_code == 10


async def test_the_policy_of_a_key_replaces_that_of_the_chaincode() -> None:
    ledger = channel("OR('AMSP.peer')")
    assert await code(ledger, "put", "k", endorsers=["AMSP"]) is ValidationCode.VALID
    only_b = encoded("OR('BMSP.peer')")
    assert await code(ledger, "protect", "k", only_b, endorsers=["AMSP"]) is ValidationCode.VALID
    assert (await ledger.evaluate("protection", ["k"], creator=SOMEBODY)).payload.decode() == only_b
    failure = ValidationCode.ENDORSEMENT_POLICY_FAILURE
    for function, *arguments in (("put", "k"), ("delete", "k"), ("protect", "k", "")):
        assert await code(ledger, function, *arguments, endorsers=["AMSP"]) is failure
    # Its own policy is enough, and holds for that key only: another one needs the chaincode's.
    assert await code(ledger, "put", "k", endorsers=["BMSP"]) is ValidationCode.VALID
    assert await code(ledger, "put", "k", "l", endorsers=["BMSP"]) is failure
    assert await code(ledger, "put", "k", "l", endorsers=["BMSP", "AMSP"]) is ValidationCode.VALID
    # A new value keeps the policy; a deletion ends it.
    assert await code(ledger, "delete", "k", endorsers=["BMSP"]) is ValidationCode.VALID
    assert await code(ledger, "put", "k", endorsers=["AMSP"]) is ValidationCode.VALID


async def test_an_emptied_or_unreadable_policy_of_a_key() -> None:
    ledger = channel("OR('AMSP.peer')")
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    await ledger.submit("protect", ["k", encoded("OR('BMSP.peer')")], creator=SOMEBODY)
    assert await code(ledger, "protect", "k", "", endorsers=["BMSP"]) is ValidationCode.VALID
    assert await code(ledger, "put", "k", endorsers=["AMSP"]) is ValidationCode.VALID
    for unreadable in (b"\xff\xff", b"\x08\x00"):
        await ledger.submit("put", ["l"], creator=SOMEBODY, endorsers=["AMSP"])
        parameter = base64.b64encode(unreadable).decode()
        assert await code(ledger, "protect", "l", parameter, endorsers=["AMSP"]) is ValidationCode.VALID
        assert await code(ledger, "put", "l", endorsers=["AMSP"]) is ValidationCode.ENDORSEMENT_POLICY_FAILURE
        ledger = channel("OR('AMSP.peer')")


async def test_a_policy_for_a_missing_key_is_valid_and_stored_nowhere() -> None:
    ledger = channel("OR('AMSP.peer')")
    assert (
        await code(ledger, "protect", "k", encoded("OR('BMSP.peer')"), endorsers=["AMSP"])
        is ValidationCode.VALID
    )
    assert (ledger.state, ledger.history("k")) == ({}, ())
    assert (await ledger.evaluate("protection", ["k"], creator=SOMEBODY)).payload == b""
    assert await code(ledger, "put", "k", endorsers=["AMSP"]) is ValidationCode.VALID


async def test_a_key_whose_policy_changes_in_the_same_block() -> None:
    ledger = channel("OR('AMSP.peer')")
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    only_b = encoded("OR('BMSP.peer')")
    held = [
        await ledger.endorse("protect", ["k", only_b], creator=SOMEBODY, peer="AMSP"),
        await ledger.endorse("put", ["k"], creator=SOMEBODY, endorsers=list(ORGANIZATIONS)),
    ]
    block = await ledger.commit(held)
    assert block.codes == (ValidationCode.VALID, ValidationCode.ENDORSEMENT_POLICY_FAILURE)


async def test_policies_of_collections() -> None:
    ledger = channel(
        "OR('AMSP.peer')",
        own=CollectionConfig("own", endorsement_policy="OR('BMSP.peer')"),
        plain=CollectionConfig("plain"),
        most=CollectionConfig("most", endorsement_policy="MAJORITY"),
    )
    failure, valid = ValidationCode.ENDORSEMENT_POLICY_FAILURE, ValidationCode.VALID
    assert await code(ledger, "put_private", "own", "k", endorsers=["AMSP"]) is failure
    assert await code(ledger, "put_private", "own", "k", endorsers=["BMSP"]) is valid
    assert await code(ledger, "put_private", "plain", "k", endorsers=["BMSP"]) is failure
    assert await code(ledger, "put_private", "plain", "k", endorsers=["AMSP"]) is valid
    assert await code(ledger, "put_private", "most", "k", endorsers=["BMSP", "CMSP"]) is valid
    assert await code(ledger, "put_private", "_implicit_org_CMSP", "k", endorsers=["BMSP"]) is failure
    assert await code(ledger, "put_private", "_implicit_org_CMSP", "k", endorsers=["CMSP"]) is valid
    # Only reading is no write to the collection: the chaincode's policy has its say.
    assert await code(ledger, "get_private", "_implicit_org_CMSP", "k", endorsers=["CMSP"]) is failure


async def test_the_policy_of_a_private_key() -> None:
    ledger = channel("OR('AMSP.peer')", shared=CollectionConfig("shared"))
    await ledger.submit("put_private", ["shared", "k"], creator=SOMEBODY)
    only_b = encoded("OR('BMSP.peer')")
    failure, valid = ValidationCode.ENDORSEMENT_POLICY_FAILURE, ValidationCode.VALID
    assert await code(ledger, "protect_private", "shared", "k", only_b, endorsers=["AMSP"]) is valid
    assert await code(ledger, "put_private", "shared", "k", endorsers=["AMSP"]) is failure
    assert await code(ledger, "purge_private", "shared", "k", endorsers=["AMSP"]) is failure
    assert await code(ledger, "put_private", "shared", "k", endorsers=["BMSP"]) is valid


async def test_every_chaincode_that_is_written_to_must_agree() -> None:
    ledger = channel("OR('AMSP.peer')")
    ledger.deploy("strict", Toy(), policy="AND('AMSP.peer', 'BMSP.peer')")
    failure, valid = ValidationCode.ENDORSEMENT_POLICY_FAILURE, ValidationCode.VALID
    assert await code(ledger, "call", "strict", "", "get", "k", endorsers=["AMSP"]) is valid
    assert await code(ledger, "call", "strict", "", "put", "k", endorsers=["AMSP"]) is failure
    assert await code(ledger, "call", "strict", "", "put", "k", endorsers=["AMSP", "BMSP"]) is valid


async def test_peers_must_come_to_one_result() -> None:
    class Biased(Chaincode):
        async def invoke(self, stub: ChaincodeStub) -> Response:
            self.calls = getattr(self, "calls", 0) + 1
            await stub.put_state("k", f"secret {self.calls}".encode())
            return Response.success(str(self.calls).encode())

    ledger = LedgerSimulator("ch", Biased())
    with pytest.raises(EndorsementError, match="ProposalResponsePayloads do not match") as error:
        await ledger.submit("f", creator=SOMEBODY, endorsers=["AMSP", "BMSP"])
    assert "the response's payload; the writes of chaincode: 'k'" in str(error.value)
    assert "secret" not in str(error.value)


async def test_what_the_first_refusing_peer_says_counts() -> None:
    with pytest.raises(TransactionRefusedError, match="internal error"):
        await channel().submit("no_such_function", creator=SOMEBODY, endorsers=["AMSP", "BMSP"])


@pytest.mark.parametrize(
    "options", [{"peer": "XMSP"}, {"endorsers": []}, {"peer": "AMSP", "endorsers": ["BMSP"]}]
)
async def test_who_cannot_endorse(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        await channel().submit("put", ["k"], creator=SOMEBODY, **options)  # type: ignore[arg-type]


def test_what_cannot_be_defined() -> None:
    with pytest.raises(ConfigurationError, match="needs the channel's organizations"):
        LedgerSimulator("ch", Toy(), policy="MAJORITY")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        LedgerSimulator("ch", Toy(), policy="SOME")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        channel(own=CollectionConfig("own", endorsement_policy="nonsense"))


@pytest.mark.parametrize("name", ["", "bad name!", "-a", "a-", "a--b", "a.b", "ä", "a\n", "_lifecycle"])
def test_what_is_no_chaincode_name(name: str) -> None:
    ledger = LedgerSimulator("ch", Toy(), name="good-name_2")
    with pytest.raises(ConfigurationError, match="invalid chaincode name"):
        ledger.deploy(name, Toy())


@pytest.mark.parametrize("name", ["cscc", "escc", "lscc", "qscc", "vscc"])
def test_names_of_system_chaincodes(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'{name}' is the name of a system chaincode"):
        LedgerSimulator("ch", Toy(), name=name)
