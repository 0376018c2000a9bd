"""``python -m care_contracts``: serve the chaincode ``care`` to the peers of one institution."""

import sys

from fabric_shim import serve

from care_contracts.chaincode import CareChaincode


def main() -> int:
    """Serve until SIGTERM; the options and environment variables are those of `fabric_shim.serve`."""
    return serve(CareChaincode())


if __name__ == "__main__":
    sys.exit(main())
