"""Identities in the JSON of Fabric's Node client (``FileSystemWallet`` of fabric-network: ``<name>.id``).

    {"credentials": {"certificate": PEM, "privateKey": PEM}, "mspId": …, "type": "X.509", "version": 1}

The private key stands there as it is: such a file belongs into a folder of mode 0700, for no longer than it
is needed.
"""

from __future__ import annotations

import json
from typing import Final

from carechannel.errors import WalletError
from carechannel.wallet.credentials import Credentials
from carechannel.wallet.key_at_rest import key_pem
from carechannel.wallet.password import Password

_TYPE: Final = "X.509"


def parse(content: bytes, key_password: Password | None = None) -> Credentials:
    """The identity in a file of a Node wallet.

    Args:
        content: the file's.
        key_password: of its private key, where somebody keeps it encrypted there.

    Raises:
        WalletError: it is no such file, or of another type or version.
        IdentityError: certificate or key cannot be used, or they do not belong together.
    """
    try:
        given = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise WalletError("The file is not JSON, and so no identity of a Node wallet.") from error
    match given:
        case {
            "credentials": {"certificate": str(certificate), "privateKey": str(key)},
            "mspId": str(msp_id),
            "type": "X.509",
            "version": 1,
        }:
            pass
        case {"type": "HSM-X.509"}:
            raise WalletError(
                "The identity's key is in a hardware module; import its certificate with the key's place."
            )
        case _:
            raise WalletError("The file is not an X.509 identity of a Node wallet, version 1.")
    # What is not ASCII is no PEM, and is told so there.
    certificate_pem, private_key_pem = (text.encode("ascii", errors="replace") for text in (certificate, key))
    return Credentials.from_pem(msp_id, certificate_pem, private_key_pem, key_password)


def serialize(credentials: Credentials) -> bytes:
    """An identity as a Node wallet keeps it, private key included."""
    content = {
        "credentials": {
            "certificate": credentials.certificate_pem.decode(),
            "privateKey": key_pem(credentials.private_key).decode(),
        },
        "mspId": credentials.msp_id,
        "type": _TYPE,
        "version": 1,
    }
    return json.dumps(content, ensure_ascii=False).encode()
