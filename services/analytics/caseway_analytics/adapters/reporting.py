"""Puts a report together, of the same tables in every form.

Puts a report together: every form of it is made of the same tables.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from caseway_analytics.adapters.figures import MongoFigures
from caseway_analytics.adapters.registers import Registers
from caseway_analytics.domain.answers import tables
from caseway_analytics.domain.composing import before_after_table, figures_table
from caseway_analytics.domain.cuts import cut_for
from caseway_analytics.domain.gathering import Stored
from caseway_analytics.domain.measures import DERIVED
from caseway_analytics.domain.questions import (
    BadQuestion,
    Grain,
    Hours,
    Keeping,
    Question,
    apart,
    check,
    instant,
    needed,
    zone_of,
)
from caseway_analytics.domain.scheduling import months_after, span_of
from caseway_analytics.domain.tables import Report, Table
from caseway_analytics.report_settings import (
    ActionsEntry,
    BeforeAfterEntry,
    CasesEntry,
    CommentsEntry,
    CustomerEntry,
    FiguresEntry,
    ImprovementsEntry,
    ReportEntry,
    SatisfactionEntry,
    Section,
)
from caseway_analytics.settings import Configuration

_PARAMETERS = frozenset({"from", "to", "customer", "changed_on", "wave", "zone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is to cover."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    zone: ZoneInfo
    now: dt.datetime
    customer: str | None = None
    changed_on: dt.date | None = None
    wave: str | None = None
    keeping: Keeping = field(default_factory=Keeping)
    """How fine figures of when are; the reporter looks it up."""


def asked_of(entry: ReportEntry, parameters: Mapping[str, str], *, now: dt.datetime, zone: str) -> Asked:
    """What a query string asks of a report; without a span, its own period up to now.

    Raises:
        BadQuestion: naming the parameter.
    """
    if unknown := sorted(set(parameters) - _PARAMETERS):
        raise BadQuestion(unknown[0], "no such parameter; there are " + ", ".join(sorted(_PARAMETERS)))
    in_zone = zone_of(parameters.get("zone") or zone)
    starts_at, ends_at = span_of(entry.covers, now, in_zone)
    if "from" in parameters:
        starts_at = instant("from", parameters["from"], in_zone)
    if "to" in parameters:
        ends_at = instant("to", parameters["to"], in_zone)
    changed_on = instant("changed_on", parameters["changed_on"], in_zone) if "changed_on" in parameters else None
    return Asked(
        starts_at=starts_at,
        ends_at=ends_at,
        zone=in_zone,
        now=now,
        customer=parameters.get("customer"),
        changed_on=changed_on.astimezone(in_zone).date() if changed_on else None,
        wave=parameters.get("wave"),
    )


class Reporter:
    """Puts reports together from the database."""

    def __init__(self, figures: MongoFigures, registers: Registers, configuration: Configuration) -> None:
        self._figures = figures
        self._registers = registers
        self._configuration = configuration

    async def report(self, name: str, entry: ReportEntry, asked: Asked) -> Report:
        """The report, with all its tables.

        Raises:
            BadQuestion: a section needs something that was not given, or a span that is not kept so fine.
        """
        asked = replace(asked, keeping=await self._figures.keeping())
        tables = [await self._table(section, asked) for section in entry.sections]
        since = await self._figures.since()
        if since is not None and asked.starts_at < since:
            told = f"Whole since {since.astimezone(asked.zone):%Y-%m-%d %H:%M}: what came before is not known any more."
            tables = [replace(table, notes=(*table.notes, told)) for table in tables]
        return Report(
            name=name,
            title=entry.title,
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            as_of=asked.now,
            zone=asked.zone.key,
            tables=tables,
        )

    async def _table(self, section: Section, asked: Asked) -> Table:  # noqa: PLR0911 - one for each kind of section
        match section:
            case FiguresEntry():
                return await self._of_figures(section, asked)
            case BeforeAfterEntry():
                return await self._before_after(section, asked)
            case CasesEntry():
                span = (asked.starts_at, asked.ends_at)
                return self._registers.cases(section.title, span, section.order, section.top, section.only)
            case ImprovementsEntry():
                return await self._registers.improvements(section.title, section.forums, section.is_open)
            case CommentsEntry():
                return await self._registers.comments(section.title, section.statuses)
            case ActionsEntry():
                return await self._registers.actions(section.title)
            case SatisfactionEntry():
                method = self._configuration.satisfaction.method
                return await self._registers.satisfaction(section.title, asked.wave or section.wave, method)
            case CustomerEntry():
                if not asked.customer:
                    raise BadQuestion("customer", "whose report it is")
                method = self._configuration.satisfaction.method
                return await self._registers.customer(section.title, asked.customer, method)
            case _:
                assert_never(section)

    async def _of_figures(self, section: FiguresEntry, asked: Asked) -> Table:
        starts_at = asked.starts_at
        if section.months is not None:
            last = (asked.ends_at - dt.timedelta(microseconds=1)).astimezone(asked.zone).date().replace(day=1)
            first = months_after(last, 1 - section.months)
            starts_at = dt.datetime.combine(first, dt.time(), asked.zone).astimezone(dt.UTC)
        span = (starts_at, asked.ends_at)
        questions = [
            self._question(
                measure, span, asked, by=section.by, only=section.only, grain=section.grain, hours=section.hours
            )
            for measure in section.measures
        ]
        return figures_table(
            section.title,
            await self._cells(questions, asked.now),
            as_of=asked.now,
            targets=self._configuration.targets,
            order=section.order,
            top=section.top,
            chart=section.chart,
        )

    async def _cells(self, questions: Sequence[Question], now: dt.datetime) -> list[tuple[Question, Sequence[Stored]]]:
        """Each question with its cells; those that ask alike are read together."""
        read: dict[tuple[str, bool, str, str], Sequence[Stored]] = {}
        found = []
        for question in questions:
            key = _key(question)
            if key not in read:
                alike = [each for each in questions if _key(each) == key]
                names = dict.fromkeys(name for each in alike for name in needed(each.measure))
                read[key] = await self._figures.stored(question, tuple(names), now)
            found.append((question, read[key]))
        return found

    def _question(
        self, measure: str, span: tuple[dt.datetime, dt.datetime], asked: Asked, *,
        by: tuple[str, ...] = (), only: Mapping[str, tuple[str, ...]], grain: Grain = "all", hours: Hours = "wall",
    ) -> Question:  # fmt: skip
        cut = cut_for({*by, *only, apart(measure)} - {""})
        assert cut is not None, "checked when the configuration was read"
        question = Question(
            measure=measure,
            starts_at=span[0],
            ends_at=span[1],
            grain=grain,
            by=by,
            zone=asked.zone,
            hours=hours,
            filters={name: frozenset(values) for name, values in only.items()},
            cut=cut,
        )
        check(question, now=asked.now, zone=self._configuration.measures.zone, keeping=asked.keeping)
        return question

    async def _before_after(self, section: BeforeAfterEntry, asked: Asked) -> Table:
        on = asked.changed_on or section.changed_on
        if on is None:
            raise BadQuestion("changed_on", "the day of the change, such as 2026-11-22")
        changed_at = dt.datetime.combine(on, dt.time(), asked.zone).astimezone(dt.UTC)
        rows = []
        for measure in section.measures:
            for days in section.days:
                length = dt.timedelta(days=days)
                before, after = [
                    await self._total(measure, span, section, asked)
                    for span in (
                        (_same_clock(on, -days, asked.zone), changed_at),
                        (changed_at, _same_clock(on, days, asked.zone)),
                    )
                ]
                rows.append((measure, days, before, after, changed_at + length <= asked.now))
        return before_after_table(section.title, rows)

    async def _total(
        self, measure: str, span: tuple[dt.datetime, dt.datetime], section: BeforeAfterEntry, asked: Asked
    ) -> dict[str, Any]:
        question = self._question(measure, span, asked, only=section.only)
        cells = await self._figures.stored(question, now=asked.now)
        return tables(question, cells, as_of=asked.now, targets=self._configuration.targets)[1]


def _key(question: Question) -> tuple[str, bool, str, str]:
    """What questions about one span and the same dimensions may still differ in, as to the cells they read."""
    derived = DERIVED.get(question.measure)
    return (question.hours, derived is not None and derived.is_running, question.cut, apart(question.measure))


def _same_clock(on: dt.date, days: int, zone: ZoneInfo) -> dt.datetime:
    """Midnight so many days later, also across a change of the clock."""
    return dt.datetime.combine(on + dt.timedelta(days=days), dt.time(), zone).astimezone(dt.UTC)
