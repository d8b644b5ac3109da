"""Voices, incidents, merges and a person's rights, lived through on a real Kafka and MongoDB, as a securities firm does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import AsyncMongoClient

from caseway.cli import main
from caseway.contracts.codec import encode
from caseway.contracts.contacts import DeskContact
from caseway.contracts.wire import WireModel
from caseway.kernel.clock import WallClock
from caseway.kernel.ids import case_id, digest
from caseway.local import Stack
from caseway.runtime.kafka import create_topics
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.intake_builders import mail
from tests.intake_doors import KEY, token

PARTITIONS = 4
SCENARIO = Path(__file__).parents[2] / "deploy" / "scenarios" / "voices"
NAMES = {"営業の佐藤": ("employee", "sales.sato"), "SVの田中": ("supervisor", "sv.tanaka"), "SVの鈴木": ("supervisor", "sv.suzuki"),
         "内部管理の木村": ("officer", "officer.kimura"), "管理者の小川": ("manager", "manager.ogawa"),
         "リスクの林": ("employee", "risk.hayashi"), "オペレーターの山本": ("agent", "op.yamamoto")}  # fmt: skip


class Firm:
    """A running intake; people of the firm act by HTTP, what happened is read from `cases`."""

    def __init__(self, namespace: Namespace, service: ServiceProcess) -> None:
        self.namespace = namespace
        self.service = service

    async def publish(self, *messages: WireModel, **ids: str) -> None:
        """As a desk or gateway would."""
        async with AIOKafkaProducer(bootstrap_servers=self.namespace.kafka_url, acks="all") as producer:
            for index, message in enumerate(messages):
                name = f"{message.TYPE}-{message.key()}-{index}-{ids.get('run', '')}"
                value, headers = encode(message, id=name, source="desk://aoba", time=WallClock().now())
                topic = self.namespace.topic(message.topic())
                await producer.send_and_wait(topic, value, key=message.key().encode(), headers=headers)

    async def act(self, who: str, verb: str, case: str, expected: int = 202, **fields: Any) -> None:
        """A person says a command by the HTTP door, with their token."""
        role, person = NAMES[who]
        async with self.http() as http:
            path = f"/v1/commands/cases/{case}/{verb}"
            response = await http.post(path, content=orjson.dumps(fields), headers=token(role, person))
        assert response.status_code == expected, response.text

    async def see(self, who: str, path: str, expected: int = 200) -> Any:
        """What a person reads."""
        role, person = NAMES[who]
        async with self.http() as http:
            response = await http.get(path, headers=token(role, person))
        assert response.status_code == expected, response.text
        return response.json()

    async def happened(self, case: str, *verbs: str) -> list[dict[str, Any]]:
        """The case's facts, once the last of these verbs is there: exactly these, in order."""
        return await self._facts(case, list(verbs))

    async def _facts(self, case: str, verbs: list[str]) -> list[dict[str, Any]]:
        name = self.namespace.topic("cases")
        async with AIOKafkaConsumer(
            bootstrap_servers=self.namespace.kafka_url, auto_offset_reset="earliest"
        ) as consumer:
            consumer.assign([TopicPartition(name, number) for number in range(PARTITIONS)])
            found: dict[str, dict[str, Any]] = {}

            async def enough() -> bool:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    for each in records:
                        headers = {key: value.decode() for key, value in each.headers}
                        value = orjson.loads(each.value)
                        if value["case_id"] == case:
                            found[headers["ce_id"]] = {**value, "verb": headers["ce_type"].split(".")[2]}
                return len(found) >= len(verbs)

            await eventually(enough, f"{verbs} on {case}")
        facts = list(found.values())
        assert [fact["verb"] for fact in facts] == verbs
        return facts

    def http(self) -> httpx.AsyncClient:
        """The HTTP door."""
        return httpx.AsyncClient(base_url=self.service.url, timeout=20)


