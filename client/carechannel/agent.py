"""The custodian's key agent: answers every committed request, once, by itself.

For each request the chaincode decides at the agent's own peer; the agent seals the keys of the permitted
records to the requester's institution and commits decision and answer in one transaction. A denial is
answered in the same shape and size, so that nobody but the requester can tell them apart.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from care_rules.canonical import Json, canonical_json
from fabric_gateway import FileCheckpointer
from fabric_gateway.errors import FabricGatewayError

from carechannel.crypto import InstitutionKey, RecordContext
from carechannel.crypto.institution_key import seal_for_answer
from carechannel.errors import CareChannelError, RefusedError
from carechannel.ledger import Ledger
from carechannel.profile import Profile
from carechannel.replies import Decision, PendingRequests, SealedRecord, event_names, parse

REQUESTED: Final = "access.requested"
MAX_AT_ONCE: Final = 16
SWEEP_INTERVAL: Final = 15.0
"""Seconds between looks at what is still unanswered, for answers that failed."""
CLOCK_TOLERANCE: Final = timedelta(minutes=2)
_PADDED_SIZE: Final = 16 * 1024

_log = logging.getLogger(__name__)


class KeyAgent:
    """Answers for one custodian on one channel; the identity is a ``node`` of the custodian."""

    def __init__(self, ledger: Ledger, profile: Profile):
        self._ledger = ledger
        self._custodian = profile.msp_id
        self._home = profile.care.home
        self._key = InstitutionKey.load(profile.care.home)
        self._at_once = asyncio.Semaphore(MAX_AT_ONCE)
        self._in_hand: set[str] = set()

    async def run(self) -> None:
        """Answers what is open, then each request as it is committed, until cancelled.

        Raises:
            CareChannelError: the events cannot be followed, for instance with a wrong certificate.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep())
            group.create_task(self._follow(group))

    async def answer_open(self) -> int:
        """Answers every request that has no answer yet; returns how many there were.

        Raises:
            CareChannelError: what is open cannot be asked for.
        """
        reply = await self._ledger.evaluate("access:pending", self._custodian, custodian=self._custodian)
        requests = parse(PendingRequests, reply).requests
        await asyncio.gather(*(self._attempt(request.request_id) for request in requests))
        return len(requests)

    async def answer(self, request_id: str) -> None:
        """Decides and answers one request; one that is answered already stays as it is.

        Raises:
            CareChannelError: it could not be answered.
        """
        try:
            decision = await self._decide(request_id)
            keys = self._keys(decision) if self._may_release(decision) else None
            if keys is None:
                return
            content: dict[str, Json] = {"request_id": request_id, "finding": decision.finding, "keys": keys}
            content["padding"] = _padding(content)
            await self._ledger.submit(
                "access:answer", self._custodian, custodian=self._custodian, content=content
            )
        except RefusedError as error:
            if error.code != "answered":
                raise

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        checkpointer = FileCheckpointer(self._home / f"agent-{self._ledger.channel}.checkpoint")
        events = await self._ledger.events(self._custodian, checkpointer=checkpointer)
        async with events:
            async for event in events:
                if event.event_name == REQUESTED and event_names(event.payload, "custodian", self._custodian):
                    group.create_task(self._attempt(event.transaction_id))

    async def _sweep(self) -> None:
        while True:
            try:
                await self.answer_open()
            except (CareChannelError, FabricGatewayError) as error:
                _log.warning("open requests on %s were not seen: %s", self._ledger.channel, _code(error))
            await asyncio.sleep(SWEEP_INTERVAL)

    async def _attempt(self, request_id: str) -> None:
        """Answers a request unless that is under way; a failure is logged and left to the next sweep."""
        if request_id in self._in_hand:
            return
        self._in_hand.add(request_id)
        try:
            async with self._at_once:
                await self.answer(request_id)
            _log.info("answered request %s on %s", request_id, self._ledger.channel)
        except CareChannelError as error:
            _log.warning(
                "request %s on %s is not answered: %s", request_id, self._ledger.channel, _code(error)
            )
        finally:
            self._in_hand.discard(request_id)

    async def _decide(self, request_id: str) -> Decision:
        reply = await self._ledger.evaluate(
            "access:decision", self._custodian, custodian=self._custodian, content={"request_id": request_id}
        )
        return parse(Decision, reply)

    def _may_release(self, decision: Decision) -> bool:
        """Whether the agent's own clock agrees: a request from the future or expired by it gets no key
        now."""
        now = datetime.now(UTC)
        if decision.decision == "deny":
            return True
        fits = now < _moment(decision.expires) and _moment(decision.requested_at) < now + CLOCK_TOLERANCE
        if not fits:
            _log.warning("request %s does not fit this machine's clock", decision.request_id)
        return fits

    def _keys(self, decision: Decision) -> list[Json]:
        public_key = decision.requester.hpke_public_key
        if public_key is None:
            return []
        return [self._sealed_key(record, decision.request_id, public_key) for record in decision.records]

    def _sealed_key(self, record: SealedRecord, request_id: str, public_key: str) -> Json:
        context = RecordContext(self._ledger.channel, record.record_id, record.version)
        secret = self._key.open_custody(record.sealed_key, context, self._custodian)
        sealed = seal_for_answer(secret, public_key, context, request_id)
        return {"record_id": record.record_id, "version": record.version, "sealed_key": sealed}


def _padding(content: dict[str, Json]) -> str:
    """Base64 that brings the whole to a multiple of 16 KiB, so that its size does not tell the answer."""
    size = len(canonical_json({**content, "padding": ""}))
    missing = -size % _PADDED_SIZE
    return base64.b64encode(secrets.token_bytes(missing // 4 * 3)).decode()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _code(error: CareChannelError | FabricGatewayError) -> str:
    return error.code
