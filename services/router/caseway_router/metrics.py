"""What Prometheus sees of the router's own doings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from caseway.contracts.case_commands import EscalateToDepartment
from caseway.contracts.wire import WireModel
from caseway.contracts.work import (
    WorkAccepted,
    WorkDeclined,
    WorkExpired,
    WorkFact,
    WorkOffered,
    WorkQueued,
    WorkRefused,
)
from caseway.contracts.work_commands import QueueWork
from caseway.contracts.work_notices import WorkMentioned, WorkPostponed, WorkUnroutable

WAITING = Gauge("caseway_router_waiting", "Work items that wait, by queue.", ["pool", "queue"])
OLDEST = Gauge("caseway_router_oldest_seconds", "Age of the oldest work item that waits, by queue.", ["pool", "queue"])
AGENTS = Gauge("caseway_router_agents", "Agents by presence.", ["pool", "presence"])
QUEUED = Counter("caseway_router_queued_total", "Work items queued.", ["pool", "queue"])
OFFERS = Counter(
    "caseway_router_offers_total", "Offers by outcome: offered, accepted, declined, expired.", ["pool", "outcome"]
)
REFUSED = Counter("caseway_router_refused_total", "Commands refused as a fact.", ["pool"])
UNMATCHED = Counter("caseway_router_unmatched_total", "Cases that no routing rule fits, sent to the default queue.")
UNROUTABLE = Counter(
    "caseway_router_unroutable_total", "Work that nobody who is configured may ever take.", ["pool", "queue"]
)
POSTPONED = Counter(
    "caseway_router_postponed_total", "Work that waits for an opening: closed, unstaffed, wished.", ["pool", "reason"]
)
MENTIONED = Counter("caseway_router_mentioned_total", "Posts that mention people: asked_for, handed_on.", ["reason"])
HANDED = Counter("caseway_router_departments_total", "Cases that a rule or a flow hands to a department.")
OFFER_WAIT = Histogram(
    "caseway_router_offer_wait_seconds",
    "From a work item's entry into its queue to an offer.",
    ["pool"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 14400),
)
DECISION_SECONDS = Histogram(
    "caseway_router_decision_seconds",
    "Computing time of one decision of the core.",
    buckets=(0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1),
)

_OUTCOMES: dict[type[WorkFact], str] = {
    WorkOffered: "offered",
    WorkAccepted: "accepted",
    WorkDeclined: "declined",
    WorkExpired: "expired",
}


@contextmanager
def timed() -> Iterator[None]:
    """Measure one decision of the core."""
    began = time.perf_counter()
    yield
    DECISION_SECONDS.observe(time.perf_counter() - began)


def count_stated(told: tuple[WireModel, ...]) -> None:
    """Count what the edge tells; like `count`, twice for a batch that is decided twice."""
    for each in told:
        match each:
            case QueueWork(matched_rule=None):
                UNMATCHED.inc()
            case WorkPostponed():
                POSTPONED.labels(each.pool, each.reason).inc()
            case WorkMentioned():
                MENTIONED.labels(each.reason).inc()
            case EscalateToDepartment():
                HANDED.inc()
            case _:
                pass


Metric = TypeVar("Metric", Counter, Histogram)


@lru_cache(maxsize=1_000)
def _labelled(metric: Metric, *labels: str) -> Metric:
    """The metric with these labels: finding it anew for each fact costs more than counting it."""
    return metric.labels(*labels)


def count(emits: tuple[Any, ...]) -> None:
    """Count what a decision tells. A batch that is decided twice, after a failed transaction, is counted twice."""
    for fact in emits:
        if isinstance(fact, WorkQueued):
            _labelled(QUEUED, fact.pool, fact.queue).inc()
        elif isinstance(fact, WorkRefused):
            _labelled(REFUSED, fact.pool).inc()
        elif isinstance(fact, WorkUnroutable):
            UNROUTABLE.labels(fact.pool, fact.queue).inc()
        elif outcome := _OUTCOMES.get(type(fact)):
            _labelled(OFFERS, fact.pool, outcome).inc()
        if isinstance(fact, WorkOffered) and fact.waited_seconds is not None:
            _labelled(OFFER_WAIT, fact.pool).observe(fact.waited_seconds)
