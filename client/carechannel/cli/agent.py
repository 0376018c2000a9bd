"""``carechannel agent``"""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Annotated

import typer

from carechannel.cli import options
from carechannel.cli.session import refusals, user_folder
from carechannel.client import CareChannel
from carechannel.identity import Identity
from carechannel.profile import Profile

app = typer.Typer(help="Run the key agent of a custodian.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Run the key agent of a custodian."""


@app.command()
def run(
    *,
    profile: options.Profile,
    identity: options.Identity,
    consortia: Annotated[
        list[str] | None, typer.Option("--consortium", help="Only this one; all with records unless given.")
    ] = None,
) -> None:
    """Answer every request to your institution, until stopped (Ctrl-C or SIGTERM)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with refusals():
        described = Profile.load(profile)
        actor = Identity.load(user_folder(described, identity), described.msp_id)
        for name in consortia or ():
            described.custodian_peer(name, described.msp_id)
        asyncio.run(_serve(described, actor, consortia or _with_custody(described)))


def _with_custody(profile: Profile) -> list[str]:
    """The consortia in which the own institution runs a peer, so that it keeps records there."""
    return [
        name
        for name, consortium in profile.care.consortia.items()
        if (own := consortium.members.get(profile.msp_id)) is not None and own.peer is not None
    ]


async def _serve(profile: Profile, identity: Identity, consortia: list[str]) -> None:
    loop = asyncio.get_running_loop()
    async with CareChannel.connect(profile, identity) as care:
        agents = [care.consortium(name).key_agent() for name in consortia]
        work = asyncio.gather(*(agent.run() for agent in agents))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, work.cancel)
        logging.getLogger(__name__).info("key agent of %s serves %s", profile.msp_id, ", ".join(consortia))
        try:
            await work
        except asyncio.CancelledError:
            logging.getLogger(__name__).info("key agent of %s stops", profile.msp_id)
