"""A broadcast while the mail server fails in every way: nobody forgotten, nobody doubled in silence."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from caseway.kernel.ids import case_id
from caseway.local.mailsink import HANG_UP, LOSE_REPLY, SILENCE, MailSink, refuse
from caseway.testkit.namespaces import Namespace
from tests.notifier_builders import declared
from tests.notifier_desk import NotifierDesk, by, copies, message_ids

_TROUBLE = (
    refuse("451 4.3.0 later"),
    refuse("421 4.3.2 closing", "mail"),
    LOSE_REPLY,
    HANG_UP,
    refuse("452 4.2.2 full", "rcpt"),
)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
async def test_everybody_is_told_or_given_up_whatever_the_mail_server_does(
    namespace: Namespace, tmp_path: Path, count: int
) -> None:
    """S0-06: stalls, refuses, drops after the 250, restarts; one Message-ID on a repeat, doubled only where the log says so."""
    sink = await MailSink().start()
    staff = [f"person-{number}@house-{number % 9}.example.com" for number in range(count)]
    gone = set(staff[:: count // 10])
    sink.refused_recipients.update(dict.fromkeys(gone, "550 5.1.1 nobody here"))
    desk = NotifierDesk(namespace, tmp_path, sink.url)
    pace = {"connections": 8, "per_destination": 4, "attempt": "PT2S", "lease": "PT6S"}
    await desk.prepare(staff=staff, pace=pace)
    sink.plan += [*_TROUBLE * 6, SILENCE, SILENCE]
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(declared(case_id=case_id("trouble")))
        await sink.until(count // 4, seconds=300)
        await sink.stop()
        await asyncio.sleep(1)
        await sink.start()
        sink.plan += [*_TROUBLE * 4]

        def ended(seen: list[dict[str, object]]) -> bool:
            return len(by("delivered", seen)) + len(by("given-up", seen)) >= count

        facts = await desk.heard("notifications", ended, seconds=600)
    await sink.stop()

    place = {f"list:all-staff/{number}": address for number, address in enumerate(staff, start=1)}
    delivered, given_up = by("delivered", facts), by("given-up", facts)
    assert {place[each["recipient"]] for each in given_up} == gone
    assert {each["reason"] for each in given_up} == {"550"}
    assert {place[each["recipient"]] for each in delivered} == set(staff) - gone
    told = copies(sink.mails)
    assert set(told) == set(staff) - gone
    assert {len(each) for each in message_ids(sink.attempts).values()} == {1}
    doubled = {address for address, times in told.items() if times > 1}
    assert doubled, "the planned trouble was met"
    assert doubled <= {place[each["recipient"]] for each in delivered if each["maybe_doubled"]}
