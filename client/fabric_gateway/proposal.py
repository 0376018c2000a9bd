"""First step: a proposal, which peers evaluate or endorse."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Self

from fabric_gateway import _messages, _signable_messages
from fabric_gateway._session import Session
from fabric_gateway._signable import Signable
from fabric_gateway._steps import ENDORSE, EVALUATE
from fabric_gateway.transaction import Transaction

_NONCE_BYTES = 24


class Proposal(Signable):
    """Made by :meth:`Contract.new_proposal`; from bytes by :meth:`Gateway.new_signed_proposal`."""

    _recreated_by = "Gateway.new_signed_proposal"

    def __init__(
        self,
        session: Session,
        *,
        channel: str,
        transaction_id: str,
        content: bytes,
        signature: bytes = b"",
        endorsing_organizations: tuple[str, ...],
    ) -> None:
        super().__init__(session, content, signature)
        self._channel = channel
        self._transaction_id = transaction_id
        self._organizations = endorsing_organizations

    @classmethod
    def new(
        cls,
        session: Session,
        *,
        channel: str,
        chaincode: str,
        arguments: Sequence[bytes],
        transient: Mapping[str, bytes],
        endorsing_organizations: tuple[str, ...],
    ) -> Self:
        """Unsigned, with a fresh nonce; callers have :meth:`Contract.new_proposal`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        transaction_id = hashlib.sha256(nonce + session.creator).hexdigest()
        content = _messages.proposal(
            channel=channel,
            chaincode=chaincode,
            arguments=arguments,
            transient=transient,
            creator=session.creator,
            nonce=nonce,
            transaction_id=transaction_id,
            timestamp_ns=time.time_ns(),
            tls_certificate_hash=session.tls_certificate_hash,
        )
        return cls(
            session,
            channel=channel,
            transaction_id=transaction_id,
            content=content,
            endorsing_organizations=endorsing_organizations,
        )

    @classmethod
    def from_bytes(cls, session: Session, content: bytes, signature: bytes | None = None) -> Self:
        """Re-create one from its ``bytes``; a signature given takes the place of that in the bytes."""
        proposed = _signable_messages.read_proposed_transaction(content)
        return cls(
            session,
            channel=proposed.channel,
            transaction_id=proposed.transaction_id,
            content=proposed.proposal,
            signature=proposed.signature if signature is None else signature,
            endorsing_organizations=proposed.organizations,
        )

    @property
    def transaction_id(self) -> str:
        """Hexadecimal SHA-256 of nonce and creator: known before anything is sent."""
        return self._transaction_id

    async def evaluate(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - becomes gRPC's deadline
        """Let one peer call the function, and return the result. Nothing is written.

        Args:
            timeout: seconds, in place of ``Timeouts.evaluate``.

        Raises:
            EvaluateError: the chaincode refused, or no peer could answer.
            ResponseError: the answer is not one of the gateway's.
            NoSignerError: it is not signed, and the gateway has no signer.
        """
        request = _messages.evaluate_request(
            self._channel, self._transaction_id, self._message, await self._signed(), self._organizations
        )
        session = self._session
        response = await session.transport.unary(
            EVALUATE,
            request,
            timeout=session.timeouts.evaluate if timeout is None else timeout,
            transaction_id=self._transaction_id,
        )
        return _messages.evaluate_result(response, self._transaction_id)

    async def endorse(self, *, timeout: float | None = None) -> Transaction:  # noqa: ASYNC109 - as above
        """Collect the endorsements that the function's policies ask for.

        Args:
            timeout: seconds, in place of ``Timeouts.endorse``.

        Raises:
            EndorseError: the chaincode refused, or not enough peers agreed. Nothing was written.
            ResponseError: the answer is not the endorsed transaction. Nothing was written.
            NoSignerError: it is not signed, and the gateway has no signer.
        """
        request = _messages.endorse_request(
            self._channel, self._transaction_id, self._message, await self._signed(), self._organizations
        )
        session = self._session
        response = await session.transport.unary(
            ENDORSE,
            request,
            timeout=session.timeouts.endorse if timeout is None else timeout,
            transaction_id=self._transaction_id,
        )
        payload, result = _messages.endorsed_payload(response, self._message, self._transaction_id)
        return Transaction(
            session,
            channel=self._channel,
            transaction_id=self._transaction_id,
            payload=payload,
            result=result,
        )

    def _serialized(self) -> bytes:
        return _signable_messages.proposed_transaction(
            self._transaction_id, self._message, self._signature, self._organizations
        )
