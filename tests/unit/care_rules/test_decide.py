"""The decision: pure rules, their edges and their properties."""

import itertools
from dataclasses import replace

import pytest
from care_rules import instants, purposes
from care_rules.access.decide import Decision, decide
from care_rules.access.model import AccessRequest, Asked, Requester
from care_rules.access.trace import SENTENCES
from care_rules.consent.model import Actor, Consent, Effect
from care_rules.ehr.model import Blob, Entry
from hypothesis import given, settings
from hypothesis import strategies as st

HANDLE = "0" * 32
NOW = instants.parse_instant("2026-06-01T12:00:00Z")
REQUESTER = Requester("B", "doctor", "client", "practitioner")
REQUEST = AccessRequest("f" * 64, NOW, REQUESTER, Asked(HANDLE, "TREAT"))


def entry(number: int = 0, kind: str = "Observation", types: tuple[str, ...] = ()) -> Entry:
    return Entry(
        HANDLE, f"{number:032x}", 1, kind, types or (kind,), (), None, (), "application/fhir+json", 1,
        Blob("0" * 64, 1), "0" * 64, "AAAA",
    )  # fmt: skip


def consent(number: int = 0, effect: Effect = Effect.PERMIT, **parts: object) -> Consent:
    return Consent(f"{number:032x}", HANDLE, 0, effect, **parts)  # type: ignore[arg-type]


def decided(
    *consents: Consent,
    entries: tuple[Entry, ...] = (entry(),),
    request: AccessRequest = REQUEST,
    at: int = NOW,
    active: bool = True,
) -> Decision:
    return decide(request, "A", entries, consents, institution_active=active, at=at)


def permits(*consents: Consent, **options: object) -> bool:
    return decided(*consents, **options).effect is Effect.PERMIT  # type: ignore[arg-type]


def test_the_default_is_deny() -> None:
    assert not permits()
    assert decided().trace[0].code == "no-consent"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, True),
        ({"actors": (Actor("B"),)}, True),
        ({"actors": (Actor("B", "doctor"),)}, True),
        ({"actors": (Actor("B", "other"),)}, False),
        ({"actors": (Actor("C"),)}, False),
        ({"actors": (Actor("C", "doctor"),)}, False),
        ({"actors": (Actor("C"), Actor("B"))}, True),
        ({"purposes": ("TREAT",)}, True),
        ({"purposes": ("ETREAT",)}, False),
        ({"purposes": ("HRESCH", "TREAT")}, True),
        ({"classes": ("Observation",)}, True),
        ({"classes": ("Condition",)}, False),
        ({"start": NOW}, True),
        ({"start": NOW + 1}, False),
        ({"end": NOW}, False),
        ({"end": NOW + 1}, True),
    ],
)
def test_a_permit_and_a_deny_apply_alike(parts: dict[str, object], expected: bool) -> None:
    assert permits(consent(**parts)) is expected
    assert permits(consent(0), consent(1, Effect.DENY, **parts)) is not expected


def test_a_period_given_by_days_lasts_to_the_end_of_the_last() -> None:
    span = instants.parse_datetime("2026-06-01")
    day = consent(start=span.start, end=span.end)
    asked_at = replace(REQUEST, requested_at=span.start)
    assert permits(day, request=asked_at, at=span.start)
    late = replace(REQUEST, requested_at=span.end - 1)
    assert permits(day, request=late, at=span.end - 1)
    assert not permits(day, request=late, at=span.end)
    assert not permits(day, request=replace(REQUEST, requested_at=span.start - 1), at=span.start - 1)


def test_a_consent_for_a_purpose_covers_those_beneath_it() -> None:
    emergency = replace(REQUEST, asked=Asked(HANDLE, "ETREAT"))
    assert permits(consent(purposes=("TREAT",)), request=emergency)
    assert not permits(consent(purposes=("COC",)), request=emergency)
    assert not permits(consent(0), consent(1, Effect.DENY, purposes=("TREAT",)), request=emergency)


def test_a_bundle_is_permitted_only_with_all_that_it_holds() -> None:
    bundle = entry(kind="Bundle", types=("Patient", "Observation"))
    one, other = consent(0, classes=("Patient",)), consent(1, classes=("Observation",))
    assert not permits(one, entries=(bundle,))
    assert permits(one, other, entries=(bundle,))
    assert not permits(consent(0), consent(1, Effect.DENY, classes=("Patient",)), entries=(bundle,))
    assert not permits(consent(0), consent(1, Effect.DENY, classes=("Bundle",)), entries=(bundle,))
    assert not permits(consent(0, classes=("Bundle",)), entries=(bundle,))


def test_permits_for_others_do_not_add_up() -> None:
    bundle = entry(kind="Bundle", types=("Patient", "Observation"))
    mine = consent(0, classes=("Patient",))
    not_mine = consent(1, classes=("Observation",), actors=(Actor("C"),))
    assert not permits(mine, not_mine, entries=(bundle,))


