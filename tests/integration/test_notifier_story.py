"""What comes back to the notifier: answers, bounces, people to be forgotten, a broadcast called off."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from caseway.contracts.cases import CaseStamped, ContactBounced
from caseway.contracts.voices import CaseHandedOver, PersonalDataErased
from caseway.kernel.ids import case_id
from caseway.local.mailsink import MailSink, refuse
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.notifier_builders import CUSTOMER, NOW, declared, opened
from tests.notifier_desk import KEY, NotifierDesk, by, copies

ALERT = {
    "name": "alert", "fact": "case.handed-over", "to": [{"person": "jonas.feld"}], "channel": ["email", "message"],
    "template": "handed-over", "sender": "desk", "urgency": "urgent", "acknowledge": {"remind_after": "PT10M"},
}  # fmt: skip


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with MailSink() as listening:
        yield listening


@pytest.fixture
def desk(namespace: Namespace, tmp_path: Path, sink: MailSink) -> NotifierDesk:
    return NotifierDesk(namespace, tmp_path, sink.url)


def head(name: str, version: int) -> dict[str, Any]:
    return {"at": NOW, "cause": "x", "configuration": "i1", "case_id": case_id(name), "version": version}


async def test_a_notice_is_answered_on_its_page_and_only_by_its_button(desk, sink):
    """S2-11: opened by a scanner it decides nothing; the button stamps the case, and that is the answer."""
    desk.rules = [ALERT]
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(CaseHandedOver(**head("asked", 2), to="warehouse", text="Palety."))
        (mail,) = await sink.until(1)
        found = re.search(r"http://\S+(/v1/acknowledgements/\S+)", mail.message.get_content())
        assert found is not None
        async with httpx.AsyncClient(base_url=service.url) as client:
            for _ in range(3):
                page = await client.get(found[1])
                assert (page.status_code, "<form" in page.text) == (200, True)
                assert "default-src 'none'" in page.headers["content-security-policy"]
            assert (await client.get(found[1][:-3] + "AAA")).status_code == 404
            assert (await client.post(found[1][:-3] + "AAA")).status_code == 404
            facts = await desk.heard("notifications", lambda seen: by("delivered", seen))
            assert await desk.heard("case.commands", lambda _: True) == [], "opening it says nothing"
            assert (await client.post(found[1])).status_code == 200
            assert (await client.post(found[1])).status_code == 200
        commands = await desk.heard("case.commands", lambda seen: seen)
        (stamp,) = commands
        (asked,) = by("requested", facts)
        assert (stamp["stamp"], stamp["occurrence"]) == ("acknowledged", asked["notification"])
        await desk.tell(CaseStamped(**head("asked", 3), stamp=stamp["stamp"], occurrence=stamp["occurrence"]))
        (answer,) = by("acknowledged", await desk.heard("notifications", lambda seen: by("acknowledged", seen)))
    assert (answer["notification"], answer["medium"], answer["recipient"]) == (
        asked["notification"],
        "page",
        "person:jonas.feld",
    )


async def test_a_mail_that_fails_goes_on_to_the_phone_and_one_that_comes_back_too(desk, sink):
    """A final refusal, and a bounce that arrives later, each fall back to the recipient's next channel."""
    desk.rules = [ALERT]
    await desk.prepare()
    async with desk.service() as service:
        await service.until_ready(90)
        sink.plan.append(refuse("550 5.1.1 nobody here"))
        await desk.tell(CaseHandedOver(**head("refused", 2), to="warehouse"))
        (told,) = await desk.heard("outbound.message", lambda seen: seen)
        assert (told["conversation"], told["platform"]) == ("+48225550154", "sms")

        await desk.tell(CaseHandedOver(**head("bounced", 2), to="warehouse"))
        (sent,) = await sink.until(1)
        message_id = str(sent.message["Message-ID"]).strip("<>")
        await desk.heard("notifications", lambda seen: len(by("delivered", seen)) >= 2)
        await desk.tell(
            ContactBounced(
                **head("bounced", 3), address="jonas.feld@example.com", message_id=message_id, reason="unknown user"
            )
        )
        await desk.heard("outbound.message", lambda seen: len(seen) == 2)
        rows = await desk.shown(service, case_id("bounced"))
        await desk.tell(opened(case_id=case_id("other"), reply_to="jonas.feld@example.com"))
        facts = await desk.heard("notifications", lambda seen: len(by("given-up", seen)) == 3)
    assert sorted((each["channel"], each["state"], each["reason"]) for each in rows) == [
        ("email", "given_up", "bounced"),
        ("message", "delivered", ""),
    ]
    last = next(each for each in by("given-up", facts) if each["case_id"] == case_id("other"))
    assert last["reason"] == "bounced", "the address is marked for every case"


