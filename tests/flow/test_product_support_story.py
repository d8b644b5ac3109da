"""A maker's support desk on an ordinary day: as stories, on a whole desk with its own configuration."""

from __future__ import annotations

import datetime as dt
import email.policy
import re
from collections.abc import AsyncIterator, Mapping
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from caseway.contracts.contacts import PhoneContact, WebContact
from caseway.contracts.customers import CustomerRecorded, PhoneNumber
from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.story_desk import SCENARIOS, Change, Person, Rooms, StoryDesk, open_at_all_hours, story_desk, text_of

pytestmark = [pytest.mark.backends, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]

ONE_LINE = email.policy.SMTP.clone(max_line_length=998)
"""As clients write References: Python folds a long Message-ID into an encoded word, which is none any more."""
HERE = SCENARIOS / "product-support"
MAILBOX = "support@kuraemon.example.com"
LONG_SECONDS = 2
"""In place of the scenario's twenty minutes."""
CALLED_AT = re.compile(r"@\S+ \S+")
"""Somebody whom a post calls, as the messenger shows them: family name, given name."""


def read(name: str) -> Any:
    """One of the scenario's files."""
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


def at_our_rooms(rooms: Rooms) -> Change:
    """The lists, with the rooms where this test listens."""

    def change(lists: dict[str, Any]) -> dict[str, Any]:
        endpoints = lists["endpoints"].items()
        here = {name: {**each, "url": each["url"].replace(":8027", f":{rooms.port}")} for name, each in endpoints}
        return {**lists, "endpoints": here}

    return change


def changes(rooms: Rooms) -> Mapping[str, Change]:
    """What a test cannot wait for: opening hours, twenty minutes; and where the rooms are."""
    return {
        "calendars.yaml": open_at_all_hours,
        "lists.yaml": at_our_rooms(rooms),
        "guidance.yaml": lambda guidance: {**guidance, "alert_after": f"{LONG_SECONDS}s"},
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoryDesk]:
    """One desk for all stories, with the customers that its registry knows; each story has cases of its own."""
    namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
    async with story_desk(namespace, tmp_path_factory.mktemp("support"), "product-support", changes) as desk:
        desk.pool = "support"
        desk.staffed(
            Person(id="akane.mio", role="agent", name="一次の茜"),
            Person(id="sazanami.yui", role="agent", name="一次の小波"),
            Person(id="aoba.shiori", role="agent", name="二次の青葉"),
            Person(id="wakatake.jun", role="agent", name="二次の若竹"),
            Person(id="shiranami.rei", role="agent", name="二次の白波"),
            Person(id="tokiwa.makoto", role="supervisor", name="SVの常盤"),
        )
        await desk.say(*(CustomerRecorded.model_validate(each) for each in read("customers.yaml")["customers"]))
        yield desk


def call(name: str, caller: str, event: str = "offered", **more: Any) -> PhoneContact:
    """What the telephony says of a call."""
    return PhoneContact.model_validate(
        {"call": name, "event": event, "caller": caller, "dialled": "+81355500155", **more}
    )


async def answered(desk: StoryDesk, who: str, name: str, caller: str, **more: Any) -> str:
    """A customer calls, and somebody answers: the case."""
    case = case_id(f"phone:{name}")
    await desk.say(call(name, caller, **more))
    await desk.takes(who, case)
    await desk.say(call(name, caller, "answered", **more))
    await desk.heard("case.contact-updated", case, event="answered")
    return case


async def over(desk: StoryDesk, who: str, case: str) -> None:
    """The matter is solved and written up, and they leave."""
    await desk.act(who, "resolve", case)
    await desk.finishes(who, case)
    await desk.goes(who)


def letter(message_id: str, sender: str, subject: str, text: str, answers: EmailMessage | None = None) -> EmailMessage:
    """A customer's mail."""
    mail = EmailMessage(policy=ONE_LINE)
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, MAILBOX, subject, f"<{message_id}>"
    if answers is not None:
        mail["In-Reply-To"] = answers["Message-ID"]
        mail["References"] = answers["Message-ID"]
    mail.set_content(text, charset="iso-2022-jp")
    return mail


