"""What all mails of a brand have in common, and what codes are called in each language."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from caseway.kernel.vocabulary import Channel, Priority
from caseway_notifier.adapters import commands
from caseway_notifier.adapters.compiling import BadTemplateError
from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.terms import Terms
from tests.notifier_builders import OPENED, RETAIL, SENDERS, TEMPLATES, configuration

HOUSE = '<html lang="{{ letter.language }}"><h1>{{ sender.brand }}</h1>{% block content %}{% endblock %}</html>'
LETTER = "{% extends sender.layout %}{% block content %}<p>{{ customer.name }}</p>{% endblock %}"
FILES = {
    "house.layout.html": HOUSE,
    "market.layout.html": HOUSE.replace("h1", "h2"),
    "a.pl.txt": "x",
    "a.pl.html": LETTER,
}
STATUS = {"pl": {"paid": "opłacone", "shipped": "wysłane"}, "de": {"paid": "bezahlt"}}


def brand(name: str, layout: str) -> dict[str, Any]:
    return {"sender": {"brand": name, "layout": layout}, "customer": {"name": "<b>Anna</b>"}}


def test_a_letter_is_shown_as_its_senders_brand_looks() -> None:
    """One layout a brand, whatever the language: the letter has only what differs."""
    words = Templates(FILES, "pl")
    shown = words.render("a", "pl", brand("Shop & Co", "house")).html
    assert shown == '<html lang="pl"><h1>Shop &amp; Co</h1><p>&lt;b&gt;Anna&lt;/b&gt;</p></html>'
    assert "<h2>" in words.render("a", "pl", brand("Market", "market")).html


@pytest.mark.parametrize(
    ("letter", "layout", "why"),
    [
        ("{% extends 'nowhere' %}", HOUSE, "no layout 'nowhere'"),
        ("{% extends sender.brand %}", HOUSE, "Extends: a layout's name in quotes"),
        ("{% extends 'house' %}{% block foot %}x{% endblock %}", HOUSE, "has no block foot"),
        ("{% block content %}x{% endblock %}", HOUSE, "blocks without a layout"),
        ("{% extends 'house' %}{% block content %}{{ super() }}{% endblock %}", HOUSE, "Call"),
        ("{% extends 'house' %}{% for a in b %}{% block content %}x{% endblock %}{% endfor %}", HOUSE, "block within a loop"),
        (LETTER, HOUSE + "{% for a in b %}{% endfor %}", "house.layout.html: .*not allowed in a template: For"),
        (LETTER, HOUSE + "{% include 'house' %}", "house.layout.html: .*Include"),
        (LETTER, "{% if %}", "house.layout.html: line 1"),
    ],
)  # fmt: skip
def test_a_layout_can_do_no_more_harm_than_a_letter(letter: str, layout: str, why: str) -> None:
    """S1-22: nothing is inherited but blocks, and none of them can be said twice."""
    with pytest.raises(BadTemplateError, match=why):
        Templates({"house.layout.html": layout, "a.en.txt": "x", "a.en.html": letter}, "en")


def test_a_customers_words_cannot_choose_or_name_a_layout() -> None:
    words = Templates(FILES, "pl")
    attack = "{% extends 'market' %}{{ sender.layout }}"
    shown = words.render("a", "pl", {**brand("Shop", "house"), "customer": {"name": attack}}).html
    assert "<h1>Shop</h1>" in shown
    assert "{{ sender.layout }}" in shown


def test_a_sender_whose_layout_is_not_there_is_refused() -> None:
    templates = {**TEMPLATES, **FILES, "opened.en.html": LETTER}
    senders = {name: {**each, "layout": "house"} for name, each in SENDERS["senders"].items()}
    with pytest.raises(ValidationError, match="'desk': no layout '' among the templates"):
        configuration(OPENED, templates=templates)
    assert configuration(OPENED, templates=templates, senders={**SENDERS, "layout": "house"})
    assert configuration(OPENED, templates=templates, senders={**SENDERS, "senders": senders})


@pytest.mark.parametrize(
    ("language", "status", "said"),
    [
        ("pl", "paid", "opłacone"),
        ("de", "paid", "bezahlt"),
        ("de-AT", "paid", "bezahlt"),
        ("de", "shipped", "wysłane"),
        ("pl", "lost-at-sea", "lost-at-sea"),
    ],
)
def test_a_code_is_called_by_its_word_or_the_default_languages_or_itself(language: str, status: str, said: str) -> None:
    """S4-28: customers read their order's status in their language, never a code that has a word."""
    terms = Terms(tables={"order-status": STATUS}, default_language="pl")
    source = (
        '---\nsubject: "{{ fact.status|term(\'order-status\') }}"\n---\n{{ fact.status|term("order-status")|upper }}'
    )
    words = Templates({f"a.{language}.txt": source}, "pl", terms)
    content = words.render("a", language, {"fact": {"status": status}})
    assert (content.subject, content.text) == (said, f"{said.upper()}\n")


@pytest.mark.parametrize("asked", ["term", "term()", "term(fact.text)", "term('a', 'b')"])
def test_a_table_is_named_in_quotes(asked: str) -> None:
    with pytest.raises(BadTemplateError, match="the name of a table in quotes"):
        Templates({"a.en.txt": f"{{{{ fact.status|{asked} }}}}"}, "en")


def test_a_table_that_nobody_wrote_is_refused_at_load() -> None:
    templates = {**TEMPLATES, "opened.en.txt": "---\nsubject: x\n---\n{{ case.status|term('case-status') }}"}
    with pytest.raises(ValidationError, match=r"by case-status, which terms\.yaml does not have"):
        configuration(OPENED, templates=templates)
    assert configuration(OPENED, templates=templates, terms={"case-status": {"en": {"open": "open"}}})


@pytest.mark.parametrize(("scenario", "languages"), [("retail", {"pl", "en"}), ("product-support", {"ja"})])
def test_the_desk_reads_no_code_either(scenario: str, languages: set[str]) -> None:
    """S4-28: every promise that is configured, every priority and every channel has a word in all that the desk reads."""
    folder = RETAIL.parent / scenario
    terms = yaml.safe_load((folder / "terms.yaml").read_text(encoding="utf-8"))
    promised = yaml.safe_load((folder / "milestones.yaml").read_text(encoding="utf-8"))["kinds"]
    for table, codes in {"promise": set(promised), "priority": set(Priority), "channel": set(Channel)}.items():
        assert terms[table].keys() == languages
        for language, words in terms[table].items():
            assert words.keys() == codes, f"{table} in {language}"


def lint(folder: Path) -> int:
    return commands._lint(argparse.Namespace(config=folder))


@pytest.mark.parametrize("scenario", ["retail", "voices", "product-support"])
def test_every_scenarios_templates_lint(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(RETAIL.parent / scenario) == 0, capsys.readouterr().out


def test_lint_names_each_code_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(RETAIL, tmp_path / "config")
    path = tmp_path / "config" / "terms.yaml"
    terms = yaml.safe_load(path.read_text(encoding="utf-8"))
    del terms["order-status"]["de"]["paid"]
    for words in terms["order-status"].values():
        del words["returned"]
    path.write_text(yaml.safe_dump(terms), encoding="utf-8")
    assert lint(tmp_path / "config") == 1
    said = capsys.readouterr().out
    assert "order-changed.de: terms.yaml, order-status: no word for paid\n" in said
    assert "order-changed: terms.yaml, order-status: no word for returned in any language\n" in said