def test_only_permitted_records_are_released() -> None:
    got = decided(consent(classes=("Observation",)), entries=(entry(1, "Condition"), entry(2)))
    assert [version.record_id for version in got.records] == [f"{2:032x}"]
    assert {step.code for step in got.trace} == {"consent-permit", "no-consent"}
    assert got.consents == (f"{0:032x}",)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"at": NOW + instants.HOUR}, "request-expired"),
        ({"active": False}, "institution-not-active"),
        ({"request": replace(REQUEST, requester=replace(REQUESTER, role="registrar"))}, "role-may-not-ask"),
        ({"request": replace(REQUEST, requester=replace(REQUESTER, role=""))}, "role-may-not-ask"),
        ({"request": replace(REQUEST, asked=Asked(HANDLE, "HMARKT"))}, "role-may-not-ask"),
        ({"entries": ()}, "no-record"),
        ({"entries": tuple(entry(number) for number in range(1001))}, "too-many-records"),
    ],
)
def test_a_request_that_cannot_be_permitted_is_denied_as_a_whole(
    options: dict[str, object], code: str
) -> None:
    got = decided(consent(), **options)  # type: ignore[arg-type]
    assert (got.effect, got.records, [step.code for step in got.trace]) == (Effect.DENY, (), [code])


def test_own_treatment_needs_no_consent_but_yields_to_a_deny() -> None:
    own = replace(REQUEST, requester=replace(REQUESTER, msp_id="A"))
    assert decided(request=own).trace[0].code == "own-treatment"
    assert permits(request=replace(own, asked=Asked(HANDLE, "ETREAT")))
    assert not permits(request=replace(own, asked=Asked(HANDLE, "PUBHLTH")))
    assert not permits(request=replace(own, requester=replace(own.requester, role="pharmacist")))
    assert not permits(consent(effect=Effect.DENY), request=own)


def test_every_code_of_a_trace_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


@pytest.mark.parametrize("purpose", sorted(purposes.PURPOSES))
def test_every_purpose_lies_beneath_exactly_one_top(purpose: str) -> None:
    tops = ["TREAT", "HPAYMT", "HOPERAT", "HRESCH", "PATRQT", "PUBHLTH", "HMARKT"]
    assert sum(purposes.covers(top, purpose) for top in tops) == 1


TYPES = ("Observation", "Condition", "Patient")
ACTORS = st.builds(Actor, st.sampled_from("BC"), st.sampled_from([None, "doctor", "nurse"]))
TIMES = st.none() | st.integers(NOW - 2, NOW + 2)
CONSENTS = st.lists(
    st.builds(
        Consent,
        st.integers(0, 2**64).map(lambda number: f"{number:032x}"),
        st.just(HANDLE),
        st.just(0),
        st.sampled_from(Effect),
        TIMES,
        TIMES,
        st.lists(ACTORS, max_size=2).map(tuple),
        st.lists(st.sampled_from(["TREAT", "ETREAT", "HRESCH"]), max_size=2).map(tuple),
        st.lists(st.sampled_from([*TYPES, "Bundle"]), max_size=3).map(tuple),
    ),
    max_size=6,
)
ENTRIES = st.lists(
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True), min_size=1, max_size=4
).map(lambda kinds: tuple(entry(number, "Bundle", tuple(types)) for number, types in enumerate(kinds)))


@given(CONSENTS, ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_consents_and_records_is_irrelevant(
    consents: list[Consent], entries: tuple[Entry, ...], random: object
) -> None:
    shuffled, turned = list(consents), list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert decided(*consents, entries=entries) == decided(*shuffled, entries=tuple(turned))


@given(CONSENTS, CONSENTS, ENTRIES)
def test_adding_denies_never_opens(
    consents: list[Consent], more: list[Consent], entries: tuple[Entry, ...]
) -> None:
    denies = [replace(added, effect=Effect.DENY) for added in more]
    assert set(decided(*consents, *denies, entries=entries).records) <= set(
        decided(*consents, entries=entries).records
    )


@given(CONSENTS, ENTRIES)
def test_removing_a_permit_never_opens(consents: list[Consent], entries: tuple[Entry, ...]) -> None:
    everything = set(decided(*consents, entries=entries).records)
    for fewer in itertools.combinations(consents, max(len(consents) - 1, 0)):
        gone = [known for known in consents if known not in fewer]
        if all(known.effect is Effect.PERMIT for known in gone):
            assert set(decided(*fewer, entries=entries).records) <= everything


@given(CONSENTS, ENTRIES)
def test_nothing_is_released_without_a_permit_that_applies(
    consents: list[Consent], entries: tuple[Entry, ...]
) -> None:
    denies = [known for known in consents if known.effect is Effect.DENY]
    assert decided(*denies, entries=entries).records == ()


@given(CONSENTS, ENTRIES, st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
@settings(max_examples=50)
def test_a_narrower_request_gets_no_more(
    consents: list[Consent], entries: tuple[Entry, ...], types: list[str]
) -> None:
    narrow = replace(REQUEST, asked=Asked(HANDLE, "TREAT", types=tuple(types)))
    assert set(decided(*consents, entries=entries, request=narrow).records) <= set(
        decided(*consents, entries=entries).records
    )
