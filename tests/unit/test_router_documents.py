"""What is kept in MongoDB is what is read back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions

from caseway.kernel.vocabulary import CaseStatus, Presence, Priority, Turn
from caseway_router.adapters import documents, routed_documents
from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.items import (
    CoolDown,
    Held,
    Moved,
    Offered,
    Requirement,
    Standing,
    Waiting,
    WorkItem,
    WrappingUp,
)
from caseway_router.domain.matching import Candidate, Explanation
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Route
from caseway_router.domain.staff import Attendance

AT = dt.datetime(2026, 11, 23, 8, 0, 0, 123_000, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
SOFT = Requirement(skill="orders", level=2, drop_after=1.5 * SECOND, order=3)
STANDINGS: list[Standing] = [
    Waiting(),
    Offered(agent="ada", since=AT, expires_at=AT + SECOND, cause="message-1"),
    Held(agent="ada", since=AT),
    Held(agent="ada", since=AT, activity="guidance", started_at=AT + SECOND, handled=90 * SECOND),
    WrappingUp(
        agent="ada",
        since=AT,
        ends_at=AT + SECOND,
        accepted_at=AT - SECOND,
        handled=2 * SECOND,
        outcome="solved",
        cause="message-2",
    ),
]


def through_mongo(document: dict[str, Any], name: str) -> dict[str, Any]:
    options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
    return bson.decode(bson.encode({**document, "_id": name}), options)


@pytest.mark.parametrize("standing", STANDINGS, ids=lambda each: each.word)
def test_work_items(standing: Standing) -> None:
    item = WorkItem(
        work_item="w", case_id="c", pool="p", queue="q", channel="email", queued_at=AT, standing=standing,
        requirements=(Requirement(skill="pl", level=1), SOFT), priority=3, boost=1.5, case_class="data_protection",
        weight=50, step=1, offer_count=4, cool_downs=(CoolDown(agent="ben", until=AT),), again={"case_id": "c", "tags": ["$a.b"]},
    )  # fmt: skip
    assert documents.load_item(through_mongo(documents.dump_item(item), "c")) == item


def test_a_standing_that_nobody_knows_is_an_error() -> None:
    document = documents.dump_item(
        WorkItem(work_item="w", case_id="c", pool="p", queue="q", channel="email", queued_at=AT)
    )
    with pytest.raises(ValueError, match="nowhere known"):
        documents.load_item({**document, "_id": "c", "standing": {"is": "floating"}})


@pytest.mark.parametrize("times", [None, AT])
def test_attendances(times: dt.datetime | None) -> None:
    attendance = Attendance(
        agent="ada", pool="p", presence=Presence.NOT_ANSWERING, since=AT, channels={"chat": 0}, capacity=150,
        released_at=times, heard_at=times, missed_count=2,
    )  # fmt: skip
    assert documents.load_attendance(through_mongo(documents.dump_attendance(attendance), "ada")) == attendance


def test_moves() -> None:
    moved = Moved(case_id="c", pool="p", to_pool="q")
    assert documents.load_moved(through_mongo(documents.dump_moved(moved), "c")) == moved


@pytest.mark.parametrize("status", [None, CaseStatus.OPEN])
def test_routed_cases(status: CaseStatus | None) -> None:
    route = Route(
        pool="p", queue="q", rule="r", requirements=(SOFT,), case_class="x", priority=Priority.HIGH, weight=50
    )
    for each in (route, None):
        case = RoutedCase(
            case_id="c", facts={"tags": ["a"], "number": 7}, status=status, turn=Turn.THIRD, is_merged=True, boost=1.0,
            route=each,
        )  # fmt: skip
        assert routed_documents.load_routed(through_mongo(routed_documents.dump_routed(case), "c")) == case


def test_offers() -> None:
    why = Explanation(
        chosen="ada",
        candidates=(Candidate(agent="ada", score=(0, 1, 2**52, 2**31)), Candidate(agent="ben", failed=("skill:en",))),
        tie_break="load band", step=1, queue_ahead=2, next_relaxation_at=AT, dropped=("orders",),
        rest={"presence": 3}, considered_count=5,
    )  # fmt: skip
    offer = DecidedOffer(
        work_item="w", case_id="c", pool="p", queue="q", offer_count=1, at=AT, queued_at=AT, expires_at=AT,
        configuration="v1", explanation=why,
    )  # fmt: skip
    assert documents.load_offer(through_mongo(documents.dump_offer(offer), offer.id)) == offer
