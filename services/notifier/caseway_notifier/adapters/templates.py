"""How templates become words.

A template is a file `<name>.<language>.txt`, with front matter, and beside it, if wanted, `<name>.<language>.html`:

    ---
    subject: "Re: {{ case.subject }}"
    ---
    Dear {{ customer.name }}, …

With a `title` it is a quick text, which agents choose and change before they send it. What all HTML parts of a brand
have in common stands once, in `<layout>.layout.html`; a letter fills its blocks: `{% extends sender.layout %}`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from jinja2 import Template, TemplateError
from jinja2.runtime import Context

from caseway_notifier.adapters.compiling import (
    TERMS,
    BadTemplateError,
    Layouts,
    compiled_html,
    compiled_text,
    extended,
    layout_faults,
    names_in,
    parsed,
    terms_in,
)
from caseway_notifier.domain.content import Content, UnrenderableError, one_line, plain
from caseway_notifier.domain.terms import Terms, fallback

LARGEST = 256 * 1024
"""Characters of one rendered part; more is no letter."""

_FILE = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-z]{2,3}(?:-[A-Za-z0-9]+)?)\.(?P<part>txt|html)")
_LAYOUT = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.layout\.html")
_FRONT = re.compile(r"\A---\n(?P<front>.*?)^---\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One template in one language, compiled."""

    title: str
    """Under which agents find it, where it is a quick text; else empty."""
    subject: Template | None
    text: Template
    html: Template | None
    names: frozenset[str]
    """What it looks at, such as `case.number`."""
    looks: tuple[tuple[str, tuple[str, ...]], ...]
    """The same by group, such as `case`, so that a rendering takes just that of its data."""
    terms: frozenset[tuple[str, str]]
    """Values that it calls by a term, with the table that has it."""


class Templates:
    """All templates of a configuration."""

    def __init__(self, files: Mapping[str, str], default_language: str, terms: Terms | None = None) -> None:
        """Compile them all.

        Raises:
            BadTemplateError: naming every fault with its file.
        """
        self._default = default_language
        self._terms = terms or Terms()
        self._letters: dict[str, dict[str, Letter]] = {}
        layouts = {found["name"]: files[file] for file in sorted(files) if (found := _LAYOUT.fullmatch(file))}
        self._layouts: Layouts = tuple(layouts.items())
        faults = [f"{name}.layout.html: {each}" for name, text in layouts.items() for each in layout_faults(text)]
        if not faults:
            faults = [fault for file in sorted(files) if (fault := self._take(file, files))]
        if faults:
            raise BadTemplateError("; ".join(faults))

    @property
    def default_language(self) -> str:
        """What is written where the reader's language is missing."""
        return self._default

    def all_names(self) -> list[str]:
        """Every template."""
        return sorted(self._letters)

    def languages(self, name: str) -> frozenset[str]:
        """The languages that a template is written in; none where there is no such template."""
        return frozenset(self._letters.get(name, ()))

    def titled(self) -> frozenset[str]:
        """The quick texts."""
        return frozenset(name for name, there in self._letters.items() if any(each.title for each in there.values()))

    def title(self, name: str, language: str) -> str:
        """Under which agents find a quick text; empty for what is none."""
        return self._letters[name][language].title

    def names(self, name: str) -> frozenset[str]:
        """What a template looks at, in any of its languages."""
        return frozenset[str]().union(*(letter.names for letter in self._letters.get(name, {}).values()))

    def terms(self, name: str) -> frozenset[tuple[str, str]]:
        """The values that a template calls by a term, in any of its languages, each with its table."""
        return frozenset[tuple[str, str]]().union(*(each.terms for each in self._letters.get(name, {}).values()))

    def layouts(self) -> frozenset[str]:
        """All layouts."""
        return frozenset(name for name, _ in self._layouts)

    def has_subject(self, name: str) -> bool:
        """Whether it can be a mail, in every language."""
        return all(letter.subject is not None for letter in self._letters.get(name, {}).values())

    def language(self, name: str, wanted: str) -> str | None:
        """The language to write in: `pt-BR`, else `pt`, else the default; None when the template lacks them all."""
        there = self._letters.get(name, {})
        return next((each for each in fallback(wanted, self._default) if each in there), None)

    def render(self, name: str, language: str, data: Mapping[str, Any]) -> Content:
        """The template's words for this data.

        Raises:
            UnrenderableError: no such template or language, an unknown value, or too long.
        """
        letter = self._letters.get(name, {}).get(language)
        if letter is None:
            raise UnrenderableError(f"no template {name!r} in {language!r}")
        safe = _safe({**data, "letter": {"language": language}}, letter.looks)
        safe[TERMS] = self._terms.spoken(language) if letter.terms else {}
        return Content(
            language=language,
            subject=one_line(_filled(letter.subject, safe)),
            text=plain_lines(_filled(letter.text, safe)),
            html=_filled(letter.html, safe).strip(),
        )

    def _take(self, file: str, files: Mapping[str, str]) -> str:
        """Compile one file; what is wrong with it, or nothing."""
        found = _FILE.fullmatch(file)
        if found is None:
            is_layout = _LAYOUT.fullmatch(file) is not None
            return "" if is_layout else f"{file}: expected <name>.<language>.txt or .html, or <name>.layout.html"
        stem = file.removesuffix(".html").removesuffix(".txt")
        try:
            if found["part"] == "txt":
                html = files.get(f"{stem}.html")
                letter = _letter(files[file], html, self._layouts if html and "extends" in html else ())
                self._letters.setdefault(found["name"], {})[found["language"]] = letter
            elif f"{stem}.txt" not in files:
                return f"{file}: a mail needs its text as well, {stem}.txt"
        except BadTemplateError as wrong:
            return f"{file}: {wrong}"
        return ""


