"""Category, priority, class and language by rules, each with the rule that decided (S1-26, S4-05, S4-09, S4-10)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.contracts.contacts import DeskContact
from caseway.kernel.vocabulary import Priority
from caseway.runtime.configuration import BadConfiguration, load
from caseway_intake.adapters.languages import detect
from caseway_intake.domain.triage import Tongue, judge, language_of, may_move, priority_of, tongue_of
from caseway_intake.domain.words import fold
from caseway_intake.edge_settings import Languages, Mailboxes, RecordTypeEntry, Triage, TriageRule
from caseway_intake.settings import Configuration
from tests.intake_edge import SCENARIO, Edge, configuration, mail_bytes

LANGUAGES = Languages(known=("pl", "en", "de"), default="pl")


def triage(*rules: Mapping[str, Any]) -> Triage:
    return Triage.model_validate({"languages": LANGUAGES, "rules": list(rules)})


def facts(**changes: Any) -> dict[str, Any]:
    return {"channel": "email", "subject": "", "text": "", "language": "pl", **changes}


def test_the_first_rule_that_says_a_thing_decides_it_and_is_named() -> None:
    rules = triage(
        {"name": "one", "when": {"field": "channel", "equals": "phone"}, "category": "calls"},
        {"name": "two", "when": {"field": "channel", "equals": "email"}, "priority": "high"},
        {"name": "three", "category": "mails", "priority": "low"},
        {"name": "four", "category": "never"},
    ).rules
    judgement = judge(rules, facts())
    assert judgement.aspects == {"priority": "high", "category": "mails"}
    assert judgement.rules == {"priority": "two", "category": "three"}


def test_tags_of_all_matching_rules_add_up_each_once() -> None:
    rules = triage(
        {"name": "one", "words": ["paczka"], "tags": ["parcel", "late"]},
        {"name": "two", "words": ["nothing like it"], "tags": ["never"]},
        {"name": "three", "tags": ["late", "all"]},
    ).rules
    assert judge(rules, facts(text="Gdzie PACZKA?")).tags == ("parcel", "late", "all")


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("zamówien", "Moje ZAMOWIENIE nie przyszło", True),
        ("zamowien", "zamówienia", True),
        ("nie działa", "On nie\n dziala!", True),
        ("order", "reordered", False),
        ("order", "(order 12)", True),
        ("größe", "die GROESSE", False),
        ("größe", "Die Grösse", True),
        ("届き", "荷物が届きません", True),
        ("ﾃﾚﾋﾞ", "このテレビは", True),
        ("c++", "C", True),
    ],
)
def test_words_are_found_at_their_beginning_in_any_writing(word: str, text: str, found: bool) -> None:
    rules = triage({"name": "one", "words": [word], "category": "x"}).rules
    assert bool(judge(rules, facts(text=text)).aspects) is found
    assert bool(judge(rules, facts(subject=text)).aspects) is found


def test_words_and_condition_must_both_hold() -> None:
    rules = triage(
        {"name": "one", "when": {"field": "language", "equals": "de"}, "words": ["paket"], "category": "x"}
    ).rules
    assert judge(rules, facts(text="paket")).aspects == {}
    assert judge(rules, facts(text="paket", language="de")).aspects == {"category": "x"}


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    rules = triage({"name": "one", "words": ["needle"], "category": "x"}).rules
    assert judge(rules, facts(text="hay " * 2_000 + "needle")).aspects == {}


def test_fold_leaves_words_alone() -> None:
    assert fold("Zażółć,\t„GĘŚLĄ”!\n— 100% ß") == " zazolc gesla 100 ss "
    assert fold("") == "  "


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Gdzie jest moje zamówienie?", "pl"),
        ("prosze o zwrot pieniedzy", "pl"),
        ("Hello, is the shop in Poznan open?", "en"),
        ("Guten Tag, wo ist meine Bestellung?", "de"),
        ("Lieferung verspätet", "de"),
    ],
)
def test_a_texts_language_is_told_whatever_was_declared(text: str, language: str) -> None:
    assert language_of(text, ("en" if language != "en" else "de",), LANGUAGES, detect) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK",
        "1234567890",
        "Bonjour, où est ma commande? Je n'ai rien reçu.",
        "荷物が届きません。確認をお願いします。",
    ],
)
def test_a_text_that_tells_no_language_of_ours_leaves_it_to_the_hints(text: str) -> None:
    assert language_of(text, (None, "fr", "DE-at", "en"), LANGUAGES, detect) == "de"
    assert language_of(text, (), LANGUAGES, detect) == "pl"


def test_an_unsure_detection_is_not_believed() -> None:
    assert language_of("some words here", ("de",), LANGUAGES, lambda _text, _known: ("en", 0.59)) == "de"
    assert language_of("some words here", ("de",), LANGUAGES, lambda _text, _known: ("en", 0.61)) == "en"


@pytest.mark.parametrize(
    ("text", "category", "priority", "class_"),
    [
        ("Proszę o usunięcie moich danych.", "data-protection", "urgent", "data_protection"),
        ("I want you to delete my personal data.", "data-protection", "urgent", "data_protection"),
        ("Das Ladegerät raucht!", "safety", "urgent", None),
        ("Paczka jest uszkodzona.", "complaint", "high", None),
        ("Ich möchte die Jacke zurückgeben.", "return", "normal", None),
        ("Poproszę fakturę.", "invoice", "low", None),
        ("Where is my parcel?", "order", "normal", None),
        ("Czy sklep w Poznaniu jest otwarty?", "store", "normal", None),
        ("Dzień dobry", "other", "normal", None),
    ],
)
def test_the_retail_rules_judge_as_a_desk_would(text: str, category: str, priority: str, class_: str | None) -> None:
    command = Edge().add(mail_bytes(text, subject="?"))
    assert (command.category, command.priority, command.class_) == (category, priority, class_)
    assert "category" in command.rules


def test_the_mailbox_decides_before_the_words() -> None:
    command = Edge().add(mail_bytes("Where is my parcel?"), rcptto="rodo@example.com")
    assert (command.category, command.department) == ("data-protection", "data-protection")


def _with(tmp_path: Path, file: str, change: Mapping[str, Any]) -> Path:
    for name in ("mailboxes", "triage", "forms"):
        content = yaml.safe_load((SCENARIO / f"{name}.yaml").read_text(encoding="utf-8"))
        content = {**content, **change} if name == file else content
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("triage", {"rules": [{"name": "x", "when": {"field": "colour", "equals": "red"}}]}, "unknown field 'colour'"),
        ("triage", {"rules": [{"name": "x", "words": ["!!!"]}]}, "words with letters"),
        ("triage", {"rules": [{"name": "x"}, {"name": "x"}]}, "each rule's name once"),
        ("triage", {"rules": [{"name": "x", "priority": "asap"}]}, "priority"),
        ("triage", {"languages": {"known": ["pl"], "default": "en"}}, "`default` among `known`"),
        ("mailboxes", {"mailboxes": [{"address": "no address"}]}, "address"),
        (
            "mailboxes",
            {"mailboxes": [{"address": "a@example.com"}, {"address": "b@example.com", "aliases": ["A@example.com"]}]},
            "twice",
        ),
        ("mailboxes", {"numbers": [{"number": "022 555"}]}, "number"),
        ("mailboxes", {"region": "Poland"}, "region"),
    ],
)
def test_a_wrong_configuration_is_refused_with_what_is_wrong(
    tmp_path: Path, file: str, change: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(BadConfiguration, match=said) as refused:
        load(_with(tmp_path, file, change), Configuration)
    assert f"{file}.yaml" in str(refused.value)


def test_our_domains_are_those_of_all_mailboxes_and_aliases() -> None:
    boxes = Mailboxes.model_validate(
        {"mailboxes": [{"address": "A@One.example"}, {"address": "b@two.example", "aliases": ["c@three.example"]}]}
    )
    assert boxes.domains == {"one.example", "two.example", "three.example"}
    assert "example.com" in configuration().mailboxes.domains


class TestPriority:
    """The class, else a rule, else impact and urgency together (S4-05, S4-20, S4-21)."""

    def command(self, text: str) -> Any:
        return Edge().add(mail_bytes(text, subject="?"))

    def test_impact_and_urgency_give_the_priority_where_no_rule_names_one(self) -> None:
        command = self.command("All customers wait for their parcels!")
        assert (command.impact, command.urgency, command.priority) == ("many", "soon", "urgent")
        assert command.rules["priority"] == "impact-and-urgency"
        assert command.rules["impact"] == "lost-for-many"

    def test_a_rules_own_priority_comes_before_the_table(self) -> None:
        judgement = judge((TriageRule(name="one", impact="many", urgency="soon", priority="low"),), facts())
        assert priority_of(judgement, None, {"many": {"soon": Priority.URGENT}}) == (Priority.LOW, "one")

    def test_a_class_comes_before_both_and_names_its_clock(self) -> None:
        command = self.command("Proszę o usunięcie moich danych.")
        assert (command.priority, command.class_, command.statutory) == ("urgent", "data_protection", "gdpr-one-month")

    def test_nothing_said_is_normal(self) -> None:
        assert priority_of(judge((), facts()), None, {}) == (Priority.NORMAL, None)


class TestLanguage:
    """The text routes, the customer's preference answers, and decides when the text does not tell (S4-10)."""

    def tongue(self, text: str, preferred: str | None) -> Tongue:
        return tongue_of(text, (preferred,), preferred, LANGUAGES, detect)

    def test_a_german_text_of_a_customer_who_prefers_polish(self) -> None:
        tongue = self.tongue("Guten Tag, wo ist meine Bestellung bitte?", "pl")
        assert (tongue.language, tongue.reply) == ("de", "pl")
        assert tongue.confidence is not None
        assert tongue.confidence > 0.6

    def test_a_text_that_tells_nothing_leaves_it_to_the_preference(self) -> None:
        assert self.tongue("OK", "de") == Tongue(language="de", confidence=None, reply="de")

    def test_a_preference_that_the_desk_does_not_speak_is_none(self) -> None:
        assert self.tongue("Guten Tag, wo ist meine Bestellung bitte?", "fi").reply == "de"


