"""What Prometheus sees of intake, beside the lanes."""

from __future__ import annotations

from prometheus_client import Counter

DOORS = Counter(
    "caseway_intake_door_answers_total",
    "Answers at the doors, by door (http, smtp) and code: 202 and 250 mean taken.",
    ["door", "code"],
)
