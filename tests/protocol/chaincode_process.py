"""A chaincode in a process of its own, as an operator runs it."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.protocol.conftest import CHAINCODE_ID, Tls

START_SECONDS = 20

READER = """
import sys
from fabric_shim import Chaincode, Response, serve

class Reader(Chaincode):
    async def invoke(self, stub):
        return Response.success(await stub.get_state("k"))

sys.exit(serve(Reader()))
"""


class ChaincodeProcess:
    """A running one. All that it prints is kept in ``output``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._printed: list[str] = []
        self._new = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @property
    def output(self) -> str:
        return "".join(self._printed)

    async def printed(self, pattern: str) -> re.Match[str]:
        """Wait until it has printed something."""
        async with asyncio.timeout(START_SECONDS), self._new:
            while (found := re.search(pattern, self.output)) is None:
                assert not self._reading.done(), self.output
                await self._new.wait()
        return found

    async def port(self, what: str = "Serving care_1") -> int:
        return int((await self.printed(rf"{what}.* on port (\d+)")).group(1))

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def ended(self, seconds: float = 10) -> int:
        async with asyncio.timeout(seconds):
            await self._reading
            return await self._process.wait()

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._reading
        await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            async with self._new:
                self._printed.append(line.decode())
                self._new.notify_all()
        async with self._new:
            self._new.notify_all()


def environment(tls: Tls, **further: str) -> dict[str, str]:
    return os.environ | {
        "CHAINCODE_ID": CHAINCODE_ID,
        "CHAINCODE_SERVER_ADDRESS": "127.0.0.1:0",
        "CHAINCODE_TLS_CERT_FILE": str(tls.config.certificate),
        "CHAINCODE_TLS_KEY_FILE": str(tls.config.key),
        "CHAINCODE_CLIENT_CA_FILE": str(tls.config.client_ca),
        **further,
    }


@asynccontextmanager
async def running(program: str, environment: dict[str, str]) -> AsyncIterator[ChaincodeProcess]:
    process = ChaincodeProcess(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    )
    try:
        yield process
    finally:
        await process.kill()
