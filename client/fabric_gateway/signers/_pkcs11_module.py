"""PKCS#11 modules as this process has loaded them.

A module is one for the whole process: it is initialised once, a login to a token holds for every session, and
in a child after ``fork`` it is unusable until that child initialises it again (PKCS#11 2.40, 6.6.1).
python-pkcs11 initialises without asking for locks, so a module must never be entered by two threads at once:
every call happens while ``Module.lock`` is held.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fabric_gateway.errors import HardwareKeyError

if TYPE_CHECKING:
    import pkcs11._pkcs11

    from fabric_gateway.signers._pkcs11_login import Login

_MISSING = "keys in a hardware module need python-pkcs11; install it with: pip install 'carechannel[pkcs11]'"


class Module:
    """A loaded module; ``lock`` is held during every call into it."""

    def __init__(self, path: Path, library: pkcs11._pkcs11.lib) -> None:
        self.path = path
        self.library = library
        self.lock = threading.RLock()
        self.logins: dict[int, Login] = {}
        """By slot."""

    def restart(self) -> None:
        """Initialise it again: some modules see a token that was away only then. All sessions are void.

        Raises:
            HardwareKeyError: it does not start any more.
        """
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415  an extra

        for login in self.logins.values():
            login.void()
        with suppress(PKCS11Error):  # what it was before does not matter
            self.library.finalize()
        try:
            self.library.initialize()
        except PKCS11Error as error:
            raise HardwareKeyError(
                f"the PKCS#11 module {self.path} does not start again ({reason(error)}); check its token"
            ) from error


class _Registry:
    """The modules of this process. Those of the parent are initialised again in a child."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.modules: dict[str, Module] = {}
        self.inherited: set[str] = set()

    def forked(self) -> None:
        self.lock = threading.Lock()
        self.inherited |= set(self.modules)
        self.modules = {}


_registry = _Registry()
os.register_at_fork(after_in_child=_registry.forked)


def load(path: Path) -> Module:
    """The module in that file, initialised. Its code runs in this process, with this process's rights.

    Raises:
        HardwareKeyError: python-pkcs11 or the file is missing, or the file is no PKCS#11 module.
    """
    try:
        import pkcs11  # noqa: PLC0415  an extra
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415
    except ImportError as error:
        raise HardwareKeyError(_MISSING) from error
    if not path.is_absolute():
        raise HardwareKeyError(f"the path of the PKCS#11 module, {path}, is not absolute; give it from / on")
    if not path.is_file():
        raise HardwareKeyError(f"there is no PKCS#11 module {path}; give the path of the vendor's .so file")
    name = str(path.resolve())
    with _registry.lock:
        if name in _registry.modules:
            return _registry.modules[name]
        try:
            # Under the name by which other code of this process may have loaded it: a second name would be
            # initialised a second time, which modules refuse.
            known = [loaded for loaded in pkcs11._loaded if str(Path(loaded).resolve()) == name]
            module = Module(path, pkcs11.lib(known[0] if known else str(path)))
        except PKCS11Error as error:
            raise HardwareKeyError(
                f"{path} cannot be used as a PKCS#11 module ({reason(error)}); check it"
            ) from error
        if name in _registry.inherited:
            module.restart()
            _registry.inherited.discard(name)
        _registry.modules[name] = module
        return module


def reason(error: Exception) -> str:
    """What a module answered: the return code's name, and its text if it has one."""
    return ": ".join(part for part in (type(error).__name__, str(error)) if part)
