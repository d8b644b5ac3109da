"""Cases whose clocks run, put where the service would have."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from caseway.contracts.codec import partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.runtime.configuration import load
from caseway.testkit.namespaces import Namespace
from caseway_escalation.adapters.cases import dump
from caseway_escalation.domain import clock
from caseway_escalation.domain.case import Case
from caseway_escalation.settings import Configuration
from tests.load.crowd import RETAIL

_DATABASE = "caseway_escalation"
_AT_ONCE = 5_000


class Filler:
    """Puts cases with one promise each, warned already, and their timers into the service's database."""

    def __init__(self, namespace: Namespace, calendar: str = "always", scenario: Path = RETAIL) -> None:
        """`calendar`: in whose hours the promises run."""
        client: MongoClient[dict[str, Any]] = MongoClient(namespace.mongo_url)
        self.database = client[f"{namespace.prefix}{_DATABASE}"]
        loaded = load(scenario, Configuration)
        self.version = loaded.version
        self._hours = loaded.value.promises.calendars[calendar]
        kind = loaded.value.promises.kinds["resolution"]
        self.terms = next(each.terms for each in kind.promises if each.terms.calendar == calendar)

    def fill(self, prefix: str, due: Iterable[dt.datetime], lane: int | None = None) -> None:
        """One case a deadline (in a calendar with closing times: that or a later one); all of one lane where that is named."""
        names = (f"case_{prefix}_{number}" for number in itertools.count())
        ours = (name for name in names if lane is None or _lane_of(name) == lane)
        pairs = (self._documents(name, due_at) for name, due_at in zip(ours, due, strict=False))
        while batch := list(itertools.islice(pairs, _AT_ONCE)):
            self.database["cases"].insert_many([case for case, _ in batch], ordered=False)
            self.database["timers"].insert_many([timer for _, timer in batch], ordered=False)

    def violated(self) -> int:
        """How many violations the lanes have counted."""
        return sum(document.get("violated", {}).get("resolution", 0) for document in self.database["counts"].find())

    def _documents(self, case_id: str, due_at: dt.datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        lane = f"escalation/{_lane_of(case_id)}"
        milestone = clock.started(
            id=f"milestone_{case_id}",
            kind="resolution",
            instance=1,
            terms=self.terms,
            at=due_at - self.terms.target,
            hours=self._hours,
            given_by=self.version,
        )
        told = tuple(each.before for each in milestone.warnings)
        milestone = dataclasses.replace(milestone, warned=told)
        document = dump(Case(id=case_id, milestones=(milestone,), configured=self.version))
        timer = {
            "_id": f"{lane}/{case_id}",
            "lane": lane,
            "key": case_id,
            "kind": "next",
            "due_at": milestone.due_at,
            "armed_by": f"fact-{case_id}",
            "data": {},
        }
        return {"_id": case_id, "_lane": lane, **document}, timer


def _lane_of(case_id: str) -> int:
    return partition_of(case_id.encode(), PARTITIONS)


def evenly(start: dt.datetime, rate: int, count: int) -> Iterator[dt.datetime]:
    """So many instants a second, from a whole second on."""
    for number in range(count):
        yield start.replace(microsecond=0) + dt.timedelta(milliseconds=number * 1000 // rate)
