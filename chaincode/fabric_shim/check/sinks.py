"""Where values leave a transaction: the block, the response, errors and logs.

An argument of a function of the same module counts as well, when that function lets the parameter out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fabric_shim.check.attributes import last_name
from fabric_shim.check.dataflow import Flow
from fabric_shim.check.expressions import bound_arguments
from fabric_shim.check.functions import Function, Kind
from fabric_shim.check.source import Source
from fabric_shim.check.stub_api import Effect, Method, argument
from fabric_shim.check.tags import parameters_in

_LOG_METHODS: Final = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log"}
)
_LOGGERS: Final = frozenset({"log", "logger", "logging", "_log", "_logger", "LOG", "LOGGER"})
_PRINTERS: Final = frozenset(
    {"builtins.print", "pprint.pprint", "pprint.pp", "warnings.warn"}
    | {f"sys.{stream}.{method}" for stream in ("stdout", "stderr") for method in ("write", "buffer.write")}
)
_RESPONSES: Final = frozenset({"success", "error", "_error", "response"})
_PUBLIC_KEYS: Final = ("key", "keys", "start_key", "end_key", "attributes", "object_type")


class Exit(Enum):
    """One way out."""

    STATE = auto()
    PRIVATE_STATE = auto()
    KEY = auto()
    EVENT = auto()
    RESPONSE = auto()
    ERROR = auto()
    LOG = auto()
    CALL = auto()
    NAMESPACE = auto()


@dataclass(frozen=True, slots=True)
class Sink:
    """An expression whose value leaves the transaction.

    :ivar function: where the expression stands; None for the module's own statements.
    """

    exit: Exit
    value: ast.expr
    function: Function | None


def find_sinks(
    source: Source, flows: dict[Function | None, Flow], writers: frozenset[Function]
) -> list[Sink]:
    """All of a module's ways out, by their place."""
    sinks = [
        Sink(way, value, source.function_of(node))
        for node in source.nodes
        for way, value in _direct(source, node, writers)
    ]
    known = {(sink.exit, sink.value) for sink in sinks}
    # Each round carries sinks one call further up; a module has finitely many arguments.
    while True:
        passed = set(_parameters_let_out(flows, sinks))
        added = [
            Sink(way, value, source.function_of(call))
            for call in source.calls
            if (callee := source.callee(call)) is not None
            for name, value in bound_arguments(callee, call)
            for way in Exit
            if (callee, name, way) in passed and (way, value) not in known
        ]
        if not added:
            return sorted(sinks, key=lambda sink: (sink.value.lineno, sink.value.col_offset, sink.exit.value))
        sinks += added
        known |= {(sink.exit, sink.value) for sink in added}


def _parameters_let_out(
    flows: dict[Function | None, Flow], sinks: list[Sink]
) -> Iterator[tuple[Function, str, Exit]]:
    for sink in sinks:
        if sink.function is not None:
            for name in parameters_in(flows[sink.function].tags(sink.value)):
                yield sink.function, name, sink.exit


def _direct(source: Source, node: ast.AST, writers: frozenset[Function]) -> Iterator[tuple[Exit, ast.expr]]:
    if isinstance(node, ast.Raise):
        made = source.names.single_value(node.exc) if isinstance(node.exc, ast.Name) else node.exc
        if isinstance(made, ast.Call):
            for value in (*made.args, *(keyword.value for keyword in made.keywords)):
                yield Exit.ERROR, value
    elif isinstance(node, ast.Assert) and node.msg is not None:
        yield Exit.ERROR, node.msg
    elif isinstance(node, ast.Return) and node.value is not None:
        yield from _returned(source, node, node.value, writers)
    elif isinstance(node, ast.Call):
        method = source.stub_method(node)
        if method is not None:
            yield from _of_stub(source, node, method)
            return
        values = (*node.args, *(keyword.value for keyword in node.keywords))
        name = last_name(node.func)
        if is_log(source, node):
            yield from ((Exit.LOG, value) for value in values)
        elif name in ("error", "_error"):
            yield from ((Exit.ERROR, value) for value in values)
        elif name == "Response":
            yield from _of_response(source, node, writers)
        elif name in ("success", "Success") and _may_commit(source.function_of(node), writers):
            yield from ((Exit.RESPONSE, value) for value in values)


def _of_response(
    source: Source, call: ast.Call, writers: frozenset[Function]
) -> Iterator[tuple[Exit, ast.expr]]:
    parts = dict(zip(("status", "message", "payload"), call.args, strict=False))
    parts |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    if "message" in parts:
        yield Exit.ERROR, parts["message"]
    if "payload" in parts and _may_commit(source.function_of(call), writers):
        yield Exit.RESPONSE, parts["payload"]


def _returned(
    source: Source, node: ast.Return, value: ast.expr, writers: frozenset[Function]
) -> Iterator[tuple[Exit, ast.expr]]:
    function = source.function_of(node)
    if function is None or source.names.enclosing_function(node) is not function.node:
        return
    made = last_name(value.func).lower() if isinstance(value, ast.Call) else ""
    # The arguments of Response.success and Response.error are ways out of their own.
    if function.is_transaction and made not in _RESPONSES and _may_commit(function, writers):
        yield Exit.RESPONSE, value


def _may_commit(function: Function | None, writers: frozenset[Function]) -> bool:
    if function is None or function.kind is Kind.EVALUATE:
        return False
    return function.kind is Kind.SUBMIT or function in writers


def _of_stub(source: Source, call: ast.Call, method: Method) -> Iterator[tuple[Exit, ast.expr]]:
    if method.effect is Effect.EVENT:
        yield from (
            (Exit.EVENT, value) for name in method.parameters if (value := argument(call, method, name))
        )
    if method.effect is Effect.CALL:
        chaincode, arguments = argument(call, method, "chaincode_name"), argument(call, method, "args")
        if chaincode is not None:
            yield Exit.NAMESPACE, chaincode
        if arguments is not None:
            yield Exit.CALL, arguments
    if method.effect in (Effect.KEY, Effect.RANGE, Effect.PAGED, Effect.PRIVATE_QUERY):
        object_type = argument(call, method, "object_type") if "object_type" in method.parameters else None
        if object_type is not None:
            yield Exit.NAMESPACE, object_type
    if value := argument(call, method, "value"):
        yield (Exit.PRIVATE_STATE if method.private else Exit.STATE), value
    function = source.function_of(call)
    in_block = function is None or function.kind is not Kind.EVALUATE
    if not method.private and method.effect is not Effect.KEY and in_block:
        for name in _PUBLIC_KEYS:
            if name in method.parameters and (key := argument(call, method, name)) is not None:
                yield Exit.KEY, key


def is_log(source: Source, node: ast.Call) -> bool:
    """Whether a call writes to a log or to the standard output."""
    name = source.names.resolve(node.func) or ""
    if name in _PRINTERS:
        return True
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _LOG_METHODS:
        return False
    return name.startswith("logging.") or last_name(node.func.value) in _LOGGERS
