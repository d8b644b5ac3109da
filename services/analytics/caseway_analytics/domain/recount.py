"""The figures, counted again from the facts themselves.

What streaming adds up transaction by transaction must equal this, cell by cell: the check that nothing was lost,
doubled or put into the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from caseway.contracts.about_cases import CaseFact
from caseway.contracts.milestones import MilestoneFact
from caseway.contracts.notifications import NotificationFact
from caseway.contracts.quality import AnswerRecorded
from caseway.contracts.work import AgentPresenceChanged, WorkFact
from caseway_analytics.domain.agents import Agent
from caseway_analytics.domain.agents_told import follow_agent, notice_of, presence_of
from caseway_analytics.domain.cells import Tally, difference, loose, together
from caseway_analytics.domain.history import History
from caseway_analytics.domain.known import NOTHING, Known
from caseway_analytics.domain.surveyed import scored
from caseway_analytics.domain.tracking import FactOfClimb, follow


def recount(facts: Iterable[tuple[str, Any]], known: Known = NOTHING) -> Tally:
    """The cells of all `(ce_id, data)`; an id met again is the same fact.

    Facts of one case come in the order of their topic; how topics are interleaved does not matter.
    """
    seen: set[str] = set()
    histories: dict[str, History] = {}
    agents: dict[str, Agent] = {}
    answers: dict[str, AnswerRecorded] = {}
    tallies: list[Tally] = []
    for id_, fact in facts:
        if id_ in seen:
            continue
        seen.add(id_)
        if isinstance(fact, NotificationFact):
            tallies.append(loose([notice_of(fact)]))
        elif isinstance(fact, AgentPresenceChanged):
            after = follow_agent(agents.get(fact.agent), fact)
            tallies.append(loose(presence_of(agents.get(fact.agent), after, known)))
            agents[fact.agent] = after
        elif isinstance(fact, AnswerRecorded):
            answers[fact.answer] = fact
        elif isinstance(fact, CaseFact | WorkFact | MilestoneFact | FactOfClimb):
            histories[fact.case_id] = follow(histories.get(fact.case_id), fact, known)
    tallies += [loose(scored(answer, known)) for answer in answers.values()]
    return together([*tallies, *(difference(None, history) for history in histories.values())])
