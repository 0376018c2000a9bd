"""The stub's methods as the rules see them: what each one does to the ledger, and its parameters.

Names are those of fabric-chaincode-go in snake_case; the camelCase of Node and Java, Go's own PascalCase and
the official Python port's ``delete_state`` mean the same methods.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Effect(Enum):
    """What a method does, as the peer treats it (core/ledger/kvledger/txmgmt/txmgr/tx_simulator.go)."""

    READ = auto()
    WRITE = auto()
    RANGE = auto()
    """Re-checked at commit: a change in between is a PHANTOM_READ_CONFLICT."""
    PAGED = auto()
    """The peer refuses writes in the same transaction."""
    RICH = auto()
    """Not re-checked at commit."""
    HISTORY = auto()
    """Not re-checked at commit."""
    PRIVATE_QUERY = auto()
    """The peer refuses writes in the same transaction."""
    EVENT = auto()
    CALL = auto()
    PROPOSAL = auto()
    KEY = auto()


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the stub.

    :ivar parameters: their names, in order.
    :ivar awaited: whether it gives an awaitable in an ``async def``.
    """

    name: str
    effect: Effect
    parameters: tuple[str, ...]
    awaited: bool = True

    @property
    def private(self) -> bool:
        """Whether it works on a private data collection."""
        return "private_data" in self.name

    @property
    def asks_ledger(self) -> bool:
        """Whether the peer is asked, which may be refused with a LedgerError."""
        return self.effect not in (Effect.EVENT, Effect.PROPOSAL, Effect.KEY)


_RANGE: Final = ("start_key", "end_key")
_PARTIAL: Final = ("object_type", "attributes")
_PAGE: Final = ("page_size", "bookmark")


def _table() -> dict[str, Method]:
    e = Effect
    methods = [
        Method("get_state", e.READ, ("key",)),
        Method("get_multiple_states", e.READ, ("keys",)),
        Method("get_state_validation_parameter", e.READ, ("key",)),
        Method("get_private_data", e.READ, ("collection", "key")),
        Method("get_multiple_private_data", e.READ, ("collection", "keys")),
        Method("get_private_data_hash", e.READ, ("collection", "key")),
        Method("get_private_data_validation_parameter", e.READ, ("collection", "key")),
        Method("put_state", e.WRITE, ("key", "value")),
        Method("del_state", e.WRITE, ("key",)),
        Method("set_state_validation_parameter", e.WRITE, ("key", "policy")),
        Method("put_private_data", e.WRITE, ("collection", "key", "value")),
        Method("del_private_data", e.WRITE, ("collection", "key")),
        Method("purge_private_data", e.WRITE, ("collection", "key")),
        Method("set_private_data_validation_parameter", e.WRITE, ("collection", "key", "policy")),
        Method("get_state_by_range", e.RANGE, _RANGE, awaited=False),
        Method("get_state_by_partial_composite_key", e.RANGE, _PARTIAL, awaited=False),
        Method("get_state_by_range_with_pagination", e.PAGED, (*_RANGE, *_PAGE)),
        Method("get_state_by_partial_composite_key_with_pagination", e.PAGED, (*_PARTIAL, *_PAGE)),
        Method("get_all_states_composite_key_with_pagination", e.PAGED, _PAGE),
        Method("get_query_result", e.RICH, ("query",), awaited=False),
        Method("get_query_result_with_pagination", e.PAGED, ("query", *_PAGE)),
        Method("get_history_for_key", e.HISTORY, ("key",), awaited=False),
        Method("get_private_data_by_range", e.PRIVATE_QUERY, ("collection", *_RANGE), awaited=False),
        Method(
            "get_private_data_by_partial_composite_key",
            e.PRIVATE_QUERY,
            ("collection", *_PARTIAL),
            awaited=False,
        ),
        Method("get_private_data_query_result", e.PRIVATE_QUERY, ("collection", "query"), awaited=False),
        Method("set_event", e.EVENT, ("name", "payload"), awaited=False),
        Method("invoke_chaincode", e.CALL, ("chaincode_name", "args", "channel")),
        Method("create_composite_key", e.KEY, _PARTIAL, awaited=False),
        Method("split_composite_key", e.KEY, ("composite_key",), awaited=False),
    ]
    proposal = (
        "get_args get_string_args get_args_slice get_function_and_parameters get_tx_id get_channel_id "
        "get_creator get_transient get_binding get_decorations get_signed_proposal get_tx_timestamp"
    )
    methods += [Method(name, e.PROPOSAL, (), awaited=False) for name in proposal.split()]
    return {method.name: method for method in methods}


METHODS: Final = _table()
_OTHER_NAMES: Final = {
    "delete_state": "del_state",
    "delete_private_data": "del_private_data",
    "get_txid": "get_tx_id",
    "get_transient_map": "get_transient",
    "get_channel": "get_channel_id",
}


def method_named(name: str) -> Method | None:
    """The method that a name means, in whatever case it is written."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return METHODS.get(_OTHER_NAMES.get(snake, snake))


def argument(call: ast.Call, method: Method, name: str) -> ast.expr | None:
    """The expression that a call gives for a parameter of the method."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    position = method.parameters.index(name) if name in method.parameters else len(call.args)
    given = call.args[: position + 1]
    if len(given) <= position or any(isinstance(value, ast.Starred) for value in given):
        return None
    return given[position]
