"""The part of the stub that only reads the client's proposal: the same for coroutines and plain functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime

from fabric_shim.errors import ConfigurationError
from fabric_shim.invocation import Invocation, SignedProposal


class ProposalView:
    """What a transaction is: who asks for what, and when. Names follow Go's (shim/interfaces.go)."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation

    def get_tx_id(self) -> str:
        """Return the transaction's id: hex of SHA-256(nonce ‖ creator)."""
        return self._invocation.tx_id

    def get_channel_id(self) -> str:
        """Return the name of the channel."""
        return self._invocation.channel_id

    def get_args(self) -> tuple[bytes, ...]:
        """Return all arguments, the function's name first. They are public: they lie in the block."""
        return self._invocation.args

    def get_args_slice(self) -> bytes:
        """Return all arguments joined together."""
        return b"".join(self._invocation.args)

    def get_string_args(self) -> list[str]:
        """Return the arguments as text.

        :raises UnicodeDecodeError: an argument is not UTF-8.
        """
        return [argument.decode() for argument in self._invocation.args]

    def get_function_and_parameters(self) -> tuple[str, list[str]]:
        """Return the first argument and the others; an empty name if there is none.

        :raises UnicodeDecodeError: an argument is not UTF-8.
        """
        function, *parameters = self.get_string_args() or [""]
        return function, parameters

    def get_creator(self) -> bytes:
        """Return the serialized ``msp.SerializedIdentity`` of who signed the proposal."""
        return self._invocation.creator

    def get_transient(self) -> Mapping[str, bytes]:
        """Return the fields that only endorsers see and that no block holds."""
        return self._invocation.transient

    def get_decorations(self) -> Mapping[str, bytes]:
        """Return what the peer's own decorators added to the call; empty without any."""
        return self._invocation.decorations

    def get_tx_timestamp(self) -> datetime:
        """Return the client's timestamp of the proposal (UTC, aware): the same on every endorser."""
        return self._invocation.timestamp

    def get_signed_proposal(self) -> SignedProposal | None:
        """Return the proposal as it was signed; None when the peer sent none."""
        return self._invocation.signed_proposal

    def get_binding(self) -> bytes:
        """Return SHA-256(nonce ‖ creator ‖ epoch), which ties transient fields to this proposal."""
        return self._invocation.binding

    def get_mspid(self) -> str:
        """Return the MSP ID of the organisation whose peer runs this transaction, as Go's ``shim.GetMSPID``.

        It comes from the environment (CORE_PEER_LOCALMSPID) and differs between endorsers: nothing that is
        written or returned by a submitted transaction may depend on it.

        :raises ConfigurationError: the environment does not say it.
        """
        msp_id = self._invocation.peer_msp_id or os.environ.get("CORE_PEER_LOCALMSPID", "")
        if not msp_id:
            raise ConfigurationError("CORE_PEER_LOCALMSPID is not set: give it the MSP ID of the peer.")
        return msp_id
