"""Measures of ladders, of guidance and of focused work."""

from __future__ import annotations

from collections.abc import Iterator

from caseway_analytics.domain.defining import Measure
from caseway_analytics.domain.history import History, milliseconds_between
from caseway_analytics.domain.samples import Sample, counted

EDITION = 2
"""Of the measures that brought these."""
ALERT, ASK_STAMP, LISTED = "alert", "ask_stamp", "list_unstamped"
"""What a rung of guidance asks for: somebody to look, the stamp once it is over, and those missing when the day ends."""


def ladders_started(history: History) -> Iterator[Sample]:
    """One for each run of a ladder, when it began.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = changed(History(), climb=climbing.started(climbing.NO_CLIMB, "run", nine))
    >>> len(list(ladders_started(case)))
    1
    """
    for run in history.climb.runs.values():
        if run.started_at:
            yield counted(history, run.started_at)


def ladders_acknowledged(history: History) -> Iterator[Sample]:
    """From the beginning of a ladder's run to its first acknowledgement, when it was acknowledged.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> climb = climbing.started(climbing.NO_CLIMB, "run", nine)
    >>> seen = climbing.acknowledged(climb, "run", nine + dt.timedelta(minutes=4))
    >>> [s.milliseconds for s in ladders_acknowledged(changed(History(), climb=seen))]
    [240000]
    """
    for run in history.climb.runs.values():
        if run.started_at and run.acknowledged_at:
            lasted = milliseconds_between(run.started_at, run.acknowledged_at)
            yield counted(history, run.acknowledged_at)._replace(milliseconds=lasted)


def rungs_reached(history: History) -> Iterator[Sample]:
    """One for each rung of a ladder that was reached and told to somebody, repetitions included.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> climb = climbing.reached(climbing.reached(climbing.NO_CLIMB, nine, "done"), nine, "empty")
    >>> len(list(rungs_reached(changed(History(), climb=climb))))
    1
    """
    yield from _rungs(history, "done")


def rungs_empty(history: History) -> Iterator[Sample]:
    """One for each rung at which there was nobody to tell.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> climb = climbing.reached(climbing.reached(climbing.NO_CLIMB, nine, "done"), nine, "empty")
    >>> len(list(rungs_empty(changed(History(), climb=climb))))
    1
    """
    yield from _rungs(history, "empty")


def guidance_alerts(history: History) -> Iterator[Sample]:
    """One for each stretch of guidance that was posted because it lasted too long or was announced to.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> climb = climbing.reached(climbing.NO_CLIMB, nine, ALERT)
    >>> len(list(guidance_alerts(changed(History(), climb=climb))))
    1
    """
    yield from _rungs(history, ALERT)


def guidance_unstamped(history: History) -> Iterator[Sample]:
    """One for each day's end at which a post of guidance stood on the list of those without a stamp.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> climb = climbing.reached(climbing.NO_CLIMB, nine, LISTED)
    >>> len(list(guidance_unstamped(changed(History(), climb=climb))))
    1
    """
    yield from _rungs(history, LISTED)


def focused(history: History) -> Iterator[Sample]:
    """All focused work that a case took, whoever did it, when an agent's part was last done.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> once = climbing.measured(climbing.NO_CLIMB, nine, 60_000, {})
    >>> case = changed(History(), climb=climbing.measured(once, nine, 90_000, {"research": 30_000}))
    >>> [s.milliseconds for s in focused(case)]
    [90000]
    """
    focus = history.climb.focus
    if focus is not None:
        yield counted(history, focus.at)._replace(milliseconds=focus.milliseconds)


def focused_research(history: History) -> Iterator[Sample]:
    """Of all focused work that a case took, what was research; cases without any count nothing.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = changed(History(), climb=climbing.measured(climbing.NO_CLIMB, nine, 90_000, {"research": 30_000}))
    >>> [s.milliseconds for s in focused_research(case)]
    [30000]
    """
    yield from _focused_on(history, "research")


