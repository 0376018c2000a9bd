"""What verification found, in values and sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fabric_gateway.validation import ValidationCode

KEPT = 1_000
"""So many findings and flags of each kind are kept; the rest is counted."""

UNSIGNED = (
    "block 0: no orderer signs it; it is the trust anchor, and its hash is to be compared by other means",
    "validation flags (metadata TRANSACTIONS_FILTER): each peer writes its own; recomputed from signatures, "
    "policies and read/write sets",
    "commit hash (metadata COMMIT_HASH): each peer writes its own; recomputed from flags and writes",
    "last configuration (metadata LAST_CONFIG, out of use): compared with what is signed, if filled",
    "consenter metadata (metadata ORDERER, out of use): compared with what is signed, if filled",
)
"""The parts of a ledger that no signature covers, and what is done about each."""


class Severity(StrEnum):
    """How bad a finding is."""

    TAMPERED = "tampered"
    """Signed or hashed content is not what it was: nothing from this block on is proven."""
    UNSIGNED = "unsigned"
    """Something that no signature covers is not what the blocks make it."""
    NOTE = "note"
    """Worth knowing, nothing is wrong with the ledger."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        block: where; None for the ledger as a whole.
        transaction: its place in the block, where it is about one.
        check: stable name of the check, for programs.
        severity: how bad.
        sentence: what was found, for people.
    """

    block: int | None
    transaction: int | None
    check: str
    severity: Severity
    sentence: str


class Verdict(StrEnum):
    """What recomputing a validation flag came to."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "cannot be recomputed"


@dataclass(frozen=True, slots=True)
class Flag:
    """A transaction's validation flag, as it stands in the block and as it was recomputed.

    Attributes:
        recomputed: the code; None where it cannot be recomputed.
        why: the reason of a code other than VALID, or why it cannot be recomputed.
    """

    block: int
    transaction: int
    transaction_id: str
    recorded: ValidationCode
    recomputed: ValidationCode | None
    verdict: Verdict
    why: str


@dataclass(slots=True)
class Report:
    """The outcome for a ledger, or for as much of it as was given.

    Attributes:
        channel: its name.
        first_block, last_block: numbers; None before the first block.
        proven_to: the last block up to which everything that is signed or hashed holds; None if not even
            the first does.
        genesis_hash: header hash of the first block: the trust anchor.
        anchored: whether that hash was given and fits.
        expected_height: how many blocks there should be at least; None where nobody said.
        configurations: block number and what it changed, of each configuration.
        counts: findings by severity, flags by verdict.
        findings, flags: those kept; flags that agree and are VALID are only counted.
        signatures: checked so far.
    """

    channel: str = ""
    first_block: int | None = None
    last_block: int | None = None
    last_hash: bytes = b""
    proven_to: int | None = None
    genesis_hash: bytes = b""
    anchored: bool = False
    expected_height: int | None = None
    blocks: int = 0
    transactions: int = 0
    signatures: int = 0
    commit_hashes: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    configurations: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    severities: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(Severity, 0))
    verdicts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    findings: list[Finding] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    broken: bool = False

    @property
    def intact(self) -> bool:
        """Whether there are blocks, all that is signed or hashed holds, and every flag that can be recomputed
        agrees."""
        return self.blocks > 0 and not (
            self.severities[Severity.TAMPERED]
            or self.severities[Severity.UNSIGNED]
            or self.verdicts[Verdict.DIFFERS]
        )

    @property
    def first_break(self) -> Finding | None:
        """The first finding that is no mere note."""
        return next((each for each in self.findings if each.severity is not Severity.NOTE), None)

    def add(self, finding: Finding) -> None:
        """Take a finding in; TAMPERED ends what is proven."""
        self.severities[finding.severity] += 1
        if finding.severity is Severity.TAMPERED:
            self.broken = True
        if self.severities[finding.severity] <= KEPT:
            self.findings.append(finding)

    def unsigned(self, block: int, check: str, sentence: str, transaction: int | None = None) -> None:
        """Note something that no signature covers."""
        self.add(Finding(block, transaction, check, Severity.UNSIGNED, sentence))

    def add_flag(self, flag: Flag) -> None:
        """Count a flag, and keep it unless it agrees."""
        self.verdicts[flag.verdict] += 1
        if flag.verdict is not Verdict.AGREES and self.verdicts[flag.verdict] <= KEPT:
            self.flags.append(flag)
