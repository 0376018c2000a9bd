"""Connection profiles: what is missing or malformed is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from carechannel.errors import ProfileError, UnknownConsortiumError, UnknownMemberError
from carechannel.profile import Profile

from tests.unit.carechannel.simulated import CHANNEL, CLINIC, A, profile_of


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(profile_of(tmp_path, A).model_dump_json(by_alias=True))
    return loaded


def load(tmp_path: Path, content: Any) -> Profile:
    path = tmp_path / "profile.json"
    path.write_text(json.dumps(content))
    return Profile.load(path)


def test_a_profile_is_read(tmp_path: Path, content: dict[str, Any]) -> None:
    profile = load(tmp_path, {**content, "orderers": {}, "channels": {}, "version": "1.0.0"})
    assert profile.msp_id == A
    assert profile.peer(f"peer0.{A}").address == "127.0.0.1:1"
    assert profile.custodian_peer(CHANNEL, A) == f"peer0.{A}"


def test_tls_roots_may_be_a_list(tmp_path: Path, content: dict[str, Any]) -> None:
    content["peers"][f"peer0.{A}"]["tlsCACerts"]["pem"] = ["one\n", "two\n"]
    assert load(tmp_path, content).peer(f"peer0.{A}").tls_roots.text == "one\ntwo\n"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peers": {"p": {"url": "http://x", "tlsCACerts": {"pem": "x"}}}}, r"peers\.p\.url"),
        ({"client": {"organization": "nobody"}}, "client.organization"),
        ({"x-carechannel": {}}, "x-carechannel.home"),
    ],
)
def test_a_malformed_entry_is_named(
    tmp_path: Path, content: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ProfileError, match=words):
        load(tmp_path, {**content, **change})


def test_an_unknown_key_of_our_own_section_is_named(tmp_path: Path, content: dict[str, Any]) -> None:
    content["x-carechannel"]["hoem"] = "/x"
    with pytest.raises(ProfileError, match="hoem"):
        load(tmp_path, content)


def test_a_missing_file_and_broken_json(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no connection profile"):
        Profile.load(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ProfileError, match="not JSON"):
        Profile.load(tmp_path / "broken.json")
    with pytest.raises(ProfileError, match="cannot be read"):
        Profile.load(tmp_path)


def test_unknown_consortium_and_members(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, A)
    with pytest.raises(UnknownConsortiumError, match=CHANNEL):
        profile.consortium("nowhere")
    with pytest.raises(UnknownMemberError, match="not a member"):
        profile.custodian_peer(CHANNEL, "NobodyMSP")
    with pytest.raises(UnknownMemberError, match="runs no peer"):
        profile.custodian_peer(CHANNEL, CLINIC)
    with pytest.raises(ProfileError, match="does not describe the peer"):
        profile.peer("peer9")
    with pytest.raises(ProfileError, match="no certificate authority"):
        profile.authority()
