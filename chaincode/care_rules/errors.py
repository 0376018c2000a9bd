"""What can be refused, each with a stable code.

A message names elements, arguments and codes. It never carries a handle, a name or any value that was given,
because error messages end up in logs and in transaction responses.
"""


class CareError(Exception):
    """A refusal: ``code`` is stable and meant for programs, the message for people."""

    code = "care-error"


class InputInvalidError(CareError):
    """An argument or a transient field is malformed, too large, missing or unknown."""

    code = "input-invalid"


class NotPermittedError(CareError):
    """The caller's certificate or key does not allow this function."""

    code = "not-permitted"


class CustodyClosedError(CareError):
    """The custodian has not opened its custody on this channel, or this is not one of its peers."""

    code = "custody-closed"


class CustodyOpenError(CareError):
    """The custodian's custody is open already."""

    code = "custody-open"


class InstitutionUnknownError(CareError):
    """No institution of that MSP ID is registered on the channel."""

    code = "institution-unknown"


class InstitutionNotActiveError(CareError):
    """The caller's institution is not (yet) approved by a majority of the registered ones."""

    code = "institution-not-active"


class DigestMismatchError(CareError):
    """The approval is for another content than the one that is registered."""

    code = "digest-mismatch"


class AlreadyApprovedError(CareError):
    """This institution has already approved that content (its own counts as approved)."""

    code = "already-approved"


class HandleTakenError(CareError):
    """The handle is bound to a key already."""

    code = "handle-taken"


class HandleUnknownError(CareError):
    """The handle is not bound on this channel."""

    code = "handle-unknown"


class KeyUnsupportedError(CareError):
    """The public key is not ECDSA on P-256."""

    code = "key-unsupported"


class SignatureInvalidError(CareError):
    """A signature does not verify with the key it must be made with."""

    code = "signature-invalid"


class RecordExistsError(CareError):
    """That record id is taken by another content."""

    code = "record-exists"


class VersionConflictError(CareError):
    """The version is not the one after the latest, or is there already with another content."""

    code = "version-conflict"


class FindingInvalidError(CareError):
    """A finding is not this custodian's, not about this, or too old."""

    code = "finding-invalid"


class ConsentUnsupportedError(CareError):
    """A consent has an element or code that is not supported; the message starts with its FHIRPath."""

    code = "consent-unsupported"


class ConsentInvalidError(CareError):
    """A consent's element is malformed or missing; the message starts with its FHIRPath."""

    code = "consent-invalid"


class ConsentExistsError(CareError):
    """That consent id is taken by another content."""

    code = "consent-exists"


class ConsentInactiveError(CareError):
    """The consent is revoked already."""

    code = "consent-inactive"


class PurposeUnknownError(CareError):
    """The purpose is not one of the HL7 v3 PurposeOfUse codes that are supported."""

    code = "purpose-unknown"


class RequestUnknownError(CareError):
    """There is no such request, or it is not the caller's."""

    code = "request-unknown"


class AnsweredError(CareError):
    """The request is answered already."""

    code = "answered"


class NotAnsweredError(CareError):
    """The request is not answered yet."""

    code = "not-answered"


class KeysNotPermittedError(CareError):
    """An answer's keys are not exactly those of the records that the decision permits."""

    code = "keys-not-permitted"


class RecordsNotAnsweredError(CareError):
    """A receipt names records that the answer does not hold."""

    code = "records-not-answered"
