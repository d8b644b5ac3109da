"""How what is remembered of mails looks in MongoDB."""

from __future__ import annotations

import datetime as dt

from caseway.runtime.stage import Collection, Document
from caseway_intake.domain.admission.addressees import CORRESPONDENTS
from caseway_intake.domain.correspondents import Correspondent, Seen
from caseway_intake.domain.threading import Claim

REMEMBERED = dt.timedelta(days=730)
"""How long a mail may be answered and still meet its case by its Message-ID; later it opens a new one."""


def dump_claim(claim: Claim) -> Document:
    """There are as many as mails: nothing here that is not needed to place the next one."""
    document: Document = {
        "case_id": claim.case_id,
        "body": claim.body,
        "topic": claim.topic,
        "people": claim.people,
    }
    if claim.joined:
        document["joined"] = claim.joined
    if claim.others:
        document["others"] = [dump_claim(each) for each in claim.others]
    return document


def load_claim(document: Document) -> Claim:
    """Claims of before topic and people were kept have none: they fit any."""
    return Claim(
        case_id=document["case_id"],
        body=document["body"],
        topic=document.get("topic", b""),
        people=document.get("people", b""),
        joined=document.get("joined", ""),
        others=tuple(map(load_claim, document.get("others", ()))),
    )


def _dump_correspondent(correspondent: Correspondent) -> Document:
    return {
        "seen": [
            {
                "at": each.at,
                "case_id": each.case_id,
                "mailbox": each.mailbox,
                "fingerprint": each.fingerprint,
                "sketch": each.sketch,
            }
            for each in correspondent.seen
        ]
    }


def _load_correspondent(document: Document) -> Correspondent:
    return Correspondent(seen=tuple(Seen(**each) for each in document["seen"]))


CORRESPONDENTS_COLLECTION = Collection(
    name=CORRESPONDENTS,
    dump=_dump_correspondent,
    load=_load_correspondent,
    shared=True,
    expires_after=REMEMBERED,
)
"""Shared by all edge lanes: a mail's author need not be its envelope's sender, which decides the lane."""
