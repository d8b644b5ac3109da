"""How it is said that nobody may ever take a piece of work."""

from __future__ import annotations

from caseway.contracts.work_notices import WorkUnroutable
from caseway_router.domain.assignment import telling
from caseway_router.domain.items import FlowStep, WorkItem
from caseway_router.domain.ledger import Ledger


def warn(ledger: Ledger, item: WorkItem) -> None:
    """Say so of waiting work, where neither time nor a step of its flow will help."""
    if any(_may_help(step) for step in item.steps[item.begun_count :]) or ledger.pool.could_ever(item):
        return
    ledger.tell(
        WorkUnroutable(
            **ledger.about(item),
            requirements=telling.as_wire(item.requirements),
            channel=telling.channel(item),
            matched_rule=item.passed_on.get("matched_rule"),
            detail=_in_words(item),
        )
    )


def _may_help(step: FlowStep) -> bool:
    return bool(step.queue or step.department) or step.requirements is not None


def _in_words(item: WorkItem) -> str:
    skills = ", ".join(f"{each.skill} ≥ {each.level}" for each in item.requirements if each.drop_after is None)
    weight = f" of weight {telling.contacts(item.weight):g}"
    return f"nobody in {item.queue} takes {item.channel}{weight}" + (f" with {skills}" if skills else "")
