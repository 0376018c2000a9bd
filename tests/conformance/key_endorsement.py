"""Key-level endorsement: a key that another organisation must endorse."""

from __future__ import annotations

import json

import pytest

from tests.conformance.ledger import HOME, HOME_COLLECTION, OTHER, InvalidError, Ledger, ask

ENDORSEMENT_POLICY_FAILURE = 10
BY_OTHER = json.dumps([OTHER])
BY_BOTH = json.dumps([OTHER, HOME])


async def invalid(ledger: Ledger, function: str, *arguments: str, endorsers: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError) as refused:
        await ledger.submit(function, *arguments, endorsers=endorsers)
    assert refused.value.code == ENDORSEMENT_POLICY_FAILURE


class TestKeyEndorsement:
    async def test_a_key_of_another_organisation(self, ledger: Ledger) -> None:
        await ledger.submit("parity:put_with_policy", "sbe-a", "v1", BY_OTHER)
        assert await ask(ledger, "parity:get_policy", "sbe-a") == [OTHER]
        await invalid(ledger, "put", "sbe-a", "v2", endorsers=(HOME,))
        await invalid(ledger, "delete", "sbe-a", endorsers=(HOME,))
        await invalid(ledger, "parity:set_policy", "sbe-a", "[]", endorsers=(HOME,))
        assert await ledger.evaluate("get", "sbe-a") == b"v1"
        await ledger.submit("put", "sbe-a", "v2", endorsers=(OTHER,))
        assert await ledger.evaluate("get", "sbe-a") == b"v2"
        assert await ask(ledger, "parity:get_policy", "sbe-a") == [OTHER]

    async def test_a_key_of_both(self, ledger: Ledger) -> None:
        await ledger.submit("parity:put_with_policy", "sbe-b", "v1", BY_BOTH)
        assert await ask(ledger, "parity:get_policy", "sbe-b") == [HOME, OTHER]
        await invalid(ledger, "put", "sbe-b", "v2", endorsers=(HOME,))
        await invalid(ledger, "put", "sbe-b", "v2", endorsers=(OTHER,))
        await ledger.submit("put", "sbe-b", "v2", endorsers=(HOME, OTHER))
        assert await ledger.evaluate("get", "sbe-b") == b"v2"

    async def test_a_policy_can_be_taken_away(self, ledger: Ledger) -> None:
        await ledger.submit("parity:put_with_policy", "sbe-c", "v1", BY_OTHER)
        await ledger.submit("parity:set_policy", "sbe-c", "[]", endorsers=(OTHER,))
        assert await ledger.evaluate("parity:get_policy", "sbe-c") == b""
        await ledger.submit("put", "sbe-c", "v2", endorsers=(HOME,))
        assert await ledger.evaluate("get", "sbe-c") == b"v2"

    async def test_a_missing_key_keeps_no_policy(self, ledger: Ledger) -> None:
        await ledger.submit("parity:set_policy", "sbe-none", BY_OTHER)
        assert await ledger.evaluate("parity:get_policy", "sbe-none") == b""
        await ledger.submit("put", "sbe-none", "v", endorsers=(HOME,))

    async def test_a_deleted_key_loses_its_policy(self, ledger: Ledger) -> None:
        await ledger.submit("parity:put_with_policy", "sbe-d", "v1", BY_OTHER)
        await ledger.submit("delete", "sbe-d", endorsers=(OTHER,))
        assert await ledger.evaluate("parity:get_policy", "sbe-d") == b""
        await ledger.submit("put", "sbe-d", "v2", endorsers=(HOME,))

    async def test_a_private_key_of_another_organisation(self, ledger: Ledger) -> None:
        await ledger.submit(
            "parity:put_private_with_policy",
            HOME_COLLECTION,
            "sbe-p",
            BY_OTHER,
            transient={"value": b"v1"},
        )
        assert await ask(ledger, "parity:get_private_policy", HOME_COLLECTION, "sbe-p") == [OTHER]
        with pytest.raises(InvalidError) as refused:
            await ledger.submit("put_private", HOME_COLLECTION, transient={"sbe-p": b"v2"})
        assert refused.value.code == ENDORSEMENT_POLICY_FAILURE
        assert (await ask(ledger, "get_private", HOME_COLLECTION, "sbe-p"))[0] == "v1"
        absent = await ledger.evaluate("parity:get_private_policy", HOME_COLLECTION, "sbe-none")
        assert absent == b""
