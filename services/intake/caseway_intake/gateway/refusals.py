"""A request that is not taken, and what the caller is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong; `field` is empty where it is about the whole request."""

    field: str = ""
    problem: str


class Refusal(Exception):
    """Answered with a status of its own, and each problem named."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(status, *problems)
        self.status = status
        self.problems = problems
        self.headers: dict[str, str] = {}


def refusal(status: int, problem: str, field: str = "") -> Refusal:
    """A refusal for one problem."""
    return Refusal(status, Problem(field=field, problem=problem))


def problems_of(wrong: ValidationError) -> Iterable[Problem]:
    """Each fault by its field's dotted path, without repeating what was sent."""
    for error in wrong.errors(include_url=False, include_input=False, include_context=False):
        yield Problem(field=".".join(map(str, error["loc"])), problem=error["msg"])
