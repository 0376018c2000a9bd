"""The package's public names, which are imported at their first use."""

from __future__ import annotations

import subprocess
import sys

import carechannel
import pytest


@pytest.mark.parametrize("name", carechannel.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(carechannel, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        carechannel.nothing  # noqa: B018


def test_the_package_itself_loads_no_gateway_and_no_models() -> None:
    program = "import sys, carechannel.sdk; print(any(n in sys.modules for n in ('grpc', 'pydantic', 'hfc')))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"
