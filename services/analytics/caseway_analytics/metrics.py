"""The desk's figures as Prometheus sees them.

Read from the database, like the wall, so every instance of this service tells the same: take `max by (…)`, never a
sum over instances. Totals never fall, because a case counts by queue only once it has one.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from prometheus_client import Counter as PrometheusCounter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from caseway_analytics.domain.desk import PRESENCES, Desk, Plan
from caseway_analytics.domain.live import Piece, oldest, pieces_of
from caseway_analytics.domain.measures import NOTICES

_MOST_LABELS = 60
"""Values of one label; what comes after them is `other`, so that a log full of queues cannot fill Prometheus."""

COMMANDS = PrometheusCounter("caseway_wall_commands_total", "Commands that were said on the page.", ["verb"])

Totals = Mapping[tuple[str, str, str], int]
"""Counts over all time, by measure, channel and queue; and milliseconds under `<measure>.ms`."""


class DeskMetrics(Collector):
    """What the wall last read, in Prometheus' form."""

    def __init__(self) -> None:
        self._families: Sequence[Metric] = ()

    def collect(self) -> Iterable[Metric]:
        """Called at each scrape."""
        return self._families

    def show(self, desk: Desk, plan: Plan, totals: Totals) -> None:
        """From now on, tell this."""
        self._families = (*_standing(desk, plan), *_running_totals(totals))


def _standing(desk: Desk, plan: Plan) -> Iterable[Metric]:
    pieces = pieces_of(desk.live)
    label = _Bounded(plan.queues)
    yield _waiting(pieces, label)
    yield from _by_queue(desk, plan, pieces, label)
    present = GaugeMetricFamily("caseway_desk_agents", "Agents by presence.", labels=["presence"])
    for presence in PRESENCES:
        present.add_metric([presence], sum(agent.presence == presence for agent in desk.agents))
    yield present
    yield _one("caseway_desk_cases_open", "Cases that are open.", sum(case.status == "open" for case in desk.live))
    running = [promise for case in desk.live for promise in case.promises]
    yield _one("caseway_desk_milestones_running", "Milestones that have not ended.", len(running))
    at_risk = sum(promise.warned_at is not None for promise in running)
    yield _one("caseway_desk_milestones_at_risk", "Milestones that were warned of and have not ended.", at_risk)


def _waiting(pieces: Sequence[Piece], label: _Bounded) -> Metric:
    family = GaugeMetricFamily("caseway_desk_waiting", "Work items that nobody has.", labels=["channel", "queue"])
    counts = Counter((piece.case.channel, label(piece.item.queue)) for piece in pieces if piece.is_waiting)
    for values, count in counts.items():
        family.add_metric(list(values), count)
    return family


def _by_queue(desk: Desk, plan: Plan, pieces: Sequence[Piece], label: _Bounded) -> Iterable[Metric]:
    longest = GaugeMetricFamily(
        "caseway_desk_oldest_waiting_seconds", "How long the first in line waits.", labels=["queue"]
    )
    held = GaugeMetricFamily("caseway_desk_work_with_agents", "Work items that agents hold.", labels=["queue"])
    by_label: dict[str, list[Piece]] = {label(queue): [] for queue in plan.queues}
    for piece in pieces:
        by_label.setdefault(label(piece.item.queue), []).append(piece)
    for name, mine in by_label.items():
        first = oldest(mine)
        longest.add_metric([name], _seconds(first.item.waiting_since if first else None, desk.now))
        held.add_metric([name], sum(not piece.is_waiting for piece in mine))
    return (longest, held, *_service_levels(desk, plan))


def _service_levels(desk: Desk, plan: Plan) -> Iterable[Metric]:
    """Of the queues that a file names: for these, somebody has promised something."""
    level = GaugeMetricFamily("caseway_desk_service_level_ratio", "Today's share picked up in time.", labels=["queue"])
    target = GaugeMetricFamily("caseway_desk_service_level_target_ratio", "What the share should be.", labels=["queue"])
    for queue in list(plan.queues)[:_MOST_LABELS]:
        if wanted := plan.target(queue):
            target.add_metric([queue], wanted.share)
            share = desk.today.of("pick_up", queue=queue).share_within(wanted.within_seconds)
            if share is not None:
                level.add_metric([queue], share)
    return (level, target)


def _running_totals(totals: Totals) -> Iterable[Metric]:
    yield _counter(totals, "caseway_desk_contacts", "Contacts from customers.", {"contacts": {}}, ("channel",))
    yield _counter(
        totals, "caseway_desk_cases_opened", "Cases that came into a queue.", {"cases_opened": {}}, ("channel", "queue")
    )
    yield _counter(totals, "caseway_desk_cases_resolved", "Resolutions.", {"resolution": {}}, ("queue",))
    yield _counter(totals, "caseway_desk_cases_reopened", "Reopenings.", {"reopened": {}}, ("queue",))
    yield _counter(totals, "caseway_desk_pick_ups", "Work items taken by an agent.", {"pick_up": {}}, ("queue",))
    yield _counter(
        totals,
        "caseway_desk_pick_up_milliseconds",
        "How long they had waited, together.",
        {"pick_up.ms": {}},
        ("queue",),
    )
    outcomes = {f"milestones_{name}": {"outcome": name} for name in ("warned", "met", "violated")}
    yield _counter(totals, "caseway_desk_milestones", "Milestones by outcome.", outcomes, ("outcome",))
    notices = {f"notifications_{notice}": {"outcome": notice} for notice in NOTICES}
    yield _counter(totals, "caseway_desk_notifications", "Notifications by outcome.", notices, ("channel", "outcome"))
    calls = {f"calls_{name}": {"outcome": name} for name in ("answered", "abandoned")}
    yield _counter(totals, "caseway_desk_calls", "Calls by outcome.", calls, ("outcome",))


def _counter(
    totals: Totals, name: str, text: str, measures: Mapping[str, Mapping[str, str]], labels: tuple[str, ...]
) -> Metric:
    """A counter over some measures, each with the label values that it stands for."""
    counted: dict[tuple[str, ...], int] = {}
    bounded = _Bounded()
    for (measure, channel, queue), amount in sorted(totals.items()):
        if measure in measures and (queue or "queue" not in labels):
            values = {"channel": bounded(channel), "queue": bounded(queue), **measures[measure]}
            key = tuple(values[label] for label in labels)
            counted[key] = counted.get(key, 0) + amount
    family = CounterMetricFamily(name, text, labels=list(labels))
    for key, amount in counted.items():
        family.add_metric(list(key), amount)
    return family


class _Bounded:
    """Lets through the first values it meets, and calls the rest `other`."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = set(islice(known, _MOST_LABELS))

    def __call__(self, value: str) -> str:
        if value not in self._known and len(self._known) >= _MOST_LABELS:
            return "other"
        self._known.add(value)
        return value


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _seconds(since: dt.datetime | None, now: dt.datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
