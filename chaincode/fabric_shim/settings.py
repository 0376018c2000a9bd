"""The settings of a chaincode process: options, environment variables, and the checked values they make.

Each setting is an option or, when that is not given, the first of its variables that is set. The variables
are ours, then those that fabric-samples' Go and Java chaincodes read, then those of Node's
``fabric-chaincode-node``. An empty variable counts as not set, unless it names a file of TLS: a mistake in a
deployment must not end in other files, or in none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from fabric_transport import INSECURE, Insecure

from fabric_shim._internal.limits import Limits
from fabric_shim.address import Address
from fabric_shim.errors import ConfigurationError
from fabric_shim.logs import LogFormat
from fabric_shim.server import DRAIN_SECONDS
from fabric_shim.tls import OperationsTls, TlsConfig

_Value = TypeVar("_Value")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_FORMATS: Final[tuple[LogFormat, ...]] = ("text", "json")
_TRUE: Final = ("true", "t", "1", "yes", "on")
_FALSE: Final = ("false", "f", "0", "no", "off")


@dataclass(frozen=True, slots=True)
class OperationsSettings:
    """Where and how the operations listener listens."""

    address: Address
    tls: OperationsTls | None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Everything that a chaincode process is told.

    :ivar grace: seconds that running transactions have to finish after the first signal.
    :ivar operations: None: no operations listener.
    :ivar tracing: whether transactions make OpenTelemetry spans.
    """

    chaincode_id: str
    address: Address
    tls: TlsConfig | Insecure
    limits: Limits
    grace: float
    operations: OperationsSettings | None
    tracing: bool
    log_level: str
    log_format: LogFormat


@dataclass(frozen=True, slots=True)
class _Setting:
    option: str
    variables: tuple[str, ...]
    meaning: str
    metavar: str | None = "FILE"

    @property
    def destination(self) -> str:
        return self.option.removeprefix("--").replace("-", "_")

    @property
    def name(self) -> str:
        return f"{self.option} (or {self.variables[0]})"


_ID = _Setting(
    "--chaincode-id",
    ("CHAINCODE_ID", "CORE_CHAINCODE_ID_NAME", "CORE_CHAINCODE_ID"),
    "package id of the installed chaincode (label:hash)",
    "ID",
)
_ADDRESS = _Setting(
    "--address",
    ("CHAINCODE_SERVER_ADDRESS", "CORE_CHAINCODE_ADDRESS"),
    "where to listen for peers",
    "HOST:PORT",
)
_CERTIFICATE = _Setting(
    "--tls-cert",
    ("CHAINCODE_TLS_CERT_FILE", "CHAINCODE_TLS_CERT", "CORE_CHAINCODE_TLS_CERT_FILE"),
    "PEM certificate of this server",
)
_KEY = _Setting(
    "--tls-key",
    ("CHAINCODE_TLS_KEY_FILE", "CHAINCODE_TLS_KEY", "CORE_CHAINCODE_TLS_KEY_FILE"),
    "PEM private key of this server",
)
_CLIENT_CA = _Setting(
    "--client-ca",
    ("CHAINCODE_CLIENT_CA_FILE", "CHAINCODE_CLIENT_CA_CERT", "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE"),
    "PEM CA certificates, one of which must have issued the peer's client certificate",
)
_INSECURE = _Setting(
    "--insecure",
    ("CHAINCODE_TLS_DISABLED",),
    "no TLS at all, for test networks only; variables that name TLS files are ignored",
    None,
)
_OPERATIONS = _Setting(
    "--operations-address",
    ("CHAINCODE_OPERATIONS_ADDRESS",),
    "where to serve /healthz and /metrics; off unless given",
    "HOST:PORT",
)
_OPERATIONS_CERTIFICATE = _Setting(
    "--operations-tls-cert",
    ("CHAINCODE_OPERATIONS_TLS_CERT_FILE",),
    "PEM certificate of the operations listener; plain HTTP without",
)
_OPERATIONS_KEY = _Setting(
    "--operations-tls-key",
    ("CHAINCODE_OPERATIONS_TLS_KEY_FILE",),
    "PEM private key of the operations listener",
)
_OPERATIONS_CA = _Setting(
    "--operations-client-ca",
    ("CHAINCODE_OPERATIONS_CLIENT_CA_FILE",),
    "PEM CA certificates of those who may read /metrics; anybody without",
)
_TRACING = _Setting(
    "--tracing",
    ("CHAINCODE_TRACING",),
    "make OpenTelemetry spans; needs the extra `telemetry`",
    None,
)
_GRACE = _Setting(
    "--grace",
    ("CHAINCODE_GRACE",),
    f"how long running transactions may go on after SIGTERM (default {DRAIN_SECONDS:g})",
    "SECONDS",
)
_RUNNING = _Setting(
    "--max-transactions",
    ("CHAINCODE_MAX_TRANSACTIONS",),
    f"how many transactions of one peer run at once (default {Limits().running})",
    "NUMBER",
)
_THREADS = _Setting(
    "--worker-threads",
    ("CHAINCODE_WORKER_THREADS",),
    f"how many plain `def` functions run at once (default {Limits().worker_threads})",
    "NUMBER",
)
_LEVEL = _Setting(
    "--log-level",
    ("CHAINCODE_LOG_LEVEL", "CORE_CHAINCODE_LOGGING_LEVEL"),
    f"one of {', '.join(_LEVELS)} (default INFO)",
    "LEVEL",
)
_FORMAT = _Setting("--log-format", ("CHAINCODE_LOG_FORMAT",), "text (default) or json", "FORMAT")

