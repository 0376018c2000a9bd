"""How a patient gets a certificate: the home institution invites, the patient enrols with a key of their own.

The institution registers a random name at its CA and hands over the name with a one-time secret. The
patient's device makes the key, sends only a signing request, and keeps the certificate that comes back.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carechannel.errors import EnrolmentError, SdkMissingError
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.wallet.wallet import Wallet

if TYPE_CHECKING:
    from carechannel.sdk import CertificateAuthority

_PATIENT: Final = {"care.patient": "true"}


@dataclass(frozen=True, slots=True)
class EnrolmentTicket:
    """Lets one patient enrol once; to be handed over like a password."""

    enrolment_id: str
    secret: str = field(repr=False)


def invite(profile: Profile, registrar: Identity) -> EnrolmentTicket:
    """Registers a new patient, under a random name, at the own institution's CA.

    `registrar` must be an identity that the CA lets register clients with the attribute ``care.patient``.

    Raises:
        EnrolmentError: the CA refuses or does not answer.
        SdkMissingError: the extra ``carechannel[sdk]`` is not installed.
    """
    with _authority(profile) as authority:
        from carechannel.sdk import Enrollment  # noqa: PLC0415  an extra, see above

        enrolment_id = secrets.token_hex(16)
        actor = Enrollment(registrar.certificate_pem, registrar.private_key_pem, b"")
        secret = authority.register(actor, enrolment_id, attributes=_PATIENT, max_enrollments=1)
    return EnrolmentTicket(enrolment_id, secret)


def enrol(profile: Profile, wallet: Wallet, ticket: EnrolmentTicket) -> None:
    """Has the wallet's key certified at the home institution's CA and keeps the certificate.

    Raises:
        EnrolmentError: the CA refuses or does not answer.
        SdkMissingError: the extra ``carechannel[sdk]`` is not installed.
    """
    with _authority(profile) as authority:
        request = wallet.signing_request(ticket.enrolment_id)
        wallet.keep_certificate(authority.enroll_csr(ticket.enrolment_id, ticket.secret, request))


@contextmanager
def _authority(profile: Profile) -> Iterator[CertificateAuthority]:
    """The own institution's CA, with what it refuses turned into this package's errors."""
    from carechannel.sdk import CertificateAuthority, SdkError  # noqa: PLC0415
    from carechannel.sdk import SdkMissingError as HfcMissingError  # noqa: PLC0415

    described = profile.authority()
    if described.tls_roots is None:
        raise EnrolmentError(
            "The connection profile has no TLS root certificate for the certificate authority."
        )
    with tempfile.TemporaryDirectory(prefix="carechannel-") as folder:
        root = Path(folder, "tls-root.pem")
        root.write_text(described.tls_roots.text)
        try:
            yield CertificateAuthority(described.url, root, described.name)
        except HfcMissingError as error:
            raise SdkMissingError(f"{error} Install the extra carechannel[sdk].") from error
        except SdkError as error:
            raise EnrolmentError(f"The certificate authority did not do it: {error}") from error
