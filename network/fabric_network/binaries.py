"""Fabric's own programs: found where the user has them, or built once from pinned Go modules and kept.

Looked for, product by product (Fabric, Fabric CA): in the folder that the user names, on PATH, in the cache.
A folder counts only if all programs of the product that the network needs are there in a fitting version.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fabric_network.building import Recipe, build
from fabric_network.errors import BinariesError

Progress = Callable[[str], None]
"""Is told, about once a second, in a few words what goes on."""

VERSION_TIMEOUT_S = 20


@dataclass(frozen=True)
class Product:
    """Programs that come from one Go module and carry one version.

    `required` gives, by program, what makes it print its version (nothing for one that has none to print);
    `packages` are all that is built.
    """

    name: str
    version: tuple[int, int, int]
    module: str
    folder: str
    version_variable: str
    required: Mapping[str, tuple[str, ...]]
    packages: tuple[str, ...]
    cgo: bool

    @property
    def version_text(self) -> str:
        return ".".join(str(part) for part in self.version)

    def fits(self, version: tuple[int, int, int]) -> bool:
        """The same minor release, and no older patch."""
        return version[:2] == self.version[:2] and version >= self.version


FABRIC = Product(
    name="Fabric",
    version=(3, 1, 1),
    module="github.com/hyperledger/fabric",
    folder="fabric",
    version_variable="common/metadata.Version",
    required={"peer": ("version",), "orderer": ("version",), "configtxgen": ("-version",)},
    packages=("peer", "orderer", "configtxgen"),
    cgo=False,
)
FABRIC_CA = Product(
    name="Fabric CA",
    version=(1, 5, 15),
    module="github.com/hyperledger/fabric-ca",
    folder="fabric-ca",
    version_variable="lib/metadata.Version",
    required={"fabric-ca-server": ("version",)},
    packages=("fabric-ca-server",),
    cgo=True,
)
PRODUCTS = (FABRIC, FABRIC_CA)


@dataclass(frozen=True)
class Found:
    """Where a product's programs are; `notes` say which other folders were passed over and why."""

    product: Product
    folder: Path
    notes: tuple[str, ...]


def default_cache() -> Path:
    """CARECHANNEL_CACHE, or `carechannel` in the user's cache folder (XDG Base Directory Specification)."""
    if own := os.environ.get("CARECHANNEL_CACHE"):
        return Path(own).expanduser().absolute()
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "carechannel"
    if platform.system() == "Darwin":
        return Path.home() / "Library" / "Caches" / "carechannel"
    return Path.home() / ".cache" / "carechannel"


def default_tools() -> Path:
    """The folder of the pinned Go modules, in a checkout."""
    return Path(__file__).parents[1] / "tools"


def find(product: Product, *, named: Path | None, cache: Path) -> Found | tuple[str, ...]:
    """The first folder with the whole product in a fitting version, or notes on why there is none."""
    on_path = shutil.which(next(iter(product.required)))
    kept = cache / cached_name(product)
    folders = [
        named.absolute() if named is not None else None,
        Path(on_path).absolute().parent if on_path else None,
        kept if kept.is_dir() else None,
    ]
    notes: list[str] = []
    for folder in folders:
        if folder is None:
            continue
        wrong = _unfit(product, folder)
        if wrong is None:
            return Found(product, folder, tuple(notes))
        notes.append(wrong)
    return tuple(notes)


def ensure(
    *,
    named: Path | None = None,
    cache: Path | None = None,
    tools: Path | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Found, ...]:
    """Every product, built into the cache where none is found. `named` defaults to FABRIC_BIN.

    Raises `BinariesError` with what went wrong and where the log of the build is.
    """
    if named is None and (variable := os.environ.get("FABRIC_BIN")):
        named = Path(variable).expanduser()
    cache = cache or default_cache()
    return tuple(_ensure(product, named, cache, tools or default_tools(), progress) for product in PRODUCTS)


def link(found: tuple[Found, ...], into: Path) -> None:
    """Fill the folder `into` with links to every program found, replacing links that stand there."""
    into.mkdir(parents=True, exist_ok=True)
    for one in found:
        for program in one.product.packages:
            target, place = one.folder / program, into / program
            if target.exists():
                place.unlink(missing_ok=True)
                place.symlink_to(target)


def cached_name(product: Product) -> str:
    """Name of the product's folder in the cache: version and platform."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{product.folder}-{product.version_text}-{platform.system().lower()}-{machine}"


def _ensure(product: Product, named: Path | None, cache: Path, tools: Path, progress: Progress) -> Found:
    found = find(product, named=named, cache=cache)
    notes = found.notes if isinstance(found, Found) else found
    for note in notes:
        progress(note)
    if isinstance(found, Found):
        return found
    folder = cache / cached_name(product)
    recipe = Recipe(
        name=f"{product.name} {product.version_text}",
        module_dir=tools / product.folder,
        packages=tuple(f"{product.module}/cmd/{program}" for program in product.packages),
        version=f"{product.module}/{product.version_variable}=v{product.version_text}",
        cgo=product.cgo,
    )
    build(recipe, folder, progress)
    wrong = _unfit(product, folder)
    if wrong is not None:
        raise BinariesError(f"What was built does not fit: {wrong} Remove {folder} and report this as a bug.")
    return Found(product, folder, notes)


def _unfit(product: Product, folder: Path) -> str | None:
    """Why the product in `folder` cannot be used, as a sentence, or None if it can."""
    for program, arguments in product.required.items():
        path = folder / program
        if not os.access(path, os.X_OK) or path.is_dir():
            return f"{folder} is passed over: it has no program {program}."
        if not arguments:
            continue
        version = _version(path, arguments)
        if version is None:
            return f"{folder} is passed over: {program} there does not tell its version."
        if not product.fits(version):
            text = ".".join(str(part) for part in version)
            return f"{folder} is passed over: {program} there is {text}, needed is {product.version_text}."
    return None


def _version(program: Path, arguments: tuple[str, ...]) -> tuple[int, int, int] | None:
    try:
        done = subprocess.run(
            [str(program), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=VERSION_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"Version: v?(\d+)\.(\d+)\.(\d+)", done.stdout + done.stderr)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
