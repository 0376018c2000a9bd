"""The course of a submission against a ledger that commits what it was handed at any time, or never."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from carechannel.submitting.course import Course, own_code
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
from carechannel.submitting.reasons import RETRIED, Reason
from fabric_gateway import ValidationCode
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.carechannel.submitting.model_ledger import VALID, ModelLedger

CONFLICT = ValidationCode.MVCC_READ_CONFLICT
POLICY = ValidationCode.ENDORSEMENT_POLICY_FAILURE
FORGED = ValidationCode.BAD_PROPOSAL_TXID
DUPLICATE = ValidationCode.DUPLICATE_TXID
# A seed and not hypothesis' own draws: each run draws a hundred times, and most faults need long runs.
SEEDS = st.integers(0, 2**64)
CODES = [VALID, VALID, CONFLICT, ValidationCode.PHANTOM_READ_CONFLICT, POLICY]


class Run:
    """One key: its record, its callers one after the other, each of which may be killed anywhere."""

    def __init__(self, chance: random.Random, peers: int, attempts: int):
        self.ledger = ModelLedger()
        self.record: str | None = None
        self.dead = False
        self.made = 0
        self._chance = chance
        self._peers = peers
        self._attempts = attempts

    def call(self, actions: int) -> Ending | None:
        """One caller with a deadline of so many actions; None: it was killed."""
        resumed = self.record is not None and not self.dead
        envelope = self.record if resumed else None
        course = Course(attempts=self._attempts, peers=self._peers, resumed=resumed)
        action: Action = course.first
        for _ in range(actions):
            if isinstance(action, Done):
                break
            if self._choose(29) == 0:
                return None
            self._time_passes()
            event, envelope = self._perform(action, envelope)
            if self._choose(29) == 0:
                return None
            self._time_passes()
            action = course.after(event)
        done = action if isinstance(action, Done) else course.time_up()
        if done.ending is Ending.COMMITTED:
            assert self.ledger.valid == [envelope]
        if done.dead:
            self.dead = True
        return done.ending

    def _perform(  # noqa: PLR0911 - one for each action
        self, action: Action, envelope: str | None
    ) -> tuple[Event, str | None]:
        match action:
            case Endorse():
                if self._choose(4) == 0:
                    return Refused(self._chance.choice(list(Reason))), envelope
                self.made += 1
                return Succeeded(), f"tx{self.made}"
            case Keep():
                # The rule itself: at this moment nothing else may become valid.
                assert self.ledger.valid == []
                assert not [one for one in self.ledger.held if one not in self.ledger.codes]
                self.record, self.dead = envelope, False
                return Succeeded(), envelope
            case Submit():
                assert envelope == self.record
                assert envelope is not None
                return self._submit(envelope), envelope
            case Ask():
                assert envelope is not None
                code = self.ledger.status(envelope)
                if code is None or self._choose(3) == 0:
                    return Unanswered(), envelope
                # A peer that was bootstrapped from a snapshot knows the id and no code.
                return Found((DUPLICATE if self._choose(8) == 0 else code,)), envelope
            case ReadBlock():
                assert envelope is not None
                if self._choose(3) == 0:
                    return Unanswered(), envelope
                return Found(tuple(self.ledger.codes[envelope])), envelope
            case Pause():
                return Succeeded(), envelope
            case _:
                raise AssertionError(action)

    def _submit(self, envelope: str) -> Event:
        match self._choose(4):
            case 0:
                return Refused(self._chance.choice(list(Reason)))
            case 1:
                return Unanswered()
            case 2:
                self.ledger.handed(envelope)
                return Unanswered()
            case _:
                self.ledger.handed(envelope)
                # A raft leader may lose what it has confirmed.
                if self._choose(5) == 0:
                    self.ledger.held.remove(envelope)
                return Succeeded()

    def _time_passes(self) -> None:
        if self._choose(5) == 0:
            code = self._chance.choice(CODES)
            self.ledger.commit(self._choose(8), code)
        if self.made and self._choose(15) == 0:
            code = self._chance.choice([None, *CODES])
            self.ledger.forge(f"tx{self.made}", code)

    def _choose(self, below: int) -> int:
        return self._chance.randint(0, below)


@settings(max_examples=2000, deadline=None)
@given(seed=SEEDS, peers=st.integers(1, 3), attempts=st.integers(1, 4), callers=st.integers(1, 4))
def test_no_key_is_ever_applied_twice(seed: int, peers: int, attempts: int, callers: int) -> None:
    chance = random.Random(seed)
    run = Run(chance, peers, attempts)
    endings = [run.call(chance.randint(0, 25)) for _ in range(callers)]

    run.ledger.commit_all_valid()

    assert len(run.ledger.valid) <= 1
    if Ending.COMMITTED in endings:
        assert len(run.ledger.valid) == 1
    if endings[-1] is Ending.FAILED:
        assert run.ledger.valid == [], "it was said that nothing was written, and that nothing will be"


@settings(max_examples=500, deadline=None)
@given(seed=SEEDS, peers=st.integers(1, 3))
def test_on_a_network_that_comes_back_every_call_ends_well(seed: int, peers: int) -> None:
    chance = random.Random(seed)
    run = Run(chance, peers, attempts=3)
    run.call(chance.randint(0, 20))
    course = Course(attempts=3, peers=peers, resumed=run.record is not None and not run.dead)
    envelope = run.record if not run.dead else None
    action: Action = course.first
    for _ in range(12):
        match action:
            case Done():
                break
            case Endorse():
                run.made += 1
                envelope, event = f"tx{run.made}", Succeeded()
            case Submit():
                assert envelope is not None
                run.ledger.handed(envelope)
                run.ledger.commit_all_valid()
                event = Succeeded()
            case Ask():
                assert envelope is not None
                code = run.ledger.status(envelope)
                event = Unanswered() if code is None else Found((code,))
            case ReadBlock():
                assert envelope is not None
                event = Found(tuple(run.ledger.codes[envelope]))
            case _:
                event = Succeeded()
        action = course.after(event)
    if not (isinstance(action, Done) and action.ending is Ending.FAILED):
        assert action == Done(Ending.COMMITTED)
        assert len(run.ledger.valid) == 1
    else:
        assert run.ledger.valid == []


def _walk(course: Course, *events: Event) -> Action:
    action: Action = course.first
    for event in events:
        action = course.after(event)
    return action


def _asked(attempts: int = 3, peers: int = 1) -> tuple[Course, tuple[Event, ...]]:
    return Course(attempts=attempts, peers=peers), (Succeeded(), Succeeded(), Succeeded())


def test_it_goes_straight_from_endorsement_to_commit() -> None:
    course = Course(attempts=1, peers=1)
    assert course.first == Endorse()
    assert course.after(Succeeded()) == Keep()
    assert course.after(Succeeded()) == Submit()
    assert course.after(Succeeded()) == Ask(expected=True, round=0)
    assert course.after(Found((VALID,))) == Done(Ending.COMMITTED)


@pytest.mark.parametrize("reason", list(Reason))
def test_only_what_the_table_says_is_endorsed_again(reason: Reason) -> None:
    action = _walk(Course(attempts=2, peers=1), Refused(reason))
    assert action == (Pause(1) if reason in RETRIED else Done(Ending.FAILED))


def test_it_is_tried_as_often_as_allowed_and_not_once_more() -> None:
    course = Course(attempts=3, peers=1)
    busy = Refused(Reason.BUSY)
    assert _walk(course, busy, Succeeded(), busy, Succeeded(), busy) == Done(Ending.FAILED)


@pytest.mark.parametrize(
    ("code", "then"),
    [
        (CONFLICT, Pause(1)),
        (ValidationCode.PHANTOM_READ_CONFLICT, Pause(1)),
        (POLICY, Done(Ending.FAILED, dead=True)),
        (FORGED, ReadBlock()),
        (DUPLICATE, Pause(1)),
        (ValidationCode.NOT_VALIDATED, Pause(1)),
    ],
)
def test_what_a_code_in_a_block_leads_to(code: ValidationCode, then: Action) -> None:
    course, events = _asked()
    assert _walk(course, *events, Found((code,))) == then


def test_after_a_conflict_there_is_a_new_transaction_after_a_duplicate_the_same_one() -> None:
    for code, then in ((CONFLICT, Endorse()), (DUPLICATE, Submit())):
        course, events = _asked()
        assert _walk(course, *events, Found((code,)), Succeeded()) == then


def test_every_peer_is_asked_before_the_same_envelope_is_handed_over_again() -> None:
    course, events = _asked(peers=3)
    assert _walk(course, *events, Unanswered()) == Ask(expected=True, round=0)
    assert course.after(Unanswered()) == Ask(expected=True, round=0)
    assert course.after(Unanswered()) == Pause(1)
    assert course.after(Succeeded()) == Submit()
    assert course.after(Unanswered()) == Ask(expected=False, round=1)


def test_a_refusal_counts_only_for_an_envelope_that_was_never_sent() -> None:
    denied = Refused(Reason.DENIED)
    fresh = Course(attempts=3, peers=1)
    assert _walk(fresh, Succeeded(), Succeeded(), denied) == Done(Ending.FAILED, dead=True)

    lost = Course(attempts=3, peers=1)
    events: tuple[Event, ...] = (Succeeded(), Succeeded(), Unanswered(), Unanswered(), Succeeded(), denied)
    assert _walk(lost, *events) == Ask(expected=False, round=1)
    assert lost.time_up() == Done(Ending.UNKNOWN)

    resumed = Course(attempts=3, peers=1, resumed=True)
    assert _walk(resumed, Unanswered(), Succeeded(), denied) == Ask(expected=False, round=1)


def test_a_broken_transaction_of_another_member_beside_ours_deceives_nobody() -> None:
    for codes, then in (
        ((FORGED, VALID), Done(Ending.COMMITTED)),
        ((FORGED, CONFLICT), Pause(1)),
        ((FORGED,), Done(Ending.FAILED, dead=True)),
        ((DUPLICATE,), Pause(1)),
        ((), Pause(1)),
    ):
        course, events = _asked()
        assert _walk(course, *events, Found((FORGED,))) == ReadBlock()
        assert course.after(Found(codes)) == then
    assert own_code((FORGED, CONFLICT)) is CONFLICT
    assert own_code((FORGED, DUPLICATE)) is FORGED


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        ((), Done(Ending.FAILED)),
        ((Succeeded(),), Done(Ending.FAILED)),
        ((Succeeded(), Succeeded()), Done(Ending.FAILED, dead=True)),
        ((Succeeded(), Succeeded(), Unanswered()), Done(Ending.UNKNOWN)),
        ((Succeeded(), Succeeded(), Succeeded()), Done(Ending.UNKNOWN)),
        ((Succeeded(), Succeeded(), Succeeded(), Found((CONFLICT,))), Done(Ending.FAILED, dead=True)),
    ],
)
def test_when_time_is_up_it_says_what_is_known(events: tuple[Event, ...], ending: Done) -> None:
    course = Course(attempts=3, peers=1)
    _walk(course, *events)
    assert course.time_up() == ending


@pytest.mark.parametrize(
    "wrong",
    [
        lambda course: course.after(Found((VALID,))),
        lambda course: (course.time_up(), course.after(Succeeded())),
    ],
)
def test_an_event_that_cannot_be_is_refused(wrong: Callable[[Course], object]) -> None:
    with pytest.raises(ValueError, match=r"cannot follow|is over"):
        wrong(Course(attempts=1, peers=1))
