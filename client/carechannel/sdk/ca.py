"""A Fabric CA through hfc's CA services: enrolling and registering. Calls block; any thread may make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.sdk._https import HttpsServer
from carechannel.sdk._issued import checked_certificate
from carechannel.sdk._requests import enrollment_name, registered, understood
from carechannel.sdk.enrollment import Enrollment, IdentityType, key_to_pem, new_key, signing_request
from carechannel.sdk.errors import CaReplyError, CaRequestError

if TYPE_CHECKING:
    from hfc.fabric_ca.caservice import Enrollment as HfcEnrollment

    from carechannel.sdk.ca_affiliations import Affiliations
    from carechannel.sdk.ca_certificates import Certificates
    from carechannel.sdk.ca_identities import Identities
    from carechannel.sdk.ca_info import CaInfo
    from carechannel.sdk.ca_revocation import Revocations

TIMEOUT = 30.0


class CertificateAuthority:
    """The CA `name` at `url` (https), whose TLS certificate comes from the root in `tls_root_path`.

    Every call raises `CaRequestError`, `CaUnreachableError`, `CaRefusedError` or `CaReplyError`, all
    `SdkError`; nothing is returned unless the CA said success and the answer was looked at. `timeout` is in
    seconds for each call. In asyncio, use `await asyncio.to_thread(ca.enroll, …)`.

    Raises `SdkMissingError` when fabric-sdk-py 1.0.0 is not installed.
    """

    def __init__(self, url: str, tls_root_path: Path, name: str = "", *, timeout: float = TIMEOUT) -> None:
        # hfc is an extra: this package can be imported without it.
        from carechannel.sdk._hfc import prepare  # noqa: PLC0415

        prepare()
        from hfc.fabric_ca.caservice import CAService  # noqa: PLC0415

        from carechannel.sdk._strict_client import StrictCaClient  # noqa: PLC0415

        self.url = url
        self.name = name
        self._client = StrictCaClient(url, HttpsServer(url, tls_root_path, timeout), name)
        self._service = CAService(target=url)
        self._service._ca_client = self._client

    @cached_property
    def identities(self) -> Identities:
        """Who is registered: list, get, modify, remove."""
        from carechannel.sdk.ca_identities import Identities  # noqa: PLC0415 - it needs this module

        return Identities(self)

    @cached_property
    def affiliations(self) -> Affiliations:
        """The tree of affiliations: list, add, rename, remove."""
        from carechannel.sdk.ca_affiliations import Affiliations  # noqa: PLC0415 - it needs this module

        return Affiliations(self)

    @cached_property
    def certificates(self) -> Certificates:
        """What was issued: list, with filters."""
        from carechannel.sdk.ca_certificates import Certificates  # noqa: PLC0415 - it needs this module

        return Certificates(self)

    @cached_property
    def revocations(self) -> Revocations:
        """Revoke an identity or one certificate; make the CRL."""
        from carechannel.sdk.ca_revocation import Revocations  # noqa: PLC0415 - it needs this module

        return Revocations(self)

    def info(self) -> CaInfo:
        """Name, version and certificate chain of the CA; nobody has to be enrolled for it."""
        from carechannel.sdk.ca_info import ca_info  # noqa: PLC0415 - it needs this module

        return ca_info(self)

    def enroll(
        self,
        enrollment_id: str,
        secret: str,
        *,
        profile: str = "",
        hosts: Sequence[str] = (),
        attributes: Sequence[str] = (),
    ) -> Enrollment:
        """Make an ECDSA P-256 key here and have it certified.

        The CA sets the subject: the common name is `enrollment_id`, the unit its type (NodeOU). `profile` is
        one of the CA's signing profiles: "" certifies a member, "tls" a TLS server or client. `hosts` become
        subject alternative names. Attributes registered for the certificate are in it, or those of
        `attributes` alone.
        """
        key = new_key()
        request = signing_request(enrollment_name(enrollment_id), key, hosts)
        certificate, chain = self._enroll(enrollment_id, secret, request, profile, attributes)
        return Enrollment(certificate, key_to_pem(key), chain)

    def enroll_csr(self, enrollment_id: str, secret: str, csr_pem: bytes, profile: str = "") -> bytes:
        """Certify a key that stays where it is, by its PKCS #10 request; gives the certificate as PEM.

        The request's common name has to be `enrollment_id`.
        """
        try:
            request = x509.load_pem_x509_csr(csr_pem)
        except ValueError as error:
            raise CaRequestError("The signing request is not PKCS #10 in PEM.") from error
        return self._enroll(enrollment_name(enrollment_id), secret, request, profile, ())[0]

    def _enroll(
        self,
        enrollment_id: str,
        secret: str,
        request: x509.CertificateSigningRequest,
        profile: str,
        attributes: Sequence[str],
    ) -> tuple[bytes, bytes]:
        if not secret:
            raise CaRequestError("Enrolling needs the secret that the registration gave.")
        with understood(self.url):
            wanted = [{"name": name} for name in attributes]
            result = self._service.enroll(enrollment_id, secret, request, profile, wanted)
        return checked_certificate(self.url, result.cert, result.caCert, enrollment_id, request.public_key())

    def register(
        self,
        registrar: Enrollment,
        enrollment_id: str,
        *,
        type: IdentityType = "client",
        secret: str | None = None,
        affiliation: str = "",
        attributes: Mapping[str, str] | None = None,
        authority: Mapping[str, str] | None = None,
        max_enrollments: int = -1,
    ) -> str:
        """Make an identity known to the CA; gives the secret to enrol with (`secret` if given).

        `attributes` go into every certificate; `authority` (such as `hf.Registrar.Roles`) is what it may do
        at the CA, and in no certificate. `max_enrollments` -1 means no limit, 0 the CA's own.
        """
        attrs = registered(attributes, authority)
        if secret == "":
            raise CaRequestError("The secret is empty; give one, or None to have the CA make one.")
        name, theirs = enrollment_name(enrollment_id), self._theirs(registrar)
        with understood(self.url):
            answer = self._service.register(name, secret, type, affiliation, max_enrollments, attrs, theirs)
        if not isinstance(answer, str) or not answer:
            raise CaReplyError(f"The CA at {self.url} registered an identity without giving its secret.")
        return answer

    def reenroll(
        self,
        current: Enrollment,
        *,
        profile: str = "",
        hosts: Sequence[str] = (),
        key: ec.EllipticCurvePrivateKey | None = None,
        attributes: Sequence[str] = (),
    ) -> Enrollment:
        """Another certificate for the holder of `current`, whose certificate stands for the password.

        It certifies `key`, a fresh one if none is given; `current.private_key()` keeps the key. `hosts` and
        `attributes` as in `enroll`.
        """
        key = key or new_key()
        common_name = current.common_name()
        request = signing_request(common_name, key, hosts)
        body: dict[str, object] = {
            "certificate_request": request.public_bytes(serialization.Encoding.PEM).decode(),
            "profile": profile,
        }
        if attributes:
            body["attr_reqs"] = [{"name": name} for name in attributes]
        theirs = self._theirs(current)
        with understood(self.url):
            # Not the service's method: it always makes a new key and takes no profile.
            certificate, chain = self._client.reenroll(body, theirs)
        issued = checked_certificate(self.url, certificate, chain, common_name, key.public_key())
        return Enrollment(issued[0], key_to_pem(key), issued[1])

    def _theirs(self, enrollment: Enrollment) -> HfcEnrollment:
        from hfc.fabric_ca.caservice import Enrollment as HfcEnrollment  # noqa: PLC0415

        return HfcEnrollment(
            enrollment.checked_key(), enrollment.cert_pem, enrollment.ca_chain_pem, self._service
        )
