"""The notifier as processes, on a real Kafka and a real MongoDB, with mail servers that fail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.smtp import SMTP

from caseway.kernel.ids import case_id
from caseway.kernel.signing import read_message_id
from caseway.local.mailsink import LOSE_REPLY, MailSink, refuse
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.notifier_builders import CUSTOMER, chat_opened, declared, opened, replied
from tests.notifier_desk import KEY, NotifierDesk, by, copies, message_ids

STAFF = [f"person-{number}@house-{number % 12}.example.com" for number in range(60)]
"""Of several domains: each is a queue of its own, and one process holds it at a time."""


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with MailSink() as listening:
        yield listening


@pytest.fixture
def desk(namespace: Namespace, tmp_path: Path, sink: MailSink) -> NotifierDesk:
    return NotifierDesk(namespace, tmp_path, sink.url)


def case(name: str) -> str:
    return case_id(f"{name}@example.com")


async def test_facts_become_mail_commands_and_facts(desk, sink):
    """S4-23, S0-06, S4-02: answers by mail and chat, replies, a broadcast; each told, shown and counted."""
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        mailed, chatted = case("mailed"), case("chatted")
        await desk.tell(opened(case_id=mailed), chat_opened(case_id=chatted), replied(case_id=mailed))
        await sink.until(2)
        began = time.monotonic()
        await desk.tell(replied(case_id=mailed, version=3, text="And one thing more."))
        await sink.until(3)
        print(f"fact to mail: {time.monotonic() - began:.3f} s")  # noqa: T201 - speeds are told, not asserted
        (command,) = await desk.heard("outbound.chat", lambda seen: seen)
        await desk.tell(declared(case_id=mailed, version=4))
        mails = await sink.until(13)

        facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen)) == 14)
        shown = await desk.concluded(service, mailed, 13)
        metrics = await _metrics(service)

    assert (command["conversation"], command["platform"]) == ("conv-1", "chat")
    answer = next(each for each in mails if each.message["Auto-Submitted"] == "auto-replied")
    assert answer.rcpt_tos == (CUSTOMER,)
    assert "Otrzymaliśmy zgłoszenie" in answer.message["Subject"]
    assert "It is on its way." in "".join(
        each.message.get_body(("plain",)).get_content() for each in mails if each.message["Auto-Submitted"] is None
    )
    reports = [each for each in mails if "インシデント一報" in each.message["Subject"]]
    assert len(reports) == len(copies(reports)) == 10
    by_words = {(each.message["Message-ID"], each.message["Subject"]) for each in reports}
    assert len(by_words) == len({name for name, _ in by_words}) == 4, (
        "one Message-ID a language: other words are another mail"
    )
    assert all(read_message_id(KEY.encode(), each.message["Message-ID"]).case_id == mailed for each in mails)
    assert len(by("requested", facts)) == 14
    assert {each["notification"] for each in by("requested", facts)} == {
        each["notification"] for each in by("delivered", facts)
    }
    assert not any(each["maybe_doubled"] for each in by("delivered", facts))
    assert all(each["state"] == "delivered" and each["attempts"] == 1 for each in shown)
    assert CUSTOMER not in str(facts) + str(shown)
    assert metrics['caseway_notifier_outcomes_total{channel="email",outcome="delivered"}'] == 13
    assert metrics['caseway_notifier_attempt_seconds_count{channel="email"}'] == 13
    assert metrics["caseway_notifier_buckets"] == 64


async def test_what_fails_is_tried_again_given_up_or_told_as_doubled(desk, sink):
    """Delivery step 12: 4xx, 5xx and a lost answer, with one Message-ID throughout."""
    await desk.prepare()
    sink.refused_recipients["gone@example.com"] = "550 5.1.1 nobody here"
    async with desk.service() as service:
        await service.until_ready(90)
        sink.plan += [refuse("451 4.3.0 later"), refuse("451 4.3.0 later"), LOSE_REPLY]
        await desk.tell(opened(case_id=case("slow")))
        (delivered,) = by("delivered", await desk.heard("notifications", lambda seen: by("delivered", seen)))
        await desk.tell(opened(case_id=case("gone"), reply_to="gone@example.com"))
        facts = await desk.heard("notifications", lambda seen: by("given-up", seen))
        (shown,) = await desk.concluded(service, case("slow"), 1)

    assert len(sink.attempts) == 4
    assert len({each.message["Message-ID"] for each in sink.attempts}) == 1, "the same on every attempt"
    assert copies(sink.mails) == {CUSTOMER: 2}
    assert delivered["maybe_doubled"] is True
    assert (delivered["attempt"], shown["attempts"]) == (4, 4)
    assert [each["reason"] for each in by("failed", facts)][:2] == ["451", "451"]
    assert len(by("failed", facts)) == 3
    (given_up,) = by("given-up", facts)
    assert (given_up["case_id"], given_up["reason"], given_up["attempt"]) == (case("gone"), "550", 1)


async def test_a_loop_between_two_automatons_ends_at_the_budget(desk, sink):
    """Semantics 5.1 ("Budget"): it crosses cases, so it lives with the address's bucket."""
    await desk.prepare(budget={"answers": 3, "window": "PT1H"})
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(*(opened(case_id=case(f"loop-{number}")) for number in range(8)))
        facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen) + by("suppressed", seen)) == 8)
        await desk.tell(replied(case_id=case("loop-1")))
        await sink.until(4)
    assert len(by("delivered", facts)) == 3
    assert {each["reason"] for each in by("suppressed", facts)} == {"reply-budget"}
    assert len(sink.mails) == 4, "a person's reply is not an automatic one"


