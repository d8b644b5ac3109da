"""Who is asked to approve, who stands in, who is next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from caseway.kernel.rules import Condition, first_match

Stage = Literal["reminder", "deputy", "manager"]


class Steps(Protocol):
    """One step of a process."""

    @property
    def approvers(self) -> Sequence[str]:
        """Who may be asked, the first first."""
        ...


class Process(Protocol):
    """How a kind of voice is approved."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def when(self) -> Condition:
        """For which voices."""
        ...

    @property
    def steps(self) -> Sequence[Steps]:
        """One after the other."""
        ...


class Absence(Protocol):
    """Somebody is away, and somebody stands in."""

    @property
    def person(self) -> str:
        """Who is away."""
        ...

    @property
    def deputy(self) -> str:
        """Who stands in."""
        ...

    @property
    def from_on(self) -> dt.date:
        """The first day."""
        ...

    @property
    def until_on(self) -> dt.date:
        """The last day."""
        ...


class Waits(Protocol):
    """voices.yaml, as far as an approval waits by it."""

    @property
    def absences(self) -> Sequence[Absence]:
        """Who is away when."""
        ...

    @property
    def deputies(self) -> Mapping[str, str]:
        """Who is asked beside somebody who does not answer, any day."""
        ...

    @property
    def managers(self) -> Sequence[str]:
        """Who is asked when deputies do not answer either."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who is asked, and who may answer for them."""

    approver: str
    everybody: tuple[str, ...]


def process_for(processes: Sequence[Process], facts: Mapping[str, Any]) -> Process | None:
    """The first process that fits; none is an error to who submits (S1-38, S0-08)."""
    return first_match(processes, facts)


def ask(
    step: Steps, wanted: str | None, without: Iterable[str], absences: Sequence[Absence], on: dt.date
) -> Asked | None:
    """Who is asked: the one wanted, else the first who may; never one of `without`, who wrote or submitted it.

    Whoever is away on that day is asked all the same, with whoever stands in: the calendar may be wrong.
    """
    excluded = frozenset(without)
    candidates = [each for each in step.approvers if each not in excluded]
    if wanted is not None and wanted not in candidates:
        return None
    for approver in [wanted] if wanted is not None else candidates:
        stand_in = standing_in(approver, absences, on)
        if stand_in is None:
            return Asked(approver=approver, everybody=(approver,))
        if stand_in not in excluded:
            return Asked(approver=approver, everybody=(approver, stand_in))
    return None


def standing_in(person: str, absences: Sequence[Absence], on: dt.date) -> str | None:
    """Who stands in for somebody on a day; none where they are there, or nobody is."""
    seen, here = {person}, person
    while away := next(
        (each for each in absences if each.person == here and each.from_on <= on <= each.until_on), None
    ):
        if away.deputy in seen:
            return None
        seen.add(away.deputy)
        here = away.deputy
    return here if here != person else None


def next_asked(
    approver: str, reminded_count: int, rules: Waits, without: Iterable[str], on: dt.date
) -> tuple[Stage, tuple[str, ...]]:
    """What happens at the next reminder, and who is asked beside those who are: reminder, then deputy, then manager."""
    excluded = frozenset(without)
    if reminded_count == 0:
        return "reminder", ()
    deputy = standing_in(approver, rules.absences, on) or rules.deputies.get(approver)
    if reminded_count == 1 and deputy is not None and deputy not in excluded:
        return "deputy", (deputy,)
    return "manager", tuple(each for each in rules.managers if each not in excluded)
