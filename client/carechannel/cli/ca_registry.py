"""``carechannel ca identities`` and ``affiliations``"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from carechannel.cli.ca_connection import CaName, ProfileFile, Registrar, TlsRoot, Url, authority, pairs
from carechannel.cli.options import AsJson
from carechannel.cli.session import Row, set_json, show, show_one
from carechannel.sdk import Affiliation, IdentityType, RegisteredIdentity, read_msp

identities = typer.Typer(help="Who is registered at the CA.", no_args_is_help=True)
affiliations = typer.Typer(help="The CA's tree of affiliations.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Enrolment name.")]
AffiliationPath = Annotated[str, typer.Argument(help="Path such as hospital.surgery.")]


@identities.command("list")
def list_identities(
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    as_json: AsJson = False,
) -> None:
    """List all that the registrar may see."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        rows = [_identity(each) for each in ca.identities.list(read_msp(registrar))]
    show("Identities", rows, ("id", "type", "affiliation", "max_enrollments"))


@identities.command("get")
def get_identity(
    name: Name,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    as_json: AsJson = False,
) -> None:
    """Show one, with its attributes."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        show_one("Identity", _identity(ca.identities.get(read_msp(registrar), name)))


@identities.command("modify")
def modify_identity(
    name: Name,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    type: Annotated[IdentityType | None, typer.Option("--type", help="Becomes the unit.")] = None,
    affiliation: Annotated[
        str | None, typer.Option("--affiliation", help="Another path; empty: the root.")
    ] = None,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attribute", help="name=value for its certificates; an empty value removes it."),
    ] = None,
    authorities: Annotated[
        list[str] | None, typer.Option("--authority", help="name=value for the CA alone.")
    ] = None,
    max_enrollments: Annotated[
        int | None, typer.Option("--max-enrollments", min=-1, help="-1: no limit, 0: none any more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; certificates that are out stay as they are."""
    set_json(as_json)
    own, rights = pairs("--attribute", attributes), pairs("--authority", authorities)
    with authority(profile, url, tls_root, ca_name) as ca:
        changed = ca.identities.modify(
            read_msp(registrar),
            name,
            type=type,
            affiliation=affiliation,
            attributes=own,
            authority=rights,
            max_enrollments=max_enrollments,
        )
        show_one("Changed", _identity(changed))


@identities.command("remove")
def remove_identity(
    name: Name,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    force: Annotated[bool, typer.Option("--force", help="Even if it is your own.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget an identity at the CA, if its configuration allows that."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        show_one("Removed", _identity(ca.identities.remove(read_msp(registrar), name, force=force)))


@affiliations.command("list")
def list_affiliations(
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    as_json: AsJson = False,
) -> None:
    """List all paths."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        rows = [{"affiliation": name} for name in ca.affiliations.list(read_msp(registrar)).names()]
    show("Affiliations", rows)


@affiliations.command("add")
def add_affiliation(
    path: AffiliationPath,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    parents: Annotated[bool, typer.Option("--parents", help="Those above it too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an affiliation."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        made = ca.affiliations.add(read_msp(registrar), path, parents=parents)
        show_one("Added", {"affiliation": made.name})


@affiliations.command("remove")
def remove_affiliation(
    path: AffiliationPath,
    *,
    registrar: Registrar,
    profile: ProfileFile = None,
    url: Url = None,
    tls_root: TlsRoot = None,
    ca_name: CaName = "",
    force: Annotated[
        bool, typer.Option("--force", help="With all below, and with THE IDENTITIES in them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove an affiliation, if the CA's configuration allows that."""
    set_json(as_json)
    with authority(profile, url, tls_root, ca_name) as ca:
        gone = ca.affiliations.remove(read_msp(registrar), path, force=force)
        show_one("Removed", {"affiliation": list(gone.names()), "identities": _all_identities([gone])})


def _identity(identity: RegisteredIdentity) -> Row:
    return {
        "id": identity.id,
        "type": identity.type,
        "affiliation": identity.affiliation,
        "max_enrollments": identity.max_enrollments,
        "attributes": [f"{each.name}={each.value}" for each in identity.attributes],
    }


def _all_identities(trees: Iterable[Affiliation]) -> list[str]:
    found: list[str] = []
    for tree in trees:
        found += [each.id for each in tree.identities]
        found += _all_identities(tree.children)
    return found
