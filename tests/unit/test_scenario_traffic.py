"""What customers send: the retail scenario's files, drawn and written."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

import pytest
import yaml

from caseway.runtime.configuration import BadConfiguration
from caseway.scenario.chance import Chance
from caseway.scenario.mails import Letter, machine_mail, undelivered, write
from caseway.scenario.people import Person, draw_person, plain
from caseway.scenario.plan import Channel, Language, Plan, read_plan
from caseway.scenario.texts import draw_matter, say

RETAIL = Path(__file__).parents[2] / "deploy" / "scenarios" / "retail"
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
PERSON = Person(name="Róża Śliwa", email="roza.sliwa@example.com", phone="+48 22 555 0143", language="pl", city="Łódź")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan(RETAIL)


def _letter(**changes: object) -> Letter:
    fields = {
        "sender": PERSON,
        "to": "support@example.com",
        "subject": "Gdzie jest moje zamówienie?",
        "text": "Dzień dobry, nie dostałam paczki.",
        "message_id": "m-1@mail.example.com",
        "at": NOW,
    }
    return Letter(**{**fields, **changes})  # type: ignore[arg-type]


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2", "windows-1250"])
def test_a_polish_mail_can_be_read_in_every_charset_it_is_written_in(charset: str) -> None:
    """S4-02"""
    mail = _parsed(write(_letter(charset=charset)))
    assert mail.get_content_charset() == charset
    assert "nie dostałam paczki" in mail.get_content()
    assert mail["Subject"] == "Gdzie jest moje zamówienie?"
    assert mail["From"].addresses[0].display_name == "Róża Śliwa"


def test_a_charset_that_lacks_a_letter_is_not_used() -> None:
    mail = _parsed(write(_letter(charset="iso-8859-1")))
    assert mail.get_content_charset() == "utf-8"
    assert "nie dostałam paczki" in mail.get_content()


def test_a_full_mail_has_every_part() -> None:
    raw = write(
        _letter(
            has_html=True,
            attachment="zdjęcie.png",
            signature="Róża Śliwa\ntel. 22 555 0143",
            quoted="Example Shop napisał(a):\nProszę o zdjęcie.",
            in_reply_to="ours@example.com",
            references=("m-0@mail.example.com",),
        )
    )
    mail = _parsed(raw)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["zdjęcie.png"]
    assert mail["In-Reply-To"] == "<ours@example.com>"
    assert mail["References"].split() == ["<m-0@mail.example.com>", "<ours@example.com>"]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "\n-- \nRóża Śliwa" in text.replace("\r\n", "\n")
    assert "\n> Proszę o zdjęcie." in text.replace("\r\n", "\n")


def test_lines_end_as_smtp_wants_them() -> None:
    """RFC 5321 §2.3.8"""
    raw = write(_letter(has_html=True, attachment="faktura.pdf"))
    assert not re.search(rb"(?<!\r)\n", raw)


def test_the_same_letter_is_the_same_bytes() -> None:
    letter = _letter(has_html=True, attachment="faktura.pdf")
    assert write(letter) == write(letter)


def test_a_bounce_names_the_mail_that_did_not_arrive() -> None:
    """RFC 3464"""
    raw = undelivered(message_id="b-1@mx.example.com", about="ours@example.com", address="x@example.com", at=NOW)
    mail = _parsed(raw)
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert b"Message-ID: <ours@example.com>" in raw
    assert b"Final-Recipient: rfc822; x@example.com" in raw


def test_a_machines_mail_says_so() -> None:
    """RFC 3834"""
    for number in range(20):
        raw, sender = machine_mail(message_id="n-1@news.example.com", at=NOW, chance=Chance(str(number)))
        mail = _parsed(raw)
        assert str(mail["Auto-Submitted"]) in {"auto-generated", "auto-replied"}
        assert mail["From"].addresses[0].addr_spec == sender


def test_names_become_addresses() -> None:
    assert plain("Żaneta Żołądź") == "zaneta.zoladz"
    assert plain("Jörg Weiß") == "jorg.weiss"


def test_everybody_is_invented(plan: Plan) -> None:
    """Addresses below example.com, numbers of the 555-01 block: nobody's."""
    for number in range(300):
        chance = Chance(f"people/{number}")
        person = draw_person(plan, chance.one_of(get_args(Language)), chance)
        assert re.search(r"@([a-z.]+\.)?example\.com$", person.email), person
        digits = re.sub(r"\D", "", person.phone)
        assert "55501" in digits or "555001" in digits, person
        assert person.email.isascii()


