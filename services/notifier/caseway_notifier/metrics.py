"""What Prometheus sees of the notifier."""

from __future__ import annotations

import functools

from prometheus_client import Counter, Gauge, Histogram

from caseway.contracts.notifications import NotificationGivenUp, NotificationSuppressed
from caseway.kernel.decision import Decision

OUTCOMES = Counter(
    "caseway_notifier_outcomes_total",
    "What became of attempts: delivered, failed, given_up, suppressed.",
    ["channel", "outcome"],
)
ATTEMPT_SECONDS = Histogram(
    "caseway_notifier_attempt_seconds",
    "Duration of one attempt.",
    ["channel"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
HANDED_OVER_SECONDS = Histogram(
    "caseway_notifier_handed_over_seconds",
    "From the request to the next system's acceptance.",
    ["channel", "urgency"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
)
handed_over = functools.cache(HANDED_OVER_SECONDS.labels)
attempt_took = functools.cache(ATTEMPT_SECONDS.labels)
"""Looked up once for each channel: for a mail of thousands, finding the histogram took longer than the observation."""
MAYBE_DOUBLED = Counter(
    "caseway_notifier_maybe_doubled_total", "Deliveries attempted again after an unknown outcome.", ["channel"]
)
PENDING = Gauge("caseway_notifier_pending", "Deliveries that are not concluded, in this process's buckets.")
OLDEST_DUE_SECONDS = Gauge(
    "caseway_notifier_oldest_due_seconds", "For how long the delivery that is due longest has been due; else 0."
)
BUCKETS = Gauge("caseway_notifier_buckets", "Buckets of destinations that this process holds.")
IN_HAND = Gauge("caseway_notifier_in_hand", "Deliveries leased and not concluded in this process.")
STORMS = Counter(
    "caseway_notifier_storms_total",
    "Notices held back since their recipient had more than the limit: they come as one summary.",
    ["channel"],
)
ACKNOWLEDGED = Counter("caseway_notifier_pages_acknowledged_total", "Notices acknowledged on their page.")
UNTOLD = Counter(
    "caseway_notifier_untold_total",
    "Recipients who were not told, decided before any attempt; `whom` is customer or house.",
    ["whom", "reason"],
)


_UNTOLD = frozenset({NotificationGivenUp, NotificationSuppressed})


def counted(decision: Decision) -> Decision:
    """The decision, after counting those whom it does not tell."""
    for each in decision.emits:
        if type(each) in _UNTOLD:
            whom = "customer" if each.recipient.startswith("customer:") else "house"
            UNTOLD.labels(whom, each.reason.partition(":")[0]).inc()
    return decision
