"""Contracts: what arguments and results may be, and how a wrong one is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
    cast,
)

import pytest
from fabric_shim.chaincode import run_to_end
from fabric_shim.contract import (
    Context,
    Contract,
    ContractChaincode,
    JsonSerializer,
    from_json,
    query,
    wire_name,
)
from fabric_shim.contract.serializer import decode
from fabric_shim.errors import ChaincodeError, ContractDefinitionError, ShimError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity
from typing_extensions import TypeAliasType

SOMEBODY = TestIdentity.create("AMSP", "somebody")
SECRET = "secret-0815"


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Size(StrEnum):
    SMALL = "S"


class Address(TypedDict, total=False):
    street: Required[str]
    number: int


class Place(TypedDict):
    city: str
    zip: NotRequired[str]


@dataclass(frozen=True)
class Owner:
    """Who has it."""

    name: str
    since: datetime | None = None


@dataclass(frozen=True)
class Asset:
    asset_id: str = field(metadata=wire_name("ID"))
    appraised_value: int = field(metadata={"json": "AppraisedValue"})
    owner: Owner
    color: Color = Color.RED
    tags: tuple[str, ...] = ()
    parent: Asset | None = None
    label: str = field(init=False, default="")

    def __post_init__(self) -> None:
        if self.appraised_value < 0:
            raise ValueError(f"{self.asset_id} is worth {self.appraised_value}")
        object.__setattr__(self, "label", f"asset {self.asset_id}")


AssetId = NewType("AssetId", str)
Item = TypeVar("Item")

ROUND_TRIPS: list[tuple[object, str | bytes, str | bytes]] = [
    (str, "00ü null", "00ü null"),
    (str, '"quoted"', '"quoted"'),
    (AssetId, "a1", "a1"),
    (Annotated[str, "noted"], "a1", "a1"),
    (TypeAliasType("Numbers", list[int]), "[1]", "[1]"),
    (TypeAliasType("Pair", tuple[Item, Item], type_params=(Item,))[int], "[1,2]", "[1,2]"),  # type: ignore[misc]
    (bytes, b"\xff\x00", b"\xff\x00"),
    (bool, "true", "true"),
    (int, "-12", "-12"),
    (int, f" {2**70}\n", str(2**70)),
    (float, "1", "1.0"),
    (float, "1e3", "1000.0"),
    (float, "0.1", "0.1"),
    (Decimal, "1.50", '"1.50"'),
    (Decimal, '"0.1000000000000000000001"', '"0.1000000000000000000001"'),
    (Decimal, "-5", '"-5"'),
    (Decimal, "1e3", '"1E+3"'),
    (Decimal, "-0", '"-0"'),
    (Decimal, "1e6144", '"1E+6144"'),
    (float, "-0.0", "-0.0"),
    (datetime, "2026-01-02T03:04:05Z", '"2026-01-02T03:04:05Z"'),
    (datetime, '"2026-01-02T03:04:05.120000000+02:00"', '"2026-01-02T01:04:05.120000Z"'),
    (date, "2026-02-28", '"2026-02-28"'),
    (Color, "red", '"red"'),
    (Color, '"blue"', '"blue"'),
    (Level, "2", "2"),
    (Size, "S", '"S"'),
    (Literal["a", "b"], "b", '"b"'),
    (Literal[1, "x"], '"x"', '"x"'),
    (list[int], "[1, 2]", "[1,2]"),
    (list, '[1, "a", null]', '[1,"a",null]'),
    (Sequence[str], '["b", "a"]', '["b","a"]'),
    (tuple[int, ...], "[2, 1]", "[2,1]"),
    (tuple[int, str], '[2, "a"]', '[2,"a"]'),
    (list[bytes], '["AP8="]', '["AP8="]'),
    (list[Decimal], '[1.10, "1.10", 3]', '["1.10","1.10","3"]'),
    (list[float], "[1.5, 2]", "[1.5,2.0]"),
    (dict[str, int], '{"b": 1, "a": 2}', '{"a":2,"b":1}'),
    (dict, '{"b": {"z": 1, "y": 2}}', '{"b":{"y":2,"z":1}}'),
    (Mapping[str, list[Color]], '{"x": ["red"]}', '{"x":["red"]}'),
    (int | None, "null", ""),
    (int | None, "3", "3"),
    (str | None, "text", "text"),
    (str | None, '"null"', "null"),
    (str | None, "null", ""),
    (bytes | None, b"null", b"null"),
    (datetime | None, "2026-01-02T03:04:05Z", '"2026-01-02T03:04:05Z"'),
    (list[str | None], '["a", null]', '["a",null]'),
    (object, '[null, {"ü": 1.50, "t": true}]', '[null,{"t":true,"ü":1.5}]'),
    (Any, '"text"', "text"),
    (Address, '{"street": "s", "number": 1}', '{"number":1,"street":"s"}'),
    (Address, '{"street": "s"}', '{"street":"s"}'),
    (Place, '{"city": "c"}', '{"city":"c"}'),
    (
        Asset,
        '{"AppraisedValue": 7, "ID": "a", "owner": {"name": "o", "since": "2026-01-02T03:04:05Z"}, "parent":'
        '{"ID": "p", "AppraisedValue": 1, "owner": {"name": "q"}, "tags": ["t"]}}',
        '{"AppraisedValue":7,"ID":"a","color":"red","label":"asset a",'
        '"owner":{"name":"o","since":"2026-01-02T03:04:05Z"},"parent":{"AppraisedValue":1,"ID":"p","color":"red",'
        '"label":"asset p","owner":{"name":"q","since":null},"parent":null,"tags":["t"]},"tags":[]}',
    ),
]


def ledger_of(annotation: object, returns: object = None) -> LedgerSimulator:
    async def echo(self: Contract, ctx: Context, value: object) -> object:
        return value

    echo.__annotations__ = {"ctx": Context, "value": annotation, "return": returns or annotation}
    contract = cast(Contract, type("Echo", (Contract,), {"echo": query(echo)})())
    return LedgerSimulator("ch", ContractChaincode(contract))


def evaluate(ledger: LedgerSimulator, *arguments: str | bytes) -> bytes:
    return run_to_end(ledger.evaluate("echo", arguments, creator=SOMEBODY)).payload


@pytest.mark.parametrize(("annotation", "argument", "result"), ROUND_TRIPS)
def test_what_goes_in_comes_out_in_canonical_form(
    annotation: object, argument: str | bytes, result: str | bytes
) -> None:
    expected = result.encode() if isinstance(result, str) else result
    assert evaluate(ledger_of(annotation), argument) == expected


def test_arguments_have_the_declared_types() -> None:
    seen: list[object] = []

    class Types(Contract):
        @query
        async def take(
            self,
            ctx: Context,
            asset: Asset,
            when: datetime,
            price: Decimal,
            level: Level,
            items: tuple[int, ...],
        ) -> None:
            seen.extend((asset, when, price, level, items))

    ledger = LedgerSimulator("ch", ContractChaincode(Types()))
    asset = '{"ID": "a", "AppraisedValue": 1, "owner": {"name": "o"}, "color": "blue"}'
    arguments = [asset, "2026-01-02T03:04:05+01:00", "1.10", "2", "[1]"]
    run_to_end(ledger.evaluate("take", arguments, creator=SOMEBODY))
    assert seen == [
        Asset("a", 1, Owner("o"), Color.BLUE),
        datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
        Decimal("1.10"),
        Level.HIGH,
        (1,),
    ]
    assert isinstance(seen[3], Level)


A_STRING = "not another string"
NO_JSON = "not text that is no JSON"

WRONG: list[tuple[object, str | bytes, str]] = [
    (str, b"\xff", " must be text in UTF-8, not other bytes"),
    (int, "1x", f" must be an integer, {NO_JSON}"),
    (int, "", f" must be an integer, {NO_JSON}"),
    (int, "5.0", " must be an integer, not a number"),
    (int, "1e2", " must be an integer, not a number"),
    (int, "true", " must be an integer, not a boolean"),
    (int, '"5"', " must be an integer, not a string"),
    (bool, "1", " must be a boolean, not an integer"),
    (bool, "True", f" must be a boolean, {NO_JSON}"),
    (float, "true", " must be a number, not a boolean"),
    (float, "NaN", f" must be a number, {NO_JSON}"),
    (float, "1e999", " must be a finite number of double precision"),
    (float, "9" * 400, " must be a finite number of double precision"),
    (float, "1e99999999999999999999", " has a number with an exponent beyond 6144"),
    (object, '{"secret-0815": -1.5e9999}', " has a number with an exponent beyond 6144"),
    (Decimal, "1_0", f" must be a decimal number, {A_STRING}"),
    (Decimal, "Infinity", f" must be a decimal number, {A_STRING}"),
    (Decimal, '"1e99999999999999999999"', " has a number with an exponent beyond 6144"),
    (Decimal, "1e6145", " has a number with an exponent beyond 6144"),
    (Decimal, "1e-6145", " has a number with an exponent beyond 6144"),
    (Decimal, "1e1e1", f" must be a decimal number, {A_STRING}"),
    (Decimal, "1.2.3", f" must be a decimal number, {A_STRING}"),
    (
        datetime,
        "2026-01-02T03:04:05",
        " must be a date-time of RFC 3339 with its offset, at most microseconds, ",
    ),
    (datetime, "2026-01-02 03:04:05Z", " must be a date-time of RFC 3339"),
    (datetime, "2026-02-30T03:04:05Z", " must be a date-time of RFC 3339"),
    (datetime, "2026-01-02T03:04:05.1234567Z", " must be a date-time of RFC 3339"),
    (datetime, "2026-W01-1T03:04:05Z", " must be a date-time of RFC 3339"),
    (date, "20260101", " must be a date of RFC 3339"),
    (date, "2026-02-30", " must be a date of RFC 3339"),
    (Color, "green", f' must be one of "red", "blue", {A_STRING}'),
    (Level, "3", " must be one of 1, 2, not an integer"),
    (Literal[1], "true", " must be one of 1, not a boolean"),
    (Literal[1], "[]", " must be one of 1, not an array"),
    (list[int], '[1, "secret-0815"]', "[1] must be an integer, not a string"),
    (list[int], "{}", " must be an array, not an object"),
    (list[bytes], '["AP8"]', f"[0] must be a string in base64, {A_STRING}"),
    (list[bytes], '["AP9="]', f"[0] must be a string in base64, {A_STRING}"),
    (list[bytes], "[1]", "[0] must be a string in base64, not an integer"),
    (tuple[int, str], "[1]", " must be an array of 2, not of 1"),
    (tuple[int, str], "[1, 2]", "[1] must be a string, not an integer"),
    (tuple[int, str], "1", " must be an array of 2, not an integer"),
    (dict[str, int], '{"secret-0815": null}', "{} must be an integer, not null"),
    (dict[str, int], "[]", " must be an object, not an array"),
    (int | None, '"1"', " must be an integer, not a string"),
    (list[str], r'["\ud800"]', " must be an array, not text that is no JSON"),
    (object, "[" * 100_000, " is nested too deeply"),
    (Address, "{}", " lacks the field street"),
    (Place, '{"city": "c", "secret-0815": 1}', " has a field that Place does not know"),
    (Asset, '{"ID": "secret-0815"}', " lacks the field AppraisedValue"),
    (Asset, "[]", " must be an object, not an array"),
    (
        Asset,
        '{"ID": "a", "AppraisedValue": 1, "owner": {"name": {}}}',
        ".owner.name must be a string, not an object",
    ),
    (
        Asset,
        '{"ID": "a", "AppraisedValue": 1, "owner": {"name": "o"}, "label": "x"}',
        " has a field with another value than Asset computes",
    ),
    (object, '{"secret-0815": 1, "secret-0815": 2}', " has a key twice in one object"),
    (Asset, '{"ID": "secret-0815", "ID": "b"}', " has a key twice in one object"),
    (Asset, '{"ID": "secret-0815", "AppraisedValue": -1, "owner": {"name": "o"}}', " is refused by Asset"),
    (
        list[Asset],
        '[{"ID": "a", "AppraisedValue": 1, "owner": {"name": "o"}, "parent": '
        '{"ID": "secret-0815", "AppraisedValue": -1, "owner": {"name": "o"}}}]',
        "[0].parent is refused by Asset",
    ),
]


@pytest.mark.parametrize(("annotation", "argument", "problem"), WRONG)
def test_a_wrong_argument_is_refused_by_name_and_type(
    annotation: object, argument: str | bytes, problem: str
) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        evaluate(ledger_of(annotation), argument)
    assert caught.value.code == "bad-argument"
    assert str(caught.value).startswith(f"bad-argument: The argument value{problem}")
    assert str(caught.value).endswith(".")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("annotation", "argument", "problem"), WRONG)
def test_no_exception_behind_a_refusal_has_the_value(
    annotation: object, argument: str | bytes, problem: str
) -> None:
    data = argument.encode() if isinstance(argument, str) else argument
    with pytest.raises(ChaincodeError) as caught:
        decode("value", JsonSerializer().decoder(annotation), data)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_refusal_of_the_contract_in_post_init_reaches_the_caller() -> None:
    @dataclass
    class Picky:
        value: int

        def __post_init__(self) -> None:
            raise ChaincodeError("It is not my day.", code="picky")

    with pytest.raises(TransactionRefusedError, match="picky: It is not my day"):
        evaluate(ledger_of(Picky), '{"value": 1}')


class Moment(datetime):
    """As a test's own clock gives them."""


