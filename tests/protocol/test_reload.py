"""New TLS files: used without a restart, and only when they can be used."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from fabric_shim import Chaincode, ChaincodeServer, ChaincodeStub, Response, TlsConfig
from fabric_shim.observer import Observer, Observers
from fabric_transport import ServerTls

from tests.protocol.certificates import Authority, KeyPair, write
from tests.protocol.chaincode_process import READER, environment, running
from tests.protocol.conftest import CHAINCODE_ID, Tls
from tests.protocol.mock_peer import MockPeer, dial
from tests.waiting import eventually

RELOAD_SECONDS = 0.05
# Made with openssl; its curve (secp112r1) is one that cryptography reads no public key of.
UNSUPPORTED = b"""\
-----BEGIN CERTIFICATE-----
MIIBIDCB7KADAgECAhQbM8mo2Y2ftpDRoPctrVB9pkYXfTAKBggqhkjOPQQDAjAM
MQowCAYDVQQDDAF4MB4XDTI2MTEyNDAyNDgzMVoXDTM2MTEyMTAyNDgzMVowDDEK
MAgGA1UEAwwBeDAyMBAGByqGSM49AgEGBSuBBAAGAx4ABG3q4b4KCnf2EnomsJT9
pnDK+AwbJ8+7HdgTTD2jUzBRMB0GA1UdDgQWBBSxfoRJ7OuYnLo2IK3PuwG0wlGA
sjAfBgNVHSMEGDAWgBSxfoRJ7OuYnLo2IK3PuwG0wlGAsjAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCAyMAMCACDhNqIhzI5K14FxHxw/7YAg5ESoRmBeXpCamI
eJS0+Q==
-----END CERTIFICATE-----
"""


class Quick(Chaincode):
    async def invoke(self, stub: ChaincodeStub) -> Response:
        return Response.success(b"done")


@dataclass
class Site:
    """A server whose files can be replaced, and the authorities that issue them."""

    config: TlsConfig
    server_ca: Authority
    client_ca: Authority
    peer: KeyPair
    server: ChaincodeServer
    port: int = 0

    def replace_server_certificate(self, authority: Authority) -> None:
        pair = authority.issue("chaincode")
        # As an operator's tool does it: the key first, then the certificate.
        self.config.key.write_bytes(pair.key)
        self.config.certificate.write_bytes(pair.certificate)

    async def accepts(self, server_ca: Authority, peer: KeyPair) -> bool:
        """Whether a new connection of this peer is served."""
        try:
            async with dial(self.port, server_ca.certificate, peer) as connected:
                return await connected.register() == CHAINCODE_ID and await works(connected)
        except (AssertionError, OSError, TimeoutError):
            return False
        except Exception as error:
            if type(error).__name__ in ("AioRpcError", "StreamError"):
                return False
            raise


async def works(peer: MockPeer) -> bool:
    response, _ = await (await peer.begin("f")).completed()
    return bool(response.payload == b"done")


@asynccontextmanager
async def serving(folder: Path, observer: Observer | None = None) -> AsyncIterator[Site]:
    server_ca, client_ca = Authority("server ca"), Authority("client ca")
    own = server_ca.issue("chaincode")
    config = TlsConfig(
        write(folder, "server.crt", own.certificate),
        write(folder, "server.key", own.key),
        write(folder, "client-ca.crt", client_ca.certificate),
    )
    server = ChaincodeServer(
        Quick(), CHAINCODE_ID, "127.0.0.1:0", config, observer=observer, reload_seconds=RELOAD_SECONDS
    )
    site = Site(config, server_ca, client_ca, client_ca.issue("peer0"), server, await server.start())
    try:
        yield site
    finally:
        await server.stop(grace=1)


async def test_a_new_server_certificate_is_used_and_open_streams_live_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with serving(tmp_path) as site, dial(site.port, site.server_ca.certificate, site.peer) as old:
        await old.register()
        renewed = Authority("renewed server ca")
        assert not await site.accepts(renewed, site.peer)
        site.replace_server_certificate(renewed)
        await eventually(lambda: "new connections use them" in caplog.text)
        assert await site.accepts(renewed, site.peer)
        assert not await site.accepts(site.server_ca, site.peer)
        assert await works(old)


async def test_a_new_client_ca_is_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with serving(tmp_path) as site:
        rotated = Authority("rotated client ca")
        new_peer = rotated.issue("peer0")
        assert await site.accepts(site.server_ca, site.peer)
        assert not await site.accepts(site.server_ca, new_peer)
        # Renamed into place, as atomic writers and mounted secrets do.
        write(tmp_path, "new", rotated.certificate).rename(site.config.client_ca)
        await eventually(lambda: "new connections use them" in caplog.text)
        assert await site.accepts(site.server_ca, new_peer)
        assert not await site.accepts(site.server_ca, site.peer)
        site.config.client_ca.write_bytes(site.client_ca.certificate + rotated.certificate)
        await eventually(lambda: caplog.text.count("new connections use them") == 2)
        assert await site.accepts(site.server_ca, new_peer)
        assert await site.accepts(site.server_ca, site.peer)


@pytest.mark.parametrize("part", ["certificate", "key", "client_ca"])
@pytest.mark.parametrize("damage", ["half", "empty", "gone", "other"])
async def test_files_that_cannot_be_used_change_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, part: str, damage: str
) -> None:
    caplog.set_level("INFO")
    async with serving(tmp_path) as site:
        path: Path = getattr(site.config, part)
        whole = path.read_bytes()
        if damage == "gone":
            path.unlink()
        elif damage == "other":
            path.write_bytes(b"not a PEM file" if part == "client_ca" else getattr(_other(), part))
        else:
            path.write_bytes(whole[: len(whole) // 2] if damage == "half" else b"")
        await eventually(lambda: "cannot be used, the old ones stay" in caplog.text)
        assert "PRIVATE KEY" not in caplog.text
        await asyncio.sleep(4 * RELOAD_SECONDS)  # said once, not at every look
        assert await site.accepts(site.server_ca, site.peer)
        path.write_bytes(whole)
        await eventually(lambda: "new connections use them" in caplog.text)
        assert await site.accepts(site.server_ca, site.peer)
        assert caplog.text.count("cannot be used, the old ones stay") == 1


class _Reloads(Observers):
    def __init__(self) -> None:
        super().__init__()
        self.used: list[bool] = []

    def tls_reloaded(self, *, used: bool) -> None:
        self.used.append(used)


async def test_a_certificate_of_an_unknown_curve_is_no_end_of_watching(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    told = _Reloads()
    async with serving(tmp_path, told) as site:
        whole = site.config.certificate.read_bytes()
        site.config.certificate.write_bytes(UNSUPPORTED)
        await eventually(lambda: "The TLS certificate is no readable PEM certificate" in caplog.text)
        assert await site.accepts(site.server_ca, site.peer)
        site.config.certificate.write_bytes(whole)
        await eventually(lambda: told.used == [False, True])
        assert await site.accepts(site.server_ca, site.peer)


@pytest.mark.parametrize("error", [RuntimeError("secret"), UnsupportedAlgorithm("secret"), OSError("secret")])
async def test_whatever_the_files_raise_the_next_change_is_seen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    caplog.set_level("INFO")

    def fail(_tls: ServerTls) -> None:
        raise error

    told = _Reloads()
    async with serving(tmp_path, told) as site:
        with monkeypatch.context() as patched:
            patched.setattr(ServerTls, "check", fail)
            site.config.certificate.touch()
            await eventually(lambda: told.used == [False])
        assert f"the old ones stay: {type(error).__name__} at" in caplog.text
        assert "secret" not in caplog.text
        assert await site.accepts(site.server_ca, site.peer)
        renewed = Authority("renewed server ca")
        site.replace_server_certificate(renewed)
        await eventually(lambda: told.used[-1])
        assert await site.accepts(renewed, site.peer)


class _Raises(_Reloads):
    def tls_reloaded(self, *, used: bool) -> None:
        super().tls_reloaded(used=used)
        raise ValueError


async def test_an_observer_that_raises_is_no_end_of_watching(tmp_path: Path) -> None:
    told = _Raises()
    async with serving(tmp_path, told) as site:
        for changes in (1, 2):
            site.replace_server_certificate(site.server_ca)
            await eventually(lambda changes=changes: len(told.used) >= changes)  # type: ignore[misc]
        assert await site.accepts(site.server_ca, site.peer)


def _other() -> KeyPair:
    return Authority("other ca").issue("other")


async def test_sighup_has_the_files_looked_at(tls: Tls, tmp_path: Path) -> None:
    copies = [
        write(tmp_path, path.name, path.read_bytes())
        for path in (tls.config.certificate, tls.config.key, tls.config.client_ca)
    ]
    files = dict(
        zip(
            ("CHAINCODE_TLS_CERT_FILE", "CHAINCODE_TLS_KEY_FILE", "CHAINCODE_CLIENT_CA_FILE"),
            map(str, copies),
            strict=True,
        )
    )
    renewed = Authority("renewed server ca")
    own = renewed.issue("chaincode")
    # A poll would find the change too, but only after the first five seconds.
    async with running(READER, environment(tls, **files)) as process:
        port = await process.port()
        copies[1].write_bytes(own.key)
        copies[0].write_bytes(own.certificate)
        process.signal(signal.SIGHUP)
        async with asyncio.timeout(3):
            await process.printed("new connections use them")
        async with dial(port, renewed.certificate, tls.peer) as peer:
            assert await peer.register() == CHAINCODE_ID