def plain_lines(text: str) -> str:
    """A text with one line end at its end, and nothing before its first line."""
    return text.strip("\n") + "\n"


@functools.lru_cache(maxsize=2_000)
def _letter(text: str, html: str | None, layouts: Layouts) -> Letter:
    """One file, compiled; once, though a configuration's parts are checked against each other several times."""
    front, body = _front(text)
    subject = front.get("subject")
    shown_in = extended(parsed(html), layouts) if html else []
    trees = [parsed(each) for each in (body, html or "", subject or "")]
    sources = dict(layouts)
    around = [parsed(sources[each]) for each in shown_in if each in sources]
    names = frozenset(name for tree in (*trees, *around) for name in names_in(tree))
    return Letter(
        title=front.get("title", ""),
        subject=compiled_text(subject) if subject is not None else None,
        text=compiled_text(body),
        html=compiled_html(html, layouts) if html is not None else None,
        names=names,
        looks=_grouped(names),
        terms=frozenset(each for tree in (*trees, *around) for each in terms_in(tree)),
    )


def _grouped(names: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, list[str]] = {}
    for group, _, field in (name.partition(".") for name in sorted(names)):
        groups.setdefault(group, []).append(field)
    return tuple((group, tuple(fields)) for group, fields in groups.items())


def _front(text: str) -> tuple[dict[str, str], str]:
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    try:
        front = yaml.safe_load(found["front"]) or {}
    except yaml.YAMLError as wrong:
        raise BadTemplateError(f"front matter in YAML; {getattr(wrong, 'problem', wrong)}") from None
    if not isinstance(front, dict) or set(front) - {"subject", "title"} or not _are_texts(front):
        raise BadTemplateError("front matter with a `subject` or a `title`, and nothing else")
    return front, found["body"]


def _are_texts(front: Mapping[Any, Any]) -> bool:
    return all(isinstance(each, str) for each in front.values())


def _filled(template: Template | None, data: dict[str, Any]) -> str:
    if template is None:
        return ""
    parts: list[str] = []
    size = 0
    try:
        # what `generate` does, without a generator around the generator, and without globals, of which there are none
        for part in template.root_render_func(Context(template.environment, data, template.name, template.blocks)):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise UnrenderableError(f"more than {LARGEST} characters")
    except (TemplateError, TypeError, ValueError) as wrong:
        # the message of an undefined value names it; of other errors only the class, which holds no data
        detail = wrong.message if isinstance(wrong, TemplateError) else type(wrong).__name__
        raise UnrenderableError(detail or type(wrong).__name__) from None
    return "".join(parts)


def _safe(data: Mapping[str, Any], looks: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
    """Of the data what the template asks for, clean; what is missing stays missing, and is a fault of the template."""
    wanted: dict[str, Any] = {}
    for group, fields in looks:
        if group not in data:
            continue
        held = data[group]
        if isinstance(held, Mapping):
            held = {field: held[field] for field in fields if field in held}
        # the links are ours, and hold the mark that no customer's text may
        wanted[group] = held if group == "link" else _clean(held)
    return wanted


def _clean(value: Any) -> Any:
    """The data without control characters; nothing but texts, numbers, truths and collections of them passes."""
    if type(value) is str:
        return plain(value)
    match value:
        case Mapping():
            return {str(key): _clean(each) for key, each in value.items()}
        case bool() | int() | float():
            return value
        case None:
            return ""
        case list() | tuple():
            return tuple(_clean(each) for each in value)
        case _:
            return plain(str(value))
