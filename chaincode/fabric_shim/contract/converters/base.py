"""What a converter is, and how it says that a value does not fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, Self

from fabric_shim.errors import ContractDefinitionError

Schema = dict[str, object]
MAX_EXPONENT: Final = 6144


class OuterMarker:
    """A mark in ``Annotated`` about a whole parameter or result, never about a part of one."""

    def __init__(self, name: str) -> None:
        self.name = name


class JsonNumber(Decimal):
    """A number with a fraction or an exponent, exactly as an argument had it.

    :raises Mismatch: its exponent does not fit (:func:`check_exponent`).
    """

    def __new__(cls, text: str) -> Self:
        try:
            number = super().__new__(cls, text)
        except InvalidOperation:
            raise _beyond() from None
        check_exponent(number)
        return number


_JSON_TYPES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    JsonNumber: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


class Mismatch(Exception):  # noqa: N818 - never leaves the package: it becomes a bad argument or a bad result
    """A value does not fit the declared type. Holds a place and a sentence about types, never the value.

    :ivar path: the place inside of the value, such as ``.owner.tags[2]``.
    :ivar problem: what follows the place in the sentence, such as ``must be an integer, not a string``.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.path = ""
        self.problem = problem

    @classmethod
    def of(cls, expected: str, value: object, *, textual: bool = False) -> Mismatch:
        """Say what was expected, and of which type the value is.

        :param textual: some strings were expected, so that a string is another one.
        """
        got = _JSON_TYPES.get(type(value)) or f"a {type(value).__qualname__}"
        return cls(f"must be {expected}, not {'another string' if textual and type(value) is str else got}")

    def inside(self, step: str) -> Mismatch:
        """Put one more step in front of the place, on the way out of a container."""
        self.path = step + self.path
        return self


def check_exponent(number: Decimal) -> None:
    """Refuse what is beyond the range of IEEE 754's decimal128.

    ``1E+999999999`` has a few bytes as an argument, and all memory and time of a peer as an int.

    :raises Mismatch: the exponent is too large, or too small.
    """
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise _beyond()


def _beyond() -> Mismatch:
    return Mismatch(f"has a number with an exponent beyond {MAX_EXPONENT}")


class UnsupportedTypeError(ContractDefinitionError):
    """A declared type cannot be carried by a transaction.

    :param reason: names the type and says what to declare instead.
    """


class Components:
    """The named schemas that the metadata collects while parameters and results are described.

    References from inside of a component are relative to its ``$id``, others go to ``#/components/schemas``,
    as Go and Node write them.
    """

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._types: dict[str, type] = {}
        self._depth = 0

    def refer(self, described: type, describe: Callable[[], Schema]) -> Schema:
        """Give a reference to a class's component, which is described at its first use.

        :raises ContractDefinitionError: another class has the same name.
        """
        name = described.__name__
        if self._types.setdefault(name, described) is not described:
            raise ContractDefinitionError(
                f"Two classes named {name} are used in contracts; the metadata needs different names."
            )
        if name not in self.schemas:
            # Entered before it is described: a class may refer to itself.
            component = self.schemas[name] = {"$id": name}
            self._depth += 1
            component.update(describe())
            self._depth -= 1
        return {"$ref": name if self._depth else f"#/components/schemas/{name}"}

    @property
    def nested(self) -> bool:
        """Whether a component is being described, where JSON Schema's full vocabulary is allowed."""
        return self._depth > 0


class Converter(ABC):
    """Turns parsed JSON into one declared type and back.

    Parsed JSON holds str, bool, int, JsonNumber, list, dict and None.

    :ivar expected: what a value must be, as an error says it: "an integer".
    :ivar textual: its JSON form is a string, so that an argument may also be given as the plain text.
    """

    expected: str
    textual: bool = False

    def refusal(self, value: object) -> Mismatch:
        """Say that a value is not what was expected."""
        return Mismatch.of(self.expected, value, textual=self.textual)

    @abstractmethod
    def load(self, value: object) -> object:
        """Make the declared type out of parsed JSON.

        :raises Mismatch: the value is not of the type.
        """

    @abstractmethod
    def dump(self, value: object) -> object:
        """Make what the JSON encoder takes (str, bool, int, float, list, dict, None) out of a value.

        :raises Mismatch: the value is not of the type.
        """

    @abstractmethod
    def schema(self, components: Components, /) -> Schema:
        """Describe the type in the vocabulary of Fabric's contract schema."""
