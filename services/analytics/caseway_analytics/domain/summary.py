"""What the desk has done in all, in a dozen numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

_COUNTS = {
    "contacts": "contacts",
    "cases_opened": "cases_opened",
    "contacts_added": "contacts_added",
    "assigned": "pick_up",
    "warned": "milestones_warned",
    "violated": "milestones_violated",
    "met": "milestones_met",
    "resolved": "resolution",
    "reopened": "reopened",
    "calls_answered": "calls_answered",
    "calls_abandoned": "calls_abandoned",
    "delivered": "notifications_delivered",
    "given_up": "notifications_given_up",
}
"""The summary's words, and the measures behind them."""


def summary(totals: Mapping[tuple[str, str, str], int], *, as_of: dt.datetime) -> dict[str, Any]:
    """Counts over all time, from totals by measure, channel and queue."""
    by_measure: dict[str, int] = {}
    for (measure, _, _), amount in totals.items():
        by_measure[measure] = by_measure.get(measure, 0) + amount
    mailed = sum(
        amount
        for (measure, channel, _), amount in totals.items()
        if measure == "notifications_delivered" and channel == "email"
    )
    opened = {
        channel: sum(n for (name, each, _), n in totals.items() if name == "cases_opened" and each == channel)
        for channel in sorted({each for (name, each, _) in totals if name == "cases_opened"})
    }
    return {
        "as_of": as_of.isoformat(),
        **{word: by_measure.get(measure, 0) for word, measure in _COUNTS.items()},
        "mailed": mailed,
        "opened_by_channel": {channel: count for channel, count in opened.items() if count},
    }
