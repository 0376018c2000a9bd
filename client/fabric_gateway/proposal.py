"""First step: a proposal, which peers evaluate or endorse."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from fabric_gateway import _messages
from fabric_gateway._session import Session
from fabric_gateway._steps import ENDORSE, EVALUATE
from fabric_gateway.transaction import Transaction

_NONCE_BYTES = 24


class Proposal:
    """Made by :meth:`Contract.proposal`."""

    def __init__(
        self,
        session: Session,
        *,
        channel: str,
        transaction_id: str,
        content: bytes,
        endorsing_organizations: tuple[str, ...],
    ) -> None:
        self._session = session
        self._channel = channel
        self._transaction_id = transaction_id
        self._content = content
        self._organizations = endorsing_organizations

    @classmethod
    def new(
        cls,
        session: Session,
        *,
        channel: str,
        chaincode: str,
        arguments: tuple[str | bytes, ...],
        transient: Mapping[str, bytes],
        endorsing_organizations: tuple[str, ...],
    ) -> Self:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        transaction_id = hashlib.sha256(nonce + session.creator).hexdigest()
        content = _messages.proposal(
            channel=channel,
            chaincode=chaincode,
            arguments=[a.encode() if isinstance(a, str) else a for a in arguments],
            transient=transient,
            creator=session.creator,
            nonce=nonce,
            transaction_id=transaction_id,
            timestamp=datetime.now(UTC),
            tls_certificate_hash=session.tls_certificate_hash,
        )
        return cls(
            session,
            channel=channel,
            transaction_id=transaction_id,
            content=content,
            endorsing_organizations=endorsing_organizations,
        )

    @property
    def transaction_id(self) -> str:
        """Hexadecimal SHA-256 of nonce and creator: known before anything is sent."""
        return self._transaction_id

    @property
    def digest(self) -> bytes:
        """What the identity's key signs."""
        return self._session.hash(self._content)

    async def evaluate(self) -> bytes:
        """Let one peer call the function, and return the result. Nothing is written.

        Raises:
            EvaluateError: the chaincode refused, or no peer could answer.
        """
        request = _messages.evaluate_request(
            self._channel, self._transaction_id, self._content, await self._signature(), self._organizations
        )
        response = await self._session.transport.unary(
            EVALUATE,
            request,
            timeout=self._session.timeouts.evaluate,
            transaction_id=self._transaction_id,
        )
        return _messages.evaluate_result(response)

    async def endorse(self) -> Transaction:
        """Collect the endorsements that the function's policies ask for.

        Raises:
            EndorseError: the chaincode refused, or not enough peers agreed. Nothing was written.
        """
        request = _messages.endorse_request(
            self._channel, self._transaction_id, self._content, await self._signature(), self._organizations
        )
        response = await self._session.transport.unary(
            ENDORSE,
            request,
            timeout=self._session.timeouts.endorse,
            transaction_id=self._transaction_id,
        )
        payload = _messages.endorsed_payload(response)
        return Transaction(
            self._session, channel=self._channel, transaction_id=self._transaction_id, payload=payload
        )

    async def _signature(self) -> bytes:
        return await self._session.signer(self.digest)
