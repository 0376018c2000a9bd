"""The command ``fabric-shim``: start a chaincode, write its metadata, check its code."""

from fabric_shim.cli.main import main

__all__ = ["main"]
