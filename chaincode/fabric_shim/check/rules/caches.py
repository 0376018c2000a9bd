"""FS120."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.functions import Function
from fabric_shim.check.module import Module
from fabric_shim.check.rule import Place, Rule, at
from fabric_shim.check.stub_api import Method

_CACHES = frozenset(
    {"functools.cache", "functools.lru_cache", "functools.cached_property", "methodtools.lru_cache"}
    | {"cachetools.cached", "cachetools.cachedmethod", "async_lru.alru_cache", "aiocache.cached"}
    | {"cached_property.cached_property", "django.utils.functional.cached_property"}
)


class Caches(Rule):
    """Results of one transaction that another one is given."""

    code = "FS120"
    name = "cache"
    reason = (
        "A cache of this process gives one transaction what another one read: the read is missing in the "
        "read set, so nobody checks it at commit, and another endorser, whose cache is empty, reads "
        "something newer."
    )
    fix = "Read the ledger in each transaction; cache pure functions of their arguments only."
    bad = """
from functools import lru_cache

@lru_cache
def owner_of(stub, key: str):  # FS120
    return stub.get_state(key)
"""
    good = """
from functools import lru_cache

@lru_cache
def parts(name: str) -> tuple[str, ...]:
    return tuple(name.split("."))

async def owner_of(stub, key: str):
    return await stub.get_state(key)
"""

    def check(self, module: Module) -> Iterator[Place]:
        """Find caches around functions that are given the context or ask the ledger."""
        asking = module.reaching(_asks)
        made = {function.name: function for function in module.functions if function.owner is None}
        cached: list[tuple[Function, ast.expr | ast.stmt]] = [
            (function, function.node)
            for function in module.functions
            if any(_is_cache(module, decorator) for decorator in function.node.decorator_list)
        ]
        cached += [
            (made[given.id], call)
            for call in module.calls
            if _is_cache(module, call.func)
            for given in call.args
            if isinstance(given, ast.Name) and given.id in made
        ]
        for function, place in cached:
            if function.takes_ledger or function in asking or function.is_transaction:
                yield at(module, place, f"The results of {function.name} outlive the transaction.")


def _asks(method: Method) -> bool:
    return method.asks_ledger


def _is_cache(module: Module, decorator: ast.expr) -> bool:
    plain = decorator.func if isinstance(decorator, ast.Call) else decorator
    return module.names.resolve(plain) in _CACHES