@dataclass
class Naive:
    when: datetime
    ratio: float = 0.5


@dataclass
class Loop:
    inner: list[object]


def looped() -> Loop:
    loop = Loop([])
    loop.inner.append(loop)
    return loop


@pytest.mark.parametrize(
    ("returns", "result", "problem"),
    [
        (object, {1, 2}, " must be of a type that has a JSON form, not set"),
        (object, {"a": [1.5]}, "{}[0] must not be a float unless it is declared as one"),
        (object, {1: "a"}, " must have string keys, not int"),
        (object, [Path()], "[0] must be of a type that has a JSON form, not "),
        (dict[str, object], {"a": frozenset()}, "{} must be of a type that has a JSON form, not frozenset"),
        (int, "5", " must be an integer, not a string"),
        (int, True, " must be an integer, not a boolean"),
        (str, None, " must be a string, not null"),
        (bytes, "text", " must be bytes, not a string"),
        (float, float("nan"), " must be a finite number of double precision"),
        (float, "1", " must be a number, not a string"),
        (Decimal, Decimal("NaN"), " must be a decimal number, not a Decimal"),
        (Decimal, 1.5, " must be a decimal number, not a number"),
        (Naive, Naive(datetime(2026, 1, 1)), ".when must be an aware datetime, not a datetime"),
        (
            datetime,
            datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
            " must be a datetime whose year",
        ),
        (date, datetime(2026, 1, 1, tzinfo=UTC), " must be a date, not a datetime"),
        (Owner, Naive, " must be of class Owner, not a type"),
        (Color, Level.LOW, ' must be one of "red", "blue", not a Level'),
        (list[int], (1, "a"), "[1] must be an integer, not a string"),
        (list[int], 1, " must be a list or tuple, not an integer"),
        (tuple[int, str], [1, "a"], " must be an array of 2, not an array"),
        (dict[str, int], [], " must be a mapping, not an array"),
        (Address, {"number": 1}, " lacks the key street"),
        (Address, {"street": "s", "other": 1}, " has a key that Address does not know"),
        (Address, [], " must be of class Address, not an array"),
        (object, looped(), " is nested too deeply, or in itself"),
        (str, "\ud800", " holds half of a surrogate pair"),
    ],
)
def test_a_result_that_is_not_as_declared_is_masked(returns: object, result: object, problem: str) -> None:
    async def give(self: Contract, ctx: Context) -> object:
        return result

    give.__annotations__ = {"ctx": Context, "return": returns}
    contract = cast(Contract, type("Give", (Contract,), {"give": query(give)})())
    ledger = LedgerSimulator("ch", ContractChaincode(contract))
    with pytest.raises(TransactionRefusedError, match="internal error") as caught:
        run_to_end(ledger.evaluate("give", creator=SOMEBODY))
    masked = caught.value.__cause__
    assert isinstance(masked, ShimError)
    assert str(masked).startswith(f"The result{problem}")
    assert masked.__context__ is None


