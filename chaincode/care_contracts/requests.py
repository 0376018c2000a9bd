"""Finding a committed request again, for who asked it and for who answers it."""

from care_rules.access import keys, stored
from care_rules.access.model import AccessRequest
from care_rules.errors import AnsweredError, RequestUnknownError

from care_contracts.callers import Caller
from care_contracts.custody import Custody


async def own_request(custody: Custody, request_id: str, who: Caller) -> AccessRequest | None:
    """The caller's own request; None where there is none of that id, or it is somebody else's."""
    item = await custody.get(keys.request_key(request_id))
    if item is None:
        return None
    request = stored.read_request(item.json)
    asked_by = request.requester.msp_id, request.requester.client_id
    return request if asked_by == (who.msp_id, who.client_id) else None


async def unanswered_request(custody: Custody, request_id: str) -> AccessRequest:
    """A request that is waiting for its answer.

    Raises:
        RequestUnknownError: there is none of that id at this custodian.
        AnsweredError: it is answered already.
    """
    item = await custody.get(keys.request_key(request_id))
    if item is None:
        raise RequestUnknownError("There is no such request at this custodian.")
    if await custody.get(keys.answer_key(request_id)) is not None:
        raise AnsweredError("The request is answered already.")
    return stored.read_request(item.json)