def test_every_matter_can_be_said_on_its_channels_in_every_language(plan: Plan) -> None:
    """No placeholder is left, whatever is drawn."""
    for channel in get_args(Channel):
        for number in range(200):
            chance = Chance(f"{channel}/{number}")
            person = draw_person(plan, chance.one_of(get_args(Language)), chance)
            matter = draw_matter(plan.traffic, channel, chance)
            said = say(matter, plan.traffic, person, chance)
            assert channel in matter.channels
            assert not re.search(r"[{}]", f"{said.subject}{said.text}{said.question}{said.details}{said.answer}")


def test_the_same_seed_says_the_same(plan: Plan) -> None:
    def drawn(seed: str) -> list[tuple[str, str]]:
        chance = Chance(seed)
        people = [draw_person(plan, "pl", chance) for _ in range(5)]
        return [
            (each.email, say(draw_matter(plan.traffic, "email", chance), plan.traffic, each, chance).text)
            for each in people
        ]

    assert drawn("7/contact/1") == drawn("7/contact/1")
    assert drawn("7/contact/1") != drawn("7/contact/2")


def test_arrivals_keep_the_rate() -> None:
    """Poisson: the mean gap is one over the rate, and gaps differ."""
    chance = Chance("arrivals")
    gaps = [chance.gap(2.0) for _ in range(4000)]
    assert 0.45 < sum(gaps) / len(gaps) < 0.55
    assert max(gaps) > 4 * min(gaps)


def test_the_mix_is_that_of_the_file(plan: Plan) -> None:
    chance = Chance("mix")
    drawn = Counter(chance.weighed(plan.traffic.channels) for _ in range(6000))
    whole = sum(plan.traffic.channels.values())
    for channel, weight in plan.traffic.channels.items():
        assert abs(drawn[channel] / 6000 - weight / whole) < 0.02


def test_a_desk_of_thirty_and_two(plan: Plan) -> None:
    """S4-08: 15 Polish, 10 Polish and English, 5 German, 2 coordinators."""
    people = plan.agents.agents.values()
    agents = [each for each in people if each.role == "agent"]
    speak = Counter(tuple(sorted({"pl", "en", "de"} & set(each.skills))) for each in agents)
    assert speak == {("pl",): 15, ("en", "pl"): 10, ("de",): 5}
    assert sum(each.role == "coordinator" for each in people) == 2


def test_a_wrong_file_is_refused_with_every_fault(tmp_path: Path) -> None:
    for name in ("agents.yaml", "customers.yaml"):
        (tmp_path / name).write_text((RETAIL / name).read_text(encoding="utf-8"), encoding="utf-8")
    traffic = yaml.safe_load((RETAIL / "traffic.yaml").read_text(encoding="utf-8"))
    traffic["mail"]["sent_twice"] = 1.5
    traffic["channels"]["fax"] = 3
    traffic["matters"][0]["colour"] = "red"
    (tmp_path / "traffic.yaml").write_text(yaml.safe_dump(traffic), encoding="utf-8")
    with pytest.raises(BadConfiguration) as refused:
        read_plan(tmp_path)
    told = str(refused.value)
    assert "mail.sent_twice" in told
    assert "fax" in told
    assert "colour" in told
