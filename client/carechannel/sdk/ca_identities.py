"""Who is registered at a CA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carechannel.sdk._requests import Reply, registered, segment, understood
from carechannel.sdk.enrollment import Enrollment, IdentityType
from carechannel.sdk.errors import CaRequestError

if TYPE_CHECKING:
    from carechannel.sdk.ca import CertificateAuthority

NO_MORE_ENROLLMENTS = -2
"""How Fabric CA is told 0: a plain 0 means "as it is" there (`getModifyReq` in its source)."""


@dataclass(frozen=True)
class Attribute:
    """A value that the CA keeps for an identity; `in_certificate` ones go into every certificate of it."""

    name: str
    value: str
    in_certificate: bool = False


@dataclass(frozen=True)
class RegisteredIdentity:
    """An identity as the CA has it. `max_enrollments` -1 means no limit, 0 no more."""

    id: str
    type: str
    affiliation: str
    attributes: tuple[Attribute, ...]
    max_enrollments: int

    @classmethod
    def of(cls, reply: Reply) -> RegisteredIdentity:
        """Raises `CaReplyError`."""
        attributes = [
            Attribute(item.text("name"), item.text("value"), item.flag("ecert"))
            for item in reply.objects("attrs", optional=True)
        ]
        return cls(
            reply.text("id"),
            reply.text("type"),
            reply.text("affiliation"),
            tuple(sorted(attributes, key=lambda attribute: attribute.name)),
            reply.number("max_enrollments"),
        )


class Identities:
    """The identities of a CA, as far as the one who asks may see them.

    Errors as in `CertificateAuthority`.
    """

    def __init__(self, ca: CertificateAuthority) -> None:
        self._ca = ca
        self._service = ca._client.newIdentityService()

    def list(self, registrar: Enrollment) -> tuple[RegisteredIdentity, ...]:
        """Everyone at or below the registrar's affiliation, of the types that it may register."""
        theirs = self._ca._theirs(registrar)
        with understood(self._ca.url):
            answer = self._service.getAll(theirs)
        listed = Reply(self._ca.url, answer).object("result").objects("identities")
        return tuple(RegisteredIdentity.of(item) for item in listed)

    def get(self, registrar: Enrollment, enrollment_id: str) -> RegisteredIdentity:
        """One identity; `CaRefusedError` (63) if the CA has none of that name."""
        name, theirs = segment(enrollment_id), self._ca._theirs(registrar)
        with understood(self._ca.url):
            answer = self._service.getOne(name, theirs)
        return self._one(answer)

    def modify(
        self,
        registrar: Enrollment,
        enrollment_id: str,
        *,
        type: IdentityType | None = None,
        affiliation: str | None = None,
        attributes: Mapping[str, str] | None = None,
        authority: Mapping[str, str] | None = None,
        max_enrollments: int | None = None,
        secret: str | None = None,
    ) -> RegisteredIdentity:
        """Change what is given and leave the rest; gives the identity as it is then.

        An attribute with an empty value is taken away. An empty `affiliation` is the root, 0
        `max_enrollments` no more enrolments. Certificates that are out do not change: enrol again.
        """
        attrs = registered(attributes, authority)
        if secret == "":
            raise CaRequestError("The secret is empty; give one, or None to leave it as it is.")
        name, theirs = segment(enrollment_id), self._ca._theirs(registrar)
        with understood(self._ca.url):
            answer = self._service.update(
                name,
                theirs,
                type=type,
                affiliation="." if affiliation == "" else affiliation,
                maxEnrollments=NO_MORE_ENROLLMENTS if max_enrollments == 0 else max_enrollments,
                attrs=attrs,
                enrollmentSecret=secret,
            )
        return self._one(answer)

    def remove(self, registrar: Enrollment, enrollment_id: str, *, force: bool = False) -> RegisteredIdentity:
        """Forget an identity and revoke its certificates; gives what it was. `force` is for one's own.

        The CA's configuration has to allow it (`cfg.identities.allowremove`).
        """
        name, theirs = segment(enrollment_id), self._ca._theirs(registrar)
        with understood(self._ca.url):
            answer = self._service.delete(name, theirs, force=force)
        return self._one(answer)

    def _one(self, answer: object) -> RegisteredIdentity:
        return RegisteredIdentity.of(Reply(self._ca.url, answer).object("result"))
