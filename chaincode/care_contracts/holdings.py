"""What a custodian holds about one patient. Range queries: for evaluated functions only."""

from care_rules.canonical import Json
from care_rules.consent.keys import GRANTED, consents_of
from care_rules.consent.stored import StoredConsent, read_grant, read_revocation
from care_rules.ehr.keys import records_of
from care_rules.ehr.stored import StoredEntry, newest, read_stored

from care_contracts.custody import Custody


async def newest_entries(custody: Custody, handle: str) -> list[StoredEntry]:
    """The newest version of each of the patient's records, by record id."""
    items = await custody.scan(records_of(custody.tag(handle)))
    return newest(read_stored(item.json) for item in items)


async def consents(custody: Custody, handle: str) -> list[StoredConsent]:
    """All of the patient's consents, revoked ones too, by consent id."""
    found: dict[str, StoredConsent] = {}
    for item in await custody.scan(consents_of(custody.tag(handle))):
        value: Json = item.json
        if isinstance(value, dict) and value.get("version") == GRANTED:
            granted = read_grant(value)
            found[granted.grant.consent.consent_id] = granted
        else:
            consent_id, revoked_at = read_revocation(value)
            found[consent_id] = found[consent_id].revoked(revoked_at)
    return [found[consent_id] for consent_id in sorted(found)]
