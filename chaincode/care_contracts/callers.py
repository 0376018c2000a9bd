"""Who calls: read from the certificate that signed the proposal and from the channel's bindings, never
from arguments.
"""

import base64
from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from care_rules.access.model import MAX_CLIENT_ID, MAX_GROUPS
from care_rules.errors import InstitutionNotActiveError, NotPermittedError
from care_rules.fields import ATTRIBUTE, STAFF_ID
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from fabric_shim import ClientIdentity
from fabric_shim.contract import Context

from care_contracts import public_state

ROLE_ATTRIBUTE: Final = "care.role"
GROUPS_ATTRIBUTE: Final = "care.groups"
PATIENT_ATTRIBUTE: Final = "care.patient"
"""Of its own, because a CA cannot let somebody give one value of an attribute and no other."""

NO_ROLE: Final = "none"
ADMINISTRATOR: Final = "administrator"
AUDITOR: Final = "auditor"
NODE: Final = "node"
PATIENT: Final = "patient"
PRACTITIONER: Final = "practitioner"
PRIVACY_OFFICER: Final = "privacy-officer"
REGISTRAR: Final = "registrar"
REGULATOR: Final = "regulator"


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller's certificate: ``staff_id`` its common name, ``public_key`` its SPKI DER in base64."""

    msp_id: str
    staff_id: str
    client_id: str
    role: str
    groups: tuple[str, ...]
    public_key: str

    def is_staff(self, custodian: str, roles: Set[str]) -> bool:
        """Whether it belongs to the custodian's own people in one of the roles."""
        return self.msp_id == custodian and self.role in roles


def caller(ctx: Context) -> Caller:
    """Who signed this proposal.

    Raises:
        NotPermittedError: the common name or the attributes are not as CareChannel's CAs issue them.
            What is let in here is stored with requests, and has to be readable for good.
    """
    identity = ctx.identity
    names = identity.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    staff_id = str(names[-1].value) if names else ""
    if not STAFF_ID.fullmatch(staff_id):
        raise NotPermittedError("The certificate's common name is not an id; enroll with a random id.")
    role = identity.get_attribute_value(ROLE_ATTRIBUTE) or _role_without_attribute(identity)
    listed = (identity.get_attribute_value(GROUPS_ATTRIBUTE) or "").split(",")
    groups = tuple(sorted({group.strip() for group in listed} - {""}))
    if len(groups) > MAX_GROUPS or not all(ATTRIBUTE.fullmatch(value) for value in (role, *groups)):
        raise NotPermittedError("The certificate's care attributes are malformed; enroll again.")
    if len(identity.id) > MAX_CLIENT_ID:
        raise NotPermittedError("The certificate's subject or issuer is too long; enroll with a random id.")
    public_key = identity.certificate.public_key()
    return Caller(
        msp_id=identity.msp_id,
        staff_id=staff_id,
        client_id=identity.id,
        role=role,
        groups=groups,
        public_key=base64.b64encode(
            public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).decode(),
    )


def _role_without_attribute(identity: ClientIdentity) -> str:
    return PATIENT if identity.get_attribute_value(PATIENT_ATTRIBUTE) == "true" else NO_ROLE


def require_staff(ctx: Context, custodian: str, roles: Set[str]) -> Caller:
    """The caller, if it belongs to the custodian's own people in one of the roles.

    Raises:
        NotPermittedError: it does not.
    """
    who = caller(ctx)
    if not who.is_staff(custodian, roles):
        raise refusal(f"the custodian's {' or '.join(sorted(roles))}")
    return who


def require_role(ctx: Context, role: str) -> Caller:
    """The caller, if its certificate carries the role, of whatever institution.

    Raises:
        NotPermittedError: it does not.
    """
    who = caller(ctx)
    if who.role != role:
        raise refusal(f"{ROLE_ATTRIBUTE}={role}")
    return who


async def require_patient(ctx: Context, handle: str) -> Caller:
    """The caller, if its key is the one bound to the handle. Reads the binding's public key.

    Raises:
        NotPermittedError: it is not; the same where the handle is unknown.
    """
    who = caller(ctx)
    if not await is_patient(ctx, who, handle):
        raise refusal("the patient's own key")
    return who


async def is_patient(ctx: Context, who: Caller, handle: str) -> bool:
    """Whether the caller's key is the one bound to the handle."""
    bound = await public_state.binding(ctx, handle)
    return bound is not None and bound.public_key == who.public_key


async def require_active(ctx: Context, who: Caller) -> None:
    """Refuses a caller whose institution is not active.

    Raises:
        InstitutionNotActiveError: it is not registered or not yet approved.
    """
    registered = await public_state.institution(ctx, who.msp_id)
    if registered is None or not registered.active:
        raise InstitutionNotActiveError("Your institution is not approved on this channel (yet).")


async def require_reader(ctx: Context, custodian: str, handle: str, roles: Set[str]) -> Caller:
    """The caller, if it is the custodian's staff in one of the roles, or the patient. For evaluated
    functions.

    Raises:
        NotPermittedError: it is neither; the same where the handle is unknown.
    """
    who = caller(ctx)
    if who.is_staff(custodian, roles) or await is_patient(ctx, who, handle):
        return who
    raise refusal(f"the patient's own key, or the custodian's {' or '.join(sorted(roles))}")


async def is_auditor(ctx: Context, who: Caller, custodian: str) -> bool:
    """Whether the caller may audit this custodian: its own auditor or privacy officer, or an active
    regulator's.
    """
    if who.is_staff(custodian, {AUDITOR, PRIVACY_OFFICER}):
        return True
    registered = await public_state.institution(ctx, who.msp_id)
    return (
        who.role == AUDITOR and registered is not None and registered.active and registered.role == REGULATOR
    )


def refusal(needed: str) -> NotPermittedError:
    """The error that says what the function needs, and nothing of what the caller asked about."""
    return NotPermittedError(f"This function needs {needed}; use another identity.")
