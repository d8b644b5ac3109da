"""Promises, whatever happens to a case and however late it is read: the outcome is the oracle's.

The oracle counts open minutes one by one from the wall clock and knows nothing of stretches, timers or corrections.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts.cases import (
    CaseHeld,
    CaseMerged,
    CaseOpened,
    CaseReleased,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    FactsAssigned,
)
from caseway_escalation.settings import Configuration
from tests.escalation_builders import AGENT, FIRST_RESPONSE, MACHINE, RESOLUTION, Desk

MINUTE = dt.timedelta(minutes=1)
START = {
    "Europe/Warsaw": dt.datetime(2026, 3, 27, 6, tzinfo=dt.UTC),  # the clocks change on the 29th
    "America/New_York": dt.datetime(2026, 10, 30, 6, tzinfo=dt.UTC),  # on 1 November
    "Australia/Lord_Howe": dt.datetime(2026, 4, 3, 0, tzinfo=dt.UTC),  # on the 5th, by half an hour
    "Asia/Tokyo": dt.datetime(2026, 5, 1, 0, tzinfo=dt.UTC),
}
HORIZON = 6 * 1440
"""Minutes of each history: a working week with a weekend and a change of the clocks."""

EVENTS = {
    "answer": (CaseReplied, {"actor": AGENT}),
    "automatic answer": (CaseReplied, {"actor": MACHINE}),
    "ask": (CaseReplied, {"actor": AGENT, "purpose": "ask", "turn": "customer"}),
    "hold": (CaseHeld, {"turn": "customer"}),
    "hold for a department": (CaseHeld, {"turn": "department"}),
    "release": (CaseReleased, {"turn": "desk"}),
    "resolve": (CaseResolved, {"turn": "customer"}),
    "reopen": (CaseReopened, {"turn": "desk"}),
    "merge": (CaseMerged, {"into": "case_0"}),
    "urgent": (FactsAssigned, {"priority": "urgent"}),
    "normal": (FactsAssigned, {"priority": "normal"}),
}


@dataclass(frozen=True)
class World:
    zone: str
    week: dict[str, list[str]]
    targets: dict[tuple[str, str], tuple[int, str]]
    """(kind, priority) to minutes and calendar."""
    warn_before: int
    warn_in: str
    history: list[tuple[int, str]]
    """(minute, event), in order; the first opens the case."""
    delays: list[int]

    @property
    def start(self) -> dt.datetime:
        return START[self.zone]

    def configuration(self) -> Configuration:
        kinds = {"first_response": dict(FIRST_RESPONSE), "resolution": dict(RESOLUTION)}
        for name, kind in kinds.items():
            urgent, normal = self.targets[name, "urgent"], self.targets[name, "normal"]
            kind["promises"] = [
                {
                    "name": "u",
                    "when": {"field": "priority", "equals": "urgent"},
                    "target": f"{urgent[0]}m",
                    "calendar": urgent[1],
                },
                {"name": "n", "target": f"{normal[0]}m", "calendar": normal[1]},
            ]
        calendars = {
            "desk": {"zone": self.zone, "versions": [{"week": self.week}]},
            "always": {"zone": self.zone, "versions": [{"week": {"every-day": ["00:00-24:00"]}}]},
        }
        warn = {"warn_before": f"{self.warn_before}m", "warn_in": self.warn_in}
        return Configuration.model_validate({"calendars": calendars, "milestones": {"kinds": kinds, **warn}})


@st.composite
def worlds(draw) -> World:
    opening, closing = sorted(draw(st.sets(st.integers(0, 24), min_size=2, max_size=2)))
    minutes = sorted(draw(st.lists(st.integers(0, HORIZON - 1), min_size=1, max_size=9)))
    events = [
        "open",
        *draw(st.lists(st.sampled_from(sorted(EVENTS)), min_size=len(minutes) - 1, max_size=len(minutes) - 1)),
    ]
    kinds = ("first_response", "resolution")
    targets = st.tuples(st.integers(1, 2400), st.sampled_from(["desk", "always"]))
    return World(
        zone=draw(st.sampled_from(sorted(START))),
        week={
            draw(st.sampled_from(["every-day", "monday-friday", "friday-sunday"])): [f"{opening:02}:00-{closing:02}:00"]
        },
        targets={(kind, priority): draw(targets) for kind in kinds for priority in ("urgent", "normal")},
        warn_before=draw(st.integers(0, 200)),
        warn_in=draw(st.sampled_from(["business", "wall"])),
        history=list(zip(minutes, events, strict=True)),
        delays=draw(st.lists(st.integers(0, 2000), min_size=len(minutes), max_size=len(minutes))),
    )


def live(world: World) -> Desk:
    """The history as the service sees it: each fact late by its delay, never before an earlier one."""
    desk = Desk(world.configuration(), world.start)
    read_at = world.start
    for (minute, event), delay in zip(world.history, world.delays, strict=True):
        happened = world.start + minute * MINUTE
        read_at = max(read_at, happened + delay * MINUTE)
        desk.wait(min(read_at, world.start + HORIZON * MINUTE))
        model, fields = (CaseOpened, {}) if event == "open" else EVENTS[event]
        desk.tell(model, happened, read_at=read_at, **fields)
    desk.wait(max(read_at, world.start + HORIZON * MINUTE))
    return desk


class Oracle:
    """What a person with a pencil would find."""

    def __init__(self, world: World, end: dt.datetime) -> None:
        self.world = world
        self.end = (end - world.start) // MINUTE
        self.open = {name: self._opening(name) for name in ("desk", "always")}
        self.turn, self.priority = "desk", "normal"
        self.found: list[dict] = []
        self._run()

    def _opening(self, calendar: str) -> list[bool]:
        place = ZoneInfo(self.world.zone)
        if calendar == "always":
            return [True] * (self.end + 1)
        ((days, (span,)),) = self.world.week.items()
        weekdays = {"every-day": range(7), "monday-friday": range(5), "friday-sunday": range(4, 7)}[days]
        first, last = int(span[:2]), int(span[6:8])
        walls = [(self.world.start + minute * MINUTE).astimezone(place) for minute in range(self.end + 1)]
        return [wall.weekday() in weekdays and first <= wall.hour < last for wall in walls]

    def _run(self) -> None:
        for minute, event in self.world.history:
            self._happen(minute, event)
        for milestone in self.found:
            if milestone["state"] == "running":
                self._judge(milestone, self.end, is_completion=False)

    def _happen(self, minute: int, event: str) -> None:
        priority_before = self.priority
        self.turn = {
            "ask": "customer",
            "hold": "customer",
            "resolve": "customer",
            "hold for a department": "department",
            "release": "desk",
            "reopen": "desk",
        }.get(event, self.turn)
        self.priority = event if event in {"urgent", "normal"} else self.priority
        for milestone in [each for each in self.found if each["is_open"]]:
            completes = event in ({"answer", "ask"} if milestone["kind"] == "first_response" else {"resolve"})
            cancels = event == "merge" or (event == "resolve" and milestone["kind"] == "first_response")
            if milestone["state"] == "running" and (completes or cancels or self._changes(milestone, priority_before)):
                self._judge(milestone, minute, is_completion=completes)
            if completes and milestone["state"] == "violated" and self._is_kept(milestone, minute):
                milestone["state"], milestone["violated"] = "running", None
            if completes or cancels:
                self._end(milestone, minute, "met" if completes else "cancelled")
                continue
            if milestone["state"] == "running" and priority_before != self.priority:
                milestone["terms"] = self.world.targets[milestone["kind"], self.priority]
                self._judge(milestone, minute, is_completion=False)
            if milestone["kind"] == "resolution":
                milestone["active"].append((minute, self.turn != "customer"))
        if event in {"open", "reopen"}:
            self._start(minute, is_first=event == "open")

    def _changes(self, milestone: dict, priority_before: str) -> bool:
        stands = milestone["kind"] == "resolution" and self.turn == "customer" and milestone["active"][-1][1]
        return stands or priority_before != self.priority

    def _start(self, minute: int, *, is_first: bool) -> None:
        for kind in ("first_response", "resolution") if is_first else ("resolution",):
            if any(each["kind"] == kind and each["is_open"] for each in self.found):
                continue
            is_active = kind == "first_response" or self.turn != "customer"
            milestone = {
                "kind": kind,
                "start": minute,
                "active": [(minute, is_active)],
                "state": "running",
                "is_open": True,
            }
            milestone |= {"terms": self.world.targets[kind, self.priority], "violated": None, "ended": None}
            self.found.append(milestone)

    def _counted(self, milestone: dict, until: int) -> list[int]:
        """The minutes before `until` that count."""
        is_open = self.open[milestone["terms"][1]]
        marks = [*milestone["active"], (until, False)]
        return [
            minute
            for (begin, is_active), (end, _) in itertools.pairwise(marks)
            if is_active
            for minute in range(begin, min(end, until))
            if is_open[minute]
        ]

    def _judge(self, milestone: dict, minute: int, *, is_completion: bool) -> None:
        counted, target = self._counted(milestone, minute), milestone["terms"][0]
        if len(counted) > target or (len(counted) == target and not is_completion):
            milestone["state"], milestone["violated"] = "violated", counted[target - 1] + 1

    def _is_kept(self, milestone: dict, minute: int) -> bool:
        """Equal counts as kept, also where the clock stood still at the very deadline."""
        return len(self._counted(milestone, minute)) <= milestone["terms"][0]

    @staticmethod
    def _end(milestone: dict, minute: int, state: str) -> None:
        milestone["is_open"], milestone["ended"] = False, minute
        if milestone["state"] == "running":
            milestone["state"] = state


@settings(max_examples=250, deadline=None)
@given(worlds())
def test_the_outcome_of_every_promise_is_the_oracles(world):
    desk = live(world)
    oracle = Oracle(world, desk.now)
    expected = sorted(
        (each["kind"], each["start"], each["state"], each["violated"], each["ended"]) for each in oracle.found
    )

    def minute(at):
        return None if at is None else (at - world.start) / MINUTE

    found = []
    for each in desk.milestones:
        state = "running" if each.state == "paused" else each.state
        violated = minute(each.due_at) if state == "violated" else None
        found.append((each.kind, minute(each.started_at), state, violated, minute(each.ended_at)))
    assert sorted(found) == expected


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_what_was_told_adds_up_to_how_things_stand(world):
    desk = live(world)
    for milestone in desk.milestones:
        told = [each for each in desk.facts if each.milestone == milestone.id]
        kinds = [each.TYPE.split(".")[2] for each in told]
        assert kinds[0] == "started"
        violations = [each for each in told if each.TYPE.endswith("violated.v1")]
        corrected = {each.corrects for each in told if each.corrects}
        standing = [each for each in violations if desk.id_of(each) not in corrected]
        assert len(standing) == (milestone.state == "violated")
        assert corrected <= {desk.id_of(each) for each in violations}
        assert kinds.count("met") == (milestone.state == "met")
        assert kinds.count("cancelled") == (milestone.state == "cancelled")
        assert all(each.noticed_at >= each.at == each.due_at for each in violations)
        warned = [each.warn_at for each in told if each.TYPE.endswith("warned.v1")]
        assert len(warned) <= 1 + kinds.count("started") + kinds.count("resumed") + kinds.count("paused")
        if milestone.state == "met":
            assert told[-1].elapsed_seconds <= milestone.terms.target.total_seconds()


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_without_delays_nothing_is_ever_corrected_and_nothing_told_twice(world):
    desk = live(World(**{**vars(world), "delays": [0] * len(world.delays)}))
    assert [each for each in desk.facts if each.corrects and not _is_exact(world, each)] == []
    assert len(set(desk.ids)) == len(desk.ids)


def _is_exact(world: World, told) -> bool:
    """A completion while the desk is closed, at exactly the target, corrects even when nothing is late."""
    return told.TYPE.endswith("met.v1") and told.elapsed_seconds == told.target_seconds