@pytest.mark.parametrize(
    ("returns", "result", "payload"),
    [
        (None, None, b""),
        (str, Size.SMALL, b"S"),
        (int, Level.HIGH, b"2"),
        (object, None, b""),
        (object, b"\xff", b"\xff"),
        (
            object,
            {"e": Color.RED, "d": Decimal("1.0"), "t": datetime(2026, 1, 1, tzinfo=UTC), "b": b"\xff"},
            b'{"b":"/w==","d":"1.0","e":"red","t":"2026-01-01T00:00:00Z"}',
        ),
        (Decimal, from_json(Decimal, b"1.50"), b'"1.50"'),
        (object, Moment(2026, 1, 1, tzinfo=UTC), b'"2026-01-01T00:00:00Z"'),
        (object, [date(2026, 1, 1), Naive(datetime(2026, 1, 1, tzinfo=UTC))], None),
        (float, 2, b"2.0"),
        (list[int], (1, 2), b"[1,2]"),
    ],
)
def test_results_of_undeclared_and_derived_types(
    returns: object, result: object, payload: bytes | None
) -> None:
    async def give(self: Contract, ctx: Context) -> object:
        return result

    give.__annotations__ = {"ctx": Context, "return": returns}
    contract = cast(Contract, type("Give", (Contract,), {"give": query(give)})())
    ledger = LedgerSimulator("ch", ContractChaincode(contract))
    expected = (
        payload if payload is not None else b'["2026-01-01",{"ratio":0.5,"when":"2026-01-01T00:00:00Z"}]'
    )
    assert run_to_end(ledger.evaluate("give", creator=SOMEBODY)).payload == expected


