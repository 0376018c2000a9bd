"""Data flow within one function: which names and expressions hold private values, sets, floats and so on.

Statements are read top to bottom; branches are joined, loop bodies read twice. Calls of functions of the same
module use that function's summary: the tags of its result in terms of its parameters.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from fabric_shim.check import expressions, tags
from fabric_shim.check.attributes import annotated
from fabric_shim.check.functions import Function, Kind, is_ledger
from fabric_shim.check.names import FunctionNode
from fabric_shim.check.source import Source
from fabric_shim.check.tags import NONE, Tags

Environment = dict[str, Tags]

_TELLING_ERRORS = frozenset(
    {"Exception", "BaseException", "ValueError", "KeyError", "TypeError", "LookupError", "IndexError"}
    | {"AttributeError", "UnicodeError", "UnicodeDecodeError", "JSONDecodeError", "ArithmeticError"}
    | {"LedgerError", "ShimError"}
)


class Flow:
    """The tags of every expression of one function.

    :param summaries: the result's tags of the module's functions, as far as they are known by now.
    :param base: the tags of the module's own variables.
    """

    def __init__(
        self, source: Source, function: Function | None, summaries: Mapping[Function, Tags], base: Environment
    ) -> None:
        self.source = source
        self.summaries = summaries
        self.returned: Tags = NONE
        self._tags: dict[ast.AST, Tags] = {}
        if function is None:
            self.environment = self._run(source.tree.body, {})
        else:
            # What is given to nested functions is known after the first round.
            for _ in range(2 if _has_nested(function) else 1):
                given = {**base, **_parameters(source, function)}
                self.environment = self._run(function.node.body, given)

    def tags(self, node: ast.AST) -> Tags:
        """What is known of an expression."""
        return self._tags.get(node, NONE)

    def record(self, node: ast.AST, found: Tags) -> Tags:
        """Keep what is known of an expression; what is met twice is joined."""
        self._tags[node] = self.tags(node) | found
        return found

    def _evaluate(self, node: ast.expr | None, environment: Environment) -> Tags:
        return NONE if node is None else expressions.evaluate(self, node, environment)

    def _run(self, statements: Iterable[ast.stmt], environment: Environment) -> Environment:
        for statement in statements:
            environment = self._step(statement, environment)
        return environment

    def _step(self, node: ast.stmt, env: Environment) -> Environment:  # noqa: PLR0911, PLR0912 - one branch per statement
        match node:
            case ast.Assign():
                value = self._evaluate(node.value, env)
                for target in node.targets:
                    self.assign(target, value, env, node.value)
            case ast.AnnAssign(value=ast.expr() as given):
                self.assign(node.target, self._evaluate(given, env) | annotated(node.annotation), env, given)
            case ast.AugAssign():
                self.assign(
                    node.target, self._evaluate(node.value, env) | self._evaluate(node.target, env), env
                )
            case ast.For() | ast.AsyncFor():
                items = self._evaluate(node.iter, env) - {tags.SET}
                return self._loop(node, items, env)
            case ast.While():
                self._evaluate(node.test, env)
                return self._loop(node, NONE, env)
            case ast.If():
                self._evaluate(node.test, env)
                return _join(self._run(node.body, dict(env)), self._run(node.orelse, dict(env)))
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    value = self._evaluate(item.context_expr, env)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, value, env)
                return self._run(node.body, env)
            case ast.Try() | ast.TryStar():
                return self._try(node, env)
            case ast.Match():
                return self._match(node, env)
            case ast.Return():
                self.returned |= self._evaluate(node.value, env)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if self.source.names.enclosing_function(node) is not None:
                    returned, self.returned = self.returned, NONE
                    self._run(node.body, {**env, **self._given_to(node)})
                    env[node.name], self.returned = self.returned, returned
            case ast.ClassDef():
                pass
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._evaluate(child, env)
        return env

    def _given_to(self, nested: FunctionNode) -> Environment:
        names = [a.arg for a in (*nested.args.posonlyargs, *nested.args.args, *nested.args.kwonlyargs)]
        given: Environment = dict.fromkeys(names, NONE)
        around = self.source.names.enclosing_function(nested) or self.source.tree
        for call in ast.walk(around):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == nested.name:
                named = [(k.arg, k.value) for k in call.keywords if k.arg in given]
                for name, value in (*zip(names, call.args, strict=False), *named):
                    if name is not None:
                        given[name] |= self.tags(value)
        return given

    def assign(self, target: ast.expr, value: Tags, env: Environment, given: ast.expr | None = None) -> None:
        """Bind what a target names."""
        if isinstance(target, ast.Name):
            env[target.id] = value
            self.record(target, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, env)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value, env, given)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._evaluate(target.value, env)
            weaken(target, value - {tags.SET}, env)

    def _unpack(self, targets: list[ast.expr], value: Tags, env: Environment, given: ast.expr | None) -> None:
        whole = value - {tags.SET}
        if isinstance(given, ast.Tuple | ast.List) and len(given.elts) == len(targets):
            for target, item in zip(targets, given.elts, strict=True):
                self.assign(target, self.tags(item), env, item)
            return
        method = None if given is None else self.source.stub_method(given)
        for place, target in enumerate(targets):
            is_name = place == 0 and method is not None and method.name == "get_function_and_parameters"
            self.assign(target, frozenset({tags.FUNCTION}) if is_name else whole, env)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, items: Tags, env: Environment) -> Environment:
        for _ in range(2):
            inside = dict(env)
            if not isinstance(node, ast.While):
                self.assign(node.target, items, inside)
            env = _join(env, self._run(node.body, inside))
        return self._run(node.orelse, env)

    def _try(self, node: ast.Try | ast.TryStar, env: Environment) -> Environment:
        after = self._run(node.body, dict(env))
        joined = self._run(node.orelse, dict(after))
        for handler in node.handlers:
            caught = _join(env, after)
            if handler.name:
                caught[handler.name] = frozenset({tags.ERROR}) if is_telling(handler) else NONE
            joined = _join(joined, self._run(handler.body, caught))
        return self._run(node.finalbody, joined)

    def _match(self, node: ast.Match, env: Environment) -> Environment:
        subject = self._evaluate(node.subject, env)
        joined = env
        for case in node.cases:
            inside = dict(env)
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    inside[part.name] = subject
            self._evaluate(case.guard, inside)
            joined = _join(joined, self._run(case.body, inside))
        return joined


def flows(source: Source) -> dict[Function | None, Flow]:
    """The flow of every function of a module, and under None that of its own statements."""
    summaries: dict[Function, Tags] = {}
    while True:
        module = Flow(source, None, summaries, {})
        found = {f: Flow(source, f, summaries, module.environment) for f in source.functions}
        # Summaries only ever grow, so this ends.
        grown = {f: flow.returned | summaries.get(f, NONE) for f, flow in found.items()}
        if grown == summaries:
            return {None: module} | found
        summaries = grown


def is_telling(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches errors whose text may quote data: not a project's own error classes."""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind).rpartition(".")[2] in _TELLING_ERRORS for kind in caught)


def weaken(target: ast.expr, value: Tags, env: Environment) -> None:
    """Add tags to the variable whose part is changed."""
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    if isinstance(target, ast.Name) and target.id not in ("self", "cls", "ctx", "stub"):
        env[target.id] = env.get(target.id, NONE) | value


def _parameters(source: Source, function: Function) -> Environment:
    environment: Environment = {}
    for parameter in function.parameters:
        if is_ledger(parameter):
            environment[parameter.arg] = NONE
            continue
        known = {tags.parameter(parameter.arg)} | annotated(parameter.annotation)
        known |= source.fields_tags(parameter.annotation)
        asked_by_client = function.is_transaction and function.kind is not Kind.HOOK
        if asked_by_client and tags.PRIVATE not in known:
            known.add(tags.ARGUMENT)
        environment[parameter.arg] = frozenset(known)
    return environment


def _has_nested(function: Function) -> bool:
    return any(
        isinstance(node, FunctionNode) for node in ast.walk(function.node) if node is not function.node
    )


def _join(one: Environment, other: Environment) -> Environment:
    return {name: one.get(name, NONE) | other.get(name, NONE) for name in one.keys() | other.keys()}