async def test_a_slow_destination_delays_nobody_else(namespace, tmp_path):
    """Delivery: one dead endpoint among many; the others do not wait for it."""
    got: list[str] = []

    class Stalling:
        async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
            if address.endswith("@slow.example"):
                await asyncio.Event().wait()
            envelope.rcpt_tos.append(address)
            return "250 go on"

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
            got.append(envelope.rcpt_tos[0])
            return "250 kept"

    slow = [f"person-{number}@slow.example" for number in range(40)]
    quick = [f"person-{number}@quick-{number % 5}.example" for number in range(20)]
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(Stalling()), "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    desk = NotifierDesk(namespace, tmp_path, url)
    await desk.prepare(staff=[*slow, *quick])
    async with desk.service() as service:
        await service.until_ready(90)
        began = time.monotonic()
        await desk.tell(declared(case_id=case("stall")))
        await eventually(lambda: len(got) >= len(quick), "the quick ones have theirs", seconds=30)
        spent = time.monotonic() - began
    listening.close()
    assert sorted(got) == sorted(quick)
    # all 40 slow ones, three seconds each by four connections, would take thirty
    assert spent < 20


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param("delivery.after_lease", marks=pytest.mark.slow),
        "delivery.after_250",
        pytest.param("delivery.before_record", marks=pytest.mark.slow),
    ],
)
async def test_a_sender_killed_at_its_worst_moment_loses_nobody(desk, sink, failpoint):
    """Delivery step 12: killed after the lease, after the 250, before the record."""
    await desk.prepare(staff=STAFF)
    broken, told = case("killed"), declared(case_id=case("killed"))
    async with desk.service().start(CASEWAY_FAILPOINTS=f"{failpoint}:5:kill") as service:
        await service.until_ready(90)
        await desk.tell(told)
        assert await service.until_ended() == -9
    assert failpoint in desk.journal.read_text(encoding="utf-8"), "the planned fault was hit"

    async with desk.service() as service:
        await service.until_ready(90)
        facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen)) >= len(STAFF))
        shown = await desk.concluded(service, broken, len(STAFF))

    _check_broadcast(sink, facts, shown)


async def test_two_senders_share_the_work_and_one_takes_over_from_the_other(desk, sink):
    """Two processes, one killed in the middle: everybody is told, doubles only where it is said."""
    await desk.prepare(staff=STAFF)
    shared = case("shared")
    async with desk.service() as one, desk.service() as two:
        await one.until_ready(90)
        await two.until_ready(90)
        await eventually(lambda: _share(one, two), "each holds half", seconds=120)
        await desk.tell(declared(case_id=shared))
        await sink.until(10)
        one.kill()
        facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen)) >= len(STAFF), seconds=90)
        shown = await desk.concluded(two, shared, len(STAFF))
    _check_broadcast(sink, facts, shown)


