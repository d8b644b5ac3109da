"""What templates say, and what they can never do."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from caseway.runtime.configuration import load
from caseway_notifier.adapters.preview import previewed
from caseway_notifier.adapters.templates import BadTemplateError, Templates
from caseway_notifier.domain.content import UnrenderableError
from caseway_notifier.settings import Configuration
from tests.notifier_builders import RETAIL

GOLDEN = Path(__file__).parent / "notifier_golden"


@functools.cache
def retail() -> Templates:
    return load(RETAIL, Configuration).value.words


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_the_retail_templates_say_what_was_agreed(golden: Path) -> None:
    """S1-22, S4-22: Polish, English, German and Japanese, read by a person before they were kept."""
    name, language = golden.stem.split(".")
    content = previewed(retail(), name, language, "shop")
    said = f"{content.subject}\n\n{content.text}" + (f"\n{content.html}\n" if content.html else "")
    assert said == golden.read_text(encoding="utf-8")


def test_every_retail_template_is_golden() -> None:
    kept = {path.stem for path in GOLDEN.glob("*.txt")}
    assert kept == {path.stem for path in (RETAIL / "templates").glob("*.txt")}


def test_a_customers_words_are_never_compiled() -> None:
    words = Templates({"a.en.txt": '---\nsubject: "{{ fact.text }}"\n---\n{{ fact.text }}'}, "en")
    attack = "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}{{ ''.__class__.__mro__ }}"
    content = words.render("a", "en", {"fact": {"text": attack}})
    assert content.text == attack + "\n"
    assert content.subject == attack


def test_a_customers_words_are_escaped_in_html() -> None:
    words = Templates({"a.en.txt": "x", "a.en.html": '<a title="{{ fact.text }}">{{ fact.text }}</a>'}, "en")
    content = words.render("a", "en", {"fact": {"text": '"><script>alert(1)</script>'}})
    assert "<script>" not in content.html
    assert content.html.count("&#34;&gt;&lt;script&gt;") == 2


def test_a_customers_words_cannot_begin_a_header() -> None:
    words = Templates({"a.en.txt": '---\nsubject: "Re: {{ fact.subject }}"\n---\nx'}, "en")
    subject = "Hi\r\nBcc: all@example.com\n\n<html>\u2028\x00\x85"
    assert words.render("a", "en", {"fact": {"subject": subject}}).subject == "Re: Hi Bcc: all@example.com <html>"


def test_a_customers_name_cannot_turn_the_text_after_it() -> None:
    words = Templates({"a.en.txt": "{{ customer.name }} owes 100"}, "en")
    assert words.render("a", "en", {"customer": {"name": "\u202eannA\u2066"}}).text == "annA owes 100\n"


def test_a_value_that_is_not_there_is_an_error_not_a_blank() -> None:
    words = Templates({"a.en.txt": "Dear {{ customer.nmae }}"}, "en")
    with pytest.raises(UnrenderableError, match="nmae"):
        words.render("a", "en", {"customer": {"name": "Anna"}})


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("pt-BR", "pt-BR"), ("fr", "pl"), ("", "pl"), ("xx-€", "pl")],
)
def test_a_language_falls_back_to_its_root_and_then_to_the_default(wanted: str, found: str) -> None:
    """S4-33: a market's language may be added by adding a file."""
    words = Templates({f"a.{each}.txt": "x" for each in ("de", "pl", "pt-BR")}, "pl")
    assert words.language("a", wanted) == found


def test_a_template_without_the_default_language_has_none_for_others() -> None:
    assert Templates({"a.de.txt": "x"}, "pl").language("a", "fr") is None


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("{% for a in b %}{% for c in a %}{% endfor %}{% endfor %}", "loop within a loop"),
        ("{% for a in b recursive %}{{ loop(a) }}{% endfor %}", "loop within a loop|Call"),
        ("{{ range(1000000000) }}", "Call"),
        ("{{ 'a' * 1000000000 }}", "Mul"),
        ("{{ 10 ** 10 }}", "Pow"),
        ("{{ fact.text ~ fact.text }}", "Concat"),
        ("{% set x = fact.text %}", "Assign"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "Macro"),
        ("{% include 'a.en.txt' %}", "Include"),
        ("{% extends 'a' %}", "Extends"),
        ("{{ fact.text|indent(1000000000) }}", "number above"),
        ("{{ fact.text|join('" + "x" * 2000 + "') }}", "quoted text"),
        ("{{ fact.text|center(10) }}", "[Nn]o (such )?filter|center"),
        ("{{ fact.__class__ }}", "underscore"),
        ("{{ fact['text'] }}", "Getitem"),
        ("{{ fact.text.upper() }}", "Call"),
        ("{% if %}", "line 1"),
        ("{{ open", "line 1"),
    ],
)
def test_a_template_that_could_run_away_or_break_out_is_refused_at_load(source: str, why: str) -> None:
    """Time and size are bounded because nothing in a template can grow."""
    with pytest.raises(BadTemplateError, match=why):
        Templates({"a.en.txt": source}, "en")
    with pytest.raises(BadTemplateError, match=why):
        Templates({"a.en.txt": "x", "a.en.html": source}, "en")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"Case Opened.txt": "x"}, "expected <name>.<language>.txt"),
        ({"a.en.html": "x"}, "needs its text"),
        ({"a.en.txt": "---\nsubject: [1]\n---\nx"}, "front matter"),
        ({"a.en.txt": "---\nsubjekt: x\n---\nx"}, "front matter"),
        ({"a.en.txt": "---\n: {\n---\nx"}, "front matter in YAML"),
    ],
)
def test_a_file_that_is_no_template_is_refused_at_load(files: dict[str, str], why: str) -> None:
    with pytest.raises(BadTemplateError, match=why):
        Templates(files, "en")


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(BadTemplateError) as raised:
        Templates({"a.en.txt": "{% if %}", "b.en.txt": "{{ x() }}"}, "en")
    assert "a.en.txt" in str(raised.value)
    assert "b.en.txt" in str(raised.value)


def test_a_rendered_text_is_bounded() -> None:
    words = Templates({"a.en.txt": "{% for c in fact.text %}{{ fact.text }}{% endfor %}"}, "en")
    with pytest.raises(UnrenderableError, match="characters"):
        words.render("a", "en", {"fact": {"text": "x" * 20_000}})
