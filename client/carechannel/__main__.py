"""``python -m carechannel`` is the command ``carechannel``."""

from carechannel.cli import main

main()
