"""A Fabric CA through hfc's CA services. Calls block; one object is for one thread."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.sdk.enrollment import Enrollment, key_to_pem, new_key, signing_request
from carechannel.sdk.errors import CaReplyError, SdkError

if TYPE_CHECKING:
    from hfc.fabric_ca.caservice import Enrollment as HfcEnrollment

IdentityType = Literal["client", "peer", "orderer", "admin"]
Profile = Literal["", "tls"]
"""Signing profile of the CA: an enrolment certificate, or one for TLS servers and clients."""

TIMEOUT = 30.0


class CertificateAuthority:
    """The CA `name` at `url` (https), whose TLS certificate comes from the root in `tls_root_path`.

    Every call raises `CaUnreachableError`, `CaRefusedError` or `CaReplyError`, all `SdkError`; nothing is
    returned unless the CA said success and the answer was looked at. `timeout` is in seconds for each call.
    Raises `SdkMissingError` when fabric-sdk-py 1.0.0 is not installed.
    """

    def __init__(self, url: str, tls_root_path: Path, name: str = "", *, timeout: float = TIMEOUT) -> None:
        # hfc is an extra: this package can be imported without it.
        from carechannel.sdk._hfc import prepare  # noqa: PLC0415

        prepare()
        from hfc.fabric_ca.caservice import CAService  # noqa: PLC0415

        from carechannel.sdk._strict_client import StrictCaClient  # noqa: PLC0415

        if not tls_root_path.is_file():
            raise SdkError(f"There is no root certificate {tls_root_path} to know the CA at {url} by.")
        self.url = url
        self.name = name
        self._client = StrictCaClient(url, str(tls_root_path), name, timeout)
        self._service = CAService(target=url, ca_certs_path=str(tls_root_path), ca_name=name)
        self._service._ca_client = self._client

    def enroll(
        self, enrollment_id: str, secret: str, *, profile: Profile = "", hosts: Sequence[str] = ()
    ) -> Enrollment:
        """Make an ECDSA P-256 key here and have it certified.

        The CA sets the subject: the common name is `enrollment_id`, the unit its type (NodeOU). `hosts`
        become subject alternative names. Attributes registered for the enrolment certificate are in it.
        """
        key = new_key()
        request = signing_request(enrollment_id, key, hosts)
        result = self._service.enroll(enrollment_id, secret, request, profile)
        certificate = self._certificate(result.cert, key.public_key())
        return Enrollment(certificate, key_to_pem(key), bytes(result.caCert))

    def enroll_csr(self, enrollment_id: str, secret: str, csr_pem: bytes, profile: Profile = "") -> bytes:
        """Certify a key that stays where it is, by its PKCS #10 request; gives the certificate as PEM.

        The request's common name has to be `enrollment_id`.
        """
        request = x509.load_pem_x509_csr(csr_pem)
        result = self._service.enroll(enrollment_id, secret, request, profile)
        return self._certificate(result.cert, request.public_key())

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
        at the CA, and in no certificate. `max_enrollments` -1 means no limit.
        """
        attrs = [
            *({"name": name, "value": value, "ecert": True} for name, value in (attributes or {}).items()),
            *({"name": name, "value": value, "ecert": False} for name, value in (authority or {}).items()),
        ]
        answer = self._service.register(
            enrollment_id, secret, type, affiliation, max_enrollments, attrs, self._theirs(registrar)
        )
        if not isinstance(answer, str) or not answer:
            raise CaReplyError(f"The CA at {self.url} registered an identity without giving its secret.")
        return answer

    def reenroll(
        self,
        current: Enrollment,
        *,
        profile: Profile = "",
        hosts: Sequence[str] = (),
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> Enrollment:
        """Another certificate for the holder of `current`, whose certificate stands for the password.

        It certifies `key`, a fresh one if none is given.
        """
        key = key or new_key()
        subject = x509.load_pem_x509_certificate(current.cert_pem).subject
        common_name = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        request = signing_request(str(common_name), key, hosts)
        body = {
            "certificate_request": request.public_bytes(serialization.Encoding.PEM).decode(),
            "profile": profile,
            "caname": self.name,
        }
        cert, chain = self._client.reenroll(body, self._theirs(current))
        return Enrollment(self._certificate(cert, key.public_key()), key_to_pem(key), bytes(chain))

    def revoke(self, registrar: Enrollment, enrollment_id: str, *, reason: str = "unspecified") -> bytes:
        """Revoke every certificate of `enrollment_id` and its right to enrol; gives the CA's new CRL as PEM.

        `reason` is one of RFC 5280's, in small letters without spaces. The network goes on accepting the
        certificates until the CRL stands in the MSP of each channel's configuration.
        """
        _, crl = self._service.revoke(enrollment_id, "", "", reason, True, self._theirs(registrar))
        pem = base64.b64decode(crl)
        try:
            x509.load_pem_x509_crl(pem)
        except ValueError as error:
            raise CaReplyError(f"The CA at {self.url} revoked, but gave no readable CRL.") from error
        return pem

    def _theirs(self, enrollment: Enrollment) -> HfcEnrollment:
        from hfc.fabric_ca.caservice import Enrollment as HfcEnrollment  # noqa: PLC0415

        return HfcEnrollment(
            enrollment.private_key(), enrollment.cert_pem, enrollment.ca_chain_pem, self._service
        )

    def _certificate(self, pem: object, public_key: object) -> bytes:
        """`pem` if it is a certificate for `public_key`, for what a CA calls success may still be neither."""
        if isinstance(pem, bytes) and isinstance(public_key, ec.EllipticCurvePublicKey):
            try:
                if x509.load_pem_x509_certificate(pem).public_key() == public_key:
                    return pem
            except ValueError:
                pass
        raise CaReplyError(f"The CA at {self.url} did not give a certificate for the key that was sent.")
