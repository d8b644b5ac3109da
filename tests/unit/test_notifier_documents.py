"""What is kept comes back as it was, through real BSON."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import replace
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions

from caseway_notifier.adapters.documents import COLLECTIONS, dump_broadcast, load_broadcast, plain
from caseway_notifier.adapters.hand import Hand
from caseway_notifier.adapters.http import shown
from caseway_notifier.domain.acknowledgement import Awaited
from caseway_notifier.domain.addressing import Target
from caseway_notifier.domain.budget import Budget
from caseway_notifier.domain.case import KnownCase, Thread
from caseway_notifier.domain.content import Attachment, Content, LinkedFile
from caseway_notifier.domain.customer import KnownCustomer
from caseway_notifier.domain.delivery import Automatic, Hop, Mailing, State, Urgency
from caseway_notifier.domain.errand import Errand
from caseway_notifier.domain.flood import Flood
from caseway_notifier.domain.obstacle import Obstacle
from caseway_notifier.domain.request import Broadcast, Request
from caseway_notifier.domain.restraint import Quiet
from tests.notifier_builders import CASE_ID, CUSTOMER, NOW, delivery

REQUEST = Request(
    case_id=CASE_ID, occurrence="o", cause="c", subscription="s", template="t", urgency=Urgency.BULK,
    automatic=Automatic.GENERATED, sender="desk", thread=Thread(in_reply_to="<a@x>", references=("<a@x>",)),
    copies=("b@example.com",), requested_at=NOW, broadcast="broadcast_1",
)  # fmt: skip
TARGET = Target(reference="list:staff/1", channel="email", recipient="one@example.com", name="One", language="en")
QUIET = Quiet(begins=dt.time(22), ends=dt.time(7), zone=zoneinfo.ZoneInfo("Europe/Warsaw"))
VALUES: dict[str, list[Any]] = {
    "cases": [
        KnownCase(id=CASE_ID),
        KnownCase(
            id=CASE_ID, followers=("a",), team=("b",), roles=(("lead", "c"),), heard=("s|o",), causes=frozenset({"x"}), watches=frozenset({"w"}),
            awaiting=(
                Awaited(
                    notification="n", content="c", language="en",
                    target=replace(TARGET, hops=(Hop(channel="message", recipient="+4855501", platform="sms"),), quiet=QUIET),
                    request=replace(REQUEST, window=dt.timedelta(minutes=2), wants_answer=True),
                ),
            ),
        ),
        KnownCase(id=CASE_ID, number=3, email=CUSTOMER, thread=Thread(in_reply_to="<a@x>"), told=frozenset({"b", "a"})),
    ],
    "customers": [KnownCustomer(id="C-1", name="Anna", email=CUSTOMER, language="pl")],
    "deliveries": [
        delivery(),
        delivery(
            channel="webhook", mailing=None, hops=(Hop(channel="email", recipient="a@example.com"),), mentions=("Anna",), obstacles=("endpoint/x/1",),
            bundle="b", sealed="n", is_limited=True, has_link=True, acknowledges="n0", broadcast="broadcast_1", platform="sms",
        ),
        delivery(mailing=None, state=State.SUPPRESSED, due_at=None, reason="automatic", concluded_at=NOW),
        delivery(
            mailing=Mailing(
                sender="s", to=CUSTOMER, copies=("b@example.com",), automatic=Automatic.NO, message_id="<m@x>", references=("<a@x>",)
            ),
            state=State.LEASED, epoch=9, attempts=2, may_have_doubled=True, urgency=Urgency.URGENT,
        ),
    ],
    "contents": [
        Content(language="en", subject="s", text="t", attachments=(Attachment(name="a.csv", media_type="text/csv", content=b"1"),)),
        Content(language="de", subject="s", text="t", files=(LinkedFile(name="a.pdf", url="https://x", media_type="a/b", size=3),)),
        Content(language="ja", subject="一報", text="三\n", html="<p>三</p>"),
    ],
    "broadcasts": [
        Broadcast(id="broadcast_1", request=REQUEST, contents={"en": "content_1"}, targets=((TARGET, "en"),)),
        Broadcast(
            id="broadcast_2", request=REQUEST, contents={"en": "content_1", "ja": "content_2"},
            targets=(
                (TARGET, "en"),
                (replace(TARGET, quiet=QUIET, name="三"), "ja"),
                (replace(TARGET, quiet=QUIET, reference="list:staff/3"), "en"),
                (replace(TARGET, to="a@example.com", is_customer=True, mentions=("Anna",), platform="sms", endpoint="x"), "en"),
                (replace(TARGET, hops=(Hop(channel="message", recipient="+4855501", platform="sms"),), quiet=QUIET), "en"),
            ),
        ),
    ],
    "joined": [KnownCase(id=CASE_ID, incident="incident-1", email=CUSTOMER, linked=("case_2",))],
    "floods": [Flood(id="notifier/3", began_at=NOW, given=7, held=2)],
    "obstacles": [Obstacle(id="solved/case_1", reason="cause-gone", since=NOW)],
    "errands": [Errand(id="bounce/1", kind="bounce", bucket=3, case_id=CASE_ID, at=NOW, address=CUSTOMER, message_id="<m@x>")],
    "budgets": [Budget(id="support|a@example.com", spent_at=(NOW, NOW + dt.timedelta(seconds=1)))],
}  # fmt: skip


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda each: each.name)
def test_a_value_survives_its_document(collection: Any) -> None:
    options: CodecOptions[Any] = CodecOptions(tz_aware=True, tzinfo=dt.UTC)
    for value in VALUES[collection.name]:
        document = {
            **collection.dump(value),
            "_id": getattr(value, "id", "content_1"),
            "_lane": "notifier/3",
            "_at": NOW,
        }
        assert collection.load(bson.decode(bson.encode(document), options)) == value


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda each: each.name)
def test_a_document_of_a_newer_version_can_be_read(collection: Any) -> None:
    for value in VALUES[collection.name]:
        document = {**collection.dump(value), "_id": getattr(value, "id", "content_1"), "a_later_field": 1}
        assert collection.load(document) == value


def test_a_broadcast_to_fifty_thousand_is_one_document() -> None:
    """16 MB is the most that MongoDB takes; a broadcast that was frozen before rows were written can still be read."""
    every = tuple(
        (
            replace(
                TARGET, reference=f"list:all-staff/{number}", recipient=f"person-{number}@example.com", quiet=QUIET
            ),
            "en",
        )
        for number in range(50_000)
    )
    broadcast = Broadcast(id="broadcast_1", request=REQUEST, contents={"en": "content_1"}, targets=every)
    document = dump_broadcast(broadcast)
    assert len(bson.encode(document)) < 8_000_000
    older = {**document, "_id": "broadcast_1", "targets": [[plain(target), name] for target, name in every[:3]]}
    assert load_broadcast(older).targets == every[:3]


def test_whoever_asks_reads_no_address() -> None:
    """Personal data stays in the deliveries."""
    assert CUSTOMER not in str(shown(delivery(attempts=1)))


def test_one_slow_destination_does_not_fill_the_hand() -> None:
    hand = Hand(size=10, per_destination=3)
    slow = [delivery(id=f"slow-{number}", destination="slow.example", bucket=number) for number in range(8)]
    assert [each.id for each in hand.take(slow)] == ["slow-0", "slow-1", "slow-2"]
    assert hand.full_destinations() == ["slow.example"]
    assert hand.free == 7
    assert hand.take(slow) == []
    assert len(hand.take([delivery(id="other", destination="quick.example")])) == 1
    hand.drop(slow[0])
    hand.drop(slow[0])
    assert hand.full_destinations() == []
    assert not hand.is_busy(0)
    assert hand.is_busy(1)
    assert hand.take([replace(slow[0], bucket=0)]) != []