def focused_guidance(history: History) -> Iterator[Sample]:
    """Of all focused work that a case took, what was guidance of the customer; cases without any count nothing.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = changed(History(), climb=climbing.measured(climbing.NO_CLIMB, nine, 90_000, {"guidance": 30_000}))
    >>> [s.milliseconds for s in focused_guidance(case)]
    [30000]
    """
    yield from _focused_on(history, "guidance")


def focused_remote(history: History) -> Iterator[Sample]:
    """Of all focused work that a case took, what was work on the customer's machine; cases without any count nothing.

    >>> import datetime as dt
    >>> from caseway_analytics.domain import climbing
    >>> from caseway_analytics.domain.history import changed
    >>> nine = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
    >>> case = changed(History(), climb=climbing.measured(climbing.NO_CLIMB, nine, 90_000, {"remote": 30_000}))
    >>> [s.milliseconds for s in focused_remote(case)]
    [30000]
    """
    yield from _focused_on(history, "remote")


def _focused_on(history: History, activity: str) -> Iterator[Sample]:
    focus = history.climb.focus
    if focus is not None and activity in focus.by_activity:
        yield counted(history, focus.at)._replace(milliseconds=focus.by_activity[activity])


def _rungs(history: History, what: str) -> Iterator[Sample]:
    for at, each in history.climb.rungs:
        if each == what:
            yield counted(history, at)


_CORRECTED = "Of a case the last word counts: what was counted before is taken back."
_FOCUSED = "handling.measured"

OF_CLIMBS = (
    Measure(
        name="ladders_started", title="Escalations", unit="count", source="ladder.started", since=EDITION,
        edge_cases=("A run that goes on at the case into which its own was merged began there, and counts once.",),
        formula=ladders_started, reads=("climb", "stays"),
    ),
    Measure(
        name="ladders_acknowledged", title="Escalations acknowledged", unit="seconds", since=EDITION,
        source="ladder.started … ladder.acknowledged",
        edge_cases=("Taken back or not: the first answer counts.", "What nobody acknowledged has none."),
        formula=ladders_acknowledged, reads=("climb", "stays"),
    ),
    Measure(
        name="rungs_reached", title="Rungs reached", unit="count", source="ladder.rung-reached (done)", since=EDITION,
        edge_cases=("Guidance is told apart: see `guidance_alerts`.", "At most 400 rungs of one case."),
        formula=rungs_reached, reads=("climb", "stays"),
    ),
    Measure(
        name="rungs_empty", title="Rungs with nobody to tell", unit="count", source="ladder.rung-reached (empty)",
        since=EDITION, edge_cases=("The ladder falls to its next rung at once, which counts by itself.",), formula=rungs_empty, reads=("climb", "stays"),
    ),
    Measure(
        name="guidance_alerts", title="Long guidance", unit="count", source="ladder.rung-reached (alert)",
        edge_cases=("Once a stretch, however long it lasts.",), since=EDITION,
        formula=guidance_alerts, reads=("climb", "stays"),
    ),
    Measure(
        name="guidance_unstamped", title="Guidance without a stamp at the day's end", unit="count",
        source="ladder.rung-reached (list_unstamped)", since=EDITION,
        edge_cases=("Each day's end at which it still lacks its stamp counts.", "After an outage of days: the last list."),
        formula=guidance_unstamped, reads=("climb", "stays"),
    ),
    Measure(
        name="focused", title="Focused work on a case", unit="seconds", source=_FOCUSED, since=EDITION,
        edge_cases=("One for each case; several agents' parts add up.", _CORRECTED),
        formula=focused, reads=("climb", "stays"),
    ),
    *(
        Measure(
            name=f"focused_{activity}", title=f"Focused work: {activity}", unit="seconds", since=EDITION,
            source=f"{_FOCUSED} (by_activity)", edge_cases=(_CORRECTED,),
            formula=formula, reads=("climb", "stays"),
        )
        for activity, formula in (
            ("research", focused_research), ("guidance", focused_guidance), ("remote", focused_remote),
        )
    ),
)  # fmt: skip
