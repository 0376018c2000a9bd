"""What the gateway reports becomes an error that says whose fault it is."""

from __future__ import annotations

import pytest
from carechannel.errors import (
    CareChannelError,
    ExpiredCertificateError,
    NetworkDownError,
    OutcomeUnknownError,
    RefusedError,
    TransactionError,
    UnknownHandleError,
    WrongCertificateError,
)
from carechannel.refusals import translate
from fabric_gateway import (
    CommitError,
    CommitStatusError,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    FabricGatewayError,
    StatusCode,
    SubmitError,
    ValidationCode,
)


def endorse(text: str, status: StatusCode = StatusCode.ABORTED) -> EndorseError:
    detail = ErrorDetail("127.0.0.1:7051", "HospitalAMSP", text)
    return EndorseError("failed to endorse", code=status, details=(detail,), transaction_id="ab")


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (
            endorse("chaincode response 500, handle-unknown: The handle is not bound."),
            UnknownHandleError,
            "handle-unknown",
        ),
        (endorse("chaincode response 500, not-permitted: No."), RefusedError, "not-permitted"),
        (endorse("chaincode response 500, internal error"), RefusedError, "refused"),
        (
            endorse("access denied: channel [x] creator org [AMSP]"),
            WrongCertificateError,
            "wrong-certificate",
        ),
        (
            endorse("x509: certificate signed by unknown authority"),
            WrongCertificateError,
            "wrong-certificate",
        ),
        (
            endorse("creator certificate is not valid: x509: certificate has expired"),
            ExpiredCertificateError,
            "expired-certificate",
        ),
        (endorse("", StatusCode.UNAVAILABLE), NetworkDownError, "network-down"),
        (EvaluateError("timeout", code=StatusCode.DEADLINE_EXCEEDED), NetworkDownError, "network-down"),
        (EvaluateError("no", code=StatusCode.PERMISSION_DENIED), WrongCertificateError, "wrong-certificate"),
        (SubmitError("lost", code=StatusCode.UNAVAILABLE), OutcomeUnknownError, "outcome-unknown"),
        (
            CommitStatusError("lost", code=StatusCode.DEADLINE_EXCEEDED),
            OutcomeUnknownError,
            "outcome-unknown",
        ),
        (endorse("something else"), TransactionError, "transaction-failed"),
        (
            CommitError(
                transaction_id="ab",
                validation_code=ValidationCode.ENDORSEMENT_POLICY_FAILURE,
                block_number=1,
            ),
            TransactionError,
            "transaction-failed",
        ),
        (FabricGatewayError("something else"), CareChannelError, "carechannel-error"),
    ],
)
def test_translation(error: FabricGatewayError, kind: type[CareChannelError], code: str) -> None:
    translated = translate(error, "peer0.hospital-a.example")
    assert type(translated) is kind
    assert translated.code == code
    assert translated.transaction_id == error.transaction_id
    assert str(translated).endswith((".", "?"))
