"""The affiliations of a CA: a tree, written with dots (`hospital.surgery`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carechannel.sdk._requests import Reply, segment, understood
from carechannel.sdk.ca_identities import RegisteredIdentity
from carechannel.sdk.enrollment import Enrollment

if TYPE_CHECKING:
    from carechannel.sdk.ca import CertificateAuthority


@dataclass(frozen=True)
class Affiliation:
    """A branch of the tree. `name` is the whole path, "" for the root over several.

    `identities` are given where an affiliation is renamed or removed with them.
    """

    name: str
    children: tuple[Affiliation, ...] = ()
    identities: tuple[RegisteredIdentity, ...] = ()

    def names(self) -> Iterator[str]:
        """The paths of this one and of all below, the root's empty one aside."""
        if self.name:
            yield self.name
        for child in self.children:
            yield from child.names()

    @classmethod
    def of(cls, reply: Reply) -> Affiliation:
        """Raises `CaReplyError`."""
        return cls(
            reply.text("name"),
            tuple(
                sorted(
                    (cls.of(item) for item in reply.objects("affiliations", optional=True)),
                    key=lambda child: child.name,
                )
            ),
            tuple(RegisteredIdentity.of(item) for item in reply.objects("identities", optional=True)),
        )


class Affiliations:
    """The affiliations at or below that of the manager who asks, who needs `hf.AffiliationMgr`.

    Errors as in `CertificateAuthority`.
    """

    def __init__(self, ca: CertificateAuthority) -> None:
        self._ca = ca
        self._service = ca._client.newAffiliationService()

    def list(self, manager: Enrollment) -> Affiliation:
        """The whole tree."""
        theirs = self._ca._theirs(manager)
        with understood(self._ca.url):
            answer = self._service.getAll(theirs)
        return self._tree(answer)

    def get(self, manager: Enrollment, name: str) -> Affiliation:
        """One affiliation and all below it."""
        path, theirs = segment(name), self._ca._theirs(manager)
        with understood(self._ca.url):
            answer = self._service.getOne(path, theirs)
        return self._tree(answer)

    def add(self, manager: Enrollment, name: str, *, parents: bool = False) -> Affiliation:
        """Make an affiliation; with `parents` those above it too, which have to be there otherwise."""
        segment(name)
        theirs = self._ca._theirs(manager)
        with understood(self._ca.url):
            answer = self._service.create(theirs, name, force=parents)
        return self._tree(answer)

    def rename(self, manager: Enrollment, name: str, new_name: str, *, force: bool = False) -> Affiliation:
        """Give an affiliation another path; with `force` the identities in it go along."""
        segment(new_name)
        path, theirs = segment(name), self._ca._theirs(manager)
        with understood(self._ca.url):
            answer = self._service.update(path, theirs, new_name, force=force)
        return self._tree(answer)

    def remove(self, manager: Enrollment, name: str, *, force: bool = False) -> Affiliation:
        """Remove an affiliation; with `force` **the identities in it and all below too**. Gives what it was.

        The CA's configuration has to allow it (`cfg.affiliations.allowremove`).
        """
        path, theirs = segment(name), self._ca._theirs(manager)
        with understood(self._ca.url):
            answer = self._service.delete(path, theirs, force=force)
        return self._tree(answer)

    def _tree(self, answer: object) -> Affiliation:
        return Affiliation.of(Reply(self._ca.url, answer).object("result"))
