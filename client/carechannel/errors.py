"""Everything that CareChannel refuses or fails at, each with a stable code.

A message is a sentence that says what is wrong and what to do. It names elements, files and codes; it never
repeats health data, a handle or a value that was given.
"""

from __future__ import annotations


class CareChannelError(Exception):
    """Base of all errors of this package.

    ``code`` is stable and meant for programs, ``str(error)`` for people. ``transaction_id`` names the
    transaction concerned where there is one.
    """

    code = "carechannel-error"

    def __init__(self, message: str, *, transaction_id: str | None = None):
        super().__init__(message)
        self.transaction_id = transaction_id


class FhirError(CareChannelError):
    """The content is not something that can be published as a FHIR R4 record."""

    code = "fhir-error"


class EmptyContentError(FhirError):
    """There is no content at all."""

    code = "empty"


class ContentTooLargeError(FhirError):
    """The content is above the size limit."""

    code = "too-large"


class NotJsonError(FhirError):
    """The content is not JSON in UTF-8."""

    code = "not-json"


class NotFhirError(FhirError):
    """The JSON is not a FHIR resource."""

    code = "not-fhir"


class WrongFhirVersionError(FhirError):
    """The resource is of another FHIR version than R4."""

    code = "wrong-fhir-version"


class InvalidFhirError(FhirError):
    """The resource breaks FHIR R4's rules; ``path`` is the FHIRPath of the first offending element."""

    code = "invalid-fhir"

    def __init__(self, message: str, *, path: str):
        super().__init__(message)
        self.path = path


class SeveralPatientsError(FhirError):
    """The content is about more than one patient."""

    code = "several-patients"


class TooManyLabelsError(FhirError):
    """The content carries more security labels than an index entry holds."""

    code = "too-many-labels"


class SealError(CareChannelError):
    """A record or key could not be opened: wrong key, wrong context, or changed bytes."""

    code = "seal-broken"


class CommitmentError(SealError):
    """The plaintext is not the one that was committed to."""

    code = "commitment-broken"


class BlobError(CareChannelError):
    """The encrypted content could not be fetched or stored."""

    code = "blob-error"


class BlobMissingError(BlobError):
    """No store holds the blob."""

    code = "blob-missing"


class BlobTamperedError(BlobError):
    """The stored bytes are not those that the ledger's index names."""

    code = "blob-tampered"


class JournalError(CareChannelError):
    """The institution's journal cannot be read or written."""

    code = "journal-error"


class ProfileError(CareChannelError):
    """The connection profile is missing, malformed or lacks something."""

    code = "profile-invalid"


class UnknownConsortiumError(CareChannelError):
    """The profile knows no consortium of that name."""

    code = "unknown-consortium"


class UnknownMemberError(CareChannelError):
    """The consortium has no such member, or it keeps no records."""

    code = "unknown-member"


class IdentityError(CareChannelError):
    """The folder does not hold a usable identity."""

    code = "identity-invalid"


class WrongCertificateError(IdentityError):
    """The certificate is not one that this institution, or the network, accepts."""

    code = "wrong-certificate"


class ExpiredCertificateError(IdentityError):
    """The certificate is not valid at this time."""

    code = "expired-certificate"


class InstitutionKeyError(CareChannelError):
    """The institution's own HPKE key is missing or unusable."""

    code = "institution-key"


class PatientCodeError(CareChannelError):
    """The text is not a patient code, or belongs to another consortium."""

    code = "patient-code-invalid"


class WalletError(CareChannelError):
    """The wallet folder is missing, or holds what it should not."""

    code = "wallet-invalid"


class WalletPasswordError(WalletError):
    """The password of a wallet is missing, or does not open the entry."""

    code = "wallet-password"


class WalletModeError(WalletError):
    """A file or folder with a secret can be read or written by others."""

    code = "wallet-mode"


class UnknownEntryError(WalletError):
    """The wallet has no entry of that name."""

    code = "wallet-entry-unknown"


class EntryExistsError(WalletError):
    """The wallet has an entry of that name already."""

    code = "wallet-entry-exists"


class SdkMissingError(CareChannelError):
    """The optional part that talks to a certificate authority is not installed."""

    code = "sdk-missing"


class EnrolmentError(CareChannelError):
    """The certificate authority refused, or could not be reached."""

    code = "enrolment-failed"


class NetworkDownError(CareChannelError):
    """The peer, or what stands behind it, cannot be reached."""

    code = "network-down"


class TransactionError(CareChannelError):
    """The network did not take the transaction."""

    code = "transaction-failed"


class OutcomeUnknownError(TransactionError):
    """Whether the transaction was committed is not known."""

    code = "outcome-unknown"


class RefusedError(CareChannelError):
    """The chaincode refused; ``code`` is the chaincode's own."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, transaction_id: str | None = None):
        super().__init__(message, transaction_id=transaction_id)
        self.code = code or type(self).code


class UnknownHandleError(RefusedError):
    """No patient of that handle is bound on this consortium."""

    code = "handle-unknown"


class NotAvailableError(CareChannelError):
    """Hidden, denied, expired or absent: the requester is not told which."""

    code = "not-available"


class AnswerPendingError(CareChannelError):
    """The custodian has not answered the request yet."""

    code = "answer-pending"


class UnexpectedReplyError(CareChannelError):
    """A peer answered something that the chaincode of this version does not answer."""

    code = "unexpected-reply"


class DisclosureUnverifiedError(CareChannelError):
    """An audit entry does not agree with the hash in its block."""

    code = "disclosure-unverified"


class StoryError(CareChannelError):
    """A step of the demonstration did not come out as it must."""

    code = "story-broken"
