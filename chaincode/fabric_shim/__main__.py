"""``python -m fabric_shim``: the command ``fabric-shim``."""

import sys

from fabric_shim.cli import main

if __name__ == "__main__":
    sys.exit(main())
