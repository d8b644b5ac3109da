"""An open case, as far as the wall needs it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from caseway_analytics.domain.history import History, Item, ItemState, Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCase:
    """Of a history, what the wall shows; thousands of them are kept in memory."""

    id: str
    number: str = ""
    channel: str = ""
    priority: str = ""
    status: str = ""
    queue: str = ""
    opened_at: dt.datetime | None = None
    items: Mapping[str, Item] = field(default_factory=dict)
    promises: tuple[Promise, ...] = ()
    """Those that have not ended."""
    pieces: tuple[Piece, ...] = field(init=False, repr=False, compare=False)
    """Its work items that are not done: made once, and looked at whenever the wall is composed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple(_piece(self, item) for item in self.items.values()))

    @property
    def is_live(self) -> bool:
        """Open, or not but somebody works on it."""
        return self.status == "open" or bool(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A work item with its case."""

    case: LiveCase
    item: Item

    is_waiting: bool
    """Nobody has it: an offer is no acceptance."""


def _piece(case: LiveCase, item: Item) -> Piece:
    return Piece(case=case, item=item, is_waiting=item.state in {ItemState.WAITING, ItemState.OFFERED})


def live_case(id_: str, history: History) -> LiveCase:
    """What the wall keeps of a case."""
    items = list(history.items.values())
    return LiveCase(
        id=id_,
        number=history.number,
        channel=history.channel,
        priority=history.priority,
        status=history.status,
        queue=items[0].queue if items else (history.stays[-1].queue if history.stays else ""),
        opened_at=history.opened_at,
        items=history.items,
        promises=tuple(promise for promise in history.promises.values() if promise.outcome is None),
    )


def pieces_of(cases: Iterable[LiveCase]) -> list[Piece]:
    """All work items that are not done."""
    return [piece for case in cases for piece in case.pieces]


def oldest(pieces: Iterable[Piece]) -> Piece | None:
    """The one that waits longest."""
    waiting = [piece for piece in pieces if piece.is_waiting and piece.item.waiting_since]
    return min(waiting, key=_waiting_since, default=None)


def _waiting_since(piece: Piece) -> dt.datetime:
    return piece.item.waiting_since or dt.datetime.max.replace(tzinfo=dt.UTC)


def state_of(case: LiveCase) -> str:
    """In one word for the wall: its status, or where its work stands while it is open."""
    if case.status != "open":
        return case.status or "unknown"
    states = {item.state for item in case.items.values()}
    for state in (ItemState.HELD, ItemState.WRAPPING, ItemState.OFFERED, ItemState.WAITING):
        if state in states:
            return state.value
    return "open"
