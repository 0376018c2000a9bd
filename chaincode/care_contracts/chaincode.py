"""The chaincode ``care``: all contracts behind one name, so that one transaction sees one custody."""

from care_rules.errors import CareError
from fabric_shim import ChaincodeError, ChaincodeStub, Response
from fabric_shim.contract import ContractChaincode

from care_contracts.access import Access
from care_contracts.audit import Audit
from care_contracts.consent import Consents
from care_contracts.ehr import Ehr
from care_contracts.institutions import Institutions
from care_contracts.patients import Patients

VERSION = "1.0"


class CareChaincode(ContractChaincode):
    """Serves the contracts; a rule's refusal reaches the caller with its code, anything else is masked."""

    def __init__(self) -> None:
        super().__init__(
            Institutions(),
            Patients(),
            Ehr(),
            Consents(),
            Access(),
            Audit(),
            title="care",
            version=VERSION,
            default=None,
        )

    async def invoke(self, stub: ChaincodeStub) -> Response:
        """Call the function that the first argument names."""
        try:
            return await super().invoke(stub)
        except CareError as refusal:
            raise ChaincodeError(str(refusal), code=refusal.code) from None
