"""How templates become words.

A template is a file `<name>.<language>.txt`, with front matter, and beside it, if wanted, `<name>.<language>.html`:

    ---
    subject: "Re: {{ case.subject }}"
    ---
    Dear {{ customer.name }}, …

With a `title` it is a quick text, which agents choose and change before they send it.
Customers' words are data: they are never compiled, and in HTML always escaped. A template cannot run away, because
nothing in it can: no calls, no assignments, no loop within a loop, few filters, bounded data. That is judged once, when
the configuration is loaded, with every fault named.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from caseway_notifier.domain.case import topic
from caseway_notifier.domain.content import Content, UnrenderableError, one_line, plain

LARGEST = 256 * 1024
"""Characters of one rendered part; more is no letter."""

_FILE = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-z]{2,3}(?:-[A-Za-z0-9]+)?)\.(?P<part>txt|html)")
_FRONT = re.compile(r"\A---\n(?P<front>.*?)^---\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
_FILTERS = frozenset({"capitalize", "default", "e", "escape", "first", "indent", "join", "last", "length", "lower"}) | {
    "title", "trim", "truncate", "upper", "wordwrap",
}  # fmt: skip
_LARGEST_NUMBER = 1_000
"""In a template: `indent(1000000000)` would fill the memory."""
_HARMLESS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Filter, nodes.If,
    nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Test, nodes.CondExpr, nodes.Keyword,
)  # fmt: skip


class BadTemplateError(ValueError):
    """A template that is refused; the message says why."""


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


class Templates:
    """All templates of a configuration."""

    def __init__(self, files: Mapping[str, str], default_language: str) -> None:
        """Compile them all.

        Raises:
            BadTemplateError: naming every fault with its file.
        """
        self._default = default_language
        self._letters: dict[str, dict[str, Letter]] = {}
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

    def has_subject(self, name: str) -> bool:
        """Whether it can be a mail, in every language."""
        return all(letter.subject is not None for letter in self._letters.get(name, {}).values())

    def language(self, name: str, wanted: str) -> str | None:
        """The language to write in: `pt-BR`, else `pt`, else the default; None when the template lacks them all."""
        there = self._letters.get(name, {})
        candidates = (wanted, wanted.partition("-")[0].lower(), self._default)
        return next((each for each in candidates if each in there), None)

    def render(self, name: str, language: str, data: Mapping[str, Any]) -> Content:
        """The template's words for this data.

        Raises:
            UnrenderableError: no such template or language, an unknown value, or too long.
        """
        letter = self._letters.get(name, {}).get(language)
        if letter is None:
            raise UnrenderableError(f"no template {name!r} in {language!r}")
        looked_at = _looked_at(data, letter.names)
        # the links are ours, and hold the mark that no customer's text may
        safe = {name: held if name == "link" else _clean(held) for name, held in looked_at.items()}
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
            return f"{file}: expected <name>.<language>.txt or .html"
        stem = file.removesuffix(".html").removesuffix(".txt")
        try:
            if found["part"] == "txt":
                self._letters.setdefault(found["name"], {})[found["language"]] = _letter(
                    files[file], files.get(f"{stem}.html")
                )
            elif f"{stem}.txt" not in files:
                return f"{file}: a mail needs its text as well, {stem}.txt"
        except BadTemplateError as wrong:
            return f"{file}: {wrong}"
        return ""


def plain_lines(text: str) -> str:
    """A text with one line end at its end, and nothing before its first line."""
    return text.strip("\n") + "\n"


@functools.lru_cache(maxsize=2_000)
def _letter(text: str, html: str | None) -> Letter:
    """One file, compiled; once, though a configuration's parts are checked against each other several times."""
    front, body = _front(text)
    subject = front.get("subject")
    parts = [body, html or "", subject or ""]
    return Letter(
        title=front.get("title", ""),
        subject=_compiled(subject) if subject is not None else None,
        text=_compiled(body),
        html=_compiled(html, autoescape=True) if html is not None else None,
        names=frozenset(name for part in parts for name in _names(_parsed(part))),
    )


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


