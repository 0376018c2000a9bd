"""The program of the twin process (see twin.py): sets another clock and host name, then runs twin_child.py.

Run by its path, because importing anything of this package before the clock is set would let it keep the
true one.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import socket
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

HOST: Final = "twin"


def main() -> None:
    """Take over the other process's module path, and serve it."""
    connection = Connection(int(sys.argv[1]))
    sys.path[:] = connection.recv()
    _set_clock()
    _name_host()
    importlib.import_module("fabric_shim.testing.twin_child").serve(connection)


def _set_clock() -> None:
    path = Path(__file__).with_name("twin_clock.py")
    specification = importlib.util.spec_from_file_location("twin_clock", path)
    if specification is None or specification.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.shift()


def _name_host() -> None:
    here = list(os.uname())
    here[1] = HOST
    there = os.uname_result(here)
    os.uname = lambda: there
    socket.gethostname = lambda: HOST


if __name__ == "__main__":
    main()
