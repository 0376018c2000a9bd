"""What is measured. Every client runs every case in turn, at the same peer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.chaincode.cases import READ_KEYS, VALUE
from bench.chaincode.client import Client, ClientError, Round
from bench.chaincode.network import chaincode

CLIENTS = ("py", "node", "go")
LOADS = (1, 16, 64, 256)
STACK_LOAD = 64
EVENTS = 5000


@dataclass(frozen=True)
class Case:
    """`stack`: the chaincode is in the client's own language; otherwise it is the one in Go for all."""

    name: str
    function: str
    arguments: tuple[str, ...]
    submit: bool = False
    in_flight: int = 1
    modulo: int = 0
    stack: bool = False
    replay: int = 0

    @property
    def title(self) -> str:
        return self.name if self.replay else f"{self.name}, {self.in_flight}"

    def round(self, client: str, *, seconds: float, first: int) -> Round:
        """A round of `seconds` of this case, with numbers from `first` on."""
        return Round(
            chaincode(client if self.stack else "go"),
            self.function,
            self.arguments,
            self.submit,
            self.in_flight,
            seconds=seconds,
            first=first,
            modulo=self.modulo,
            replay=self.replay,
        )


_EVALUATE = Case("evaluate", "read", ("r{n}",), modulo=READ_KEYS)
_SUBMIT = Case("submit", "create", ("c{n}", VALUE), submit=True)

CASES = (
    *(replace(_EVALUATE, in_flight=load) for load in LOADS),
    *(replace(_SUBMIT, in_flight=load) for load in LOADS),
    replace(_EVALUATE, name="stack evaluate", in_flight=STACK_LOAD, stack=True),
    replace(_SUBMIT, name="stack submit", in_flight=STACK_LOAD, stack=True),
    Case("events replayed", "", (), replay=EVENTS),
)
"""All cases, in the order of the report."""


def prepare(client: Client) -> None:
    """Write what the cases read, and as many events as are replayed. Raises `ClientError`."""
    for language in CLIENTS:
        writing = Round(
            chaincode(language), "writeMany", ("r", str(READ_KEYS), VALUE), submit=True, in_flight=1, count=1
        )
        client.must(writing)
        reading = Round(chaincode(language), "read", ("r0",), submit=False, in_flight=1, count=1)
        if client.must(reading).result != VALUE:
            raise ClientError(f"{chaincode(language)} does not give what was written.")
    emitting = Round(
        chaincode("go"), "emit", ("e{n}", VALUE), submit=True, in_flight=STACK_LOAD, count=EVENTS
    )
    client.must(emitting)
