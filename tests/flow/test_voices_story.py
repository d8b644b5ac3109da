"""What customers say to a securities firm, until everybody there has heard it: as stories, on a whole desk."""

from __future__ import annotations

import email.policy
from collections.abc import AsyncIterator, Mapping
from email.message import EmailMessage

import pytest
import pytest_asyncio
import yaml

from caseway.contracts.contacts import DeskContact, PhoneContact
from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.story_desk import SCENARIOS, Change, Person, Rooms, StoryDesk, story_desk, text_of

pytestmark = [pytest.mark.backends, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

LISTS = yaml.safe_load((SCENARIOS / "voices" / "lists.yaml").read_text(encoding="utf-8"))
DOMAIN = LISTS["people_domain"]
EVERYBODY = {
    each["address"] if isinstance(each, dict) else f"{each}@{DOMAIN}" for each in LISTS["lists"]["all-employees"]
}
SECRETS = ("山田", "花子", "0101", "hanako")
"""What of the customer nobody may read in what everybody reads."""


def address(person: str) -> str:
    """Where somebody of the firm is reached."""
    return f"{person}@{DOMAIN}"


def unchanged(_: Rooms) -> Mapping[str, Change]:
    """The scenario's own files, as they are: nothing in these stories has to be waited for."""
    return {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoryDesk]:
    """One firm for all stories; each has cases of its own."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    async with story_desk(namespace, tmp_path_factory.mktemp("voices"), "voices", unchanged) as desk:
        desk.pool = "aoba"
        desk.staffed(
            Person(id="op.yamamoto", role="agent", name="オペレーターの山本"),
            Person(id="op.nakamura", role="agent", name="オペレーターの中村"),
            Person(id="sales.sato", role="employee", name="営業の佐藤"),
            Person(id="sv.tanaka", role="supervisor", name="SVの田中"),
            Person(id="sv.suzuki", role="supervisor", name="SVの鈴木"),
            Person(id="officer.kimura", role="officer", name="内部管理の木村"),
            Person(id="manager.ogawa", role="manager", name="管理者の小川"),
            Person(id="risk.hayashi", role="employee", name="リスクの林"),
        )
        yield desk


def first_report(submission: str, **changes: object) -> DeskContact:
    """お声一報: what sales wrote down."""
    return DeskContact.model_validate(
        {
            "submission": submission,
            "actor": "sales.sato",
            "department": "sales",
            "record_type": "voice",
            "channel": "phone",
            "customer": {"name": "山田 花子", "phone": "03-5550-0101", "email": "hanako@example.com"},
            "subject": "手数料の説明について",
            "text": "山田花子様（03-5550-0101、hanako@example.com）より、手数料の説明が分かりにくいとのお声。",
            **changes,
        }
    )


def letter(message_id: str, subject: str, text: str, charset: str = "iso-2022-jp") -> EmailMessage:
    """A customer's mail, as Japanese clients write it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = "山田 花子 <hanako@example.com>"
    mail["To"] = "okyakusama@aoba.example.co.jp"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{message_id}>"
    mail.set_content(text, charset=charset)
    return mail


def hides_the_customer(mail: EmailMessage) -> bool:
    """Nothing of the customer's name, number and address stands in it."""
    read = f"{mail['Subject']}\n{text_of(mail)}"
    return not [secret for secret in SECRETS if secret in read]


async def test_電話の一般のお声は_承認されて全社員に届き_内部管理が判定し_管理者が確認する(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-01 to S0-03, S0-08, S0-09, S1-38."""
    # お客様から電話がかかり、山本が出る。
    await desk.comes("オペレーターの山本")
    call = PhoneContact(call="denwa-1", event="offered", caller="+81355500101", dialled="+81355500100")
    await desk.say(call)
    about = case_id("phone:denwa-1")
    await desk.takes("オペレーターの山本", about)
    await desk.say(call.model_copy(update={"event": "answered", "agent": "op.yamamoto"}))
    await desk.heard("milestone.met", about, kind="first_response")
    await desk.goes("オペレーターの山本")
    # 営業がお声一報を書き、承認を申請する。
    koe = case_id("desk:koe-1")
    await desk.say(first_report("koe-1", about_case=about))
    await desk.heard("case.linked", about, other=koe, relation="voice")
    await desk.act("営業の佐藤", "submit", koe)
    asked = await desk.mailed("お声の承認依頼", address("sv.tanaka"))
    assert "分かりにくい" in text_of(asked)
    assert [to for to, _ in desk.mails("お声の承認依頼")] == [address("sv.tanaka")]
    # 書いた本人は承認できず、承認を待つあいだは書き直せない。
    await desk.act("営業の佐藤", "approve", koe, expected=403)
    assert (await desk.refused("営業の佐藤", "edit-voice", koe, text="書き直し"))["reason"] == "locked"
    assert not desk.facts("case.shared", koe)
    # SVが承認すると、全社員に届く。
    await desk.act("SVの田中", "approve", koe)
    mails = await desk.mailed_to_all("お客様の声（一般）", EVERYBODY)
    assert all(map(hides_the_customer, mails))
    assert all("分かりにくい" in text_of(mail) for mail in mails)
    # 内部管理が判定し、別の人である管理者が確認する。
    await desk.act("内部管理の木村", "judge", koe, genre="手数料", complaint=True, incident=False)
    await desk.mailed("判定の確認のお願い", address("manager.ogawa"))
    await desk.act("内部管理の木村", "check", koe, expected=403, outcome="confirmed")
    await desk.act("管理者の小川", "check", koe, outcome="confirmed")
    facts = await desk.settled(koe, "opened", "submitted", "refused", "approved", "shared", "judged", "checked")
    assert [fact["actor"]["id"] for fact in facts[3:]] == ["sv.tanaka", "sv.tanaka", "officer.kimura", "manager.ogawa"]
    # 誰でも一件ずつ見られる。お客様の名はない。
    seen = await desk.see("リスクの林", f"/v1/voices/{koe}")
    assert (seen["shapes"], seen["genre"], seen["judgement"]["is_checked"]) == (["general"], "手数料", True)
    assert not [secret for secret in SECRETS if secret in str(seen)]


async def test_メールのお声は_上席が同じ記録に折り返しを残し_つながってから共有される(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-01, S0-04, S0-05, S2-14."""
    # お客様からメールが届く。
    await desk.comes("オペレーターの中村")
    await desk.mail_in(
        letter("mail-1@example.com", "説明が違う", "説明が違うので納得できない。上の人と話したい。"),
        "okyakusama@aoba.example.co.jp",
    )
    about = case_id("mail-1@example.com")
    opened = await desk.heard("case.opened", about)
    assert (opened["category"], opened["language"], opened["priority"]) == ("complaint", "ja", "high")
    await desk.takes("オペレーターの中村", about)
    # 一報に「エスカレーション」の印を付ける。
    koe = case_id("desk:koe-2")
    await desk.say(
        first_report("koe-2", about_case=about, escalation=True, text="説明が違うので、上席から折り返してほしい。")
    )
    for supervisor in ("sv.tanaka", "sv.suzuki"):
        await desk.mailed("エスカレーション #", address(supervisor))
    started = await desk.heard("milestone.started", koe, kind="callback")
    # 上席が内容を確かめ、折り返す。一度目はつながらず、約束は果たされない。
    assert koe in [each["case_id"] for each in (await desk.see("SVの田中", "/v1/response-sheet"))["callbacks"]]
    await desk.act("SVの田中", "check", koe, outcome="confirmed")
    await desk.act("SVの田中", "record-callback", koe, outcome="no_answer")
    await desk.heard("case.callback-recorded", koe, outcome="no_answer")
    assert not desk.facts("case.shared", koe)
    # 二度目につながり、答えが同じ記録に残る。
    said = "山田様に手数料表をお送りすると案内し、ご納得。"
    await desk.act("SVの田中", "record-callback", koe, outcome="reached", text=said)
    met = await desk.heard("milestone.met", koe, kind="callback")
    assert met["milestone"] == started["milestone"]
    mails = await desk.mailed_to_all("お客様の声（エスカレーション）", EVERYBODY)
    assert all(map(hides_the_customer, mails))
    assert all("手数料表をお送り" in text_of(mail) for mail in mails)
    facts = await desk.settled(
        koe, "opened", "escalation-requested", "checked", "callback-recorded", "callback-recorded", "shared"
    )
    assert [fact.get("answered", False) for fact in facts[3:5]] == [False, True]
    assert koe not in [each["case_id"] for each in (await desk.see("SVの田中", "/v1/response-sheet"))["callbacks"]]
    # お客様への返信は、お客様のメールの下に付く。
    await desk.act("オペレーターの中村", "reply", about, text="上席よりお電話いたしました。ありがとうございました。")
    reply = await desk.mailed("Re: 説明が違う", "hanako@example.com")
    assert reply["In-Reply-To"] == "<mail-1@example.com>"
    await desk.act("オペレーターの中村", "resolve", about)
    await desk.heard("work.wrapping-up", about)
    await desk.goes("オペレーターの中村")


async def test_インシデントは_一報が全社員に届き_リスク部が引き受け_終わりまで伝わる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-06, S0-07."""
    koe = case_id("desk:koe-3")
    await desk.say(
        first_report(
            "koe-3", incident=True, cause_department="system", subject="ログインできない",
            text="山田様ほか多数。ログインできないとのお電話が続いている。",
        )
    )  # fmt: skip
    mails = await desk.mailed_to_all("インシデント一報", EVERYBODY, containing="ログインできない")
    assert all(map(hides_the_customer, mails))
    assert all("system" in text_of(mail) for mail in mails)
    assert {mail["Message-ID"] for mail in mails} == {mails[0]["Message-ID"]}
    # インシデントとして届いたものは、お声としてもう一度届きはしない。
    assert [fact["shape"] for fact in desk.facts("case.shared", koe)] == ["incident"]
    # 田中が引き継ぎ、リスク部が引き受ける。渡した本人は引き受けられない。
    await desk.act("SVの田中", "hand-over", koe, to="risk", text="影響範囲の確認をお願いします。")
    assert "影響範囲" in text_of(await desk.mailed("インシデント引き継ぎ", address("risk.hayashi")))
    assert (await desk.refused("SVの田中", "accept-hand-over", koe))["reason"] == "same-person"
    await desk.act("リスクの林", "accept-hand-over", koe, text="確認を始めます。")
    await desk.mailed("インシデント引き受け", address("sv.tanaka"))
    # 収まり、終わり、振り返る。
    await desk.act("リスクの林", "contain-incident", koe, text="予備の系統に切り替えた。")
    await desk.act("リスクの林", "end-incident", koe, text="ログインできるようになった。")
    await desk.mailed_to_all("インシデント終息", EVERYBODY)
    await desk.act("管理者の小川", "review-incident", koe, forum="確認会議", improvements=["切り替えの自動化"])
    await desk.settled(
        koe, "opened", "incident-declared", "shared", "handed-over", "refused", "hand-over-accepted",
        "incident-contained", "incident-ended", "incident-reviewed",
    )  # fmt: skip


async def test_あとからの判定で一報が出て_誤りと分かれば全社員に訂正が届く(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-06, S0-07, S0-09: found late, and taken back by four eyes."""
    koe = case_id("desk:koe-4")
    await desk.say(first_report("koe-4", subject="身に覚えのない取引", text="身に覚えのない取引が二件ある。"))
    await desk.heard("case.opened", koe)
    judged = {"genre": "誤発注", "complaint": True, "title": "身に覚えのない取引"}
    await desk.act("内部管理の木村", "judge", koe, incident=True, **judged)
    await desk.mailed_to_all("インシデント一報", EVERYBODY, containing="身に覚えのない取引が二件")
    await desk.mailed("インシデント引き継ぎ", address("risk.hayashi"))
    assert (await desk.heard("case.incident-declared", koe))["late"] is True
    # 調べると家族の取引だった。木村が判定し直し、小川が確認してはじめて訂正になる。
    await desk.act("内部管理の木村", "judge", koe, incident=False, **judged)
    await desk.heard("case.judged", koe, incident=False)
    assert not desk.facts("case.incident-corrected", koe)
    await desk.act("管理者の小川", "check", koe, outcome="confirmed")
    await desk.mailed_to_all("インシデント訂正", EVERYBODY)


def recounted(desk: StoryDesk) -> dict[str, int]:
    """The summary's numbers, by hand."""
    return {
        "cases_opened": len(desk.facts("case.opened")),
        "assigned": len(desk.facts("work.accepted")),
        "met": len(desk.facts("milestone.met")),
        "violated": len(desk.facts("milestone.violated")),
        "resolved": len(desk.facts("case.resolved")),
        "mailed": len(desk.facts("notification.delivered", channel="email")),
    }


async def test_数字は_事実を数えたものと同じで_お声は言葉で探せる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S0-10: over all the stories above."""
    assert len(desk.facts("case.opened")) == 6
    await eventually(
        lambda: len(desk.facts("notification.delivered", channel="email")) == len(desk.sink.mails),
        "each mail is told of",
        seconds=30,
    )

    async def agrees() -> bool:
        summary = await desk.see("管理者の小川", "/v1/summary", "analytics")
        counted = recounted(desk)
        return {name: summary[name] for name in counted} == counted

    await eventually(agrees, "the figures are those of the facts", seconds=30)
    found = await desk.see("管理者の小川", "/v1/search?q=手数料&kind=voice", "analytics")
    assert {each["case_id"] for each in found["found"]} >= {case_id("desk:koe-1")}