class _Environment(ImmutableSandboxedEnvironment):
    """Reads data as data: `case.items` is what was said of the case, never a method of the mapping that holds it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is not dict:
            return super().getattr(obj, attribute)
        try:
            return obj[attribute]
        except KeyError:
            return self.undefined(obj=obj, name=attribute)


def _environment(*, autoescape: bool) -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined,
        autoescape=autoescape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.clear()  # no range, no namespace, no lipsum: nothing that makes much out of little
    environment.filters = {name: environment.filters[name] for name in _FILTERS} | {"topic": topic}
    return environment


_TEXT = _environment(autoescape=False)
_HTML = _environment(autoescape=True)


def _parsed(source: str) -> nodes.Template:
    try:
        return _TEXT.parse(source)
    except TemplateError as wrong:
        raise BadTemplateError(f"line {getattr(wrong, 'lineno', '?')}: {wrong}") from None


def _compiled(source: str, *, autoescape: bool = False) -> Template:
    for fault in _faults(_parsed(source), loops=0):
        raise BadTemplateError(fault)
    try:
        return (_HTML if autoescape else _TEXT).from_string(source)
    except TemplateError as wrong:
        raise BadTemplateError(str(wrong)) from None


def _faults(node: nodes.Node, loops: int) -> Iterable[str]:
    """What in a template could do harm, or take for ever."""
    if not isinstance(node, _HARMLESS):
        yield f"line {node.lineno}: not allowed in a template: {type(node).__name__}"
    if isinstance(node, nodes.For):
        loops += 1
        if loops > 1 or node.recursive:
            yield f"line {node.lineno}: a loop within a loop"
    if isinstance(node, nodes.Filter) and node.name not in _TEXT.filters:
        yield f"line {node.lineno}: no such filter: {node.name}"
    if isinstance(node, nodes.Const) and isinstance(node.value, int | float) and abs(node.value) > _LARGEST_NUMBER:
        yield f"line {node.lineno}: a number above {_LARGEST_NUMBER}"
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and len(node.value) > _LARGEST_NUMBER:
        yield f"line {node.lineno}: a quoted text of more than {_LARGEST_NUMBER} characters"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        yield f"line {node.lineno}: a name that begins with an underscore"
    for child in node.iter_child_nodes():
        yield from _faults(child, loops)


def _names(tree: nodes.Template) -> Iterable[str]:
    """The dotted names that a template looks at; its own loops' variables stand without a dot."""
    local = {name.name for loop in tree.find_all(nodes.For) for name in loop.target.find_all(nodes.Name)} | {"loop"}
    local |= {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    dotted: set[int] = set()
    for each in tree.find_all(nodes.Getattr):
        if isinstance(each.node, nodes.Name):
            dotted.add(id(each.node))
            if each.node.name not in local:
                yield f"{each.node.name}.{each.attr}"
    for name in tree.find_all(nodes.Name):
        if id(name) not in dotted and name.name not in local:
            yield name.name


def _filled(template: Template | None, data: dict[str, Any]) -> str:
    if template is None:
        return ""
    parts: list[str] = []
    size = 0
    try:
        # what `generate` does, without a generator around the generator
        for part in template.root_render_func(template.new_context(data)):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise UnrenderableError(f"more than {LARGEST} characters")
    except (TemplateError, TypeError, ValueError) as wrong:
        # the message of an undefined value names it; of other errors only the class, which holds no data
        detail = wrong.message if isinstance(wrong, TemplateError) else type(wrong).__name__
        raise UnrenderableError(detail or type(wrong).__name__) from None
    return "".join(parts)


def _looked_at(data: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Of the data what the template asks for; what is missing stays missing, and is a fault of the template."""
    wanted: dict[str, Any] = {}
    for name in names:
        group, _, field = name.partition(".")
        held = data.get(group)
        if not isinstance(held, Mapping):
            if group in data:
                wanted[group] = held
            continue
        found = wanted.setdefault(group, {})
        if field in held:
            found[field] = held[field]
    return wanted


def _clean(value: Any) -> Any:
    """The data without control characters; nothing but texts, numbers, truths and collections of them passes."""
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
