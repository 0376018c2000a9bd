"""What is measured. A case is one function under one load; every language runs it in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bench.chaincode.client import Client, ClientError, Round
from bench.chaincode.network import LANGUAGES, chaincode

READ_KEYS = 100
UPDATED_KEYS = 4000
"""Far more than are in flight: a key is written again only when its last transaction is long committed."""
VERSIONS = 5
VALUE = "v" * 100


@dataclass(frozen=True)
class Case:
    """`arguments` as in `Round`: `{n}` is another number in every transaction of a language."""

    name: str
    function: str
    arguments: tuple[str, ...]
    submit: bool
    in_flight: int = 1
    modulo: int = 0
    transient: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = LANGUAGES

    @property
    def title(self) -> str:
        return f"{self.name}, {'submit' if self.submit else 'evaluate'}, {self.in_flight}"

    def round(self, language: str, *, seconds: float, first: int) -> Round:
        """A round of `seconds` of this case, with numbers from `first` on."""
        return Round(
            chaincode(language),
            self.function,
            self.arguments,
            self.submit,
            self.in_flight,
            seconds=seconds,
            first=first,
            modulo=self.modulo,
            transient=self.transient,
        )


_FUNCTIONS: tuple[tuple[Case, tuple[int, ...]], ...] = (
    (Case("create 100 B", "create", ("c{n}", VALUE), submit=True), (1, 64, 256)),
    (Case("create 1 KB", "create", ("c{n}", "v" * 1024), submit=True), (1, 64, 256)),
    (Case("create 8 KB", "create", ("c{n}", "v" * 8192), submit=True), (1, 64, 256)),
    (Case("read", "read", ("r{n}",), submit=False, modulo=READ_KEYS), (1, 64, 256)),
    (
        Case("read-write", "update", ("u{n}", VALUE), submit=True, modulo=UPDATED_KEYS),
        (1, 64, 256),
    ),
    (Case("write 100 keys", "writeMany", ("w{n}-", "100", VALUE), submit=True), (1, 64)),
    (Case("write 100 keys", "writeMany", ("w{n}-", "100", VALUE), submit=False), (1, 64)),
    (Case("read 100 keys", "readMany", ("r", "100"), submit=False), (1, 64)),
    (
        Case("read 100 at once", "readManyAtOnce", ("r", "100"), submit=False, languages=("py", "go")),
        (1, 64),
    ),
    (Case("write 2500 keys", "writeMany", ("w{n}-", "2500", VALUE), submit=True), (1,)),
    (Case("write 2500 keys", "writeMany", ("w{n}-", "2500", VALUE), submit=False), (1,)),
    (
        Case("private write", "createPrivate", ("p{n}",), submit=True, transient={"value": VALUE}),
        (1, 64, 256),
    ),
    (Case(f"history of {VERSIONS}", "history", ("h",), submit=False), (1, 64, 256)),
)

CASES: tuple[Case, ...] = tuple(
    replace(case, in_flight=in_flight) for case, loads in _FUNCTIONS for in_flight in loads
)
"""All cases, in the order of the report."""


def prepare(client: Client, language: str) -> None:
    """Write what the cases read, and check that every function gives what it gives in every language.

    Raises `ClientError`.
    """
    name = chaincode(language)

    def call(function: str, *arguments: str, submit: bool, **transient: str) -> str:
        wanted = Round(name, function, arguments, submit, in_flight=1, count=1, transient=transient)
        return client.must(wanted).result

    written = str(READ_KEYS * len(VALUE))
    call("writeMany", "r", str(READ_KEYS), VALUE, submit=True)
    call("writeMany", "u", str(UPDATED_KEYS), VALUE, submit=True)
    call("createPrivate", "p", submit=True, value=VALUE)
    for _ in range(VERSIONS):
        call("create", "h", VALUE, submit=True)
    found = {
        "read": call("read", "r0", submit=False),
        "readMany": call("readMany", "r", str(READ_KEYS), submit=False),
        "update": call("update", "u0", VALUE, submit=True),
        "history": call("history", "h", submit=False),
    }
    expected = {"read": VALUE, "readMany": written, "update": str(len(VALUE)), "history": str(VERSIONS)}
    if any(language in case.languages for case in CASES if case.function == "readManyAtOnce"):
        found["readManyAtOnce"] = call("readManyAtOnce", "r", str(READ_KEYS), submit=False)
        expected["readManyAtOnce"] = written
    if found != expected:
        raise ClientError(f"{name} answers otherwise than the other languages: {found}")