@pytest.mark.slow
async def test_a_sender_that_slept_through_its_lease_records_nothing(desk, sink):
    """SIGSTOP past the lease, after the 250: the other tells; on waking, the first is fenced."""
    await desk.prepare(staff=STAFF)
    asleep, awake = desk.service(), desk.service()
    async with asleep.start(CASEWAY_FAILPOINTS="delivery.before_record:1:stop") as one:
        await one.until_ready(90)
        await desk.tell(declared(case_id=case("slept")))
        await eventually(desk.journal.exists, "the first has stopped")
        async with awake as two:
            facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen)) >= len(STAFF), seconds=90)
            one.resume()
            await one.until_ready(90)
            shown = await desk.concluded(two, case("slept"), len(STAFF))
        # whatever the sleeper would still tell is told by the time it has drained
        await one.terminate()
        facts = await desk.heard("notifications", lambda seen: len(seen) >= len(facts))
    _check_broadcast(sink, facts, shown)


def _check_broadcast(sink: MailSink, facts: list[dict[str, Any]], shown: list[dict[str, Any]]) -> None:
    """Everybody was told; with one Message-ID; once, unless the log says that it may be more."""
    told = copies(sink.mails)
    assert set(told) == set(STAFF)
    assert {len(each) for each in message_ids(sink.attempts).values()} == {1}
    delivered = by("delivered", facts)
    assert len(delivered) == len({each["notification"] for each in delivered}) == len(STAFF), (
        "each told as delivered once"
    )
    place = {f"list:all-staff/{number}": address for number, address in enumerate(STAFF, start=1)}
    flagged = {place[each["recipient"]] for each in delivered if each["maybe_doubled"]}
    doubled = {address for address, count in told.items() if count > 1}
    assert doubled <= flagged, "nobody is told twice unless the log says so"
    assert all(each["state"] == "delivered" for each in shown)


async def _metrics(service: Any) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=service.url) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def _share(*services: Any) -> bool:
    return [(await _metrics(each))["caseway_notifier_buckets"] for each in services] == [32, 32]


@pytest.mark.slow
async def test_a_sender_that_is_told_to_stop_leaves_nothing_behind(desk, sink):
    """SIGTERM in a broadcast: what is under way is recorded, the rest goes on at once elsewhere, nobody twice."""
    await desk.prepare(staff=STAFF)
    async with desk.service() as one, desk.service() as two:
        await one.until_ready(90)
        await two.until_ready(90)
        await desk.tell(declared(case_id=case("stopped")))
        await sink.until(5)
        assert await one.terminate() == 0
        facts = await desk.heard("notifications", lambda seen: len(by("delivered", seen)) >= len(STAFF))
        shown = await desk.concluded(two, case("stopped"), len(STAFF))
    _check_broadcast(sink, facts, shown)
    assert set(copies(sink.mails).values()) == {1}
    assert not any(each["maybe_doubled"] for each in by("delivered", facts))


async def test_questions_that_make_no_sense_are_answered(desk):
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        assert await desk.shown(service, "case_nobody-knows") == []
        assert await service.status("/v1/cases/x/notifications?from=-1") == 400
        assert await service.status("/v1/cases/x/notifications?from=9999999999999999999999") == 400
        assert await service.status("/v1/cases/x/notifications?from=0") == 200


async def test_a_mail_server_that_is_no_url_is_refused_at_the_start(namespace, tmp_path):
    desk = NotifierDesk(namespace, tmp_path, "smtp://desk:hidden-word@mail.example.com:notaport")
    await desk.prepare()
    async with desk.service() as service:
        assert await service.until_ended() == 1
        assert "CASEWAY_SMTP_URL" in service.last_words()
        assert "hidden-word" not in service.last_words()


async def test_no_log_line_holds_an_address(desk, sink):
    """Checker 12: no customer's address in any log line, whatever fails."""
    await desk.prepare()
    sink.refused_recipients["gone@example.net"] = "550 5.1.1 <gone@example.net> is unknown here"
    async with desk.service().start(CASEWAY_LOG_LEVEL="DEBUG") as service:
        await service.until_ready(90)
        sink.plan += [refuse("451 4.3.0 <anna.nowak@example.com> later"), LOSE_REPLY]
        await desk.tell(opened(case_id=case("quiet")), opened(case_id=case("quiet-2"), reply_to="gone@example.net"))
        await desk.heard("notifications", lambda seen: by("given-up", seen) and by("delivered", seen))
        log = service.log.read_text(encoding="utf-8")
        metrics = str(await _metrics(service))
    for address in ("anna.nowak", "gone@"):
        assert address not in log
        assert address not in metrics