@pytest.fixture(scope="module")
def firm(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """One for all stories; each has cases of its own."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    environment = namespace.environment() | {
        "CASEWAY_CONFIG": str(SCENARIO),
        "CASEWAY_SIGNING_KEY": KEY,
        "CASEWAY_SMTP_PORT": "-1",
    }
    service = ServiceProcess("intake", environment, tmp_path_factory.mktemp("intake"))
    with asyncio.Runner() as runner:
        runner.run(create_topics(namespace.kafka_url, namespace.prefix, PARTITIONS))
        try:
            runner.run(service.start().until_ready())
            yield Firm(namespace, service)
        finally:
            service.kill()
            runner.run(namespace.clean())


def first_report(submission: str, **changes: Any) -> DeskContact:
    """お声一報: what sales wrote down."""
    return DeskContact(
        **{
            "submission": submission,
            "actor": "sales.sato",
            "department": "sales",
            "record_type": "voice",
            "channel": "phone",
            "customer": {"name": "山田 花子", "phone": "090-5550-0101"},
            "subject": "手数料の説明について",
            "text": "山田花子様（090-5550-0101）より、手数料の説明が分かりにくいとのお声。",
            "escalation": False,
            "incident": False,
            **changes,
        }
    )


async def test_一般のお声は_SVが承認してから全社員に共有され_内部管理が判定し_管理者が確認する(firm):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-02, S0-03, S0-08, S0-09, S1-38: and who may not, is told so."""
    case = case_id("desk:koe-1")
    await firm.publish(first_report("koe-1"))
    await eventually(lambda: _is_there(firm, case), "the voice")
    await firm.act("営業の佐藤", "submit", case)
    await firm.act("営業の佐藤", "approve", case, expected=403)
    await eventually(lambda: _waits_for(firm, "SVの田中", case), "the approval on the supervisor's list")
    await firm.act("営業の佐藤", "edit-voice", case, text="書き直し")
    await firm.act("オペレーターの山本", "note", case, text="折り返し不要とのこと")
    await firm.act("SVの田中", "approve", case)
    await firm.act("内部管理の木村", "judge", case, genre="手数料", complaint=True, incident=False)
    await firm.act("管理者の小川", "check", case, outcome="confirmed")
    facts = await firm.happened(
        case, "opened", "submitted", "refused", "noted", "approved", "shared", "judged", "checked"
    )
    assert facts[2]["reason"] == "locked"
    assert [fact["version"] for fact in facts] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [fact["actor"]["id"] for fact in facts[4:]] == ["sv.tanaka", "sv.tanaka", "officer.kimura", "manager.ogawa"]
    shared = await firm.see("リスクの林", f"/v1/voices/{case}")
    assert (shared["shapes"], shared["genre"], shared["judgement"]["is_checked"]) == (["general"], "手数料", True)
    assert "分かりにくい" in shared["text"]
    assert not [secret for secret in ("山田", "花子", "0101") if secret in facts[5]["text"] + str(shared)]


async def test_エスカレーションは_SVが折り返し_つながってはじめて共有される(firm):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-04, S0-05, S2-14."""
    case = case_id("desk:koe-2")
    await firm.publish(first_report("koe-2", escalation=True, text="上席から折り返してほしい。"))
    await eventually(lambda: _is_on_sheet(firm, case), "the call-back on the 対応シート")
    await firm.act("SVの田中", "check", case, outcome="confirmed")
    await firm.act("SVの田中", "record-callback", case, outcome="no_answer")
    await firm.act(
        "SVの田中", "record-callback", case, outcome="reached", text="手数料表をお送りすると案内し、ご納得。"
    )
    facts = await firm.happened(
        case, "opened", "escalation-requested", "checked", "callback-recorded", "callback-recorded", "shared"
    )
    assert [fact.get("answered", False) for fact in facts[3:5]] == [False, True]
    assert facts[5]["shape"] == "escalation"
    assert not await _is_on_sheet(firm, case)


async def test_あとからインシデントと判定されれば_一報と引き継ぎが出る(firm):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-06, S0-07, S0-09."""
    case = case_id("desk:koe-3")
    await firm.publish(first_report("koe-3", text="身に覚えのない取引がある。"))
    await eventually(lambda: _is_there(firm, case), "the voice")
    await firm.act("内部管理の木村", "judge", case, genre="誤発注", complaint=True, incident=True)
    await firm.act("リスクの林", "accept-hand-over", case)
    await firm.act("リスクの林", "end-incident", case, text="取引を取り消した。")
    await firm.act("管理者の小川", "review-incident", case, forum="確認会議", improvements=["二重確認"])
    facts = await firm.happened(
        case, "opened", "judged", "incident-declared", "shared", "handed-over", "hand-over-accepted", "incident-ended",
        "incident-reviewed",
    )  # fmt: skip
    assert (facts[2]["late"], facts[3]["shape"], facts[4]["to"]) == (True, "incident", "risk")


async def test_二つの案件は一つになり_あとの連絡は親に届き_また分けられる(firm):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S4-27, across lanes: whichever is told, the older is the parent."""
    old, new = case_id("merge-old@example.com"), case_id("merge-new@example.com")
    await firm.publish(mail("merge-old@example.com", case_id=old))
    await firm.happened(old, "opened")
    await firm.publish(mail("merge-new@example.com", case_id=new))
    await firm.happened(new, "opened")
    await firm.act("オペレーターの山本", "merge", old, other=new)
    await firm.happened(new, "opened", "merged")
    await firm.publish(mail("merge-late@example.com", case_id=new), run="late")
    facts = await firm.happened(old, "opened", "merged", "contact-added")
    assert (facts[1]["child"], facts[2]["source_key"]) == (new, "merge-late@example.com")
    await firm.act("オペレーターの山本", "unmerge", new)
    await firm.happened(new, "opened", "merged", "unmerged")
    await firm.happened(old, "opened", "merged", "contact-added", "unmerged")


async def test_本人の請求で個人情報は消え_法が求める記録だけは利用せずに残る(firm):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S4-05, S2-17: this person's cases, whoever's lane they are on; their traces at the edge, their files, their name."""
    names = {name: case_id(f"{name}@example.com") for name in ("erase-1", "erase-2", "erase-trade", "erase-other")}
    raw = digest(b"a raw mail that nobody else has")
    for name, case in names.items():
        owner = "k-other" if name == "erase-other" else "k-9"
        link = {"state": "linked", "id": owner, "name": "Hanako Yamada"}
        category = "trade" if name == "erase-trade" else "fees"
        await firm.publish(
            mail(
                f"{name}@example.com",
                case_id=case,
                customer=link,
                category=category,
                raw=raw if name == "erase-1" else None,
            )
        )
    await firm.happened(names["erase-1"], "opened")
    async with AsyncMongoClient(firm.namespace.mongo_url, tz_aware=True) as client:
        await _erase(firm, client[_database(firm)], names, raw)


async def _erase(firm: Firm, database: Any, names: dict[str, str], raw: str) -> None:
    """The officer grants it; what must go has gone, and nothing else."""
    await database.claims.insert_one({"_id": "erase-1@example.com", "case_id": names["erase-1"], "body": ""})
    await database.blobs.insert_one({"_id": f"{raw}/0", "of": 1, "data": b"a raw mail that nobody else has"})
    await firm.act("オペレーターの山本", "request-data-action", names["erase-1"], action="erasure")
    facts = await firm.happened(names["erase-1"], "opened", "data-action-requested", "facts-assigned")
    decision = {"request": facts[1]["request"], "granted": True, "identity": "登録番号へ折り返して確認"}
    await firm.act("SVの田中", "decide-data-action", names["erase-1"], expected=403, **decision)
    await firm.act("内部管理の木村", "decide-data-action", names["erase-1"], **decision)
    for name, told in (
        ("erase-1", "personal-data-erased"),
        ("erase-2", "personal-data-erased"),
        ("erase-trade", "personal-data-restricted"),
    ):
        await eventually(lambda name=name, told=told: _has_told(database, names[name], told), f"{told} on {name}")
    await eventually(lambda: _are_gone(database, raw), "traces and files gone")
    stored = str(
        [document async for document in database.cases.find({"_id": {"$in": [names["erase-1"], names["erase-2"]]}})]
    )
    assert not [secret for secret in ("Yamada", "jan@example.com", "paczk", "erase-1@") if secret in stored]
    other = await firm.see("オペレーターの山本", f"/v1/cases/{names['erase-other']}")
    assert other["customer"]["name"] == "Hanako Yamada"
    kept = await firm.see("オペレーターの山本", f"/v1/cases/{names['erase-trade']}")
    assert (kept["restricted"], "customer" in kept) == (True, False)
    assert (await firm.see("内部管理の木村", f"/v1/cases/{names['erase-trade']}"))["customer"][
        "name"
    ] == "Hanako Yamada"
    await firm.see("内部管理の木村", "/v1/customers/k-9/personal-data", expected=403)


async def _is_there(firm: Firm, case: str) -> bool:
    async with firm.http() as http:
        return (await http.get(f"/v1/cases/{case}", headers=token())).status_code == 200


async def _waits_for(firm: Firm, who: str, case: str) -> bool:
    listed = await firm.see(who, f"/v1/approvals/{NAMES[who][1]}")
    return case in [each["case_id"] for each in listed["approvals"]]


async def _is_on_sheet(firm: Firm, case: str) -> bool:
    return case in [each["case_id"] for each in (await firm.see("SVの田中", "/v1/response-sheet"))["callbacks"]]


async def _has_told(database: Any, case: str, told: str) -> bool:
    document = await database.cases.find_one({"_id": case})
    privacy = (document or {}).get("privacy", {})
    return ("erased_at" if told.endswith("erased") else "restricted_by") in privacy


async def _are_gone(database: Any, raw: str) -> bool:
    claim = await database.claims.find_one({"_id": "erase-1@example.com"})
    blob = await database.blobs.find_one({"_id": f"{raw}/0"})
    return claim is None and blob is None and await database.errands.find_one({}) is None


def _database(firm: Firm) -> str:
    return f"{firm.namespace.prefix}caseway_intake"


async def test_法より長く残す記録には_誰の名もない(firm, tmp_path, monkeypatch):  # noqa: N802, PLC2401 - a story in the language of those who live it
    """What is kept longer for replay is an archive without names, written by a command."""
    case = case_id("archive-1@example.com")
    await firm.publish(mail("archive-1@example.com", case_id=case))
    await firm.happened(case, "opened")
    for name, value in firm.namespace.environment().items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "cases.jsonl"
    assert await asyncio.to_thread(main, ["archive", str(file)]) == 0
    lines = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    (opened,) = [line for line in lines if line["data"]["case_id"] == case]
    assert (opened["type"], opened["data"]["category"]) == ("caseway.case.opened.v1", "delivery")
    assert not [secret for secret in (b"Kowalski", b"jan@", b"paczk", b"archive-1@") if secret in file.read_bytes()]
