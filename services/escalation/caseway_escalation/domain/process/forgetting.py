"""What is over and no longer kept of a case's promises.

A conversation of thousands of letters has thousands of answers that were given in time. Each was told as a fact; here
only so many of each kind are kept as one looks at, corrects, or brings back after a merge.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone

KEPT = 20
"""Of each kind, the newest that are over."""
MOST_OPEN = 100
"""Of each kind, side by side on one case."""


def without_old(case: Case) -> Case:
    """The case with those that count."""
    if len(case.milestones) <= KEPT:
        return case
    kept: list[Milestone] = []
    over: Counter[str] = Counter()
    gone: Counter[str] = Counter(case.forgotten)
    for each in reversed(case.milestones):
        over[each.kind] += not each.is_open
        if each.is_open or over[each.kind] <= KEPT:
            kept.append(each)
        else:
            gone[each.kind] += 1
    if len(kept) == len(case.milestones):
        return case
    return replace(case, milestones=tuple(reversed(kept)), forgotten=dict(gone))
