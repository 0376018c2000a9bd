"""hfc's CA client with tokens that a Fabric CA in strict mode accepts, and no reply left unchecked."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict, Unpack
from urllib.parse import urlsplit

import requests

from carechannel.sdk import _hfc
from carechannel.sdk.errors import CaRefusedError, CaReplyError, CaUnreachableError

_hfc.prepare()

from hfc.fabric_ca.caservice import CAClient, Enrollment  # noqa: E402 - hfc has to be prepared first

JSON = Mapping[str, object]


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
    Every request has a time limit (`timeout`, seconds); an answer that is not a success raises `SdkError`.
    """

    def __init__(self, url: str, tls_root_path: str, name: str, timeout: float) -> None:
        super().__init__(target=url, ca_certs_path=tls_root_path, ca_name=name)
        self._url = url
        self._timeout = timeout
        self._session = requests.Session()
        # A proxy or .netrc of the environment has no business between an institution and its own CA.
        self._session.trust_env = False

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

    def _exchange(self, method: str, path: str, **param: Unpack[_Parameters]) -> tuple[JSON, int]:
        url = self._base_url + path
        body = _encode(param.get("json"))
        sent = {"Content-Type": "application/json"}
        signer = param.get("headers", {}).get("Authorization")
        if isinstance(signer, _SignedBy):
            sent["Authorization"] = self._token(signer.enrollment, method, url, body)
        elif auth := param.get("auth"):
            # requests would send Latin-1 (RFC 7617 leaves it open), which Go reads as something else.
            sent["Authorization"] = f"Basic {_base64(':'.join(auth).encode())}"
        try:
            reply = self._session.request(
                method,
                url,
                data=body,
                headers=sent,
                verify=param["verify"],
                timeout=self._timeout,
            )
        except requests.exceptions.SSLError as error:
            raise CaUnreachableError(
                f"The CA at {self._url} shows a TLS certificate that does not come from the expected root. "
                "Check the address, and that the root certificate is this CA's."
            ) from error
        except requests.exceptions.RequestException as error:
            raise CaUnreachableError(
                f"The CA at {self._url} does not answer ({type(error).__name__}). Is it running?"
            ) from error
        return self._checked(reply), reply.status_code

    def _token(self, enrollment: Enrollment, method: str, url: str, body: bytes) -> str:
        parts = urlsplit(url)
        uri = f"{parts.path}?{parts.query}" if parts.query else parts.path
        certificate = _base64(enrollment.cert)
        covered = ".".join((method, _base64(uri.encode()), _base64(body), certificate))
        signature = self._cryptoPrimitives.sign(enrollment.private_key, covered.encode())
        return f"{certificate}.{_base64(signature)}"

    def _checked(self, reply: requests.Response) -> JSON:
        try:
            answer = reply.json()
        except requests.exceptions.JSONDecodeError as error:
            raise CaReplyError(
                f"{self._url} answers with status {reply.status_code}, but not with JSON. Is it a Fabric CA?"
            ) from error
        if not isinstance(answer, dict):
            raise CaReplyError(f"{self._url} answers with JSON that is not an object. Is it a Fabric CA?")
        if answer.get("success") is not True:
            errors = [error for error in answer.get("errors") or [] if isinstance(error, dict)]
            reasons = (
                "; ".join(str(error.get("message")) for error in errors) or f"status {reply.status_code}"
            )
            raise CaRefusedError(
                f"The CA at {self._url} refused: {reasons}.",
                tuple(error["code"] for error in errors if isinstance(error.get("code"), int)),
            )
        return answer


def _encode(body: JSON | None) -> bytes:
    return b"" if body is None else json.dumps(body, ensure_ascii=False).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
