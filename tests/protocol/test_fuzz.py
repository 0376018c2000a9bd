"""Whatever a peer sends, the chaincode neither crashes nor hangs nor leaks, and still answers afterwards.

``FUZZ_CASES`` says how many conversations are tried (500).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

import pytest
from fabric_protos.peer import proposal_response_pb2
from fabric_shim import ChaincodeServer
from fabric_shim._internal.engine import Engine
from fabric_shim._internal.handler import Handler
from fabric_shim._internal.limits import Limits
from fabric_shim._internal.workers import Workers
from fabric_shim.observer import Call, Ended
from fabric_transport import StreamError
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings

from tests.protocol.conftest import Serve, Tls
from tests.protocol.fuzz_frames import CONVERSATIONS, GOOD, REGISTRATION, Misused, start
from tests.protocol.mock_peer import ChaincodeMessage, MockPeer, dial
from tests.waiting import eventually

CASES = int(os.environ.get("FUZZ_CASES", "500"))
WORKERS = 3
fuzz = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
pytestmark = pytest.mark.timeout(60 + CASES)


class _InlineEngine(Engine):
    """Makes every step at once, on the test's thread: what is not about threads is the same each time."""

    def __init__(self) -> None:
        """No loop, no threads."""

    def submit(self, step: Callable[[], Callable[[], None]]) -> None:
        step()()

    def post(self, callback: Callable[[], None]) -> None:
        callback()


class _HungWorkers(Workers):
    """Plain functions never come to their end."""

    def submit(self, job: Callable[[], None]) -> None:
        """Leave it."""


class _Counted:
    """An observer that finds transactions that began and never ended."""

    def __init__(self) -> None:
        self.open: set[int] = set()

    def stream_opened(self) -> None: ...

    def stream_closed(self) -> None: ...

    def transaction_began(self, call: Call) -> None:
        assert id(call) not in self.open
        self.open.add(id(call))

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        self.open.remove(id(call))


@fuzz
@given(frames=CONVERSATIONS)
def test_the_handler_survives_any_conversation(frames: list[bytes]) -> None:
    out: list[bytes] = []
    counted = _Counted()
    limits = Limits(running=2, waiting=1)
    handler = Handler(
        Misused(),
        "fuzz:1",
        out.append,
        engine=_InlineEngine(),
        workers=_HungWorkers(),
        observer=counted,
        limits=limits,
    )
    handler.start()
    for frame in frames:
        before = len(out)
        handler.receive(frame)
        assert handler.running <= limits.running + limits.waiting
        # At most an answer, and the first message of a transaction that waited (and of those after it).
        assert len(out) - before <= 1 + limits.waiting + limits.running
    for frame in REGISTRATION:
        handler.receive(frame)
    for tx_id in ("a", "b", "c", ""):
        # An unknown message ends the transaction of its id.
        handler.receive(ChaincodeMessage(type=50, txid=tx_id, channel_id="ch").SerializeToString())  # type: ignore[arg-type]
        handler.receive(ChaincodeMessage(type=50, txid=tx_id).SerializeToString())  # type: ignore[arg-type]
    handler.receive(start("the last one", GOOD))
    last = ChaincodeMessage.FromString(out[-1])
    if not handler.finished.is_set():
        assert (last.type, last.txid) == (ChaincodeMessage.COMPLETED, "the last one")
        assert proposal_response_pb2.Response.FromString(last.payload).payload == b"fine"
    handler.close()
    assert handler.running == 0
    assert counted.open == set()
    for sent in out:
        ChaincodeMessage.FromString(sent)


async def test_the_server_survives_any_conversation(serve: Serve, tls: Tls) -> None:
    async with serve(Misused(), limits=Limits(worker_threads=WORKERS)) as served:
        threads = threading.active_count()
        tasks = await _tasks(served.server)

        @fuzz
        @given(frames=CONVERSATIONS)
        async def conversation(frames: list[bytes]) -> None:
            async with dial(served.port, tls.server_ca, tls.peer) as peer:
                assert (await peer.receive()).type == ChaincodeMessage.REGISTER
                if _refuse_the_registration(frames):
                    # The chaincode ends the stream, which shows at the next read or write.
                    with pytest.raises((AssertionError, StreamError), match=r"ended|broke"):
                        await _last_answer(peer, frames)
                else:
                    assert (await _last_answer(peer, frames)).type == ChaincodeMessage.COMPLETED
            await eventually(lambda: _running(served.server) == 0)

        # hypothesis runs coroutines through pytest-asyncio only when they are tests themselves.
        loop = asyncio.get_running_loop()
        inner = conversation.hypothesis.inner_test  # type: ignore[attr-defined]

        def synchronous(frames: list[bytes]) -> None:
            asyncio.run_coroutine_threadsafe(inner(frames), loop).result(30)

        conversation.hypothesis.inner_test = synchronous  # type: ignore[attr-defined]
        await asyncio.to_thread(conversation)
        await eventually(lambda: threading.active_count() <= threads + WORKERS + 1)
        # The last stream's tasks end a little after its transactions.
        async with asyncio.timeout(5):
            while await _tasks(served.server) > tasks:  # noqa: ASYNC110 - they are another loop's
                await asyncio.sleep(0.05)


def _running(server: ChaincodeServer) -> int:
    return server._conversations.running


async def _last_answer(peer: MockPeer, frames: list[bytes]) -> ChaincodeMessage:
    for frame in (*frames, *REGISTRATION, start("the last one", GOOD)):
        await peer.send_raw(frame)
    while (message := await peer.receive()).txid != "the last one":
        pass
    return message


def _refuse_the_registration(frames: list[bytes]) -> bool:
    expected = [ChaincodeMessage.REGISTERED, ChaincodeMessage.READY]
    for frame in frames:
        try:
            kind = ChaincodeMessage.FromString(frame).type
        except DecodeError:
            continue
        if kind == ChaincodeMessage.ERROR:
            return True
        if kind == expected[0]:
            expected.pop(0)
            if not expected:
                break
    return False


async def _tasks(server: ChaincodeServer) -> int:
    """How many tasks the server's own event loop has."""

    async def count() -> int:
        return len(asyncio.all_tasks())

    engine = server._conversations._engine
    assert engine is not None
    return await engine.run(count())
