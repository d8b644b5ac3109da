"""How what becomes of a promise is told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, TypeVar

from caseway.contracts.milestones import MilestoneFact
from caseway.kernel.decision import Due, Message, Moment
from caseway.kernel.ids import emitted_id
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.clock import Milestone

AnyFact = TypeVar("AnyFact", bound=MilestoneFact)


class Telling:
    """The facts of one decision, in order, with the ids that the runtime will give them."""

    def __init__(self, case: Case, message: Message[Any], moment: Moment) -> None:
        self.facts: list[MilestoneFact] = []
        self.counts: Counter[str] = Counter()
        """By outcome and kind, such as `met.resolution`."""
        self._case = case
        self._message = message
        self._moment = moment

    @property
    def now(self) -> dt.datetime:
        """When what is told now was noticed."""
        return self._moment.now

    def say(self, model: type[AnyFact], milestone: Milestone, at: dt.datetime, **more: Any) -> None:
        """Tell one fact."""
        fact = model(
            at=at,
            cause=self._cause(),
            configuration=self._moment.version,
            milestone=milestone.id,
            case_id=self._case.id,
            kind=milestone.kind,
            instance=milestone.instance,
            due_at=milestone.due_at,
            target_seconds=milestone.terms.target.total_seconds(),
            priority=self._case.standing.priority,
            plan=self._case.standing.plan,
            **more,
        )
        self.facts.append(fact)
        self.counts[f"{_outcome(model)}.{milestone.kind}"] += 1

    def last_id(self) -> str:
        """The id that the fact told last goes out with."""
        message = self._message
        stage = self._moment.lane.partition("/")[0]
        return emitted_id(stage, message.source, message.id, message.type, len(self.facts) - 1)

    def _cause(self) -> str:
        data = self._message.data
        return data.armed_by if isinstance(data, Due) else self._message.id


def _outcome(model: type[MilestoneFact]) -> str:
    """`violated` of `caseway.milestone.violated.v1`."""
    return model.TYPE.split(".")[2]
