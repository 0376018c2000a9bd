"""Everything that the shim raises: one base class, a stable ``code`` each.

Messages never carry arguments, keys or values: they may end up in a log or in another member's hands.
"""

from __future__ import annotations

from collections.abc import Sequence


class ShimError(Exception):
    """Base of all errors of the shim.

    ``code`` is stable and meant for programs; the message is one sentence for people.
    """

    code: str = "shim-error"


class ChaincodeError(ShimError):
    """A refusal by the contract: the only kind of error whose text reaches the caller.

    The response has status 500 and the message ``code: message``; with an empty code, the message alone.
    Every other exception is masked as ``internal error``.

    :param message: one sentence: what is wrong and what to do. No private data: the endorsing peer logs it.
    :param code: overrides the class's own code for this one error.
    """

    code: str = "chaincode-error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class UnknownFunctionError(ChaincodeError):
    """The transaction names a contract or function that the chaincode does not have."""

    code = "unknown-function"


class ArgumentError(ChaincodeError):
    """An argument is missing, too many, or not of the declared type. Names the parameter, never its value."""

    code = "bad-argument"


class KeyFormatError(ShimError):
    """A key, object type or attribute is not allowed in a ledger key."""

    code = "bad-key"


class LedgerError(ShimError):
    """The peer refused a ledger request of this transaction.

    The text is the peer's own and may name a key, so it must not be shown or logged unread.

    :param tx_id: the transaction whose request was refused.
    """

    code = "ledger"

    def __init__(self, message: str, *, tx_id: str) -> None:
        super().__init__(message)
        self.tx_id = tx_id


class ProtocolError(ShimError):
    """A message of the peer could not be read or does not fit the state of the stream."""

    code = "protocol"


class IdentityError(ShimError):
    """The creator of the transaction is not an X.509 identity that can be read."""

    code = "identity"


class ConfigurationError(ShimError):
    """The chaincode server cannot start as configured. The message names the setting."""

    code = "configuration"


class ContractDefinitionError(ShimError):
    """A contract class cannot be served as written. Raised when the chaincode is put together."""

    code = "contract-definition"


class TransactionRefusedError(ShimError):
    """The simulator's answer to a transaction that the chaincode refused; nothing was committed.

    ``code`` is the refusing :class:`ChaincodeError`'s code, or ``internal`` for a masked exception, which
    then is the ``__cause__``.

    :param message: the response's message as a client of a real network sees it.
    :param status: the response's status.
    """

    def __init__(self, message: str, *, status: int, code: str, tx_id: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.tx_id = tx_id


class AwaitError(ShimError):
    """A contract function awaited something that is not its stub. The message names the awaited type only."""

    code = "await"


class QueryNotSupportedError(LedgerError):
    """A rich query on a peer whose state database is LevelDB, which has none."""

    code = "query-not-supported"

    def __init__(self, *, tx_id: str) -> None:
        super().__init__(
            "The peer keeps its state in LevelDB, which has no rich queries; use CouchDB, or a range of "
            "composite keys.",
            tx_id=tx_id,
        )


class EndorsementPolicyError(ShimError):
    """A key-level endorsement policy cannot be read, or names a role that it cannot hold."""

    code = "endorsement-policy"


class EndorsementError(ShimError):
    """The simulator's answer when peers cannot endorse a transaction together: their results are not the
    same, or there are too few peers for a collection's data. The message names keys, never values."""

    code = "endorsement"


class TransactionInvalidError(ShimError):
    """The simulator's answer to a submitted transaction that is in its block, but not valid.

    :param validation_code: number of Fabric's ``TxValidationCode``, as a client of a real network gets it.
    """

    code = "invalid"

    def __init__(self, message: str, *, validation_code: int, tx_id: str) -> None:
        super().__init__(message)
        self.validation_code = validation_code
        self.tx_id = tx_id


class NonDeterminismError(ShimError):
    """A transaction that the simulator ran again came out differently. The message names keys, never values.

    :ivar differences: what was not the same.
    """

    code = "non-determinism"

    def __init__(self, function: str, differences: Sequence[str]) -> None:
        super().__init__(
            f"{function} gives different results when it runs again: "
            f"{'; '.join(differences)}. Peers could not endorse it together."
        )
        self.differences = tuple(differences)


class TwinError(ShimError):
    """The process that runs transactions for a second time cannot do so. The message says why."""

    code = "twin"
