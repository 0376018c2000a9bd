"""The course of one submission: what to do next after what has happened. Pure: no clock, no IO, no random.

    Endorse ──► Keep ──► Submit ──► Ask ──► Done(COMMITTED)
       ▲                   ▲         │
       │                   └─────────┤ nobody knows: the SAME envelope again, after every peer was asked
       └─────────────────────────────┘ in a block as invalid: the only way to a second transaction

Rules, each held by tests/unit/carechannel/submitting/test_course.py against a ledger that commits what it
was handed at any time, or never:

1. A second transaction is made only once the first is known never to become valid: it is in a block with an
   invalid code, or it was refused before ordering and was never sent with any other answer.
2. Silence proves nothing. A peer that does not know a transaction waits; a peer may lag; an orderer may hold
   what it was handed. So an unknown outcome is asked for at every peer, then the same envelope is submitted
   again, which changes nothing if it was ordered already (DUPLICATE_TXID), and so on until the deadline.
3. DUPLICATE_TXID says that another envelope with this id came first: the answer lies there. It settles
   nothing.
4. Any member can put a broken transaction that names our id into a block beside ours. A code that Fabric
   gives before it has checked creator, signature and id may be that one's: then the block itself is read.
5. A submission that is taken up again, after a crash or from another process, may have been sent, and may
   still be: no refusal settles it, only the ledger does.
"""

from __future__ import annotations

from typing import Final

from fabric_gateway import ValidationCode

from carechannel.submitting.moves import (
    Action,
    Ask,
    Done,
    Ending,
    Endorse,
    Event,
    Found,
    Keep,
    Pause,
    ReadBlock,
    Refused,
    Submit,
    Succeeded,
    Unanswered,
)
from carechannel.submitting.reasons import CONFLICTS, RETRIED, Reason

# What Fabric finds before it has checked that id, creator and signature belong together
# (core/common/validation/msgvalidation.go, core/committer/txvalidator/v20/validator.go of Fabric 3.1.1).
_PERHAPS_FORGED: Final = frozenset(
    {
        ValidationCode.NIL_ENVELOPE,
        ValidationCode.BAD_PAYLOAD,
        ValidationCode.BAD_COMMON_HEADER,
        ValidationCode.BAD_CREATOR_SIGNATURE,
        ValidationCode.INVALID_ENDORSER_TRANSACTION,
        ValidationCode.INVALID_CONFIG_TRANSACTION,
        ValidationCode.UNSUPPORTED_TX_PAYLOAD,
        ValidationCode.BAD_PROPOSAL_TXID,
        ValidationCode.UNKNOWN_TX_TYPE,
        ValidationCode.TARGET_CHAIN_NOT_FOUND,
        ValidationCode.MARSHAL_TX_ERROR,
        ValidationCode.NIL_TXACTION,
        ValidationCode.BAD_HEADER_EXTENSION,
        ValidationCode.BAD_CHANNEL_HEADER,
        ValidationCode.INVALID_OTHER_REASON,
    }
)
_SETTLES_NOTHING: Final = frozenset({ValidationCode.DUPLICATE_TXID, ValidationCode.NOT_VALIDATED})


def own_code(codes: tuple[ValidationCode, ...]) -> ValidationCode:
    """Which of the codes of one id in one block is that of the transaction signed by who the id belongs to.

    Where all of them may be another's: one that settles what became of it, if there is such a one.
    """
    settling = [code for code in codes if code not in _SETTLES_NOTHING]
    own = [code for code in settling if code not in _PERHAPS_FORGED]
    return (own or settling or list(codes) or [ValidationCode.NOT_VALIDATED])[0]


class Course:
    """Give each action's event to :meth:`after`, do what it returns, until it is `Done`.

    Args:
        attempts: how often a request that fails for good is tried at most.
        peers: how many peers can be asked.
        resumed: an envelope was written down by somebody, and may have been sent.
    """

    def __init__(self, *, attempts: int, peers: int, resumed: bool = False):
        self._attempts = attempts
        self._peers = peers
        self._failures = 0
        self._kept = resumed
        self._sent = resumed
        self._expected = False
        self._asked = 0
        self._round = 0
        self._after_pause: Action = Endorse()
        self.first: Action = self._ask() if resumed else Endorse()
        self._doing: Action = self.first

    def after(self, event: Event) -> Action:
        """The next action, after the current one came to `event`."""
        self._doing = self._next(event)
        return self._doing

    def time_up(self) -> Done:
        """The end, where nothing more can be done: the deadline passed, or the gateways were closed."""
        ending = Done(Ending.UNKNOWN) if self._sent else Done(Ending.FAILED, dead=self._kept)
        self._doing = ending
        return ending

    def _next(self, event: Event) -> Action:
        action: Action
        match self._doing, event:
            case Done(), _:
                raise ValueError("the course is over")
            case Pause(), Succeeded():
                action = self._after_pause
            case Endorse(), Succeeded():
                action = Keep()
            case Endorse(), Refused(reason):
                action = self._again(Endorse(), reason)
            case Keep(), Succeeded():
                self._kept = True
                action = Submit()
            case Submit(), Refused(reason) if not self._sent:
                action = self._again(Submit(), reason)
            case Submit(), Succeeded() | Refused() | Unanswered():
                self._sent = True
                self._expected = isinstance(event, Succeeded)
                action = self._ask()
            case Ask() | ReadBlock(), Unanswered():
                action = self._nobody_knows_yet()
            case Ask(), Found((code,)):
                action = self._found(code)
            case ReadBlock(), Found(codes):
                action = self._read(codes)
            case doing, _:
                raise ValueError(f"{type(event).__name__} cannot follow {type(doing).__name__}")
        return action

    def _ask(self) -> Ask:
        self._asked += 1
        return Ask(expected=self._expected, round=self._round)

    def _nobody_knows_yet(self) -> Action:
        if self._asked < self._peers:
            return self._ask()
        self._asked = 0
        self._round += 1
        self._expected = False
        self._after_pause = Submit()
        return Pause(self._round)

    def _found(self, code: ValidationCode) -> Action:
        if code is ValidationCode.VALID:
            return Done(Ending.COMMITTED)
        if code in _SETTLES_NOTHING:
            return self._nobody_knows_yet()
        if code in _PERHAPS_FORGED:
            return ReadBlock()
        return self._dead(code)

    def _read(self, codes: tuple[ValidationCode, ...]) -> Action:
        if ValidationCode.VALID in codes:
            return Done(Ending.COMMITTED)
        # Every later transaction with this id is a duplicate; in the block of the first one, ours may be any.
        code = own_code(codes)
        return self._nobody_knows_yet() if code in _SETTLES_NOTHING else self._dead(code)

    def _dead(self, code: ValidationCode) -> Action:
        self._sent = self._expected = False
        self._asked = self._round = 0
        return self._again(Endorse(), Reason.CONFLICT if code in CONFLICTS else Reason.INVALID)

    def _again(self, action: Action, reason: Reason) -> Action:
        self._failures += 1
        if reason not in RETRIED or self._failures >= self._attempts:
            return Done(Ending.FAILED, dead=self._kept)
        self._after_pause = action
        return Pause(self._failures)
