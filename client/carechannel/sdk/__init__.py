"""Administration through hfc (fabric-sdk-py), an extra: `carechannel[sdk]`. hfc is imported nowhere else.

Never the way of a transaction: that is `fabric_gateway`'s.
"""

from carechannel.sdk.ca import CertificateAuthority, IdentityType, Profile
from carechannel.sdk.enrollment import Enrollment
from carechannel.sdk.errors import CaRefusedError, CaReplyError, CaUnreachableError, SdkError, SdkMissingError

__all__ = [
    "CaRefusedError",
    "CaReplyError",
    "CaUnreachableError",
    "CertificateAuthority",
    "Enrollment",
    "IdentityType",
    "Profile",
    "SdkError",
    "SdkMissingError",
]
