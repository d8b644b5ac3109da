"""The figures, counted again from the facts themselves.

What streaming adds up transaction by transaction must equal this, cell by cell: the check that nothing was lost,
doubled or put into the wrong hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.milestones import MilestoneFact
from caseway.contracts.notifications import NotificationFact
from caseway.contracts.work import WorkFact
from caseway_analytics.domain.cells import Tally, difference, noticed, together
from caseway_analytics.domain.history import History, whole
from caseway_analytics.domain.tracking import follow, notice_of


def recount(facts: Iterable[tuple[str, Any]]) -> Tally:
    """The cells of all `(ce_id, data)`; an id met again is the same fact.

    Facts of one case come in the order of their topic; how topics are interleaved does not matter.
    """
    seen: set[str] = set()
    histories: dict[str, History] = {}
    tallies: list[Tally] = []
    for id_, fact in facts:
        if id_ in seen:
            continue
        seen.add(id_)
        if isinstance(fact, NotificationFact):
            tallies.append(noticed(whole(fact.at), fact.channel, notice_of(fact)))
        elif isinstance(fact, CaseFact | WorkFact | MilestoneFact):
            histories[fact.case_id] = follow(histories.get(fact.case_id), fact)
    return together([*tallies, *(difference(None, history) for history in histories.values())])