@dataclass
class WithPath:
    inner: list[Path]


@dataclass
class WithInit:
    value: int
    extra: InitVar[int]


@dataclass
class Twice:
    one: int = field(metadata=wire_name("x"))
    two: int = field(metadata=wire_name("x"))


@dataclass
class Unresolved:
    value: Missing  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Unreadable:
    value: Path.missing  # type: ignore[name-defined]


class NoValues(Enum):
    """Has no members."""


class Point(NamedTuple):
    x: int


class Odd(Enum):
    A = (1, 2)


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (Path, "cannot carry the type Path"),
        (str | int, "leaves the type open"),
        (dict[int, str], "keys that are no strings"),
        (set[int], "has no order; use a list or a tuple"),
        (frozenset, "has no order"),
        (list[set[str]], "has no order"),
        (WithPath, "WithPath.inner: a transaction cannot carry the type"),
        (WithInit, "WithInit.extra is an InitVar"),
        (Twice, "Twice has two fields of the same name"),
        (Unresolved, "the annotation Missing cannot be resolved"),
        (Unreadable, "Unreadable: an annotation cannot be resolved"),
        (NoValues, "cannot carry NoValues: it has no values"),
        (list[int, str], "has not as many types in it"),  # type: ignore[misc]
        (dict[str], "has not as many types in it"),  # type: ignore[misc]
        (Point, "cannot carry the type Point"),
        (Odd, "cannot carry Odd"),
        (Literal[1.5], "cannot carry"),
        (Literal[1, True], "Python holds for equal"),
        (None, "cannot carry the type None"),
    ],
)
def test_types_that_no_transaction_carries(annotation: object, problem: str) -> None:
    for _ in range(2):
        with pytest.raises(ContractDefinitionError, match=re.escape(problem)) as caught:
            ledger_of(annotation, str)
        assert "parameter value" in str(caught.value)


def test_an_alias_that_refers_to_itself_is_refused() -> None:
    class TypeAliasType:
        """As Python 3.12 makes it of ``type Tree = list[Tree]``: its value is made when it is asked for."""

        @property
        def __value__(self) -> object:
            return list[self]  # type: ignore[valid-type]

    with pytest.raises(ContractDefinitionError, match="a type alias refers to itself"):
        ledger_of(TypeAliasType())
