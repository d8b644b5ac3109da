"""Registers: what is listed item by item.

Registers: cases one by one, improvements, comments, actions, and satisfaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.states import CASES, QUALITY, SERVING
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.domain.satisfaction import Method, Record
from caseway_analytics.domain.tables import Column, Row, Table
from caseway_analytics.domain.waves import Surveyed, wave_report

_CASE_COLUMNS = (
    Column(name="number", title="Case"),
    Column(name="opened_at", title="Opened", kind="instant"),
    Column(name="channel", title="Channel"),
    Column(name="category", title="Category"),
    Column(name="priority", title="Priority"),
    Column(name="status", title="Status"),
    Column(name="first_response", title="First response", kind="seconds"),
    Column(name="handling", title="Handling", kind="seconds"),
    Column(name="resolution", title="Resolution", kind="seconds"),
    Column(name="with_desk", title="With the desk", kind="seconds"),
    Column(name="with_department", title="With departments", kind="seconds"),
    Column(name="with_customer", title="With the customer", kind="seconds"),
    Column(name="reopened", title="Reopened", kind="count"),
    Column(name="promises_met", title="Promises met", kind="count"),
    Column(name="promises_violated", title="Promises violated", kind="count"),
)
_CASE_FIELDS = dict.fromkeys(
    (
        "number", "opened_at", "channel", "category", "priority", "status", "first_response.milliseconds",
        "handled.milliseconds", "cycles.resolved.milliseconds", "cycles.turns", "promises.outcome",
    ),
    1,
)  # fmt: skip
_TURNS = ("desk", "department", "customer")
_BATCH = 2_000
_OPEN = ("proposed", "decided", "running")
_Sums = Mapping[str, Any]


class Registers:
    """What is listed item by item."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cases(
        self, title: str, span: tuple[dt.datetime, dt.datetime], order: str, top: int | None,
        only: Mapping[Any, Sequence[str]],
    ) -> Table:  # fmt: skip
        """Cases opened in the span; without a `top` they may be a million, and come one by one."""
        query: dict[str, Any] = {"opened_at": {"$gte": span[0], "$lt": span[1]}}
        query |= {name: {"$in": list(values)} for name, values in only.items()}
        return Table(title=title, columns=_CASE_COLUMNS, stream=self._case_rows(query, order, top))

    async def _case_rows(self, query: Mapping[str, Any], order: str, top: int | None) -> AsyncIterator[Row]:
        cases = self._database[CASES.name]
        if order == "opened_at":
            found = cases.find(dict(query), _CASE_FIELDS).sort("opened_at", 1).limit(top or 0).batch_size(_BATCH)
            async for case in found:
                yield _case_row(case)
            return
        field = f"{order}_ms"
        known = cases.find({**query, field: {"$gt": 0}}, _CASE_FIELDS).sort(field, -1).limit(top or 0)
        count = 0
        async for case in known.allow_disk_use(True).batch_size(_BATCH):
            count += 1
            yield _case_row(case)
        if top is None or count < top:  # those of which it is not known come last
            rest = cases.find({**query, field: {"$exists": False}}, _CASE_FIELDS).sort("opened_at", 1)
            async for case in rest.limit(top - count if top else 0).batch_size(_BATCH):
                yield _case_row(case)

    async def improvements(self, title: str, forums: Sequence[str], is_open: bool | None) -> Table:
        """Improvement items: owner, decision, date, result. Source: S0-13."""
        query: dict[str, Any] = {"kind": "improvement"}
        if forums:
            query["forum"] = {"$in": list(forums)}
        if is_open is not None:
            query["status"] = {"$in" if is_open else "$nin": _OPEN}
        names = (
            "improvement",
            "forum",
            "title",
            "department",
            "owner",
            "status",
            "decision",
            "decided_on",
            "due_on",
            "achieved",
        )
        return await self._listed(title, query, names)

    async def comments(self, title: str, statuses: Sequence[str]) -> Table:
        """Comments and suggestions, with what became of each. Source: S3-11."""
        query: dict[str, Any] = {"kind": "comment"} | ({"status": {"$in": list(statuses)}} if statuses else {})
        names = (
            "comment",
            "customer",
            "level",
            "indicator",
            "text",
            "status",
            "reason",
            "action",
            "satisfaction",
            "at",
        )
        return await self._listed(title, query, names)

    async def actions(self, title: str) -> Table:
        """What is to be done. Source: S3-12."""
        names = ("action", "sort", "title", "department", "owner", "due_on", "status", "result")
        return await self._listed(title, {"kind": "action"}, names)

    async def _listed(self, title: str, query: Mapping[str, Any], names: Sequence[str]) -> Table:
        found = await self._database[QUALITY.name].find(dict(query)).sort("_id", 1).to_list(None)
        return Table(
            title=title,
            columns=[Column(name=name, title=name.replace("_", " ").capitalize()) for name in names],
            rows=[tuple(document.get(name) for name in names) for document in found],
        )

    async def surveyed(self) -> Surveyed:
        """Waves, interviews and answers, and who serves whom."""
        kinds: dict[str, list[Record]] = {"wave": [], "interview": [], "answer": []}
        query = {"kind": {"$in": list(kinds)}, "wave": {"$ne": None}}
        async for document in self._database[QUALITY.name].find(query).sort("_id", 1):
            kinds[document["kind"]].append(document)
        customers = sorted({each["customer"] for each in kinds["interview"]})
        serving: dict[str, set[str]] = {}
        async for document in self._database[SERVING.name].find({"customer": {"$in": customers}}):
            serving.setdefault(document["customer"], set()).add(document["agent"])
        return Surveyed(waves=kinds["wave"], interviews=kinds["interview"], answers=kinds["answer"], serving=serving)

    async def wave(self, wave: str | None, method: Method) -> dict[str, Any]:
        """One wave in full; the last where none is named.

        Raises:
            BadQuestion: there is no such wave.
        """
        surveyed = await self.surveyed()
        names = surveyed.wave_names()
        if wave is not None and wave not in names:
            raise BadQuestion("wave", "one of " + (", ".join(names) or "those recorded: there is none yet"))
        return wave_report(surveyed, wave or (names[-1] if names else ""), method)

    async def satisfaction(self, title: str, wave: str | None, method: Method) -> Table:
        """A wave customer by customer, beside the one before."""
        told = await self.wave(wave, method)
        levels = list(dict.fromkeys(level for each in told["customers"] for level in each["levels"]))
        return Table(
            title=f"{title}: {told['wave']}" if told["wave"] else title,
            columns=[
                Column(name="customer", title="Customer"),
                Column(name="index", title="Index", kind="percent"),
                Column(name="delta", title="Change", kind="points"),
                Column(name="target_gap", title="Against target", kind="points"),
                *(Column(name=level, title=_level(level, method), kind="percent") for level in levels),
                Column(name="answered", title="Answers", kind="count"),
                Column(name="panel", title="Took part before"),
            ],
            rows=[
                (
                    each["customer"], each["index"], each["delta"], each["target_gap"],
                    *(each["levels"].get(level, {}).get("index") for level in levels), each["answered"], each["panel"],
                )
                for each in told["customers"]
            ],
            total=("", told["all"]["mean"], _change(told), told["all"]["target_gap"], *(told["all"]["levels"].get(level) for level in levels), None, None),
            notes=_wave_notes(told),
        )  # fmt: skip

    async def customer(self, title: str, customer: str, method: Method) -> Table:
        """The standard customer report: cases, promises, satisfaction by wave, comments. Source: S3-16."""
        rows: list[Row] = []
        cases = self._case_rows({"customer": customer}, "opened_at", None)
        rows += [("case", *(row[place] for place in (0, 1, 3, 5, 8))) async for row in cases]
        surveyed = await self.surveyed()
        for wave in surveyed.wave_names():
            scored = surveyed.scored(wave, method).get(customer)
            if scored is not None:
                index = None if scored.overall is None else f"{scored.overall:.1f} %"
                rows.append(("satisfaction", wave, None, None, index, None))
        query = {"kind": "comment", "customer": customer}
        comments = self._database[QUALITY.name].find(query).sort("_id", 1)
        rows += [
            ("comment", each["comment"], each["at"], each["text"], each["status"], None) async for each in comments
        ]
        titles = ("What", "Which", "When", "About", "How it stands")
        return Table(
            title=f"{title}: {customer}",
            columns=[
                *(Column(name=each.lower().replace(" ", "_"), title=each) for each in titles),
                Column(name="resolution", title="Resolution", kind="seconds"),
            ],
            rows=rows,
        )


