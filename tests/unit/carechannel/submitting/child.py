"""A process that submits once with an idempotency key, and can be told to kill itself around a save."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from carechannel.submitting import (
    ConnectedPeer,
    Deadline,
    FileRecords,
    Idempotency,
    Limits,
    Records,
    Retry,
    Submitter,
)
from carechannel.submitting.records import Claim, Record, Slot
from fabric_gateway import Identity, connect, signers


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Killing:
    """Records that kill their process at one place."""

    def __init__(self, records: Records, place: str):
        self._records = records
        self._place = place

    @asynccontextmanager
    async def claim(self, slot: Slot, deadline: Deadline) -> AsyncIterator[Claim]:
        async with self._records.claim(slot, deadline) as claim:
            self._at("claimed")
            yield _KillingClaim(claim, self._at)
        self._at("freed")

    async def forget(self, before: datetime) -> int:
        return await self._records.forget(before)

    def _at(self, place: str) -> None:
        if place == self._place:
            _die()


class _KillingClaim:
    def __init__(self, claim: Claim, at: object):
        self._claim = claim
        self._at = at
        self._saves = 0
        self.record = claim.record

    async def save(self, record: Record) -> None:
        self._saves += 1
        self._at(f"before-save-{self._saves}")  # type: ignore[operator]
        await self._claim.save(record)
        self._at(f"after-save-{self._saves}")  # type: ignore[operator]


async def submit(told: dict[str, Any]) -> dict[str, Any]:
    """Submits as `told` says, and gives what came of it."""
    certificate, key = told["certificate"].encode(), told["key"].encode()
    signer = signers.ecdsa(key)
    async with AsyncExitStack() as stack:
        records: Records = FileRecords(Path(told["store"]))
        if "://" in told["store"]:
            # Only where it is used: importing it takes as long as all the rest.
            from carechannel.submitting.sql_records import SqlRecords
            from sqlalchemy.ext.asyncio import create_async_engine

            engine = create_async_engine(told["store"])
            stack.push_async_callback(engine.dispose)
            records = SqlRecords(engine, lease=1)
        identity = Identity("Org1MSP", certificate)
        peers = [
            ConnectedPeer(
                address,
                await stack.enter_async_context(
                    await connect(address=address, identity=identity, signer=signer)
                ),
            )
            for address in told["addresses"]
        ]
        submitter = Submitter(
            peers,
            channel="channel1",
            chaincode="basic",
            signer=signer,
            idempotency=Idempotency(_Killing(records, told["die"]), lambda: b"k" * 32),
            limits=Limits(commit_status=3, settle=0.2, call=15),
            retry=Retry(first_pause=0.01),
        )
        submitted = await submitter.submit("Create", arguments=["a"], idempotency_key="key")
        return {
            "result": submitted.result.decode(),
            "transaction_id": submitted.transaction_id,
            "block_number": submitted.block_number,
            "attempts": submitted.attempts,
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(submit(json.loads(sys.argv[1])))))
