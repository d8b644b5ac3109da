"""What bounces and erasures ask of the senders."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.contracts.cases import ContactBounced
from caseway.contracts.voices import PersonalDataErased
from caseway.kernel.decision import NOTHING, Decision, Delete, Moment, Put
from caseway_notifier.domain import addresses
from caseway_notifier.domain.case import KnownCase, bracketed
from caseway_notifier.domain.errand import BOUNCE, ERASE, Errand
from caseway_notifier.domain.kept import CUSTOMERS, ERRANDS, OBSTACLES
from caseway_notifier.domain.obstacle import BOUNCED, ERASED, Obstacle, bounced, erased


def returned(before: KnownCase | None, fact: ContactBounced, cause: str, moment: Moment) -> Decision:
    """The address is marked, whoever else writes to it; the delivery is found and marked by its bucket's holder."""
    address = addresses.normal(fact.address or "") or (before.email if before else "")
    if not fact.permanent or not address:
        return NOTHING
    destination = addresses.domain_of(address)
    errand = Errand(
        id=f"bounce/{cause}",
        kind=BOUNCE,
        bucket=addresses.bucket_of(destination),
        case_id=fact.case_id,
        at=moment.now,
        address=address,
        message_id=bracketed(fact.message_id or ""),
        reason="bounced",
    )
    mark = Obstacle(id=bounced(address), reason=BOUNCED, since=moment.now)
    return Decision(changes=(*_put(OBSTACLES, mark), *_put(ERRANDS, errand)))


def forget(fact: PersonalDataErased, moment: Moment) -> Decision:
    """Nothing more goes to them; what was written and to whom is wiped, by whoever holds it."""
    errand = Errand(id=f"erase/{fact.case_id}", kind=ERASE, bucket=0, case_id=fact.case_id, at=moment.now)
    mark = Obstacle(id=erased(fact.case_id), reason=ERASED, since=moment.now)
    record = (Delete(collection=CUSTOMERS, id=fact.customer),) if fact.customer else ()
    return Decision(changes=(*_put(OBSTACLES, mark), *_put(ERRANDS, errand), *record))


def _put(collection: str, value: Obstacle | Errand) -> Iterable[Put]:
    yield Put(collection=collection, id=value.id, value=value)
