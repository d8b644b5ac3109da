"""How the edge's memory of cases is kept in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseway.kernel.vocabulary import CaseStatus, Priority, Turn
from caseway_router.adapters.documents import dump_requirement, load_requirement
from caseway_router.domain.routed import RoutedCase
from caseway_router.domain.routing import Route

Document = dict[str, Any]


def dump_routed(case: RoutedCase) -> Document:
    """What routing remembers of a case, by case."""
    return {
        "facts": dict(case.facts),
        "status": case.status.value if case.status else None,
        "turn": case.turn.value,
        "is_merged": case.is_merged,
        "is_held": case.is_held,
        "boost": case.boost,
        # pairs: a milestone's name may have characters that the key of a map must not
        "promises": [[name, due_at] for name, due_at in case.promises.items()],
        "told_due_at": case.told_due_at,
        "since": case.since,
        "conversation": case.conversation,
        "postponed_until": case.postponed_until,
        "is_wished": case.is_wished,
        "told": case.told,
        "route": _dump_route(case.route) if case.route else None,
    }


def load_routed(document: Mapping[str, Any]) -> RoutedCase:
    """The reverse of `dump_routed`; what an older version did not keep is as if it had not been."""
    return RoutedCase(
        case_id=document["_id"],
        facts=document["facts"],
        status=CaseStatus(document["status"]) if document["status"] else None,
        turn=Turn(document["turn"]),
        is_merged=document["is_merged"],
        is_held=document.get("is_held", False),
        boost=document["boost"],
        promises=dict(document.get("promises", ())),
        told_due_at=document.get("told_due_at"),
        since=document.get("since"),
        conversation=document.get("conversation"),
        postponed_until=document.get("postponed_until"),
        is_wished=document.get("is_wished", False),
        told=document.get("told", ""),
        route=_load_route(document["route"]) if document["route"] else None,
    )


def _dump_route(route: Route) -> Document:
    """Only what the pool was told: what it does not remember is asked of the rules again."""
    return {
        "pool": route.pool,
        "queue": route.queue,
        "rule": route.rule,
        "requirements": [dump_requirement(each) for each in route.requirements],
        "class": route.case_class,
        "priority": route.priority.value,
        "weight": route.weight,
        "boost": route.boost,
        "named": route.named,
    }


def _load_route(document: Mapping[str, Any]) -> Route:
    return Route(
        pool=document["pool"],
        queue=document["queue"],
        rule=document["rule"],
        requirements=tuple(load_requirement(each) for each in document["requirements"]),
        case_class=document["class"],
        priority=Priority(document["priority"]),
        weight=document["weight"],
        boost=document.get("boost", 0.0),
        named=document.get("named"),
    )
