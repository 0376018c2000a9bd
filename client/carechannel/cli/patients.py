"""``carechannel patients``"""

from __future__ import annotations

from typing import Annotated

import typer

from carechannel.cli import options
from carechannel.cli.session import act, act_as_patient, refusals, set_json, show_one, user_folder
from carechannel.consortium import Consortium
from carechannel.errors import CareChannelError
from carechannel.identity import Identity
from carechannel.ledger import Committed
from carechannel.profile import Profile
from carechannel.replies import Binding
from carechannel.wallet import EnrolmentTicket, Wallet, enrol, invite

app = typer.Typer(help="Invite and enrol patients; make their codes.", no_args_is_help=True)


@app.command("invite")
def invite_(*, profile: options.Profile, identity: options.Identity, as_json: options.AsJson = False) -> None:
    """Register a patient at your CA, under a random name; hand over the name and its one-time secret."""
    set_json(as_json)
    with refusals():
        described = Profile.load(profile)
        registrar = Identity.load(user_folder(described, identity), described.msp_id)
        ticket = invite(described, registrar)
        show_one("Hand this to the patient", {"enrolment_id": ticket.enrolment_id, "secret": ticket.secret})


@app.command("enrol")
def enrol_(
    *,
    wallet: options.Wallet,
    profile: options.Profile,
    consortium: options.Consortium,
    enrolment_id: Annotated[str, typer.Option("--enrolment-id", help="From the invitation.")],
    secret: Annotated[
        str,
        typer.Option(
            "--secret", envvar="CARECHANNEL_SECRET", prompt=True, hide_input=True, help="From the invitation."
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """As the patient: make a key, have it certified, and bind it to a fresh handle on the channel."""
    set_json(as_json)
    with refusals():
        described = Profile.load(profile)
        described.consortium(consortium)
        made = Wallet.create(wallet, consortium, described.msp_id)
        try:
            enrol(described, made, EnrolmentTicket(enrolment_id, secret))
        except CareChannelError:
            made.discard()
            raise

    async def action(opened: Consortium, kept: Wallet) -> Committed:
        return await opened.patients.bind(kept.handle)

    bound = act_as_patient(profile, wallet, consortium, action)
    show_one(
        "Enrolled",
        {"wallet": made.folder, "code": made.code(), "transaction_id": bound.transaction_id},
    )


@app.command()
def code(
    *,
    wallet: options.Wallet,
    consortium: options.Consortium,
    custodians: Annotated[
        list[str] | None, typer.Option("--custodian", help="Add an institution that keeps records of you.")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """As the patient: show the code to hand to an institution that is to ask for your records."""
    set_json(as_json)
    with refusals():
        kept = Wallet.load(wallet, consortium)
        if custodians:
            kept = kept.with_custodians(custodians)
        show_one("Patient code", {"code": kept.code(), "custodians": kept.custodians})


@app.command()
def get(
    *,
    handle: Annotated[str, typer.Argument(help="The patient's handle.")],
    profile: options.Profile,
    identity: options.Identity,
    consortium: options.Consortium,
    as_json: options.AsJson = False,
) -> None:
    """Show the key that a handle is bound to."""
    set_json(as_json)

    async def action(opened: Consortium) -> Binding:
        return await opened.patients.get(handle)

    binding = act(profile, identity, consortium, action)
    show_one("Binding", binding.model_dump())
