"""docs/client/parity.md has a row for all that fabric_gateway offers, and an existing test for each row.

Links of the pages of docs/client and docs/sdk lead somewhere.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import re
from pathlib import Path

import fabric_gateway
import pytest
from fabric_gateway import errors, hash, signers, sync

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "client" / "parity.md"
PAGES = sorted([*(REPOSITORY / "docs" / "client").glob("*.md"), *(REPOSITORY / "docs" / "sdk").glob("*.md")])

ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and line.count("|") >= 7 and not line.startswith("| |")
]
PROOF = re.compile(r"\[`(?P<path>tests/[\w/]+\.py)::(?P<name>\w+)`\]\(\.\./\.\./(?P<target>[\w/]+\.py)\)")
NAME = re.compile(r"`(?P<name>\w+(?:\.\w+)?)(?:\((?P<option>\w+)=…\))?`")
DESCRIBED = {match["name"] for row in ROWS for match in NAME.finditer(row[0])}
OPTIONS = {
    (match["name"], match["option"]) for row in ROWS for match in NAME.finditer(row[0]) if match["option"]
}

# How the library makes its own objects; callers do not.
MADE_INSIDE = {"new", "from_bytes"}
# What a ledger holds, decoded: the row names the class, whose fields are the protobuf message's.
DECODED = {
    "Block",
    "BlockTransaction",
    "ChainInfo",
    "Endorsement",
    "Invocation",
    "MetadataWrite",
    "PrivateMetadataWrite",
    "PrivateRead",
    "PrivateWrite",
    "RangeRead",
    "Read",
    "ReadWriteSet",
    "Version",
    "Write",
}
# Their members are described by the whole: StatusCode is gRPC's list, ValidationCode is Fabric's.
LISTS = {"StatusCode", "ValidationCode"}
ERRORS = [
    found
    for found in vars(errors).values()
    if inspect.isclass(found) and issubclass(found, errors.FabricGatewayError)
]
RAISED = [
    errors.FabricGatewayError("x"),
    errors.ResponseError("x"),
    errors.GatewayError("x", code=errors.StatusCode.UNKNOWN),
    errors.CommitError(
        transaction_id="x", validation_code=fabric_gateway.ValidationCode.BAD_RWSET, block_number=1
    ),
]


def members(owner: type) -> set[str]:
    """The public names that a class itself adds to its bases'."""
    fields: set[str] = set()
    if dataclasses.is_dataclass(owner) and owner.__name__ not in DECODED:
        fields = {field.name for field in dataclasses.fields(owner)}
    own = {
        name
        for name, found in vars(owner).items()
        if not name.startswith("_") and not inspect.ismemberdescriptor(found)
    }
    return {f"{owner.__name__}.{name}" for name in (own | fields) - MADE_INSIDE}


@functools.cache
def named_in(path: str) -> set[str]:
    """The test functions of a file, read and not imported."""
    tree = ast.parse((REPOSITORY / path).read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {node.name for node in found if node.name.startswith("test_")}


def test_every_row_names_tests_that_exist() -> None:
    assert len(ROWS) > 150
    for row in ROWS:
        assert len(row) == 6, row
        assert all(row), row[0]
        proofs = row[5].split("<br>")
        for proof in proofs:
            named = PROOF.fullmatch(proof)
            assert named is not None, (row[0], proof)
            assert named["path"] == named["target"], row[0]
            assert (REPOSITORY / named["path"]).is_file(), (row[0], named["path"])
            assert named["name"] in named_in(named["path"]), (row[0], proof)


@pytest.mark.parametrize("name", fabric_gateway.__all__)
def test_every_public_name_has_a_row(name: str) -> None:
    assert name in DESCRIBED
    found = getattr(fabric_gateway, name)
    if inspect.isclass(found) and name not in LISTS and found not in ERRORS:
        assert members(found) <= DESCRIBED


def test_every_error_and_what_it_carries_has_a_row() -> None:
    assert {error.__name__ for error in ERRORS} <= DESCRIBED
    inherited: set[str] = set()
    for error in RAISED:
        own = {name for name in dir(error) if not name.startswith("_")} - set(dir(Exception()))
        assert {f"{type(error).__name__}.{name}" for name in own - inherited} <= DESCRIBED
        if type(error) is errors.FabricGatewayError:
            inherited = own


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("connect", fabric_gateway.connect),
        ("Contract.new_proposal", fabric_gateway.Contract.new_proposal),
        ("Network.chaincode_events", fabric_gateway.Network.chaincode_events),
    ],
)
def test_every_option_has_a_row(name: str, call: object) -> None:
    assert callable(call)
    parameters = inspect.signature(call).parameters.values()
    assert {option for of, option in OPTIONS if of == name} == {
        parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY
    }


def test_signers_hashes_and_what_the_blocking_client_adds_have_rows() -> None:
    hashes = [name for name, found in vars(hash).items() if inspect.isfunction(found)]
    assert {f"hash.{name}" for name in hashes} <= DESCRIBED
    assert {f"signers.{name}" for name in signers.__all__} <= DESCRIBED
    assert set(sync.__all__) - set(fabric_gateway.__all__) == {"BlockingSigner"}
    assert {"sync.BlockingSigner", "sync.connect"} <= DESCRIBED


@pytest.mark.parametrize("name", sorted(DESCRIBED))
def test_no_row_is_of_something_that_is_not_there(name: str) -> None:
    owner, _, member = name.partition(".")
    places = {"hash": hash, "sync": sync}
    found = places.get(owner) or getattr(fabric_gateway, owner, None) or getattr(errors, owner, None)
    assert found is not None
    if member:
        fields = (
            {field.name for field in dataclasses.fields(found)} if dataclasses.is_dataclass(found) else set()
        )
        carried = {each for error in RAISED if type(error) is found for each in vars(error)}
        assert hasattr(found, member) or member in fields | carried


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code forges make them."""
    without_code = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert target.is_relative_to(REPOSITORY), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}"