def _level(level: str, method: Method) -> str:
    return method.titles.get(level) or level.replace("_", " ").capitalize()


def _change(told: Mapping[str, Any]) -> float | None:
    """Of the mean over all customers; None without a wave before."""
    now, before = told["all"]["mean"], (told["all_before"] or {}).get("mean")
    return None if now is None or before is None else round(now - before, 2)


def _wave_notes(told: Mapping[str, Any]) -> list[str]:
    notes = [f"Beside {told['before']}."] if told["before"] else []
    if movers := told["worst_movers"][:5]:
        lost = ", ".join(f"{each['customer']} {each['level']} {each['delta']:+.1f}" for each in movers)
        notes.append(f"Who lost most: {lost}.")
    if told["not_counted"]:
        who = ", ".join(each["interview"] for each in told["not_counted"])
        notes.append(f"Not counted, since the interviewer serves the customer: {who}.")
    if told["missing"]:
        notes.append(f"Not asked yet: {', '.join(told['missing'])}.")
    return notes


def _case_row(case: _Sums) -> Row:
    first = case.get("first_response")
    outcomes = [promise["outcome"] for promise in case["promises"]]
    handled, cycles = case["handled"], case["cycles"]
    return (
        case["number"],
        case["opened_at"],
        case["channel"],
        case["category"],
        case["priority"],
        case["status"],
        first["milliseconds"] / 1000 if first else None,
        _total([mark["milliseconds"] for mark in handled]),
        _total([cycle["resolved"]["milliseconds"] for cycle in cycles if cycle.get("resolved")]),
        *(_total([cycle["turns"].get(turn, 0) for cycle in cycles]) for turn in _TURNS),
        max(0, len(cycles) - 1),
        outcomes.count("met"),
        outcomes.count("violated"),
    )


def _total(milliseconds: Sequence[int | None]) -> float | None:
    known = [each for each in milliseconds if each is not None]
    return sum(known) / 1000 if known else None
