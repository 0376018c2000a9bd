"""Asking a custodian for records, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from care_rules.canonical import Json

from carechannel.code import PatientCode
from carechannel.errors import AnswerPendingError, PatientCodeError
from carechannel.ledger import Committed, Ledger
from carechannel.replies import Outcome, event_names, parse

ANSWERED: Final = "access.answered"
DEFAULT_TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A committed request; its id is its transaction's."""

    custodian: str
    request_id: str
    block_number: int = field(default=0)


class Access:
    """Requests and outcomes, from the side of who asks."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger

    async def request(
        self,
        code: PatientCode,
        *,
        custodian: str,
        purpose: str = "TREAT",
        record_ids: Sequence[str] = (),
        types: Sequence[str] = (),
    ) -> AccessRequest:
        """Asks a custodian for a patient's records; with neither ids nor types, for all.

        The request is committed whatever will be decided; it tells nothing by itself.

        Args:
            code: the patient's code.
            custodian: MSP ID of the institution asked.
            purpose: v3-PurposeOfUse code.
            record_ids: only these records.
            types: only records of these resource types (not together with `record_ids`).

        Raises:
            PatientCodeError: the code belongs to another consortium.
            RefusedError: the purpose is unknown, or the own institution is not active.
        """
        self.check_code(code)
        content: dict[str, Json] = {"handle": code.handle, "purpose": purpose}
        if record_ids:
            content["record_ids"] = list(record_ids)
        if types:
            content["types"] = list(types)
        committed = await self._ledger.submit(
            "access:request", custodian, custodian=custodian, content=content
        )
        return AccessRequest(custodian, committed.transaction_id, committed.block_number)

    async def outcome(self, request: AccessRequest, *, wait: float = DEFAULT_TIMEOUT) -> Outcome:
        """What came of a request: ``available`` with sealed keys, or ``not-available``.

        Waits up to `wait` seconds for the custodian's answer; it is told by an event, not asked for.

        Raises:
            AnswerPendingError: there is no answer yet.
        """
        outcome = await self._evaluate(request)
        if outcome.status != "pending":
            return outcome
        try:
            async with asyncio.timeout(wait):
                return await self._answered(request)
        except TimeoutError as error:
            raise AnswerPendingError(
                f"{request.custodian} has not answered yet; ask for the outcome again later.",
                transaction_id=request.request_id,
            ) from error

    async def acknowledge(self, request: AccessRequest, outcome: Outcome) -> Committed:
        """Writes the receipt. It is due for every outcome, so that the ledger does not tell them apart."""
        records: list[Json] = [
            {"record_id": record.record_id, "version": record.version} for record in outcome.records
        ]
        content: dict[str, Json] = {
            "request_id": request.request_id,
            "status": outcome.status,
            "records": records,
        }
        return await self._ledger.submit(
            "access:acknowledge", request.custodian, custodian=request.custodian, content=content
        )

    def check_code(self, code: PatientCode) -> None:
        """Refuses a patient code of another consortium.

        Raises:
            PatientCodeError: it is one.
        """
        if code.channel != self._ledger.channel:
            raise PatientCodeError(
                f"The patient code is for the consortium {code.channel}, not for {self._ledger.channel}."
            )

    async def _evaluate(self, request: AccessRequest) -> Outcome:
        reply = await self._ledger.evaluate(
            "access:outcome",
            request.custodian,
            custodian=request.custodian,
            content={"request_id": request.request_id},
        )
        return parse(Outcome, reply)

    async def _answered(self, request: AccessRequest) -> Outcome:
        """The outcome once the answer is committed; its event cannot come before the request's block.

        An event alone is any endorsing member's word, so the custodian is asked after each.
        """
        events = await self._ledger.events(request.custodian, start_block=request.block_number)
        async with events:
            async for event in events:
                if event.event_name == ANSWERED and event_names(
                    event.payload, "request_id", request.request_id
                ):
                    outcome = await self._evaluate(request)
                    if outcome.status != "pending":
                        return outcome
        return await self._evaluate(request)