class TestGuidance:
    """Texts by category and state; a complaint hides sales (S4-18)."""

    def test_a_question_may_be_sold_to(self) -> None:
        assert Edge().add(mail_bytes("Where is my parcel?", subject="?")).guidance == ("accessories-offer",)

    def test_a_complaint_may_not(self) -> None:
        assert Edge().add(mail_bytes("The chair is damaged.", subject="?")).guidance == ("complaint-open",)


class TestCampaigns:
    """Rules propose the exact tag, within the campaign's days; nothing writes it by itself (S2-23)."""

    @pytest.mark.parametrize(
        ("text", "day", "proposed"),
        [
            ("DMを見た者です。", 22, ("【DMをみた】",)),
            ("カタログを見て電話しました。", 22, ("【カタログDM】",)),
            ("Saw your newsletter and the catalogue.", 22, ("【DMをみた】", "【カタログDM】")),
            ("見積もりをお願いします。", 22, ()),
        ],
    )
    def test_what_a_contact_looks_like(self, text: str, day: int, proposed: tuple[str, ...]) -> None:
        edge = Edge()
        edge.now = edge.now.replace(day=day)
        command = edge.add(mail_bytes(text, subject="?"))
        assert command.campaigns == proposed
        assert not set(proposed) & set(command.tags)
        assert command.subject == "?"

    def test_after_its_last_day_a_campaign_is_not_proposed(self) -> None:
        edge = Edge()
        edge.now = edge.now.replace(year=2027)
        assert edge.add(mail_bytes("カタログを見て電話しました。", subject="?")).campaigns == ()


def test_a_record_type_begins_in_its_own_first_state() -> None:
    """S1-25."""
    assert Edge().add(mail_bytes()).state == "received"
    voice = DeskContact(submission="d", actor="emp-1", record_type="voice", text="A wish.")
    assert Edge().contact(voice).emits[0].state == "draft"


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [("a", "b", True), ("b", "a", False), ("c", "a", True), (None, "c", True), ("a", "x", False)],
)
def test_states_of_a_record_type_lead_where_its_moves_say(before: str | None, after: str, *, may: bool) -> None:
    rule = RecordTypeEntry(states=("a", "b", "c"), moves={"a": ("b",), "b": ("c",)})
    assert may_move(rule, before, after) is may


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules": [{"name": "x", "impact": "many"}]},
        {"priorities": {"many": {"now": "high"}}, "rules": [{"name": "x", "urgency": "later"}]},
        {"campaigns": [{"tag": "x", "from_on": "2026-02-01", "until_on": "2026-01-01"}]},
        {"record_types": {"case": {"states": ["a"], "moves": {"a": ["b"]}}}},
        {"guidance": [{"name": "x", "when": {"field": "colour", "equals": "red"}}]},
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Triage.model_validate({"languages": LANGUAGES, **wrong})
