"""What a web form is, and whether a submission keeps to it.

One declaration for the snippet that a page embeds, for the endpoint that the browser sends to, and for the event that
a gateway publishes: none of them can promise what another refuses (S1-06).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, Protocol, assert_never

Kind = Literal["text", "email", "phone", "choice"]

SUBMISSION = "_submission"
"""The snippet's hidden field with the submission's id: a second click is the same submission."""
TRAP = "_website"
"""A field that people do not see, and programs that fill in everything do."""
OWN_FIELDS = frozenset({SUBMISSION, TRAP})

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
"""Loose on purpose: whether an address exists, only a mail can tell."""
_DIGITS_OF_A_NUMBER = range(4, 21)
"""E.164 has 15 at most; people add prefixes and extensions, in any writing and with full-width digits."""
_LONG_TEXT = 500
"""Characters beyond which a snippet gives several lines."""
_INPUTS = {"text": "text", "email": "email", "phone": "tel"}


class Field(Protocol):
    """One field, as configured."""

    @property
    def kind(self) -> Kind:
        """What it holds."""
        ...

    @property
    def label(self) -> str:
        """What people read beside it; its name where it has none."""
        ...

    @property
    def required(self) -> bool:
        """Whether it must be filled in."""
        ...

    @property
    def longest(self) -> int:
        """Characters."""
        ...

    @property
    def choices(self) -> tuple[str, ...]:
        """Of a choice."""
        ...

    @property
    def matches(self) -> str | None:
        """A regular expression that the whole value must match."""
        ...


class Form(Protocol):
    """One form, as configured."""

    @property
    def title(self) -> str:
        """Above it."""
        ...

    @property
    def fields(self) -> Mapping[str, Any]:
        """In order, each a `Field`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a submission."""

    field: str
    problem: str


def faults_of(form: Form, fields: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Everything that is wrong, each by its field."""
    return tuple(
        Fault(field=name, problem=problem) for name, problem in (*_strangers(form, fields), *_faults(form, fields))
    )


def schema_of(form: Form) -> dict[str, Any]:
    """The form as JSON Schema, for those who write a client. Source: JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.title,
        "type": "object",
        "properties": {name: _property(field) for name, field in form.fields.items()},
        "required": [name for name, field in form.fields.items() if field.required],
        "additionalProperties": False,
    }


def snippet_of(form: Form, action: str, submit: str = "Send") -> str:
    """The form as HTML to be put into a page; its limits are those that the endpoint checks.

    Args:
        form: the form.
        action: the endpoint's address.
        submit: what stands on the button.
    """
    lines = [
        f'<form method="post" action="{_quoted(action)}" accept-charset="utf-8">',
        f"  <h2>{escape(form.title)}</h2>",
    ]
    for name, field in form.fields.items():
        lines += [
            f"  <p><label>{escape(field.label or name)}{' *' if field.required else ''}<br>",
            f"    {_input(name, field)}</label></p>",
        ]
    lines += [
        f'  <p hidden aria-hidden="true"><input name="{TRAP}" tabindex="-1" autocomplete="off"></p>',
        f'  <input type="hidden" name="{SUBMISSION}" value="">',
        f'  <p><button type="submit">{escape(submit)}</button></p>',
        "  <script>",
        f'    document.currentScript.closest("form").elements["{SUBMISSION}"].value = crypto.randomUUID();',
        "  </script>",
        "</form>",
    ]
    return "\n".join(lines) + "\n"


def _input(name: str, field: Field) -> str:
    needed = " required" if field.required else ""
    match field.kind:
        case "choice":
            options = "".join(f'<option value="{_quoted(each)}">{escape(each)}</option>' for each in field.choices)
            return f'<select name="{_quoted(name)}"{needed}><option value=""></option>{options}</select>'
        case "text" if field.longest > _LONG_TEXT:
            return (
                f'<textarea name="{_quoted(name)}" rows="8" cols="60" maxlength="{field.longest}"{needed}></textarea>'
            )
        case "text" | "email" | "phone":
            pattern = f' pattern="{_quoted(field.matches)}"' if field.matches else ""
            return f'<input type="{_INPUTS[field.kind]}" name="{_quoted(name)}" maxlength="{field.longest}"{pattern}{needed}>'
        case _:
            assert_never(field.kind)


def _property(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "string", "maxLength": field.longest}
    if field.label:
        told["title"] = field.label
    if field.required:
        told["minLength"] = 1
    if field.matches:
        told["pattern"] = f"^(?:{field.matches})$"
    match field.kind:
        case "email":
            told["format"] = "email"
        case "choice":
            told["enum"] = [*field.choices, *(() if field.required else ("",))]
        case "text" | "phone":
            pass
        case _:
            assert_never(field.kind)
    return told


def _strangers(form: Form, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in fields:
        if name not in form.fields:
            yield name[:100], "not a field of this form"


def _faults(form: Form, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, declared in form.fields.items():
        value = fields.get(name)
        if value is None or value == "":
            if declared.required:
                yield name, "needed"
        elif not isinstance(value, str):
            yield name, "a text"
        else:
            yield from ((name, problem) for problem in _faults_of_text(declared, value))


def _faults_of_text(declared: Field, value: str) -> Iterable[str]:
    if declared.required and not value.strip():
        yield "needed"
    if len(value) > declared.longest:
        yield f"at most {declared.longest} characters"
        return
    if declared.matches is not None and not re.fullmatch(declared.matches, value):
        yield f"a text that matches {declared.matches}"
    match declared.kind:
        case "email" if not _EMAIL.fullmatch(value):
            yield "a mail address"
        case "phone" if sum(map(str.isdigit, value)) not in _DIGITS_OF_A_NUMBER:
            yield "a telephone number"
        case "choice" if value not in declared.choices:
            yield f"one of {_listed(declared.choices)}"
        case _:
            pass


def _listed(choices: Sequence[str]) -> str:
    return ", ".join(choices)


def _quoted(text: str) -> str:
    return escape(text, quote=True)
