"""Administration through hfc (fabric-sdk-py), an extra: `carechannel[sdk]`. hfc is imported nowhere else.

Never the way of a transaction: that is `fabric_gateway`'s.
"""

from carechannel.sdk.ca import CertificateAuthority
from carechannel.sdk.ca_affiliations import Affiliation, Affiliations
from carechannel.sdk.ca_certificates import Certificates, IssuedCertificate
from carechannel.sdk.ca_identities import Attribute, Identities, RegisteredIdentity
from carechannel.sdk.ca_info import CaInfo
from carechannel.sdk.ca_revocation import Reason, Revocation, Revocations, RevokedCertificate
from carechannel.sdk.enrollment import Enrollment, IdentityType
from carechannel.sdk.errors import (
    CaRefusedError,
    CaReplyError,
    CaRequestError,
    CaUnreachableError,
    CertificateFileError,
    SdkError,
    SdkMissingError,
)
from carechannel.sdk.expiry import CertificateExpiry, expiring, in_folder, of_ca
from carechannel.sdk.msp import read_msp, write_msp
from carechannel.sdk.renewal import RenewalPlan, keep_renewed

__all__ = [
    "Affiliation",
    "Affiliations",
    "Attribute",
    "CaInfo",
    "CaRefusedError",
    "CaReplyError",
    "CaRequestError",
    "CaUnreachableError",
    "CertificateAuthority",
    "CertificateExpiry",
    "CertificateFileError",
    "Certificates",
    "Enrollment",
    "Identities",
    "IdentityType",
    "IssuedCertificate",
    "Reason",
    "RegisteredIdentity",
    "RenewalPlan",
    "Revocation",
    "Revocations",
    "RevokedCertificate",
    "SdkError",
    "SdkMissingError",
    "expiring",
    "in_folder",
    "keep_renewed",
    "of_ca",
    "read_msp",
    "write_msp",
]
