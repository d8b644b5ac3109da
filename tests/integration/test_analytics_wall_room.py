"""Coordinators: conversations on record, whispers both ways, reassigning and raising; and nobody else."""

from __future__ import annotations

import datetime as dt
import json

import httpx
import jwt
import pytest
import yaml
from aiokafka import AIOKafkaConsumer

from caseway.contracts import cases
from caseway.contracts.codec import decode
from caseway.contracts.parts import Actor, Author
from caseway.kernel.signing import purpose_key
from caseway.kernel.vocabulary import Channel, Presence
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway.testkit.waiting import eventually
from tests.analytics_desk import RETAIL, AnalyticsDesk

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
KEY = "k" * 32
TEAM = ["agnieszka.lis", "bartosz.wrona", "celina.sowa"]


def bearer(sub, role, *, key=KEY, seconds=7200, **claims):
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return {"authorization": f"Bearer {jwt.encode({'sub': sub, 'role': role, 'exp': until, **claims}, key)}"}


SUPERVISOR = bearer("maria", "supervisor", name="Maria")
AGENT = bearer("celina.sowa", "agent")


@pytest.fixture
async def desk(namespace, tmp_path) -> AnalyticsDesk:
    folder = tmp_path / "configuration"
    folder.mkdir()
    for file in RETAIL.glob("*.yaml"):
        (folder / file.name).write_bytes(file.read_bytes())
    measures = yaml.safe_load((folder / "measures.yaml").read_text(encoding="utf-8"))
    measures["leaderboard"] = {"on": True, "days": 7, "supervisors": {"B": ["maria"]}}
    (folder / "measures.yaml").write_text(yaml.safe_dump(measures), encoding="utf-8")
    own = AnalyticsDesk(namespace, tmp_path, folder)
    await own.prepare()
    return own


