"""Creators that a peer reads as one person's certificate and a careless reader as another's."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

BEGIN, END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def forged(own: bytes, other: bytes) -> Mapping[str, bytes]:
    """By name: PEM texts that Go's encoding/pem reads as ``own`` and whose other certificate is ``other``.

    Go takes the first block of any type that begins at the start of a line and is well formed.
    """
    own_lines = own.removeprefix(BEGIN + b"\n").split(END)[0]
    other_lines = other.removeprefix(BEGIN + b"\n").split(END)[0]
    other_der = x509.load_pem_x509_certificate(other).public_bytes(Encoding.DER)
    return {
        "another type first": b"-----BEGIN X-----\n" + own_lines + b"-----END X-----\n" + other,
        "no type first": b"-----BEGIN -----\n" + own_lines + b"-----END -----\n" + other,
        "not at the start of a line": b"x" + other + own,
        "behind a blank": b" " + other + own,
        "text behind the end": BEGIN + b"\n" + other_lines + END + b"x\n" + own,
        "text behind the begin": BEGIN + b" x\n" + other_lines + END + b"\n" + own,
        "with headers": BEGIN + b"\nA: b\n\n" + own_lines + END + b"\n" + other,
        "in one line": BEGIN + base64.b64encode(other_der) + END + b"\n" + own,
        "other line ends": other.replace(b"\n", b"\r") + own,
        "one behind the other": own + other,
    }
