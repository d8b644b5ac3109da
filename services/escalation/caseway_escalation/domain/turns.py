"""Where a case's time was spent.

While a case is open it is somebody's turn: the desk's, a department's, the customer's, a third party's. The parts add
up to the whole, to the microsecond, because each instant belongs to exactly one of them.

Source: S4-29, "a department's is not the desk's".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field

from caseway.kernel.values import dataclass, replace
from caseway.kernel.vocabulary import CaseStatus, Turn

_ZERO = dt.timedelta(0)
_TURNS = tuple(Turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """How long it was whose turn."""

    turn: Turn = Turn.DESK
    is_open: bool = False
    """Whether the case is, and its time runs."""
    since: dt.datetime | None = None
    """Up to when all is in `spent`; None before anything is known."""
    spent: Mapping[Turn, dt.timedelta] = field(default_factory=dict)
    """In the turns that are over."""

    def until(self, at: dt.datetime) -> Mapping[Turn, dt.timedelta]:
        """All of it up to an instant, the running turn included."""
        spent = {turn: self.spent.get(turn, _ZERO) for turn in _TURNS}
        if self.is_open and self.since is not None and at > self.since:
            spent[self.turn] += at - self.since
        return spent


def after(turns: Turns, turn: Turn, status: CaseStatus, at: dt.datetime) -> Turns:
    """The turns once a fact says whose turn it is and where the case stands; one told late counts from the last."""
    is_open = status is CaseStatus.OPEN
    if turns.since is not None and (turn, is_open) == (turns.turn, turns.is_open):
        return turns
    if turns.since is None:
        return replace(turns, turn=turn, is_open=is_open, since=at)
    at = max(at, turns.since)
    spent = {each: length for each, length in turns.until(at).items() if length}
    return replace(turns, turn=turn, is_open=is_open, since=at, spent=spent)
