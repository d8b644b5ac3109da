"""Unchecked messages are the checked ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.codec import dump
from caseway.contracts.parts import Candidate, RoutingDecision
from caseway.contracts.trusted import trusted, whole
from caseway.contracts.work import WorkOffered, WorkQueued
from caseway.kernel.vocabulary import Channel

NOW = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
COMMON: dict[str, Any] = {
    "at": NOW, "cause": "c", "configuration": "v1", "work_item": "w", "case_id": "case-1", "pool": "p", "queue": "q",
}  # fmt: skip


def test_it_equals_the_checked_message_and_is_the_same_on_the_wire() -> None:
    why = {"policy_version": "v1", "candidates": (Candidate(agent="ada", ok=True, score=(1.0, 2.0)),), "chosen": "ada"}
    values = {**COMMON, "agent": "ada", "expires_at": NOW, "channel": Channel.EMAIL, "weight": 1.0}
    checked = WorkOffered(**values, decision=RoutingDecision(**why))
    unchecked = trusted(WorkOffered, **values, decision=trusted(RoutingDecision, **why))
    assert unchecked == checked
    assert dump(unchecked) == dump(checked)
    assert unchecked.model_copy(update={"pool": "other"}).pool == "other"


def test_what_is_not_given_is_as_the_class_says_and_shared_by_nobody() -> None:
    one, other = (trusted(WorkQueued, **COMMON, queue_entered_at=NOW) for _ in range(2))
    assert one == WorkQueued(**COMMON, queue_entered_at=NOW)
    assert one.attributes is not other.attributes


def test_a_whole_message_equals_the_checked_one_and_its_copies_change_nothing_of_others() -> None:
    values = {"agent": "ada", "ok": False, "failed": ("skill:en",), "score": (1.0, 2.0)}
    one, checked = whole(Candidate, dict(values)), Candidate(**values)  # type: ignore[arg-type]
    assert (one, dump_part(one)) == (checked, dump_part(checked))
    assert list(Candidate.model_fields) == list(values), "the router writes them out in this order"
    one.model_copy(update={"agent": "ben"})
    assert whole(Candidate, dict(values)) == checked


def dump_part(part: Candidate) -> bytes:
    return part.__pydantic_serializer__.to_json(part)