async def said_on(namespace, topic):
    """Every command on the topic so far, decoded."""
    consumer = AIOKafkaConsumer(
        namespace.topic(topic), bootstrap_servers=namespace.kafka_url, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [decode(topic, record.key, record.value, record.headers).data for record in records]
        return found
    finally:
        await consumer.stop()


def chat_facts():
    case = CaseTeller("case_chat", 4711, Channel.CHAT)
    customer, agent = Author(kind="customer", name="Anna Nowak"), Author(kind="agent", id="celina.sowa")
    return case, [
        presence(NOW, "celina.sowa", Presence.ONLINE, capacity=6.0),
        presence(NOW, "bartosz.wrona", Presence.ONLINE, capacity=6.0),
        case.opened(NOW, subject="Parcel", text="Where is my parcel?", author=customer),
        case.queued(NOW, "customers"),
        case.accepted(NOW, "customers", "celina.sowa"),
        case.contact_added(NOW, text="One moment, please.", direction="outbound", author=agent),
    ]


async def test_a_coordinator_opens_whispers_reassigns_and_raises_on_record(desk, namespace):
    """S4-28, S1-47: opening is recorded before anything is shown; each command names who said it."""
    case, facts = chat_facts()
    async with desk.service().start(CASEWAY_SIGNING_KEY=KEY) as service:
        await service.until_ready(90)
        await desk.tell(*facts)
        async with httpx.AsyncClient(base_url=service.url, timeout=20) as http:

            async def is_there():
                told = await http.get("/v1/cases/4711")
                return told.status_code == 200 and len(told.json()["entries"]) == 4

            await eventually(is_there, "the case is followed", seconds=60)
            await _check_who_may(http)
            await _check_bad_input(http)

            timeline = (await http.get("/v1/cases/4711", headers=SUPERVISOR)).json()
            assert timeline["holders"] == ["Celina Sowa"]
            assert {each["id"] for each in timeline["agents"]} == {"celina.sowa", "bartosz.wrona"}
            assert "parcel" not in json.dumps(timeline).lower()
            anonymous = (await http.get("/v1/cases/case_chat")).text
            assert "elina" not in anonymous
            assert "Anna" not in anonymous

            assert (await http.get("/v1/cases/4711/conversation", headers=SUPERVISOR)).status_code == 409
            assert await said_on(namespace, "case.commands") == []
            opened = await http.post("/v1/cases/4711/watch", json={"reason": "a complaint"}, headers=SUPERVISOR)
            assert [each["text"] for each in opened.json()["said"]] == ["Where is my parcel?", "One moment, please."]
            assert [each["name"] for each in opened.json()["said"]] == ["", "Celina Sowa"]
            (watched,) = await said_on(namespace, "case.commands")
            assert (watched.TYPE, watched.actor.id, watched.reason) == ("caseway.case.watch.v1", "maria", "a complaint")
            assert (await http.get("/v1/cases/4711/conversation", headers=SUPERVISOR)).status_code == 200

            for path, body in (
                ("whisper", {"text": "Offer the free return."}),
                ("reassign", {"agent": "bartosz.wrona"}),
                ("raise", {"priority": "urgent"}),
            ):
                assert (await http.post(f"/v1/cases/4711/{path}", json=body, headers=SUPERVISOR)).status_code == 202
            back = await http.post("/v1/cases/4711/whisper", json={"text": "Thanks!", "to": "maria"}, headers=AGENT)
            assert back.status_code == 202
            _, whisper, answer = await said_on(namespace, "case.commands")
            assert (whisper.text, whisper.to, whisper.actor.kind) == (
                "Offer the free return.",
                "celina.sowa",
                "supervisor",
            )
            assert (answer.text, answer.to, answer.actor) == ("Thanks!", "maria", Actor(kind="agent", id="celina.sowa"))
            transfer, lift = await said_on(namespace, "work.commands")
            assert (transfer.pool, transfer.agent, transfer.to.agent) == ("retail", "celina.sowa", "bartosz.wrona")
            assert (lift.case_id, lift.priority, lift.actor.name) == ("case_chat", "urgent", "Maria")
            await _check_agent_sees(desk, http, case)


async def _check_who_may(http):
    """Roles by signed token: nobody, an agent, a forger, somebody whose time is over."""
    posts = (
        ("watch", {}), ("reassign", {"queue": "other"}), ("raise", {"priority": "high"}), ("whisper", {"text": "x"}),
    )  # fmt: skip
    forged = bearer("maria", "supervisor", key="x" * 32)
    over = bearer("maria", "supervisor", seconds=-5)
    for path, body in posts:
        for headers in ({}, forged, over):
            assert (await http.post(f"/v1/cases/4711/{path}", json=body, headers=headers)).status_code == 401
        other = bearer("bartosz.wrona", "agent")
        assert (await http.post(f"/v1/cases/4711/{path}", json=body, headers=other)).status_code == 403
    for path in ("/v1/live?names=1", "/v1/work", "/v1/leaderboard", "/v1/cases/4711/whispers"):
        assert (await http.get(path)).status_code == 401
    derived = bearer("maria", "supervisor", key=purpose_key(KEY.encode(), "token"))
    assert (await http.get("/v1/session", headers=derived)).json()["coordinates"] is True
    assert (await http.get("/v1/session")).json() == {"actor": None}
    session = await http.post("/v1/session", json={"token": SUPERVISOR["authorization"].split()[1]})
    cookie = session.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    http.cookies.clear()


async def _check_bad_input(http):
    async def status(path, body, **headers):
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json", **SUPERVISOR, **headers}
        return (await http.post(f"/v1/cases/{path}", content=sent, headers=given)).status_code

    assert await status("4711/reassign", {}) == 422
    assert await status("4711/reassign", {"agent": "celina.sowa", "queue": "other"}) == 422
    assert await status("4711/reassign", {"agent": "nobody.ever"}) == 422
    assert await status("4711/raise", {"priority": "enormous"}) == 422
    assert await status("4711/whisper", {"text": ""}) == 422
    assert await status("4711/whisper", {"text": "x", "to": "maria"}) == 422
    assert await status("4711/whisper", b"{") == 422
    assert await status("4711/whisper", b"x" * 20_000) == 413
    assert await status("no-such-case/watch", {}) == 404
    assert await status("4711/watch", {}, **{"content-type": "text/plain"}) == 415
    assert await status("4711/watch", {}, **{"sec-fetch-site": "cross-site"}) == 403
    assert (await http.get("/v1/leaderboard?days=8", headers=SUPERVISOR)).status_code == 422
    assert (await http.get("/v1/leaderboard?agent=dariusz.klon", headers=SUPERVISOR)).status_code == 403
    assert (await http.get("/v1/leaderboard?agent=bartosz.wrona", headers=AGENT)).status_code == 403
    led = (await http.get("/v1/leaderboard?agent=celina.sowa", headers=SUPERVISOR)).json()
    assert (led["me"]["agent"], led["led"]) == ("celina.sowa", [each for each in TEAM if each != "celina.sowa"])
    assert led["teams"] == []


async def _check_agent_sees(desk, http, case):
    """Opening is shown to the agent, and so is the whisper; no customer's page has either."""
    supervisor = Actor(kind="supervisor", id="maria")
    await desk.tell(
        case._case(cases.CaseWatched, NOW, actor=supervisor),
        case._case(cases.CaseWhispered, NOW, text="Offer the free return.", to="celina.sowa", actor=supervisor),
    )

    async def is_shown():
        (work,) = (await http.get("/v1/work", headers=AGENT)).json()["work"]
        return [each["name"] for each in work["watched"]] == ["maria"] and [
            each["text"] for each in work["whispers"]
        ] == ["Offer the free return."]

    await eventually(is_shown, "the agent sees who looked and what was whispered", seconds=60)
    assert (await http.get("/v1/search?q=free return", headers=SUPERVISOR)).json()["found"] == []
