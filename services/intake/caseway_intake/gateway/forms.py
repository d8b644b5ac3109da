"""Whether a submission keeps to its form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caseway_intake.gateway.refusals import Problem
from caseway_intake.settings import Form, FormField, Forms

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
"""Loose on purpose: whether an address exists, only a mail can tell."""
_DIGITS_OF_A_NUMBER = range(4, 21)
"""E.164 has 15 at most; people add prefixes and extensions, in any writing and with full-width digits."""


def check_form(forms: Forms, name: str, fields: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong with a submission, each by its field (S1-06)."""
    form = forms.forms.get(name)
    if form is None:
        return (Problem(field="form", problem="not a form of ours"),)
    problems = [*_strangers(form, fields), *_faults(form, fields)]
    return tuple(Problem(field=f"fields.{field}", problem=problem) for field, problem in problems)


def _strangers(form: Form, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in fields:
        if name not in form.fields:
            yield name, "not a field of this form"


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


def _faults_of_text(declared: FormField, value: str) -> Iterable[str]:
    if declared.required and not value.strip():
        yield "needed"
    if len(value) > declared.longest:
        yield f"at most {declared.longest} characters"
    if declared.matches is not None and not re.fullmatch(declared.matches, value):
        yield f"a text that matches {declared.matches}"
    match declared.kind:
        case "email" if not _EMAIL.fullmatch(value):
            yield "a mail address"
        case "phone" if sum(map(str.isdigit, value)) not in _DIGITS_OF_A_NUMBER:
            yield "a telephone number"
        case "choice" if value not in declared.choices:
            yield f"one of {', '.join(declared.choices)}"
        case _:
            pass