async def test_who_is_erased_hears_nothing_more_and_leaves_no_trace(desk, sink):
    """Acts on personal-data-erased: pending mail is suppressed, rows and words are wiped."""
    await desk.prepare()
    sink.refused_recipients[CUSTOMER] = "451 4.3.0 later"
    case = case_id("erased")
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(opened(case_id=case))
        await desk.heard("notifications", lambda seen: by("failed", seen))
        await desk.tell(PersonalDataErased(**head("erased", 2)))
        (ended,) = by("suppressed", await desk.heard("notifications", lambda seen: by("suppressed", seen)))
        assert ended["reason"] == "erased"
        database = desk.database()
        await eventually(lambda: _is_clean(database), "nothing of them is left", seconds=20)
    assert sink.mails == []


async def _is_clean(database: Any) -> bool:
    kept: list[Any] = []
    for name in ("deliveries", "cases", "contents", "errands", "budgets"):
        kept += await database[name].find({}).to_list()
    return "anna" not in repr(kept).lower() and not await database["errands"].find_one({})


async def test_a_broadcast_shows_how_it_stands_and_can_be_called_off(desk, sink):
    """Progress visible; called off, whoever was not told yet is told of as such, and nobody is forgotten."""
    staff = [f"person-{number}@house-{number % 7}.example.com" for number in range(1_200)]
    pace = {"connections": 2, "per_destination": 1, "per_second": {"*": 15}, "attempt": "PT3S", "lease": "PT3S"}
    await desk.prepare(staff=staff, pace=pace)
    async with desk.service() as service:
        await service.until_ready(90)
        await desk.tell(declared(case_id=case_id("called-off")))
        (first, *_) = await desk.heard("notifications", lambda seen: by("delivered", seen))
        requested = next(each for each in await desk.heard("notifications", lambda seen: seen) if each.get("broadcast"))
        path = f"/v1/broadcasts/{requested['broadcast']}"
        claims = {"sub": "boss", "exp": time.time() + 600}
        async with httpx.AsyncClient(base_url=service.url, timeout=20) as client:
            shown = (await client.get(path)).json()
            assert (shown["recipients"], shown["finished"], shown["cancelled"]) == (1_200, False, False)
            for role, status in ((None, 401), ("agent", 401), ("supervisor", 202)):
                headers = {"authorization": f"Bearer {jwt.encode({**claims, 'role': role}, KEY)}"} if role else {}
                assert (await client.post(f"{path}/cancel", headers=headers)).status_code == status
            assert (await client.get("/v1/broadcasts/none")).status_code == 404

            async def finished() -> dict[str, Any]:
                stands = (await client.get(path)).json()
                return stands if stands["finished"] else {}

            ended = await eventually(finished, "everybody has an end", seconds=60)
    assert ended["delivered"] == len(sink.mails)
    assert ended["delivered"] + ended["suppressed"] == 1_200
    assert ended["suppressed"] > 0
    assert set(copies(sink.mails).values()) == {1}
    assert first["case_id"] == case_id("called-off")
