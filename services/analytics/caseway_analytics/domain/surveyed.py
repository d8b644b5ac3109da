"""What surveys and meetings record, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from caseway.contracts.quality import (
    ActionRecorded,
    AnswerRecorded,
    CommentRecorded,
    ImprovementRecorded,
    InterviewRecorded,
    QualityRecord,
    WaveRecorded,
)
from caseway.kernel.errors import Rejected
from caseway_analytics.domain.history import slot_of, whole
from caseway_analytics.domain.known import NOTHING, Known, bounded
from caseway_analytics.domain.samples import Sample, Where

Record = Mapping[str, Any]
"""A record as it is kept: its model's fields, `kind`, and `at`."""

AnyRecord = WaveRecorded | InterviewRecorded | AnswerRecorded | CommentRecorded | ActionRecorded | ImprovementRecorded

STEPS: Mapping[str, frozenset[str]] = {
    "": frozenset({"open"}),
    "open": frozenset({"open", "planned", "done", "declined"}),
    "planned": frozenset({"planned", "done", "declined"}),
    "done": frozenset({"done", "customer_informed"}),
    "declined": frozenset({"declined", "planned", "customer_informed"}),
    "customer_informed": frozenset({"customer_informed", "asked_again"}),
    "asked_again": frozenset({"asked_again", "open"}),
}
"""A comment's way: to a plan, to what was done or why not, to the customer who is told, and asked how it is now. Who is
still not content may open it again. Source: S3-11 … S3-14."""


BARE: Mapping[str, Any] = {"text": "", "representative": None, "reason": None}
"""What is left of a record's words and names once the customer's data is erased; scores, steps and dates stay."""


def customer_of(record: AnyRecord) -> str | None:
    """Whom it is about; None where it is about no single customer."""
    match record:
        case InterviewRecorded() | AnswerRecorded() | CommentRecorded():
            return record.customer
        case WaveRecorded() | ActionRecorded() | ImprovementRecorded():
            return None
        case _:
            assert_never(record)


def bare(record: Record) -> dict[str, Any]:
    """The record without what names or quotes the customer."""
    return {**record, **{name: value for name, value in BARE.items() if name in record}}


def name_of(record: AnyRecord) -> str:
    """The id under which the record is kept: its kind and its own id."""
    match record:
        case WaveRecorded():
            return f"wave/{record.wave}"
        case InterviewRecorded():
            return f"interview/{record.interview}"
        case AnswerRecorded():
            return f"answer/{record.answer}"
        case CommentRecorded():
            return f"comment/{record.comment}"
        case ActionRecorded():
            return f"action/{record.action}"
        case ImprovementRecorded():
            return f"improvement/{record.improvement}"
        case _:
            assert_never(record)


def kept(record: AnyRecord, before: Record | None, now: dt.datetime, known: Known = NOTHING) -> dict[str, Any]:
    """The record as it is kept from now on.

    Raises:
        Rejected: a comment's step that cannot follow, or a refusal without its reason.
    """
    if isinstance(record, CommentRecorded):
        _check_step(record, before)
    told = {
        **record.model_dump(mode="json", exclude={"at"}),
        "kind": name_of(record).partition("/")[0],
        # a clock ahead of ours must not put a figure into the future
        "at": min(whole(record.at), whole(now)) if record.at else whole(now),
    }
    match record:
        case ActionRecorded():
            told["sort"] = record.kind
        case AnswerRecorded():
            told["team"] = known.teams.get(record.agent or "", "")
        case _:
            pass
    return _with_steps(told, before)


def _check_step(record: CommentRecorded, before: Record | None) -> None:
    was = before["status"] if before else ""
    if record.status not in STEPS[was] and before is not None:
        raise Rejected("out-of-order", f"a comment that is {was} cannot become {record.status}")
    if record.status == "declined" and not record.reason:
        raise Rejected("malformed", "a comment is declined with a reason, which the customer is told")
    if record.status == "asked_again" and record.satisfaction is None:
        raise Rejected("malformed", "asked again: how content the customer is with what was done")


def _with_steps(told: dict[str, Any], before: Record | None) -> dict[str, Any]:
    """When each status was first reached, and what was said before and is not said again."""
    status = told.get("status")
    if status is None:
        return told
    steps = dict(before.get("steps", {})) if before else {}
    steps.setdefault(status, told["at"])
    said = {name: value for name, value in (before or {}).items() if value not in (None, "", [], ())}
    fresh = {name: value for name, value in told.items() if value not in (None, "", [], ())}
    return {**told, **said, **fresh, "steps": steps}


def scored(answer: AnswerRecorded, known: Known = NOTHING) -> Iterator[tuple[str, Sample]]:
    """The sample of an answer after a case; one that was not answered, or belongs to no case, gives none."""
    if answer.at is not None:
        yield from scored_of(kept(answer, None, answer.at, known))


def scored_of(record: Record | None) -> Iterator[tuple[str, Sample]]:
    """The same of a record as it is kept; nothing of any other kind."""
    if record is None or record["kind"] != "answer" or record["case_id"] is None or record["score"] is None:
        return
    yield (
        "satisfaction_after_case",
        Sample(
            slot_of(record["at"]),
            Where(
                bounded(record.get("queue") or ""),
                channel=bounded(record.get("channel") or ""),
                agent=bounded(record.get("agent") or ""),
                team=record.get("team") or "",
                level=bounded(record["level"]),
                indicator=bounded(record["indicator"]),
            ),
            milliseconds=record["score"] * 1000,
        ),
    )


__all__ = ["STEPS", "AnyRecord", "QualityRecord", "Record", "kept", "name_of", "scored", "scored_of"]
