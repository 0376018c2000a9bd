"""Renews a certificate ahead of its end, for as long as a program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from carechannel.sdk.ca import CertificateAuthority
from carechannel.sdk.enrollment import Enrollment
from carechannel.sdk.errors import CaReplyError, CaUnreachableError

_LONGEST_SLEEP = timedelta(hours=1)
"""Clocks are set and machines sleep, so the time is looked at again now and then."""


@dataclass(frozen=True)
class RenewalPlan:
    """When and how a certificate is renewed.

    `ahead` of its end, but at the earliest halfway between receipt and end, so that a CA that issues for a
    shorter time than `ahead` is not asked without pause. While the CA gives no usable answer it is asked
    again after `retry`. With `same_key` the new certificate is for the key of the old one. `profile` and
    `hosts` as in `CertificateAuthority.enroll`: a TLS certificate needs them again.

    Raises `ValueError`: `ahead` is negative, or `retry` not above zero: the CA would be asked without pause.
    """

    ahead: timedelta = timedelta(days=14)
    retry: timedelta = timedelta(minutes=5)
    same_key: bool = False
    profile: str = ""
    hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.ahead < timedelta(0) or self.retry <= timedelta(0):
            raise ValueError("a certificate is renewed ahead of its end, and tried again after a while")


async def keep_renewed(
    ca: CertificateAuthority,
    current: Enrollment,
    renewed: Callable[[Enrollment], Awaitable[None]],
    *,
    plan: RenewalPlan | None = None,
    failed: Callable[[CaUnreachableError | CaReplyError], Awaitable[None]] | None = None,
) -> NoReturn:
    """Renew `current` and its successors for ever; run it as a task and cancel that to stop.

    `renewed` is awaited with every new enrolment and keeps it, with `write_msp` say; only then does it count.
    `failed` is awaited with each attempt's error that is followed by another. A cancelled renewal may
    still be carried out by the CA: then there is a certificate of which nobody has the key, or one more.

    Raises:
        CaRefusedError: the CA refuses, because the identity or the certificate is revoked or has expired.
        CaUnreachableError, CaReplyError: the last attempt's, once the certificate has expired meanwhile.
        CaRequestError: certificate and key cannot be used.
        Exception: what `renewed` or `failed` raises.
    """
    plan = plan or RenewalPlan()
    due = _end(current) - plan.ahead
    while True:
        await _until(due)
        current = await _renew(ca, current, plan, failed)
        received = datetime.now(UTC)
        await renewed(current)
        end = _end(current)
        due = max(end - plan.ahead, received + (end - received) / 2)


async def _renew(
    ca: CertificateAuthority,
    current: Enrollment,
    plan: RenewalPlan,
    failed: Callable[[CaUnreachableError | CaReplyError], Awaitable[None]] | None,
) -> Enrollment:
    while True:
        try:
            return await asyncio.to_thread(
                ca.reenroll,
                current,
                profile=plan.profile,
                hosts=plan.hosts,
                key=current.checked_key() if plan.same_key else None,
            )
        except (CaUnreachableError, CaReplyError) as error:
            left = _end(current) - datetime.now(UTC)
            if left <= timedelta(0):
                raise
            if failed is not None:
                await failed(error)
            await asyncio.sleep(min(plan.retry, left).total_seconds())


async def _until(due: datetime) -> None:
    # ASYNC110 takes it for waiting on another task; this waits for the clock.
    while (left := due - datetime.now(UTC)) > timedelta(0):  # noqa: ASYNC110
        await asyncio.sleep(min(left, _LONGEST_SLEEP).total_seconds())


def _end(enrollment: Enrollment) -> datetime:
    return enrollment.certificate().not_valid_after_utc
