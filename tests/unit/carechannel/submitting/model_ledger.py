"""What orderers and peers may do with the envelopes of one request, at their worst but honest."""

from __future__ import annotations

from fabric_gateway import ValidationCode

VALID, DUPLICATE = ValidationCode.VALID, ValidationCode.DUPLICATE_TXID
FORGED = ValidationCode.BAD_PROPOSAL_TXID


class ModelLedger:
    """Holds what it was handed, and commits any of it at any time, or never.

    Attributes:
        codes: for each transaction id in blocks, the codes in order; the first that is ours counts.
    """

    def __init__(self) -> None:
        self.held: list[str] = []
        self.codes: dict[str, list[ValidationCode]] = {}

    def handed(self, transaction_id: str) -> None:
        self.held.append(transaction_id)

    def commit(self, index: int, code: ValidationCode) -> None:
        """Commits one of those held; the code counts for the first with its id only."""
        if not self.held:
            return
        transaction_id = self.held.pop(index % len(self.held))
        known = self.codes.setdefault(transaction_id, [])
        known.append(DUPLICATE if known else code)

    def forge(self, transaction_id: str, code: ValidationCode | None) -> None:
        """Another member's broken transaction that names an id, alone in a block or before ours."""
        known = self.codes.setdefault(transaction_id, [])
        known.append(DUPLICATE if known else FORGED)
        if len(known) == 1 and code is not None and transaction_id in self.held:
            self.held.remove(transaction_id)
            known.append(code)

    def commit_all_valid(self) -> None:
        """Whatever is still held comes through in the end."""
        while self.held:
            self.commit(0, VALID)

    @property
    def valid(self) -> list[str]:
        return [one for one, codes in self.codes.items() if VALID in codes]

    def status(self, transaction_id: str) -> ValidationCode | None:
        """What the peers' index says: the first; None: they wait."""
        codes = self.codes.get(transaction_id)
        return codes[0] if codes else None
