"""The tags of expressions: how values pass through operators, calls and containers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fabric_shim.check import known_calls, tags
from fabric_shim.check.attributes import last_name
from fabric_shim.check.functions import Function
from fabric_shim.check.stub_api import Effect, Method
from fabric_shim.check.tags import NONE, Tags

if TYPE_CHECKING:
    from fabric_shim.check.dataflow import Environment, Flow

_SET_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)


def evaluate(flow: Flow, node: ast.expr, env: Environment) -> Tags:
    """Find and record the tags of an expression and of all its parts."""
    return flow.record(node, _evaluate(flow, node, env))


def _evaluate(flow: Flow, node: ast.expr, env: Environment) -> Tags:  # noqa: PLR0911, PLR0912 - one case per node
    match node:
        case ast.Name():
            return env.get(node.id, NONE)
        case ast.Constant():
            return frozenset({tags.FLOAT}) if isinstance(node.value, float) else NONE
        case ast.Call():
            return _call(flow, node, env)
        case ast.Attribute():
            whole = evaluate(flow, node.value, env) - {tags.SET}
            own = flow.source.attribute_tags(node)
            return whole if own is None else (whole - {tags.FLOAT}) | own
        case ast.Subscript():
            evaluate(flow, node.slice, env)
            return evaluate(flow, node.value, env) - {tags.SET}
        case ast.BinOp():
            return _operation(flow, node, env)
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            _children(flow, node, env)
            return NONE
        case ast.IfExp():
            evaluate(flow, node.test, env)
            return evaluate(flow, node.body, env) | evaluate(flow, node.orelse, env)
        case ast.BoolOp():
            return frozenset().union(*(evaluate(flow, value, env) for value in node.values))
        case ast.NamedExpr():
            value = evaluate(flow, node.value, env)
            flow.assign(node.target, value, env, node.value)
            return value
        case ast.Await() | ast.FormattedValue():
            return evaluate(flow, node.value, env)
        case ast.Set():
            return (_children(flow, node, env) - {tags.SET}) | {tags.SET}
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return _comprehension(flow, node, env)
        case ast.Lambda():
            return evaluate(flow, node.body, env) - {tags.SET}
        case ast.Yield(value=ast.expr() as given) | ast.YieldFrom(value=given):
            flow.returned |= evaluate(flow, given, env) - {tags.SET}
            return NONE
        case _:
            return _children(flow, node, env) - {tags.SET}


def _children(flow: Flow, node: ast.AST, env: Environment) -> Tags:
    found = (
        evaluate(flow, child, env) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    )
    return frozenset().union(*found)


def _operation(flow: Flow, node: ast.BinOp, env: Environment) -> Tags:
    left, right = evaluate(flow, node.left, env), evaluate(flow, node.right, env)
    both = left | right
    if isinstance(node.op, _SET_OPERATORS):
        views = any(_is_key_view(side) for side in (node.left, node.right))
        return both | {tags.SET} if views else both
    if isinstance(node.op, ast.Div) and not any(
        _is_path_part(flow, side) for side in (node.left, node.right)
    ):
        both |= {tags.FLOAT}
    return both - {tags.SET}


def _is_key_view(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"


def _is_path_part(flow: Flow, node: ast.expr) -> bool:
    if isinstance(node, ast.Constant | ast.JoinedStr) and not isinstance(
        getattr(node, "value", ""), int | float
    ):
        return True
    return (flow.source.names.resolve(node) or "").startswith(("pathlib.", "decimal.", "fractions."))


def _comprehension(
    flow: Flow, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, env: Environment
) -> Tags:
    inside = dict(env)
    for generator in node.generators:
        items = evaluate(flow, generator.iter, inside) - {tags.SET}
        flow.assign(generator.target, items, inside)
        for condition in generator.ifs:
            evaluate(flow, condition, inside)
    parts = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    made = frozenset().union(*(evaluate(flow, part, inside) for part in parts)) - {tags.SET}
    return made | {tags.SET} if isinstance(node, ast.SetComp) else made


def _call(flow: Flow, node: ast.Call, env: Environment) -> Tags:
    receiver = evaluate(flow, node.func.value, env) if isinstance(node.func, ast.Attribute) else NONE
    if not isinstance(node.func, ast.Attribute):
        # A lambda or a nested function has the tags of what it gives.
        receiver = evaluate(flow, node.func, env) - {tags.ARGUMENT}
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    given = frozenset().union(*(evaluate(flow, value, env) for value in values))
    method = flow.source.stub_method(node)
    if method is not None:
        return _stub_call(method, given)
    callee = flow.source.callee(node)
    if callee is not None:
        return tags.substitute(flow.summaries.get(callee, NONE), arguments(flow, callee, node))
    name = flow.source.names.resolve(node.func) or ""
    _update_receiver(flow, node, given, env)
    hashed = _hash(flow, node, name, receiver, given)
    if hashed is not None:
        return hashed
    return _known(flow, node, name, receiver, given)


def _known(flow: Flow, node: ast.Call, name: str, receiver: Tags, given: Tags) -> Tags:  # noqa: PLR0911 - a table
    both = receiver | given
    last = last_name(node.func)
    if name in known_calls.DROP_ALL or (
        not name.startswith("@") and known_calls.hides(name.rpartition(".")[2] or last)
    ):
        return NONE
    if name in known_calls.MAKE_SET or (last in known_calls.SET_METHODS and tags.SET in receiver):
        return (both - {tags.FLOAT}) | {tags.SET}
    both -= {tags.SET}
    if name == "builtins.int" or (name == "builtins.round" and len(node.args) == 1):
        return both - {tags.FLOAT}
    if name in ("builtins.float", "builtins.round") or known_calls.makes_float(name):
        return both | {tags.FLOAT}
    if last in known_calls.FLOAT_METHODS:
        return both | {tags.FLOAT}
    if name in known_calls.ERROR_TEXTS:
        return frozenset({tags.ERROR})
    if name in known_calls.SERIALIZERS and not _sorts_keys(node):
        return both | {tags.UNSORTED}
    if name in known_calls.ENCODERS:
        made = _made_by(flow, node.func)
        return both if made is None or _sorts_keys(made) else both | {tags.UNSORTED}
    if name.startswith("@"):
        return both | flow.source.fields_tags(node.func)
    if name in known_calls.CARRIES_FLOAT or last in known_calls.CARRIES_FLOAT_METHODS:
        return both
    return both - {tags.FLOAT, tags.UNSORTED}


def _stub_call(method: Method, given: Tags) -> Tags:
    if method.name == "get_private_data_hash":
        return NONE
    if method.name == "get_transient" or (
        method.private and method.effect in (Effect.READ, Effect.PRIVATE_QUERY)
    ):
        return frozenset({tags.PRIVATE})
    if method.effect in (Effect.READ, Effect.RANGE, Effect.PAGED, Effect.RICH, Effect.HISTORY):
        return frozenset({tags.LEDGER})
    if "args" in method.name or method.name == "get_function_and_parameters":
        return frozenset({tags.ARGUMENT})
    if method.effect is Effect.KEY:
        return given - {tags.SET}
    return frozenset({tags.PUBLIC}) if method.effect is Effect.PROPOSAL else NONE


def arguments(flow: Flow, callee: Function, call: ast.Call) -> dict[str, Tags]:
    """The tags that a call gives for each parameter of a function of the module."""
    return {name: flow.tags(value) for name, value in bound_arguments(callee, call)}


def bound_arguments(callee: Function, call: ast.Call) -> list[tuple[str, ast.expr]]:
    """Which expression a call gives for which parameter; those after a star are left out."""
    names = [parameter.arg for parameter in callee.parameters]
    positional: list[tuple[str, ast.expr]] = []
    for name, value in zip(names, call.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        positional.append((name, value))
    return positional + [(k.arg, k.value) for k in call.keywords if k.arg is not None]


def _update_receiver(flow: Flow, call: ast.Call, given: Tags, env: Environment) -> None:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in known_calls.WEAK_UPDATES:
        return
    made = flow.source.names.resolve(function.value) or ""
    if made.startswith("hashlib."):
        given = _over(flow, call.args, given) if _updated_once(flow, function) else NONE
    target = function.value
    while isinstance(target, ast.Attribute | ast.Subscript):
        target = target.value
    if isinstance(target, ast.Name) and target.id in env:
        env[target.id] |= given - {tags.SET}


def _updated_once(flow: Flow, update: ast.Attribute) -> bool:
    """Whether nothing else goes into the hash object: no other update, nothing when it was made."""
    made = flow.source.names.single_value(update.value) if isinstance(update.value, ast.Name) else None
    return len(_updates(flow, update.value)) == 1 and isinstance(made, ast.Call) and not made.args


def _updates(flow: Flow, hash_object: ast.expr) -> list[ast.Attribute]:
    around = flow.source.names.enclosing_function(hash_object) or flow.source.tree
    wanted = f"{ast.unparse(hash_object)}.update"
    return [n for n in ast.walk(around) if isinstance(n, ast.Attribute) and ast.unparse(n) == wanted]


def _hash(flow: Flow, node: ast.Call, name: str, receiver: Tags, given: Tags) -> Tags | None:
    if name.startswith("hashlib.") and "(" not in name:
        statement = flow.source.names.parents[node]
        if isinstance(statement, ast.Assign) and _updates(flow, statement.targets[0]):
            return NONE
        return _over(flow, node.args[1:] if name == "hashlib.new" else node.args, given)
    if name.startswith("hashlib.") and name.endswith("digest"):
        return receiver
    if name.startswith("hmac."):
        return NONE
    return None


def _over(flow: Flow, inputs: list[ast.expr], given: Tags) -> Tags:
    """The tags of a hash. Two private inputs, or one that is not known, may be value and salt."""
    private: set[str] = set()
    for leaf in _leaves(flow, inputs):
        known = flow.tags(leaf)
        if tags.PRIVATE in known or tags.parameters_in(known):
            private.add(ast.unparse(leaf))
        elif not known & tags.SEEN_BY_ALL and not (isinstance(leaf, ast.Name) and leaf.id.isupper()):
            return NONE
    return tags.hashed(given) if len(private) == 1 else NONE


def _leaves(flow: Flow, inputs: list[ast.expr]) -> Iterator[ast.expr]:
    """The parts of an expression that values come from."""
    for part in inputs:
        if isinstance(part, ast.Name | ast.Attribute | ast.Subscript) or flow.source.stub_method(part):
            yield part
        elif isinstance(part, ast.Call):
            values = [*part.args, *(keyword.value for keyword in part.keywords)]
            if isinstance(part.func, ast.Attribute) and flow.source.names.resolve(part.func) is None:
                values.append(part.func.value)
            yield from _leaves(flow, values)
        else:
            children = ast.iter_child_nodes(part)
            yield from _leaves(flow, [child for child in children if isinstance(child, ast.expr)])


def _made_by(flow: Flow, method: ast.expr) -> ast.Call | None:
    made = method.value if isinstance(method, ast.Attribute) else None
    if isinstance(made, ast.Name):
        made = flow.source.names.single_value(made)
    return made if isinstance(made, ast.Call) else None


def _sorts_keys(node: ast.Call) -> bool:
    if any(
        "OPT_SORT_KEYS" in ast.unparse(value) for value in (*node.args, *(k.value for k in node.keywords))
    ):
        return True
    for keyword in node.keywords:
        if keyword.arg is None:
            return True
        if keyword.arg == "sort_keys":
            return not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
    return False
