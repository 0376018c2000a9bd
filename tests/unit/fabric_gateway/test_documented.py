"""Every public name says what it means, and every call that can fail says how."""

from __future__ import annotations

import inspect

import fabric_gateway
import pytest
from fabric_gateway import sync

CLASSES = [name for name in fabric_gateway.__all__ if inspect.isclass(getattr(fabric_gateway, name))]


def members(of: type) -> dict[str, object]:
    found = {}
    for name, member in vars(of).items():
        function = getattr(member, "__func__", member)
        if not name.startswith("_") and (inspect.isfunction(function) or isinstance(member, property)):
            found[name] = function
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_class_and_members_have_a_docstring(name: str) -> None:
    documented = getattr(fabric_gateway, name)
    assert documented.__doc__
    for member, found in members(documented).items():
        assert inspect.getdoc(found), f"{name}.{member}"


@pytest.mark.parametrize("name", ["Proposal", "Transaction", "Commit", "Contract", "Network"])
def test_every_call_of_the_flow_names_its_errors(name: str) -> None:
    for member, found in members(getattr(fabric_gateway, name)).items():
        if inspect.iscoroutinefunction(found):
            text = inspect.getdoc(found) or ""
            assert "Raises:" in text or "raises the same" in text, f"{name}.{member}"


def test_functions_and_modules_have_a_docstring() -> None:
    for name in fabric_gateway.__all__:
        found = getattr(fabric_gateway, name)
        if inspect.isfunction(found) or inspect.ismodule(found):
            assert inspect.getdoc(found), name
    assert sync.__doc__
