"""Why this agent, in words."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway_router.domain.decided import DecidedOffer
from caseway_router.domain.matching import Candidate, Explanation
from caseway_router.domain.wording import in_words

AT = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
NAMES = {"ada": "Ada Lis", "ben": "Ben Wilk"}


def offer(waited: float = 0, **why: Any) -> DecidedOffer:
    values: dict[str, Any] = {
        "chosen": "ada", "candidates": (Candidate(agent="ada", score=(0, 0, 0, 0)),), "tie_break": "only candidate",
        "step": 0, "queue_ahead": 0, "next_relaxation_at": None, **why,
    }  # fmt: skip
    return DecidedOffer(
        work_item="w", case_id="c", pool="p", queue="mail", offer_count=1, at=AT + dt.timedelta(seconds=waited),
        queued_at=AT, expires_at=AT, configuration="v1", explanation=Explanation(**values),
    )  # fmt: skip


def test_the_shortest() -> None:
    assert in_words(offer(), NAMES) == "Offered to Ada Lis after no time in mail: nobody else was free for it."


def test_the_longest() -> None:
    said = in_words(
        offer(
            3725,
            candidates=(
                Candidate(agent="ada", score=(0, 0, 0, 0)),
                Candidate(agent="ben", score=(1, 0, 0, 0)),
                Candidate(agent="cyd", failed=("skill:en",)),
                Candidate(agent="dan", failed=("skill:en",)),
                Candidate(agent="eve", failed=("cool_down",)),
            ),
            tie_break="load band",
            queue_ahead=1,
            dropped=("orders",),
            rest={"presence": 4, "further_down": 2},
        ),
        NAMES,
    )
    assert said == (
        "Offered to Ada Lis after 1 h 2 min 5 s in mail: the least busy of those who can. "
        "1 item was ahead in the queue, for which nobody was free. "
        "By then it no longer asked for orders. "
        "Next would have been Ben Wilk. "
        "Kept out: 4 agents not present; 2 agents without en so well; 1 agent let it go a moment ago."
    )


@pytest.mark.parametrize(
    ("tie_break", "words"),
    [("idle longest", "idle the longest"), ("surplus of skill", "closest fit"), ("stable hash", "fixed order")],
)
def test_every_tie_break_has_words(tie_break: str, words: str) -> None:
    assert words in in_words(offer(tie_break=tie_break), {})
