"""Purposes of use: HL7 v3 PurposeOfUse codes, their hierarchy, and which roles may ask for them.

Source: http://terminology.hl7.org/ValueSet/v3-PurposeOfUse (codes of v3-ActReason). Break-glass (BTG) is
left out: it needs a declaration and a review, which a plain request does not have.
"""

from typing import Final

SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"

_CHILDREN: Final[dict[str, str]] = {
    "HOPERAT": "CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP "
    "HSYSADMIN LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV TRAIN",
    "SYSDEV": "HTEST",
    "HPAYMT": "CLMATTCH COVAUTH COVERAGE MILDCRG REMITADV",
    "COVERAGE": "ELIGDTRM ELIGVER ENROLLM",
    "HRESCH": "BIORCH CLINTRCH DSRCH POARCH TRANSRCH",
    "CLINTRCH": "CLINTRCHNPC CLINTRCHPC PRECLINTRCH",
    "PATRQT": "FAMRQT PWATRNY SUPNWK",
    "PUBHLTH": "DISASTER THREAT",
    "TREAT": "CLINTRL COC ETREAT POPHLTH",
    "ETREAT": "ERTREAT",
}

_ROLES: Final[dict[str, frozenset[str]]] = {
    "TREAT": frozenset({"practitioner", "pharmacist"}),
    "HPAYMT": frozenset({"registrar"}),
    "HOPERAT": frozenset({"registrar", "privacy-officer"}),
    "HRESCH": frozenset({"investigator"}),
    "PATRQT": frozenset({"practitioner", "registrar"}),
    "PUBHLTH": frozenset({"practitioner", "epidemiologist"}),
    "HMARKT": frozenset(),
}

_PARENTS: Final = {child: parent for parent, children in _CHILDREN.items() for child in children.split()}

PURPOSES: Final = frozenset(_ROLES) | frozenset(_PARENTS)
"""Every code that a consent may name and a request may give."""


def covers(wider: str, purpose: str) -> bool:
    """Whether `purpose` is `wider` itself or lies beneath it (ETREAT lies beneath TREAT)."""
    current: str | None = purpose
    while current is not None:
        if current == wider:
            return True
        current = _PARENTS.get(current)
    return False


def may_ask(role: str, purpose: str) -> bool:
    """Whether staff of that ``care.role`` may ask for records with that purpose at all."""
    return any(covers(top, purpose) and role in roles for top, roles in _ROLES.items())
