"""What those outside see of a case."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

from caseway.contracts.cases import CaseOpened, CaseReopened, CaseReplied, CaseResolved, ContactUpdated
from caseway.contracts.notifications import NotificationDelivered
from caseway.contracts.outbound import OutboundMessage
from caseway.contracts.parts import Author
from caseway.contracts.work import WorkAccepted, WorkReturned
from caseway.kernel.vocabulary import Channel
from caseway.scenario.sight import Sight

HEAD: dict[str, Any] = {
    "case_id": "case_1", "version": 1, "at": dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC), "cause": "c", "configuration": "v",
}  # fmt: skip
WORK = {**HEAD, "work_item": "work_1", "pool": "retail", "queue": "customers", "agent": "edyta.brzoza"}


def _opened(channel: Channel = Channel.EMAIL, key: str = "m-1@example.com") -> CaseOpened:
    return CaseOpened(
        **HEAD, number=7, contact="contact_1", channel=channel, source_key=key, author=Author(kind="customer")
    )


def _mail(template: str, recipient: str = "customer") -> NotificationDelivered:
    return NotificationDelivered(
        **HEAD, notification=f"n-{template}", occurrence="o", recipient=recipient, channel="email", template=template,
        message_id="<ours@example.com>",
    )  # fmt: skip


def _reply(text: str, conversation: str | None = None, purpose: Any = "answer") -> CaseReplied:
    channel = Channel.CHAT if conversation else Channel.EMAIL
    return CaseReplied(
        **HEAD, contact="contact_2", text=text, channel=channel, conversation=conversation, purpose=purpose
    )


def test_an_agents_mail_is_read_once_it_was_delivered() -> None:
    """A customer cannot answer what has not come."""
    sight = Sight()
    seen = sight.case("case_1")
    for fact in (_opened(), _mail("case-opened"), _reply("Which order?", purpose="ask")):
        sight.see(fact)
    assert seen.spoken == []
    sight.see(_mail("reply"))
    assert [each.purpose for each in seen.spoken] == ["ask"]


def test_what_others_are_told_is_no_mail_of_the_customers() -> None:
    sight = Sight()
    for fact in (_opened(), _mail("incident-first-report", "list:all-staff/1"), _mail("milestone-violated")):
        sight.see(fact)
    assert sight.case("case_1").mails == []


def test_in_a_chat_the_automatic_answer_is_not_the_agent() -> None:
    sight = Sight()
    seen = sight.case("case_1")
    sight.see(_opened(Channel.CHAT, "chat:c1"))
    sight.see(OutboundMessage(conversation="c1", platform="chat", case_id="case_1", text="We have your message."))
    sight.see(_reply("Good morning", conversation="c1"))
    assert seen.words_count == 0
    sight.see(
        OutboundMessage(conversation="c1", platform="chat", case_id="case_1", text="Good morning\n-- \nExample Shop")
    )
    assert seen.words_count == 1


def test_a_holder_is_who_accepted_until_it_goes_back() -> None:
    sight = Sight()
    seen = sight.case("case_1")
    sight.see(WorkAccepted(**WORK))
    assert seen.holder == "edyta.brzoza"
    sight.see(WorkReturned(**WORK, queue_entered_at=HEAD["at"]))
    assert seen.holder is None


def test_resolved_is_over_and_reopened_is_not() -> None:
    sight = Sight()
    seen = sight.case("case_1")
    sight.see(CaseResolved(**HEAD))
    assert (seen.is_over, seen.resolved_count) == (True, 1)
    sight.see(CaseReopened(**HEAD))
    assert (seen.is_over, seen.resolved_count) == (False, 1)


async def test_waiting_ends_with_the_fact_or_with_patience() -> None:
    sight = Sight()
    seen = sight.case("case_1")
    waiting = asyncio.create_task(seen.until(lambda case: case.has_call_ended, 30))
    await asyncio.sleep(0)
    sight.see(ContactUpdated(**HEAD, source_key="phone:1", event="held", channel=Channel.PHONE))
    await asyncio.sleep(0)
    assert not waiting.done()
    sight.see(ContactUpdated(**HEAD, source_key="phone:1", event="ended", channel=Channel.PHONE))
    assert await waiting
    assert not await seen.until(lambda case: case.is_over, 0.01)


async def test_a_case_is_found_by_what_opened_it() -> None:
    sight = Sight()
    assert await sight.of_source("m-1@example.com", 0.01) is None
    looking = asyncio.create_task(sight.of_source("m-1@example.com", 30))
    await asyncio.sleep(0)
    sight.see(_opened())
    found = await looking
    assert found is not None
    assert found.case_id == "case_1"
