"""hfc's CA client with tokens that a Fabric CA in strict mode accepts, and no reply left unchecked."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NotRequired, TypedDict, Unpack
from urllib.parse import quote

from cryptography import x509

from carechannel.sdk import _hfc
from carechannel.sdk._https import Answer, HttpsServer
from carechannel.sdk.errors import CaRefusedError, CaReplyError, CaRequestError

_hfc.prepare()

from hfc.fabric_ca.caservice import CAClient, Enrollment  # noqa: E402 - hfc has to be prepared first

JSON = Mapping[str, object]

_SUCCESS = range(200, 300)
_REASON_SHOWN = 300


@dataclass(frozen=True)
class _SignedBy:
    """Stands where hfc puts the token, until method, path and body of the request are known."""

    enrollment: Enrollment


class _Parameters(TypedDict):
    """What hfc's services give along with a path."""

    json: NotRequired[JSON]
    auth: NotRequired[tuple[str, str]]
    headers: NotRequired[Mapping[str, object]]
    verify: str


class StrictCaClient(CAClient):  # type: ignore[misc]  # hfc has no types
    """What hfc's CA services send their requests through.

    Fabric CA's token covers method, path and body since 1.4 (`util.GenECDSAToken` in its source); hfc signs
    the body alone, in another JSON encoding than the one it sends. Here the bytes that go out are signed.
    The CA's name, which hfc gives with some requests only, goes with all. An answer that is not a success
    raises `SdkError`.
    """

    def __init__(self, url: str, server: HttpsServer, name: str) -> None:
        # Without a name hfc adds none anywhere, so that `_exchange` is the only place that does.
        super().__init__(target="", ca_name="")
        self._url = url
        self._server = server
        self._name = name

    def generateAuthToken(self, req: JSON | None, registrar: Enrollment) -> _SignedBy:  # noqa: N802, ARG002 - hfc's names
        return _SignedBy(registrar)

    def _send_ca_post(self, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        return self._exchange("POST", path, **param)

    def _send_ca_get(self, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        return self._exchange("GET", path, **param)

    def _send_ca_delete(self, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        return self._exchange("DELETE", path, **param)

    def _send_ca_update(self, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        return self._exchange("PUT", path, **param)

    def signed_get(self, path: str, reader: Enrollment) -> JSON:
        """The answer to GET `path` in the name of `reader`, for requests that hfc does not make well."""
        return self._exchange("GET", path, headers={"Authorization": _SignedBy(reader)}, verify="")[0]

    def unsigned_post(self, path: str) -> JSON:
        """The answer to POST `path` in nobody's name."""
        return self._exchange("POST", path, json={}, verify="")[0]

    def _exchange(self, method: str, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        content = param.get("json")
        path = path.removesuffix("?ca=")
        if self._name and content is None:
            path += f"{'&' if '?' in path else '?'}ca={quote(self._name, safe='')}"
        elif self._name and content is not None:
            content = {**content, "caname": self._name}
        target = self._server.target(self._base_url + path)
        body = b"" if content is None else _encode(content)
        sent = {"Content-Type": "application/json"}
        signer = param.get("headers", {}).get("Authorization")
        if isinstance(signer, _SignedBy):
            sent["Authorization"] = self._token(signer.enrollment, method, target, body)
        elif auth := param.get("auth"):
            # UTF-8: RFC 7617 leaves it open, and Go reads it so.
            sent["Authorization"] = f"Basic {_base64(':'.join(auth).encode())}"
        answer = self._server.exchange(method, target, sent, body)
        try:
            return self._checked(answer), answer.status
        except CaRefusedError as error:
            if isinstance(signer, _SignedBy) and (doubt := _doubt(signer.enrollment.cert)):
                raise CaRefusedError(f"{error} {doubt}", error.ca_codes) from error
            raise

    def _token(self, enrollment: Enrollment, method: str, target: str, body: bytes) -> str:
        certificate = _base64(enrollment.cert)
        covered = ".".join((method, _base64(target.encode()), _base64(body), certificate))
        signature = self._cryptoPrimitives.sign(enrollment.private_key, covered.encode())
        return f"{certificate}.{_base64(signature)}"

    def _checked(self, answer: Answer) -> JSON:
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise CaReplyError(
                f"{self._url} answers with status {answer.status}, but not with JSON. Is it a Fabric CA?"
            ) from error
        if not isinstance(content, dict):
            raise CaReplyError(f"{self._url} answers with JSON that is not an object. Is it a Fabric CA?")
        if content.get("success") is not True or answer.status not in _SUCCESS:
            listed = content.get("errors")
            errors = (
                [error for error in listed if isinstance(error, dict)] if isinstance(listed, list) else []
            )
            reasons = "; ".join(_reason(error) for error in errors) or f"status {answer.status}"
            raise CaRefusedError(
                f"The CA at {self._url} refused: {reasons}.",
                tuple(error["code"] for error in errors if isinstance(error.get("code"), int)),
            )
        return content


def _reason(error: Mapping[str, object]) -> str:
    """What the CA says, without the request's body (with a secret in it), which it repeats in one case."""
    said = str(error.get("message")).partition("; body=")[0]
    plain = "".join(letter if letter.isprintable() else " " for letter in said).strip().rstrip(".")
    return plain if len(plain) <= _REASON_SHOWN else f"{plain[:_REASON_SHOWN]}…"


def _doubt(cert_pem: bytes) -> str:
    """What a CA does not say when it refuses a certificate: that the time is wrong."""
    certificate = x509.load_pem_x509_certificate(cert_pem)
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        return (
            "The certificate that signed the request expired at "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC."
        )
    if now < certificate.not_valid_before_utc:
        return (
            "The certificate that signed the request is valid only from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S} UTC; check the clock."
        )
    return ""


def _encode(content: JSON) -> bytes:
    try:
        return json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise CaRequestError("What was asked for holds text that is not Unicode; type it anew.") from error


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
