"""What a CA says of itself, to anybody."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from carechannel.sdk._requests import Reply
from carechannel.sdk.errors import CaReplyError

if TYPE_CHECKING:
    from carechannel.sdk.ca import CertificateAuthority


@dataclass(frozen=True)
class CaInfo:
    """`chain_pem` begins with the CA's own certificate; its last one is the root."""

    name: str
    version: str
    chain_pem: bytes


def ca_info(ca: CertificateAuthority) -> CaInfo:
    """As `CertificateAuthority.info`.

    Not by hfc's `get_cainfo`, which takes the answer of a CA that was not asked by its name for a failure.
    """
    result = Reply(ca.url, ca._client.unsigned_post("cainfo")).object("result")
    name = result.text("CAName")
    if ca.name and name != ca.name:
        raise CaReplyError(f"The CA at {ca.url} calls itself {name!r}, not {ca.name!r}.")
    try:
        chain = base64.b64decode(result.text("CAChain"), validate=True)
        x509.load_pem_x509_certificates(chain)
    except (binascii.Error, ValueError) as error:
        raise CaReplyError(f"The CA at {ca.url} gave no readable certificate chain.") from error
    return CaInfo(name, result.text("Version"), chain)
