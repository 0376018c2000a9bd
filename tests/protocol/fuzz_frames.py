"""Strategies for what a peer may send, well- and ill-formed, and the chaincode that gets it."""

from __future__ import annotations

from fabric_protos.common import common_pb2
from fabric_protos.ledger.queryresult.kv_query_result_pb2 import KV
from fabric_protos.peer import chaincode_pb2, proposal_pb2
from fabric_protos.peer import chaincode_shim_pb2 as shim
from fabric_shim import Chaincode, ChaincodeError, ChaincodeStub, LedgerError, Response
from fabric_shim.blocking import run_blocking
from hypothesis import strategies as st

from tests.protocol.mock_peer import CALLER, ChaincodeMessage, signed_proposal

GOOD = "good"
FUNCTIONS = ("read", "write", "list", "plain", "stubborn", "refuse", "fail", "exit", "await", "no response")
TX_IDS = ("", "a", "b", "c")
REGISTRATION = tuple(
    ChaincodeMessage(type=kind).SerializeToString()
    for kind in (ChaincodeMessage.REGISTERED, ChaincodeMessage.READY)
)


class Misused(Chaincode):
    """Does what chaincode does, and what it should not do."""

    async def init(self, stub: ChaincodeStub) -> Response:
        return await self.invoke(stub)

    async def invoke(self, stub: ChaincodeStub) -> Response:  # noqa: PLR0911 - one line per behaviour
        match stub.get_string_args()[0]:
            case "read":
                return Response.success(b"".join([await stub.get_state(key) or b"" for key in "xyz"]))
            case "write":
                await stub.put_state("k", b"v")
                await stub.del_state("l")
                stub.set_event("written")
                return Response.success()
            case "list":
                return Response.success(str([kv async for kv in stub.get_state_by_range("", "")]).encode())
            case "plain":
                return Response.success(await run_blocking(stub, lambda plain: plain.get_state("k")) or b"")
            case "stubborn":
                try:
                    await stub.get_state("k")
                except LedgerError:
                    await stub.get_state("again")
                return Response.success()
            case "refuse":
                raise ChaincodeError("No.")
            case "exit":
                raise SystemExit
            case "await":
                await _Never()
            case "no response":
                return None  # type: ignore[return-value]
            case "good":
                return Response.success(b"fine")
        raise ValueError


class _Never:
    def __await__(self):  # type: ignore[no-untyped-def]
        yield object()


def start(tx_id: str, *args: str, channel: str = "ch", init: bool = False) -> bytes:
    """A well-formed transaction."""
    return ChaincodeMessage(
        type=ChaincodeMessage.INIT if init else ChaincodeMessage.TRANSACTION,
        txid=tx_id,
        channel_id=channel,
        payload=chaincode_pb2.ChaincodeInput(args=[arg.encode() for arg in args]).SerializeToString(),
        proposal=_PROPOSAL,
    ).SerializeToString()


def _answer(kind: int, tx_id: str, payload: bytes) -> bytes:
    message = ChaincodeMessage(type=kind, txid=tx_id, channel_id="ch", payload=payload)  # type: ignore[arg-type]
    return message.SerializeToString()


def _page(more: bool) -> bytes:
    item = shim.QueryResultBytes(resultBytes=KV(key="k", value=b"v").SerializeToString())
    return shim.QueryResponse(results=[item], has_more=more, id="q").SerializeToString()


_PROPOSAL = signed_proposal("t", b"nonce", CALLER, {"field": b"value"})
_TX_IDS = st.sampled_from(TX_IDS)
_PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.builds(_page, st.booleans()),
    st.builds(
        lambda name: chaincode_pb2.ChaincodeInput(args=[name]).SerializeToString(),
        st.sampled_from([name.encode() for name in FUNCTIONS]),
    ),
)
_PROPOSALS = st.one_of(
    st.none(),
    st.just(_PROPOSAL),
    st.builds(proposal_pb2.SignedProposal, proposal_bytes=st.binary(max_size=40)),
    st.builds(
        lambda kind, seconds: proposal_pb2.SignedProposal(proposal_bytes=_proposal(kind, seconds)),
        st.integers(-1, 10),
        st.sampled_from([0, -(2**62), 2**62]),
    ),
)


def _proposal(kind: int, seconds: int) -> bytes:
    channel_header = common_pb2.ChannelHeader(type=kind)
    channel_header.timestamp.seconds = seconds
    header = common_pb2.Header(channel_header=channel_header.SerializeToString())
    return proposal_pb2.Proposal(header=header.SerializeToString()).SerializeToString()


def _message(
    kind: int, tx_id: str, channel: str, payload: bytes, proposal: proposal_pb2.SignedProposal | None
) -> bytes:
    return ChaincodeMessage(
        type=kind,  # type: ignore[arg-type]
        txid=tx_id,
        channel_id=channel,
        payload=payload,
        proposal=proposal,
    ).SerializeToString()


WELL_FORMED = st.one_of(
    st.builds(start, _TX_IDS, st.sampled_from(FUNCTIONS), init=st.booleans()),
    st.builds(
        _answer,
        st.sampled_from([ChaincodeMessage.RESPONSE, ChaincodeMessage.RESPONSE, ChaincodeMessage.ERROR]),
        _TX_IDS,
        _PAYLOADS,
    ),
)
ANYTHING = st.one_of(
    st.binary(max_size=60),
    st.builds(_message, st.integers(-1, 40), _TX_IDS, st.sampled_from(["ch", ""]), _PAYLOADS, _PROPOSALS),
)


def _conversation(beginning: tuple[bytes, ...], frames: list[bytes]) -> list[bytes]:
    return [*beginning, *frames]


CONVERSATIONS = st.builds(
    _conversation,
    # Most peers register, some send other things first.
    st.sampled_from([REGISTRATION, REGISTRATION, REGISTRATION, ()]),
    st.lists(st.one_of(WELL_FORMED, WELL_FORMED, ANYTHING), max_size=25),
)