async def test_登録のない番号からの電話は_折り返す前に台帳を見て_ひも付けてから折り返す(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-03 to S2-07, S2-24: "not linked" was never "not registered"."""
    # 台帳の「その他」の欄に全角で書いてある番号でも、かけてきた人は分かる。
    await desk.say(call("denwa-0", "090-5550-0162", "abandoned"))
    known = await desk.heard("case.opened", case_id("phone:denwa-0"))
    assert (known["customer"]["state"], known["customer"]["id"]) == ("linked", "k-001")
    await desk.act("SVの常盤", "resolve", known["case_id"])
    # 登録の見つからない番号。誰も出ないうちに切れ、折り返しになる。
    case = case_id("phone:denwa-1")
    await desk.say(call("denwa-1", "03-5550-0171"))
    opened = await desk.heard("case.opened", case)
    assert opened["customer"]["state"] == "unlinked"
    await desk.say(call("denwa-1", "03-5550-0171", "abandoned"))
    await desk.heard("work.queued", case, queue="callbacks")
    await desk.comes("一次の茜")
    await desk.takes("一次の茜", case)
    assert (await desk.see("一次の茜", f"/v1/cases/{case}/background"))["candidates"] == []
    # 台帳に載っていた。ただし、ハイフンも括弧も全角で、「その他」の欄に。
    written = PhoneNumber(number="（０３）５５５０－０１７１", label="other")
    await desk.say(
        CustomerRecorded(customer="k-071", name="萩原 澄", emails=("hagiwara@example.com",), phones=(written,))
    )

    async def candidates() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await desk.see("一次の茜", f"/v1/cases/{case}/background"))["candidates"]
        return found

    found = await eventually(candidates, "the registry's answer", seconds=20)
    assert found == [{"customer": "k-071", "name": "萩原 澄", "matched_by": "phone"}]
    # ひも付けてから、折り返す。
    await desk.act("一次の茜", "link-customer", case, customer="k-071")
    await desk.act("一次の茜", "record-callback", case, outcome="reached", text="ご用件を伺った。")
    linked = await desk.heard("case.customer-linked", case)
    called = await desk.heard("case.callback-recorded", case, outcome="reached")
    assert (linked["customer"]["id"], linked["version"] < called["version"]) == ("k-071", True)
    await over(desk, "一次の茜", case)


async def test_フォームでは_申告のバージョンを確認してからでないと_案内も解決もできない(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-08, S2-09: what was declared was wrong, and that is counted."""
    case = case_id("web:support:form-1")
    fields = {
        "subject": "起動しません", "message": "ウィンドウズで黒板アプリが起動しません。", "email": "hiiragi@example.com",
        "name": "柊 玲奈", "version": "3.1", "device": "windows",
    }  # fmt: skip
    await desk.comes("二次の青葉")
    await desk.say(WebContact(form="support", submission="form-1", fields=fields))
    opened = await desk.heard("case.opened", case)
    assert (opened["category"], opened["product"]) == ("technical", "windows")
    assert opened["to_confirm"] == ["version", "device"]
    await desk.takes("二次の青葉", case)
    # 確認の前は、案内も解決も断られる。尋ねることはできる。
    assert (await desk.refused("二次の青葉", "reply", case, text="再インストールしてください。"))[
        "reason"
    ] == "unconfirmed"
    assert (await desk.refused("二次の青葉", "resolve", case))["reason"] == "unconfirmed"
    await desk.act("二次の青葉", "reply", case, text="画面右下の版数を教えてください。", purpose="ask")
    asked = await desk.mailed("Re: 起動しません", "hiiragi@example.com", containing="版数")
    # お客様の返事は同じ案件に届く。申告とは違う版だった。
    await desk.mail_in(
        letter("version@example.com", "柊 玲奈 <hiiragi@example.com>", "Re: 起動しません", "4.2 でした。", asked),
        MAILBOX,
    )
    await desk.heard("case.contact-added", case, channel="email")
    await desk.act("二次の青葉", "confirm-facts", case, fields={"version": "4.2", "device": "windows"})
    assert (await desk.heard("case.facts-confirmed", case))["corrected"] == ["version"]
    await desk.act("二次の青葉", "reply", case, text="4.2 の修正版をお送りします。")
    await desk.mailed("Re: 起動しません", "hiiragi@example.com", containing="修正版")
    await over(desk, "二次の青葉", case)


async def test_購入の相談は_四つの項目を伺ってから_決まった四人に伝わる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-18, S2-20: the facts are taken by the first line, before anybody else hears of it."""
    await desk.comes("一次の茜")
    case = await answered(desk, "一次の茜", "denwa-2", "03-5550-0172")
    number = (await desk.heard("case.opened", case))["number"]
    await desk.act("一次の茜", "assign-facts", case, category="purchase", subject="電子黒板の購入")
    assert (await desk.heard("case.facts-assigned", case, category="purchase"))["missing_fields"] == [
        "name", "company", "email",
    ]  # fmt: skip
    refused = await desk.refused("一次の茜", "escalate-to-department", case, department="sales")
    assert (refused["reason"], refused["detail"]) == ("facts-missing", "ask the customer first: name, company, email")
    await desk.act("一次の茜", "assign-facts", case, fields={"name": "藤袴 匠", "company": "ふじ学園"})
    await desk.heard("case.facts-assigned", case, missing_fields=["email"])
    assert not desk.facts("work.mentioned", case)
    # 最後の項目がそろうと、決まった四人に伝わる。
    await desk.act("一次の茜", "assign-facts", case, fields={"email": "takumi@fuji.example.com"})
    told = await desk.heard("work.mentioned", case)
    assert (told["post_to"], sorted(told["mentions"])) == ("INSIDE_Escalation", sorted(mentions("inside-escalation")))
    assert not told.get("missing_fields"), "told before the first line had asked"
    post = await desk.posted("INSIDE_Escalation", containing=f"#{number}")
    assert CALLED_AT.findall(post) == ["@花村 奈緒", "@如月 優", "@湊 空", "@常盤 真"]
    await desk.act("一次の茜", "escalate-to-department", case, department="sales", text="お見積もりをお願いします。")
    await desk.mailed(f"案件 #{number} の対応依頼", "orders@kuraemon.example.com")
    await over(desk, "一次の茜", case)


async def test_注文の問い合わせは_二つの項目を伺ってから_決まった八人に伝わる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-18, S2-21: by mail a machine asks at once."""
    case = case_id("order@example.com")
    await desk.comes("一次の小波")
    await desk.mail_in(
        letter("order@example.com", "小菊 薫 <kogiku@example.com>", "届きません", "注文した黒板がまだ届きません。"),
        MAILBOX,
    )
    opened = await desk.heard("case.opened", case)
    assert (opened["category"], opened["missing_fields"]) == ("order", ["order", "order_email"])
    asked = await desk.mailed("Re: 届きません", "kogiku@example.com", containing="注文番号")
    assert asked["Auto-Submitted"] == "auto-replied"
    await desk.takes("一次の小波", case)
    assert not desk.facts("work.mentioned", case)
    await desk.mail_in(
        letter("number@example.com", "kogiku@example.com", "Re: 届きません", "K-2026-118、このアドレスです。", asked),
        MAILBOX,
    )
    await desk.heard("case.contact-added", case)
    facts = {"order": "K-2026-118", "order_email": "kogiku@example.com"}
    await desk.act("一次の小波", "assign-facts", case, fields=facts)
    told = await desk.heard("work.mentioned", case)
    assert (told["post_to"], sorted(told["mentions"])) == ("Kuraemon_Sales", sorted(mentions("kuraemon-sales")))
    assert not told.get("missing_fields"), "told before the first line had asked"
    assert len(CALLED_AT.findall(await desk.posted("Kuraemon_Sales", containing=f"#{opened['number']}"))) == 8
    # 特注の黒板は、伺う項目なしに Support_Escalation の四人へ。
    custom = case_id("custom@example.com")
    await desk.mail_in(
        letter("custom@example.com", "kogiku@example.com", "特注", "特注の黒板に名入れをお願いしたい。"), MAILBOX
    )
    assert len((await desk.heard("work.mentioned", custom, post_to="Support_Escalation"))["mentions"]) == 4
    await desk.act("SVの常盤", "resolve", custom)
    await over(desk, "一次の小波", case)


def mentions(name: str) -> list[str]:
    """Whom the scenario's mention list names."""
    found: list[str] = read("mentions.yaml")["lists"][name]["mentions"]
    return found


async def test_名指しの電話は_その人だけに伝わり_その人だけを呼ぶ(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-19."""
    await desk.comes("一次の茜", "二次の若竹")
    case = await answered(desk, "二次の若竹", "denwa-3", "03-5550-0173", asked_for="若竹さん")
    told = await desk.heard("work.mentioned", case)
    assert (told["post_to"], told["mentions"], told["reason"]) == ("Support_Window", ["wakatake.jun"], "asked_for")
    post = await desk.posted("Support_Window", containing="名指し")
    assert CALLED_AT.findall(post) == ["@若竹 潤"]
    assert {each["agent"] for each in desk.facts("work.offered", case)} == {"wakatake.jun"}
    await desk.goes("一次の茜")
    await over(desk, "二次の若竹", case)


async def test_案内が二十分になると_部屋に伝わり_終わったら済を押し_取り消してまた押せる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-10, S2-11, S2-14 to S2-16: then a superior calls back, before the others."""
    assert read("guidance.yaml")["alert_after"] == "20m"
    await desk.comes("二次の青葉")
    case = await answered(desk, "二次の青葉", "denwa-6", "03-5550-0177")
    number = (await desk.heard("case.opened", case))["number"]
    # 案内が始まり、長くなる。
    await desk.starts("二次の青葉", case, activity="guidance")
    started = await desk.heard("work.work-started", case, activity="guidance")
    alert = await desk.heard("ladder.rung-reached", case, action="alert")
    assert instant(alert["at"]) - instant(started["at"]) == dt.timedelta(seconds=LONG_SECONDS)
    assert alert["attributes"]["agent"] == "aoba.shiori"
    post = await desk.posted("Support_Window", containing=f"長くなっています #{number}")
    assert "aoba.shiori" in post
    assert case in post
    # 終わると、案内した青葉に「済」が頼まれる。
    await desk.pauses("二次の青葉", case)
    asked = await desk.heard("ladder.rung-reached", case, action="ask_stamp")
    assert asked["recipients"] == ["agent:aoba.shiori"]
    # 届いた知らせから押し、取り消す。済が付くのは知らせではなく、その案内。誰がいつしたかが残る。
    assert await unstamped(desk, case) == [alert["occurrence"]]
    page = await stamp_page(desk, case)
    assert (await pressed(desk, page), await pressed(desk, f"{page}?undo=1")) == (200, 200)
    await eventually(lambda: len(desk.facts("case.stamped", case)) == 2, "stamped, and taken off", seconds=20)
    assert await eventually(lambda: unstamped(desk, case), "on the list again", seconds=20) == [alert["occurrence"]]
    # 途中でも、長くなると分かった時に伝えられる。同じ案件の二つ目の案内は、別の知らせになる。
    await desk.starts("二次の青葉", case, activity="remote")
    await desk.heard("work.work-started", case, activity="remote")
    await desk.starts("二次の青葉", case, activity="remote", announced_seconds=1500)
    announced = await desk.heard("ladder.rung-reached", case, action="alert", reason="announced")
    await desk.posted("Support_Window", containing="案内が長くなる見込みです")
    await desk.pauses("二次の青葉", case)
    # SVが一つ目に押しても、二つ目は残る。二つ目は青葉が自分で押す。
    await desk.act("SVの常盤", "stamp", case, stamp="済", occurrence=alert["occurrence"])
    await eventually(lambda: left(desk, case, announced), "only the second is left", seconds=20)
    await desk.act("二次の青葉", "stamp", case, stamp="済", occurrence=announced["occurrence"])
    await eventually(lambda: all_stamped(desk, case), "none is left", seconds=20)
    stamps = desk.facts("case.stamped", case)
    assert [(each["removed"], each["by"]) for each in stamps] == [
        (False, "青葉 詩織"), (True, "青葉 詩織"), (False, "SVの常盤"), (False, "二次の青葉"),
    ]  # fmt: skip
    assert {each["stamp"] for each in stamps} == {"済"}
    assert [each["occurrence"] == alert["occurrence"] for each in stamps] == [True, True, True, False]
    # 長い案内のあと、上席が普通の順番より先に折り返す。
    await desk.act("二次の青葉", "request-escalation", case, reason="解決に至らず、上席から折り返してほしいとのこと。")
    await desk.mailed(f"SV折り返しの依頼 #{number}", "tokiwa.makoto@kuraemon.example.com")
    await desk.releases("二次の青葉", case)
    await desk.goes("二次の青葉")
    await desk.comes("SVの常盤")
    await desk.takes("SVの常盤", case)
    raised = await desk.heard("work.raised", case, boost=5.0)
    assert raised["queue"] == "sv-callbacks"
    await desk.act("SVの常盤", "check", case, outcome="confirmed")
    await desk.act("SVの常盤", "record-callback", case, outcome="reached", text="修理の手配をご案内し、ご了承。")
    await desk.heard("milestone.met", case, kind="callback")
    await over(desk, "SVの常盤", case)


async def unstamped(desk: StoryDesk, case: str) -> list[str]:
    """The posts on a case that an SV finds without a stamp."""
    listed = await desk.see("SVの常盤", "/v1/guidance/unstamped", "escalation")
    return [each["occurrence"] for each in listed["posts"] if each["case_id"] == case]


async def left(desk: StoryDesk, case: str, post: Mapping[str, Any]) -> bool:
    return await unstamped(desk, case) == [post["occurrence"]]


async def all_stamped(desk: StoryDesk, case: str) -> bool:
    return await unstamped(desk, case) == []


async def stamp_page(desk: StoryDesk, case: str) -> str:
    """The page of whoever was asked for the stamp, by the link in what they were told."""

    def look() -> str:
        told = (each["text"] for each in desk.facts("outbound.message", case, platform="desk"))
        found = [match[0] for text in told if (match := re.search(r"/v1/acknowledgements/\S+", text))]
        return found[-1] if found else ""

    return str(await eventually(look, "the link", seconds=20))


async def pressed(desk: StoryDesk, page: str) -> int:
    """The answer to the page's button."""
    async with httpx.AsyncClient(base_url=desk.services["notifier"].url, timeout=20) as http:
        return (await http.post(page)).status_code


def instant(written: str) -> dt.datetime:
    """As facts write them."""
    return dt.datetime.fromisoformat(written)


async def test_言葉では伝わらないとき_遠隔案内のメールが届き_記録に残る(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-12, S2-13."""
    await desk.comes("二次の白波")
    case = await answered(desk, "二次の白波", "denwa-4", "03-5550-0174")
    await desk.act("二次の白波", "assign-facts", case, category="technical", product="mac", route=False)
    offered = await eventually(lambda: _offered(desk, case), "remote support is offered", seconds=20)
    assert offered == {"not-following", "unclear-state", "long-guidance", "repeated"}
    remote = {"situation": "unclear-state", "purpose": "guide"}
    assert (await desk.refused("二次の白波", "request-remote", case, **remote))["reason"] == "no-address"
    await desk.act("二次の白波", "request-remote", case, to="nadeshiko@example.com", **remote)
    mail = await desk.mailed("遠隔サポートのご案内", "nadeshiko@example.com")
    assert "https://mado.kuraemon.example.com/download" in text_of(mail)
    assert (await desk.heard("case.noted", case))["text"].startswith("『遠隔案内』")
    await over(desk, "二次の白波", case)


async def _offered(desk: StoryDesk, case: str) -> set[str]:
    seen = await desk.see("二次の白波", f"/v1/cases/{case}")
    return set(seen["remote"]["situations"]) if seen["category"] == "technical" else set()


async def test_SVに相談し_聞くべきことを聞いて折り返すまで_対応シートに残る(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-14, S2-16: from a half-written case."""
    await desk.comes("二次の白波")
    case = await answered(desk, "二次の白波", "denwa-5", "03-5550-0175")
    number = (await desk.heard("case.opened", case))["number"]
    await desk.act(
        "二次の白波", "ask-advice", case, area="Mac", text="書きかけ：投影すると色が変わる。何を伺えばよいか。"
    )
    await desk.mailed(f"SV相談 #{number} Mac", "tokiwa.makoto@kuraemon.example.com")
    advice = (await desk.heard("case.advice-asked", case))["advice"]
    assert await _sheet(desk, case)
    await desk.act(
        "SVの常盤",
        "advise",
        case,
        advice=advice,
        text="接続の種類で対応が分かれます。",
        questions=["接続は HDMI か", "機種の年式"],
    )
    await desk.heard("case.advised", case, questions=["接続は HDMI か", "機種の年式"])
    (entry,) = await _sheet(desk, case)
    assert "接続は HDMI か" in str(entry)
    answers = {"接続": "HDMI", "年式": "2024"}
    await desk.act(
        "二次の白波", "record-callback", case, outcome="reached", advice=advice, answers=answers, text="設定で解決。"
    )
    recorded = await desk.heard("case.callback-recorded", case)
    assert (recorded["answered"], recorded["answers"]) == (True, answers)
    assert await _sheet(desk, case) == []
    await over(desk, "二次の白波", case)


async def _sheet(desk: StoryDesk, case: str) -> list[dict[str, Any]]:
    """The case's lines of the 対応シート."""
    sheet = await desk.see("SVの常盤", "/v1/response-sheet")
    return [each for each in sheet["callbacks"] if each["case_id"] == case]


async def test_施策の印は_候補として示され_人の一操作で記録に書かれ_数えられる(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-23."""
    case = case_id("web:support:form-2")
    fields = {
        "subject": "導入のご相談", "message": "メルマガを拝見し、導入を検討しています。", "email": "kikyo@example.com",
        "name": "桔梗 環", "company": "ききょう塾", "phone": "03-5550-0176",
    }  # fmt: skip
    await desk.say(WebContact(form="support", submission="form-2", fields=fields))
    opened = await desk.heard("case.opened", case)
    assert (opened["subject"], opened["campaigns"]) == ("導入のご相談", ["【DMをみた】"])
    await desk.act("SVの常盤", "assign-facts", case, campaign="【DMをみた】")
    assert (await desk.heard("case.facts-assigned", case))["subject"] == "【DMをみた】導入のご相談"

    async def counted() -> bool:
        told = await desk.see("SVの常盤", "/v1/measures/campaign_responses?by=campaign", "analytics")
        return "【DMをみた】" in str(told)

    await eventually(counted, "the campaign's responses", seconds=20)
    await desk.act("SVの常盤", "resolve", case)


async def test_一日の終わりに_班ごとの対応数と対応時間が数えられている(desk: StoryDesk) -> None:  # noqa: N802, PLC2401 - a story in the language of those who live it
    """S2-01, S2-02, S2-09: over all the stories above, by a recount of what the router told."""
    teams = {agent: team for team, agents in read("measures.yaml")["teams"].items() for agent in agents}
    done: dict[str, list[float]] = {}
    for each in desk.facts("work.completed"):
        if each.get("agent"):
            done.setdefault(teams[each["agent"]], []).append(
                each.get("handling_seconds") or each.get("held_seconds", 0)
            )
    assert set(done) == {"B", "C", "SV"}

    async def agrees() -> bool:
        told = await desk.see("SVの常盤", "/v1/measures/handling?by=team&grain=all", "analytics")
        return counts_of(told) == {team: len(each) for team, each in done.items()}

    await eventually(agrees, f"the teams' figures are {done}", seconds=30)
    report = await desk.see("SVの常盤", "/v1/reports/day-by-team.json", "analytics")
    assert report["title"] == "本日の対応数と対応時間"
    wrong = await desk.see("SVの常盤", "/v1/measures/facts_declared_wrong", "analytics")
    assert wrong["total"]["count"] == 1


def counts_of(told: dict[str, Any]) -> dict[str, int]:
    """How many stand behind each team's figure."""
    return {each["team"]: each["count"] for each in told["rows"]}
