"""Figures made of others.

Whatever has no denominator is None, neither 0 nor 100 %.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from caseway_analytics.domain.defining import Parts
from caseway_analytics.domain.figures import ratio
from caseway_analytics.domain.samples import seconds_since_2020


def share(part: str, *others: str) -> Callable[[Parts], dict[str, Any]]:
    """`part / (part + others)`, of counts.

    >>> from caseway_analytics.domain.figures import Figure
    >>> share("met", "violated")({"met": Figure(count=3), "violated": Figure(count=1)})
    {'part': 3, 'of': 4, 'ratio': 0.75}
    >>> share("met", "violated")({"met": Figure(), "violated": Figure()})
    {'part': 0, 'of': 0, 'ratio': None}
    """

    def figures(parts: Parts) -> dict[str, Any]:
        count = parts[part].count
        rest = sum(parts[other].count for other in others)
        return {"part": count, "of": count + rest, "ratio": ratio(count, rest)}

    return figures


def share_of(part: str, whole: str) -> Callable[[Parts], dict[str, Any]]:
    """`part / whole`, of counts.

    >>> from caseway_analytics.domain.figures import Figure
    >>> share_of("first", "all")({"first": Figure(count=1), "all": Figure(count=4)})
    {'part': 1, 'of': 4, 'ratio': 0.25}
    """

    def figures(parts: Parts) -> dict[str, Any]:
        count, of = parts[part].count, parts[whole].count
        return {"part": count, "of": of, "ratio": round(count / of, 4) if of > 0 else None}

    return figures


def occupancy(parts: Parts) -> dict[str, Any]:
    """Time worked over time signed in.

    >>> from caseway_analytics.domain.figures import Figure
    >>> occupancy({"worked": Figure(milliseconds=1000), "signed_in": Figure(milliseconds=4000)})
    {'worked_seconds': 1.0, 'signed_in_seconds': 4.0, 'ratio': 0.25}
    """
    busy, there = parts["worked"].milliseconds, parts["signed_in"].milliseconds
    told = round(busy / there, 4) if there > 0 else None
    return {"worked_seconds": busy / 1000, "signed_in_seconds": there / 1000, "ratio": told}


def productivity(parts: Parts) -> dict[str, Any]:
    """How many work items were handled for each hour signed in.

    >>> from caseway_analytics.domain.figures import Figure
    >>> productivity({"handling": Figure(count=12), "signed_in": Figure(milliseconds=2 * 3_600_000)})
    {'count': 12, 'signed_in_seconds': 7200.0, 'per_hour': 6.0}
    """
    handled, there = parts["handling"].count, parts["signed_in"].milliseconds
    rate = round(handled * 3_600_000 / there, 3) if there > 0 else None
    return {"count": handled, "signed_in_seconds": there / 1000, "per_hour": rate}


def effort(parts: Parts) -> dict[str, Any]:
    """How much work a resolution took.

    >>> from caseway_analytics.domain.figures import Figure
    >>> effort({"worked": Figure(milliseconds=90_000), "resolution": Figure(count=3)})
    {'worked_seconds': 90.0, 'count': 3, 'seconds': 30.0}
    """
    spent, count = parts["worked"].milliseconds, parts["resolution"].count
    each = round(spent / count / 1000, 3) if count > 0 else None
    return {"worked_seconds": spent / 1000, "count": count, "seconds": each}


def wrong_facts_cost(parts: Parts) -> dict[str, Any]:
    """How much longer what was declared wrong took to handle, in all.

    >>> from caseway_analytics.domain.figures import Figure
    >>> wrong = Figure(count=2, milliseconds=80_000, buckets={1: 2})
    >>> right = Figure(count=4, milliseconds=40_000, buckets={1: 4})
    >>> wrong_facts_cost({"handling_declared_wrong": wrong, "handling_declared_right": right})
    {'count': 2, 'mean_wrong_seconds': 40.0, 'mean_right_seconds': 10.0, 'cost_seconds': 60.0}
    """
    wrong, right = parts["handling_declared_wrong"], parts["handling_declared_right"]
    cost = None
    if wrong.mean_seconds is not None and right.mean_seconds is not None:
        cost = round((wrong.mean_seconds - right.mean_seconds) * wrong.count, 3)
    return {
        "count": wrong.count,
        "mean_wrong_seconds": wrong.mean_seconds,
        "mean_right_seconds": right.mean_seconds,
        "cost_seconds": cost,
    }


def backlog(parts: Parts) -> dict[str, Any]:
    """What came, less what left, since the beginning.

    >>> from caseway_analytics.domain.figures import Figure
    >>> backlog({"backlog_in": Figure(count=7), "backlog_out": Figure(count=5)})
    {'count': 2}
    """
    return {"count": parts["backlog_in"].count - parts["backlog_out"].count}


def backlog_age(parts: Parts, at: dt.datetime) -> dict[str, Any]:
    """How old, on average, what stands on the pile was at an instant.

    >>> from caseway_analytics.domain.figures import Figure
    >>> came, left = Figure(count=3, instants=100 + 200 + 600), Figure(count=1, instants=100)
    >>> at = dt.datetime(2020, 1, 1, 0, 16, 40, tzinfo=dt.UTC)
    >>> backlog_age({"backlog_in": came, "backlog_out": left}, at)
    {'count': 2, 'mean_seconds': 600.0}
    """
    came, left = parts["backlog_in"], parts["backlog_out"]
    count = came.count - left.count
    age = seconds_since_2020(at) * count - (came.instants - left.instants)
    return {"count": count, "mean_seconds": round(age / count, 3) if count > 0 else None}
