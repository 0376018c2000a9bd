"""One HTTPS request and its whole answer, within one time limit."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from carechannel.sdk.errors import CaRequestError, CaUnreachableError

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes; some 60,000 certificates."""
_PORT = 443


@dataclass(frozen=True)
class Answer:
    """Status and body of an HTTP answer."""

    status: int
    body: bytes


class HttpsServer:
    """An HTTPS server that is known by a root certificate.

    Proxies and credentials of the environment are not used and redirects not followed: they have no business
    between an institution and its own CA. There is a connection for each request, so any thread may use it.
    `timeout` (seconds) is for a whole exchange, looking up the host's address aside.
    """

    def __init__(self, url: str, tls_root_path: Path, timeout: float) -> None:
        parts = _parts(url)
        if parts.scheme != "https" or not parts.hostname:
            raise CaRequestError(
                f"{url} is no https address; a CA is sent passwords, so it is reached by TLS only."
            )
        if not tls_root_path.is_file():
            raise CaRequestError(f"There is no root certificate {tls_root_path} to know the CA at {url} by.")
        try:
            self._host, self._port = parts.hostname, parts.port or _PORT
            self._context = ssl.create_default_context(cafile=str(tls_root_path))
        except ssl.SSLError as error:
            raise CaRequestError(f"{tls_root_path} holds no root certificate in PEM.") from error
        except (OSError, ValueError) as error:
            raise CaRequestError(f"The CA at {url} cannot be reached as given: {error}.") from error
        self._prefix = parts.path.rstrip("/")
        self._url = url
        self._timeout = timeout

    def target(self, path: str) -> str:
        """What stands in the request line for `path`, which has to be percent-encoded."""
        return self._prefix + path

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request to `target` and read the answer.

        Raises `CaUnreachableError`.
        """
        with self._connected() as (connection, sent):
            sent.set()
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            content = response.read(MAX_ANSWER + 1)
            if len(content) > MAX_ANSWER:
                raise CaUnreachableError(
                    f"The answer of the CA at {self._url} is above {MAX_ANSWER >> 20} MiB; ask for less.",
                    outcome_unknown=True,
                )
            if response.length:
                # Read with a limit, http.client takes an answer that breaks off for a whole one.
                raise http.client.IncompleteRead(content, response.length)
            return Answer(response.status, content)

    @contextmanager
    def _connected(self) -> Iterator[tuple[http.client.HTTPSConnection, threading.Event]]:
        sent, late = threading.Event(), threading.Event()
        try:
            with socket.create_connection((self._host, self._port), self._timeout) as plain:
                # An end that TLS did not announce is somebody else's doing: an error, not the end.
                secured = self._context.wrap_socket(
                    plain,
                    server_hostname=self._host,
                    do_handshake_on_connect=False,
                    suppress_ragged_eofs=False,
                )
                with secured, _cut_after(self._timeout, secured, late):
                    secured.do_handshake()
                    connection = http.client.HTTPSConnection(self._host, self._port, context=self._context)
                    connection.sock = secured
                    yield connection, sent
        except ssl.SSLCertVerificationError as error:
            raise CaUnreachableError(
                f"The CA at {self._url} shows a TLS certificate that does not come from the expected root, "
                f"or not for this address or time ({error.verify_message}). Check the address, the clock, "
                "and that the root certificate is this CA's."
            ) from error
        except (OSError, http.client.HTTPException) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                what = f"did not answer within {self._timeout:g} s"
            elif sent.is_set():
                what = f"broke off before its answer was complete ({type(error).__name__})"
            else:
                raise CaUnreachableError(
                    f"The CA at {self._url} does not answer ({type(error).__name__}). Is it running?"
                ) from error
            doubt = " It may have done what it was asked: look before you ask again." if sent.is_set() else ""
            raise CaUnreachableError(
                f"The CA at {self._url} {what}.{doubt}", outcome_unknown=sent.is_set()
            ) from error


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # As it will be looked up, and as it will stand in a request.
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise CaRequestError(f"{url!r} is no address of a CA: {error}.") from error
    if not url.isprintable() or " " in parts.path or not parts.path.isascii():
        raise CaRequestError(f"{url!r} is no address of a CA: percent-encode what is in its path.")
    return parts


@contextmanager
def _cut_after(seconds: float, connected: socket.socket, late: threading.Event) -> Iterator[None]:
    """A socket's own time limit starts anew with every byte; this one does not."""

    def cut() -> None:
        late.set()
        # It may have been closed just now: then nobody reads from it any more.
        with suppress(OSError):
            # Not the method of an SSL socket, which would pull its state from under the reading thread.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
