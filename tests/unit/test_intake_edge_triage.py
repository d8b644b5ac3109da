"""Category, priority, class and language by rules, each with the rule that decided (S1-26, S4-05, S4-09, S4-10)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.runtime.configuration import BadConfiguration, load
from caseway_intake.adapters.languages import detect
from caseway_intake.domain.triage import judge, language_of
from caseway_intake.domain.words import fold
from caseway_intake.edge_settings import Languages, Mailboxes, Triage
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
    assert set(command.rules) >= {"category", "priority"}


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
