"""Promises and ladders together: every fact is the one that a person with a pencil tells (`tests/escalation_pencil.py`).

Random calendars (two versions, night shifts, exceptions, a yearly day, five zones at a change of their clocks), kinds of every recurrence,
pauses, required stamps, priorities, warnings by either clock, ladders with repeats, hours, reminders and rungs without anybody,
and a calendar that is changed while promises run. Outages change nothing that is told of promises but `noticed_at`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.contracts.cases import (
    CaseHeld,
    CaseOpened,
    CaseReleased,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseStamped,
    ContactAdded,
    FactsAssigned,
)
from caseway.contracts.milestone_commands import RecomputeMilestones
from caseway.contracts.milestones import (
    LadderAcknowledged,
    LadderEnded,
    LadderResumed,
    LadderRungReached,
    LadderStarted,
)
from caseway.contracts.voices import DataActionDecided, DataActionRequested
from caseway_escalation.settings import Configuration
from tests.escalation_builders import AGENT, CASE, MACHINE, Desk
from tests.escalation_pencil import HORIZON, MINUTE, START, WEEKS, Calendar, Pencil, Rules

_MILLISECOND = dt.timedelta(milliseconds=1)
_BACK = HORIZON + 40 * 1440
"""By when all that may come has come."""
REQUEST = {"action": "access"}
EVENTS = {
    "answer": (CaseReplied, {"actor": AGENT}),
    "robot": (CaseReplied, {"actor": MACHINE}),
    "hold": (CaseHeld, {"turn": "customer"}),
    "third": (CaseHeld, {"turn": "third"}),
    "release": (CaseReleased, {"turn": "desk"}),
    "contact": (ContactAdded, {"contact": "c", "channel": "email", "source_key": "k"}),
    "resolve": (CaseResolved, {"turn": "customer", "status": "resolved"}),
    "reopen": (CaseReopened, {"turn": "desk", "status": "open"}),
    "urgent": (FactsAssigned, {"priority": "urgent"}),
    "normal": (FactsAssigned, {"priority": "normal"}),
    "checked": (CaseStamped, {"stamp": "checked", "occurrence": "x"}),
    "unchecked": (CaseStamped, {"stamp": "checked", "occurrence": "x", "removed": True}),
    "seen": (CaseStamped, {"stamp": "acknowledged", "occurrence": CASE}),
    "unseen": (CaseStamped, {"stamp": "acknowledged", "occurrence": CASE, "removed": True}),
    "ask r1": (DataActionRequested, REQUEST | {"request": "r1"}),
    "ask r2": (DataActionRequested, REQUEST | {"request": "r2"}),
    "decide r1": (DataActionDecided, {"granted": True, "request": "r1"}),
    "decide r2": (DataActionDecided, {"granted": True, "request": "r2"}),
}
OFTEN = (
    "hold",
    "hold",
    "third",
    "release",
    "release",
    "release",
    "contact",
    "seen",
    "seen",
    "unseen",
    "unseen",
    "robot",
    "reopen",
)
"""What happens more often than the rest."""
PAUSES = {
    "never": None,
    "customer": {"field": "turn", "equals": "customer"},
    "others": {
        "any": [{"field": "turn", "equals": "third"}, {"not": {"field": "turn", "in": ["desk", "department", "third"]}}]
    },
}

calendars = st.builds(
    Calendar,
    zone=st.just(""),
    weeks=st.lists(st.integers(0, len(WEEKS) - 1), min_size=1, max_size=2).map(tuple),
    exceptions=st.dictionaries(
        st.integers(0, 6), st.sampled_from(["closed", "10:00-11:00", "00:00-24:00"]), max_size=2
    ).map(lambda found: tuple(sorted(found.items()))),
    yearly=st.none() | st.integers(0, 6),
)


EXACT = (
    Rules(
        desk=Calendar("Europe/Warsaw", (0,)),
        later=None,
        targets={"urgent": 60, "normal": 480, "next": 480, "checked": 900, "request": 900},
        next_recurs="sequential",
        pauses="customer",
        is_recomputed=True,
        warnings=(60,),
        warns_by_wall=False,
        rungs=((0, "role:office"), (30, "holder")),
        again=60,
        times=0,
        until=None,
        within=False,
        remind_after=None,
        reminders=0,
    ),
    ((0, "open"), (1, "contact"), (600, "resolve")),
)
"""Due at closing time on Friday, completed in the evening: exactly reached counts as kept, and the violation is taken back."""
CLOSED_ON_FRIDAY = replace(EXACT[0], later=Calendar("Europe/Warsaw", (0,), ((0, "closed"),)))
RARE = (
    EXACT,
    (EXACT[0], ((0, "open"), (60, "resolve"), (120, "checked"))),
    (EXACT[0], ((0, "open"), (500, "seen"), (505, "unseen"), (700, "hold"))),
    (CLOSED_ON_FRIDAY, ((0, "open"), (540, "other hours"), (600, "hold"), (700, "resolve"))),
)
"""What chance seldom draws: exactly in time, stamped after it was done, an answer taken back, other hours after a violation."""


def _lengths(draw, grain: int, most: int) -> int:
    return grain * draw(st.integers(1, max(1, most // grain)))


@st.composite
def worlds(draw, *, changes: bool = True) -> tuple[Rules, tuple[tuple[int, str], ...]]:
    """What is declared, and what happens."""
    grain = draw(st.sampled_from([1, 60, 240]))  # coarse ones meet: a fact in the very minute of a deadline or rung
    zone = draw(st.sampled_from(sorted(START)))
    desk, later = (
        Calendar(zone, each.weeks, each.exceptions, each.yearly) for each in (draw(calendars), draw(calendars))
    )
    rungs = st.tuples(st.integers(0, 240 // grain).map(grain.__mul__), st.sampled_from(["role:office", "holder"]))
    names = ("urgent", "normal", "next", "checked", "request")
    rules = Rules(
        desk=desk,
        later=later if changes else None,
        targets={
            name: _lengths(draw, grain, most) for name, most in zip(names, (600, 2000, 900, 1500, 900), strict=True)
        },
        next_recurs=draw(st.sampled_from(["none", "sequential", "independent"])),
        pauses=draw(st.sampled_from(sorted(PAUSES))),
        is_recomputed=draw(st.booleans()),
        warnings=tuple(sorted(draw(st.sets(st.integers(1, 300), max_size=3)), reverse=True)),
        warns_by_wall=draw(st.booleans()),
        rungs=tuple(draw(st.lists(rungs, min_size=1, max_size=3))),
        again=_lengths(draw, grain, 240),
        times=draw(st.integers(0, 2)),
        until=None,
        within=draw(st.booleans()),
        remind_after=draw(st.none() | st.just(_lengths(draw, grain, 300))),
        reminders=draw(st.integers(0, 2)),
    )
    minutes = sorted(grain * each for each in draw(st.sets(st.integers(0, HORIZON // grain), min_size=5, max_size=14)))
    known = [*sorted(EVENTS), *OFTEN, *(["other hours", "other hours"] if changes else [])]
    events = draw(st.lists(st.sampled_from(known), min_size=len(minutes) - 1, max_size=len(minutes) - 1))
    return rules, tuple(zip(minutes, ["open", *events], strict=True))


def configuration(rules: Rules, desk: Calendar) -> Configuration:
    """The same, as it is written."""

    def kind(*promises: dict, **more) -> dict:
        return {"promises": list(promises), **more}

    def promised(name: str, calendar: str = "desk", **more) -> dict:
        return {"name": name, "target": f"{rules.targets[name]}m", "calendar": calendar, **more}

    resolution = kind(
        promised("urgent", "always", when={"field": "priority", "equals": "urgent"}),
        promised("normal"),
        starts=[{"fact": "case.opened"}, {"fact": "case.reopened"}],
        completes=[{"fact": "case.resolved"}],
        recurrence="sequential",
        on_change="recompute" if rules.is_recomputed else "keep",
        **({"pauses": PAUSES[rules.pauses]} if PAUSES[rules.pauses] else {}),
    )
    kinds = {
        "resolution": resolution,
        "next": kind(
            promised("next"),
            starts=[{"fact": "case.contact-added"}],
            completes=[{"fact": "case.replied", "when": {"field": "actor.kind", "equals": "agent"}}],
            cancels=[{"fact": "case.resolved"}],
            recurrence=rules.next_recurs,
        ),
        "checked": kind(
            promised("checked"),
            starts=[{"fact": "case.opened"}],
            completes=[{"fact": "case.resolved"}],
            requires=["checked"],
        ),
        "request": kind(
            promised("request", "always"),
            starts=[{"fact": "case.data-action-requested"}],
            completes=[{"fact": "case.data-action-decided"}],
            recurrence="independent",
            per="request",
        ),
    }
    always = {"zone": desk.zone, "versions": [{"week": {"every-day": ["00:00-24:00"]}}]}
    return Configuration.model_validate(
        {
            "calendars": {"desk": desk.written(), "always": always},
            "milestones": {
                "kinds": kinds,
                "warn_before": [f"{each}m" for each in rules.warnings] or ["0s"],
                "warn_in": "wall" if rules.warns_by_wall else "business",
            },
            "ladders": {"ladders": _ladders(rules), "alarm_to": ["list:operations"]},
        }
    )


def _ladders(rules: Rules) -> dict:
    entry: dict = {
        "name": "all",
        "rungs": [{"after": f"{after}m", "do": "notify", "to": [who]} for after, who in rules.rungs],
    }
    if rules.times:
        entry["repeat"] = {"after": f"{rules.again}m", "times": rules.times}
    if rules.within:
        entry["within"] = "desk"
    seen: dict = {"stamps": ["acknowledged"], "reminders": rules.reminders}
    if rules.remind_after is not None:
        seen["remind_after"] = f"{rules.remind_after}m"
    starts = {"near": "milestone.warned", "late": "milestone.violated"}
    return {
        name: {"starts": [{"fact": fact}], "entries": [entry], "acknowledgement": seen} for name, fact in starts.items()
    }


# --- what the service tells -----------------------------------------------------------------------


def live(world: tuple[Rules, tuple], outages: tuple[tuple[int, int], ...] = ()) -> Desk:
    """Facts in their order; in an outage nothing is read and no timer fires, afterwards facts come first."""
    rules, history = world
    start = START[rules.desk.zone]
    desk = Desk(configuration(rules, rules.desk), start)
    waiting = list(history)
    for begins, ends in [*outages, (_BACK, _BACK)]:
        while waiting and waiting[0][0] < begins:
            minute, event = waiting.pop(0)
            desk.wait(start + minute * MINUTE - _MILLISECOND)  # a fact of this very minute is read first
            _happen(desk, rules, start + minute * MINUTE, event, start + minute * MINUTE)
        desk.wait(start + begins * MINUTE - _MILLISECOND)
        while waiting and waiting[0][0] <= ends:
            minute, event = waiting.pop(0)
            _happen(desk, rules, start + minute * MINUTE, event, start + ends * MINUTE)
        desk.wait(start + ends * MINUTE, outage=True)
    return desk


def _happen(desk: Desk, rules: Rules, at: dt.datetime, event: str, read_at: dt.datetime) -> None:
    if event == "other hours":
        assert rules.later is not None
        desk.configuration, desk.version = configuration(rules, rules.later), "v2"
        desk.ask(RecomputeMilestones(case_id=CASE, configuration="v2"), read_at)
        return
    model, fields = (CaseOpened, {}) if event == "open" else EVENTS[event]
    desk.tell(model, at, read_at=read_at, **fields)


def told(desk: Desk, world: tuple[Rules, tuple]) -> list[tuple]:
    """Of promises, without what was corrected."""
    start = START[world[0].desk.zone]
    corrected = {each.corrects for each in desk.facts if each.corrects}
    return sorted(
        (each.kind, each.instance, each.TYPE.split(".")[2], (each.at - start) / MINUTE, (each.due_at - start) / MINUTE)
        for each in desk.facts
        if desk.id_of(each) not in corrected
    )


def climbed(desk: Desk, world: tuple[Rules, tuple]) -> list[tuple]:
    """Of ladders."""
    instances = {each.milestone: each.instance for each in desk.facts}
    found = []
    for each in desk.told:
        if not hasattr(each, "ladder"):
            continue
        kind = next(fact.kind for fact in desk.facts if fact.milestone == each.milestone)
        about = (each.ladder, kind, instances[each.milestone])
        found.append((*about, *_said(each, (each.at - START[world[0].desk.zone]) / MINUTE)))
    return sorted(found, key=str)


_WHAT = {LadderStarted: "started", LadderEnded: "ended", LadderAcknowledged: "acknowledged", LadderResumed: "resumed"}


def _said(each, at: float) -> tuple:
    if not isinstance(each, LadderRungReached):
        return (_WHAT[type(each)], at)
    more = {"remind": (each.repeat,), "alarm": (each.rung, each.repeat)}
    return (
        (each.action, at, *more[each.action])
        if each.action in more
        else ("rung", at, each.rung, each.repeat, each.outcome)
    )


def compare(world: tuple[Rules, tuple]) -> None:
    """Every fact, one by one."""
    desk, pencil = live(world), Pencil(*world)
    assert told(desk, world) == sorted(fact for fact in pencil.facts if fact is not None)
    assert climbed(desk, world) == sorted(pencil.rung_facts, key=str)
    assert len(set(desk.ids)) == len(desk.ids)


def compare_with_outages(world: tuple[Rules, tuple], outages: tuple[tuple[int, int], ...]) -> None:
    """Of promises the same; ladders are condensed."""
    desk = live(world, outages)
    assert told(desk, world) == sorted(fact for fact in Pencil(*world).facts if fact is not None)
    assert all(each.noticed_at >= each.at for each in desk.told if getattr(each, "noticed_at", None))


RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
OUTAGES = (
    st.sets(st.integers(0, HORIZON + 1440), max_size=4)
    .map(sorted)
    .map(lambda cuts: tuple(zip(cuts[::2], cuts[1::2], strict=False)))
)


@settings(RELAXED, max_examples=100)
@given(worlds())
def test_promises_and_ladders_are_told_as_the_pencil_tells_them(world):
    """S1-17, S1-19, S1-20."""
    compare(world)


@pytest.mark.parametrize("world", RARE, ids=["exact", "stamped", "taken back", "other hours"])
def test_what_is_rare_is_told_as_the_pencil_tells_it(world):
    compare(world)


@pytest.mark.slow
@settings(RELAXED, max_examples=3000)
@given(worlds())
def test_promises_and_ladders_are_told_as_the_pencil_tells_them_thousands_of_times(world):
    compare(world)


@settings(RELAXED, max_examples=60)
@given(worlds(changes=False), OUTAGES)
def test_an_outage_changes_nothing_that_is_told_of_promises(world, outages):
    compare_with_outages(world, outages)
