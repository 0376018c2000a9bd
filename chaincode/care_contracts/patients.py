"""Handles and the public keys that they are bound to."""

from care_rules.canonical import Json
from care_rules.errors import HandleTakenError, HandleUnknownError
from care_rules.fields import HANDLE, check_text
from care_rules.patients.model import Binding, binding_key
from care_rules.signing import rebind as rebind_message
from fabric_shim.contract import Context, Contract, query, transaction

from care_contracts import callers, public_state
from care_contracts.inputs import transaction_time_text
from care_contracts.signatures import check_key, check_signature

BOUND = "patient.bound"


class Patients(Contract):
    """The bindings of handles: random ids on this channel, each with the public key that speaks for it."""

    name = "patients"

    @transaction
    async def bind(self, ctx: Context, handle: str) -> str:
        """Bind a free handle to the key of the caller's certificate. For a certificate with
        care.role=patient.
        """
        who = callers.require_role(ctx, callers.PATIENT)
        check_text(handle, "handle", HANDLE)
        check_key(who.public_key)
        if await public_state.binding(ctx, handle) is not None:
            raise HandleTakenError("The handle is bound already; make a new random one.")
        bound = Binding(handle, who.public_key, who.msp_id, 1, transaction_time_text(ctx))
        return await _write(ctx, bound)

    @transaction
    async def rebind(self, ctx: Context, handle: str, public_key: str, proof: str) -> str:
        """Bind a handle to a new key. For whoever holds the bound key.

        The proof is the new key's signature over channel, handle, public key and the new version.
        """
        check_text(handle, "handle", HANDLE)
        bound = await public_state.binding(ctx, handle)
        if bound is None:
            raise HandleUnknownError("The handle is not bound on this channel.")
        if callers.caller(ctx).public_key != bound.public_key:
            raise callers.refusal("the key that is bound to the handle")
        version = bound.version + 1
        check_signature(
            public_key, proof, rebind_message(ctx.stub.get_channel_id(), handle, public_key, version)
        )
        return await _write(ctx, Binding(handle, public_key, bound.home, version, transaction_time_text(ctx)))

    @query
    async def get(self, ctx: Context, handle: str) -> dict[str, object]:
        """A handle's binding. For any member."""
        check_text(handle, "handle", HANDLE)
        bound = await public_state.binding(ctx, handle)
        if bound is None:
            raise HandleUnknownError("The handle is not bound on this channel.")
        return {**bound.value()}


async def _write(ctx: Context, bound: Binding) -> str:
    value: Json = bound.value()
    await public_state.write(ctx, binding_key(bound.handle), value)
    ctx.stub.set_event(BOUND)
    return ctx.stub.get_tx_id()
