"""Where everything of a network lies, below `<build folder>/<network name>/`. All paths are absolute.

Folders of identities (`msp`) have Fabric's standard layout (`cacerts`, `tlscacerts`, `signcerts`, `keystore`,
`config.yaml`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TlsLayout:
    """A TLS identity: the certificate, its key, and the root that others' certificates come from."""

    root: Path

    @property
    def certificate(self) -> Path:
        return self.root / "server.crt"

    @property
    def key(self) -> Path:
        return self.root / "server.key"

    @property
    def ca(self) -> Path:
        return self.root / "ca.crt"


@dataclass(frozen=True)
class CaLayout:
    """Home of an organisation's fabric-ca-server."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "fabric-ca-server-config.yaml"

    @property
    def certificate(self) -> Path:
        """Root certificate of the organisation, for enrolment and for TLS."""
        return self.root / "ca-cert.pem"

    @property
    def tls_certificate(self) -> Path:
        """What the CA's own HTTPS port shows (issued by the root)."""
        return self.root / "tls-cert.pem"

    @property
    def registrar_secret(self) -> Path:
        """Password of the registrar, made once, mode 600."""
        return self.root / "registrar.secret"


@dataclass(frozen=True)
class OrdererLayout:
    """Folder of one orderer; it is its `FABRIC_CFG_PATH`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "orderer.yaml"

    @property
    def msp(self) -> Path:
        return self.root / "msp"

    @property
    def tls(self) -> TlsLayout:
        return TlsLayout(self.root / "tls")

    @property
    def data(self) -> Path:
        return self.root / "data"


@dataclass(frozen=True)
class PeerLayout:
    """Folder of one peer; it is its `FABRIC_CFG_PATH`."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "core.yaml"

    @property
    def msp(self) -> Path:
        return self.root / "msp"

    @property
    def tls(self) -> TlsLayout:
        return TlsLayout(self.root / "tls")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def snapshots(self) -> Path:
        return self.root / "data" / "snapshots"

    @property
    def builder(self) -> Path:
        """External builder; its scripts are `builder/bin/{detect,build,release}`."""
        return self.root / "builder"

    @property
    def connections(self) -> Path:
        return self.builder / "connections"

    def connection(self, label: str) -> Path:
        """How this peer reaches the chaincode whose package has `label`; holds a key, mode 600."""
        return self.connections / f"{label}.json"


@dataclass(frozen=True)
class ChaincodeLayout:
    """Mutual TLS between an organisation's peers and its chaincode processes."""

    root: Path

    @property
    def server_certificate(self) -> Path:
        return self.root / "server.crt"

    @property
    def server_key(self) -> Path:
        return self.root / "server.key"

    @property
    def client_ca(self) -> Path:
        """Root that the peer's client certificate comes from."""
        return self.root / "client-ca.crt"

    @property
    def client_certificate(self) -> Path:
        """What the peer shows to the chaincode."""
        return self.root / "client.crt"

    @property
    def client_key(self) -> Path:
        return self.root / "client.key"

    def environment(self, name: str) -> Path:
        """What a developer needs who runs the chaincode `name` himself (NAME=value)."""
        return self.root / f"{name}.env"


@dataclass(frozen=True)
class UserLayout:
    """Somebody's identities: `msp` for transactions, `tls` for connections."""

    root: Path

    @property
    def msp(self) -> Path:
        return self.root / "msp"

    @property
    def tls(self) -> TlsLayout:
        return TlsLayout(self.root / "tls")


@dataclass(frozen=True)
class OrganizationLayout:
    """Folder of one organisation: in a real consortium, what lies on its own machines."""

    root: Path

    @property
    def msp(self) -> Path:
        """What the channel configuration takes in: roots and NodeOUs, no key."""
        return self.root / "msp"

    @property
    def tls_root(self) -> Path:
        return self.msp / "tlscacerts" / "ca.pem"

    @property
    def ca(self) -> CaLayout:
        return CaLayout(self.root / "ca")

    def peer(self, index: int) -> PeerLayout:
        return PeerLayout(self.root / "peers" / f"peer{index}")

    def orderer(self, index: int) -> OrdererLayout:
        return OrdererLayout(self.root / "orderers" / f"orderer{index}")

    @property
    def chaincode(self) -> ChaincodeLayout:
        return ChaincodeLayout(self.root / "chaincode")

    @property
    def users(self) -> Path:
        return self.root / "users"

    def user(self, alias: str) -> UserLayout:
        return UserLayout(self.users / alias)

    @property
    def home(self) -> Path:
        """The institution's own data."""
        return self.root / "home"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def blobs_mirror(self) -> Path:
        return self.root / "blobs-mirror"


@dataclass(frozen=True)
class Layout:
    """The whole generated tree of the network `name`."""

    build_dir: Path
    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "build_dir", self.build_dir.absolute())

    @property
    def root(self) -> Path:
        return self.build_dir / self.name

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def channels(self) -> Path:
        return self.root / "channels"

    @property
    def configtx(self) -> Path:
        """Input of configtxgen (`-configPath` is its folder)."""
        return self.channels / "configtx.yaml"

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def profiles(self) -> Path:
        return self.root / "profiles"

    def log(self, node: str) -> Path:
        return self.logs / f"{node}.log"

    def block(self, channel: str) -> Path:
        """Genesis block of `channel`."""
        return self.channels / f"{channel}.block"

    def package(self, label: str) -> Path:
        return self.packages / f"{label}.tar.gz"

    def profile(self, organization: str) -> Path:
        return self.profiles / f"{organization}.json"

    def organization(self, organization: str) -> OrganizationLayout:
        return OrganizationLayout(self.root / "orgs" / organization)
