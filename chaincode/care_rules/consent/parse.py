"""Reading a FHIR R4 Consent (https://hl7.org/fhir/R4/consent.html), strictly.

Supported is the part that `docs/privacy.md` shows. Any other element, code or system is refused and named
by its FHIRPath: a part that was ignored could turn a no into a yes.
"""

from collections.abc import Set

from care_rules import instants, purposes, resource_types
from care_rules.canonical import Json
from care_rules.consent import codes
from care_rules.consent.model import Actor, Consent, Effect
from care_rules.errors import ConsentInvalidError, ConsentUnsupportedError, InputInvalidError
from care_rules.fields import HANDLE, MSP_ID, STAFF_ID, Fields

MAX_ACTORS = 64
MAX_PURPOSES = 64
MAX_CLASSES = 200
DISPLAY_LIMIT = 256


def parse_consent(value: Json) -> Consent:
    """The consent that a FHIR R4 Consent states.

    Raises:
        ConsentUnsupportedError: an element, system or code that is not supported.
        ConsentInvalidError: an element that is missing, malformed or contradicts another.
    """
    with Fields.of(
        value, "Consent", invalid=ConsentInvalidError, unknown=ConsentUnsupportedError
    ) as resource:
        _fixed(resource, "resourceType", "Consent")
        consent_id = resource.text("id", pattern=HANDLE)
        _fixed(resource, "status", "active")
        _concept(resource.child("scope"), codes.SCOPE)
        for category in resource.children("category", least=1, most=8):
            _concept(category, codes.CATEGORIES)
        handle = _identifier(resource.child("patient"), {codes.HANDLE})[1]
        if not HANDLE.fullmatch(handle):
            raise ConsentInvalidError("Consent.patient.identifier.value must be the patient's handle.")
        dated = _datetime(resource, "dateTime").start
        _concept(resource.child("policyRule"), codes.POLICY_RULE)
        with resource.child("provision") as provision:
            effect = Effect(provision.choice("type", [effect.value for effect in Effect]))
            start, end = _period(provision.child("period")) if provision.has("period") else (None, None)
            return Consent(
                consent_id=consent_id,
                handle=handle,
                dated=dated,
                effect=effect,
                start=start,
                end=end,
                actors=_actors(provision),
                purposes=_codings(provision, "purpose", purposes.SYSTEM, purposes.PURPOSES, MAX_PURPOSES),
                classes=_codings(
                    provision, "class", resource_types.SYSTEM, resource_types.RESOURCE_TYPES, MAX_CLASSES
                ),
            )


def _fixed(fields: Fields, key: str, wanted: str) -> None:
    value = fields.text(key)
    if value != wanted:
        raise ConsentUnsupportedError(f"{fields.at(key)} must be {wanted}.")


def _concept(concept: Fields, allowed: Set[tuple[str, str]]) -> None:
    with concept:
        for coding in concept.children("coding", least=1, most=1):
            _coding(coding, allowed)


def _coding(coding: Fields, allowed: Set[tuple[str, str]]) -> str:
    with coding:
        code = (coding.text("system"), coding.text("code"))
        if coding.has("display"):
            coding.text("display", limit=DISPLAY_LIMIT)
        if code not in allowed:
            raise ConsentUnsupportedError(f"{coding.path} has a system and code that are not supported.")
        return code[1]


def _codings(provision: Fields, key: str, system: str, allowed: Set[str], most: int) -> tuple[str, ...]:
    if not provision.has(key):
        return ()
    pairs = {(system, code) for code in allowed}
    return tuple(_coding(coding, pairs) for coding in provision.children(key, least=1, most=most))


def _actors(provision: Fields) -> tuple[Actor, ...]:
    if not provision.has("actor"):
        return ()
    return tuple(_actor(actor) for actor in provision.children("actor", least=1, most=MAX_ACTORS))


def _actor(actor: Fields) -> Actor:
    with actor:
        _concept(actor.child("role"), codes.RECIPIENT)
        reference = actor.child("reference")
        system, value = _identifier(reference, {codes.INSTITUTION, codes.STAFF})
    msp_id, slash, staff_id = value.partition("/")
    named = bool(STAFF_ID.fullmatch(staff_id)) if system == codes.STAFF else not slash
    if not MSP_ID.fullmatch(msp_id) or not named:
        raise ConsentInvalidError(
            f"{reference.path}.identifier.value must be an MSP ID, or MSP ID, slash and staff id."
        )
    return Actor(msp_id, staff_id or None)


def _identifier(reference: Fields, systems: Set[str]) -> tuple[str, str]:
    with reference, reference.child("identifier") as identifier:
        system = identifier.text("system")
        if system not in systems:
            raise ConsentUnsupportedError(
                f"{identifier.path}.system must be one of: {', '.join(sorted(systems))}."
            )
        return system, identifier.text("value")


def _period(period: Fields) -> tuple[int | None, int | None]:
    with period:
        start = _datetime(period, "start").start if period.has("start") else None
        end = _datetime(period, "end").end if period.has("end") else None
    if start is None and end is None:
        raise ConsentInvalidError(f"{period.path} must have a start or an end.")
    if start is not None and end is not None and start >= end:
        raise ConsentInvalidError(f"{period.path} ends before it starts.")
    return start, end


def _datetime(fields: Fields, key: str) -> instants.Span:
    try:
        return instants.parse_datetime(fields.text(key, limit=40))
    except InputInvalidError as error:
        raise ConsentInvalidError(f"{fields.at(key)} is not a FHIR dateTime. {error}") from error