_TLS: Final = (_CERTIFICATE, _KEY, _CLIENT_CA)
_SECURITY: Final = (*_TLS, _OPERATIONS_CERTIFICATE, _OPERATIONS_KEY, _OPERATIONS_CA)
_GROUPS: Final = {
    "serving": (_ID, _ADDRESS, _CERTIFICATE, _KEY, _CLIENT_CA, _INSECURE, _GRACE, _RUNNING, _THREADS),
    "operations": (
        *(_OPERATIONS, _OPERATIONS_CERTIFICATE, _OPERATIONS_KEY, _OPERATIONS_CA),
        *(_TRACING, _LEVEL, _FORMAT),
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options. None is required here: the environment may hold it."""
    for title, settings in _GROUPS.items():
        group = parser.add_argument_group(title)
        for setting in settings:
            text = f"{setting.meaning} [{setting.variables[0]}]".replace("%", "%%")
            if setting.metavar is None:
                group.add_argument(setting.option, action="store_const", const="true", help=text)
            else:
                group.add_argument(setting.option, metavar=setting.metavar, help=text)


def read(options: argparse.Namespace, environment: Mapping[str, str]) -> ServerSettings:
    """Check the options and the environment.

    :raises ConfigurationError: a setting is missing or wrong; the message names it.
    """
    if environment.get("GRPC_TRACE"):
        raise ConfigurationError("GRPC_TRACE writes the messages themselves to standard error; unset it.")
    source = _Source(options, environment)
    insecure = _insecure(source)
    source.require(_ID, _ADDRESS, *(() if insecure else _TLS))
    defaults = Limits()
    return ServerSettings(
        chaincode_id=source.text(_ID),
        address=source.get(_ADDRESS, Address.parse, default=Address("", 0)),
        tls=INSECURE if insecure else TlsConfig(*(Path(source.text(setting)) for setting in _TLS)),
        limits=Limits(
            running=source.get(_RUNNING, _count, default=defaults.running),
            worker_threads=source.get(_THREADS, _count, default=defaults.worker_threads),
        ),
        grace=source.get(_GRACE, _seconds, default=DRAIN_SECONDS),
        operations=_operations(source),
        tracing=source.get(_TRACING, _boolean, default=False),
        log_level=source.get(_LEVEL, _level, default="INFO"),
        log_format=source.get(_FORMAT, _format, default="text"),
    )


class _Source:
    def __init__(self, options: argparse.Namespace, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    def text(self, setting: _Setting) -> str:
        """Give the setting as written, empty when it is not set."""
        return self._find(setting)[1]

    def get(self, setting: _Setting, parse: Callable[[str], _Value], *, default: _Value) -> _Value:
        name, text = self._find(setting)
        if not text:
            return default
        try:
            return parse(text)
        except (ValueError, ConfigurationError) as error:
            raise ConfigurationError(f"{name}: {error}") from None

    def require(self, *settings: _Setting) -> None:
        if missing := [setting.name for setting in settings if not self.text(setting)]:
            raise ConfigurationError(f"Missing: {', '.join(missing)}.")

    def option(self, setting: _Setting) -> str | None:
        """Give what the command line says, None when it says nothing."""
        given: str | None = getattr(self._options, setting.destination)
        return given

    def name(self, setting: _Setting) -> str:
        """Name the option or variable that the setting comes from."""
        return self._find(setting)[0]

    def _find(self, setting: _Setting) -> tuple[str, str]:
        names = [(name, self._environment.get(name)) for name in setting.variables]
        for name, text in ((setting.option, self.option(setting)), *names):
            if text is not None and setting in _SECURITY and not text.strip():
                raise ConfigurationError(f"{name} is set but empty; give it a file, or unset it.")
            if text or (text is not None and name == setting.option):
                return name, text
        return setting.option, ""


def _insecure(source: _Source) -> bool:
    insecure = source.get(_INSECURE, _boolean, default=False)
    asked = [setting.option for setting in _TLS if source.option(setting) is not None]
    if insecure and asked:
        raise ConfigurationError(
            f"{source.name(_INSECURE)} switches TLS off, {asked[0]} asks for it; remove one of them."
        )
    return insecure


def _operations(source: _Source) -> OperationsSettings | None:
    if not source.text(_OPERATIONS):
        return None
    files = [source.text(setting) for setting in (_OPERATIONS_CERTIFICATE, _OPERATIONS_KEY, _OPERATIONS_CA)]
    certificate, key, client_ca = files
    if any(files):
        source.require(_OPERATIONS_CERTIFICATE, _OPERATIONS_KEY)
    tls = OperationsTls(Path(certificate), Path(key), Path(client_ca) if client_ca else None)
    address = source.get(_OPERATIONS, Address.parse, default=Address("", 0))
    return OperationsSettings(address, tls if any(files) else None)


def _boolean(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError("it must be true or false.")
    return text.lower() in _TRUE


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("it must be a whole number above 0.")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError("it must be a number of seconds from 0.")
    return seconds


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError(f"it must be one of {', '.join(_LEVELS)}.")
    return text.upper()


def _format(text: str) -> LogFormat:
    for form in _FORMATS:
        if text == form:
            return form
    raise ValueError("it must be text or json.")
