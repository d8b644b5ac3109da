"""Who has room for work of one channel and weight."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from caseway_router.domain.crews import ANYBODY, Crew, Crews, Fits, Kind
from caseway_router.domain.places import lead_of, number_of
from caseway_router.domain.ring import in_turn

_ROWS_EACH = 32
"""In so many rows an agent stands on average, at most: each is a place to keep up to date, and about 150 bytes."""
_ANEW = 8
"""A row of which more than an eighth changed is sorted anew."""


class Row:
    """Those of a large crew who have room, in order. Whose place changed is only noted until somebody looks."""

    __slots__ = ("_fits", "_stale", "_stands", "places")

    def __init__(self, fits: dict[int, int]) -> None:
        self.places: list[int] = []
        self._fits = fits
        self._stale: set[int] = set(fits)
        self._stands: dict[int, int] = {}

    def note(self, number: int) -> None:
        """The agent stands elsewhere now."""
        self._stale.add(number)

    def settle(self, standings: list[int | None]) -> None:
        """Put those whose place changed in order."""
        if len(self._stale) * _ANEW > len(self._fits):
            there = [(number, standings[number], fit) for number, fit in self._fits.items()]
            self._stands = {number: place + fit for number, place, fit in there if place is not None}
            self.places = sorted(self._stands.values())
        else:
            for number in self._stale:
                self._move(number, standings[number])
        self._stale.clear()

    def _move(self, number: int, standing: int | None) -> None:
        before = self._stands.get(number)
        place = None if standing is None else standing + self._fits[number]
        if place == before:
            return
        if before is not None:
            del self.places[bisect_left(self.places, before)]
            del self._stands[number]
        if place is not None:
            insort(self.places, place)
            self._stands[number] = place


class Roster:
    """Who has room for work of one channel and weight, and where they stand."""

    def __init__(self, channel: str, weight: int, crews: Crews, count: int) -> None:
        """`count`: how many agents there are."""
        self.channel = channel
        self.weight = weight
        self.open = 0
        """Who has room, a bit each."""
        self.works = 0
        """Whose profile has the channel, and who did not close it; present or not."""
        self._crews = crews
        self._standings: list[int | None] = [None] * count
        """By number, where an agent stands (see `places`); None without room."""
        self._rows: dict[Kind, Row] = {}
        self._rows_of: dict[int, list[Row]] = {}
        self._left = _ROWS_EACH * count

    def place(self, number: int, standing: int | None, *, works: bool) -> None:
        """The agent stands there from now on."""
        if (self.works >> number & 1) != works:
            self.works ^= 1 << number
        before = self._standings[number]
        if before == standing:
            return
        if (before is None) is not (standing is None):
            self.open ^= 1 << number
        self._standings[number] = standing
        for row in self._rows_of.get(number, ()):
            row.note(number)

    def best(self, crew: Crew, turn: int) -> Iterator[int]:
        """The places of those of the crew who have room, the best first; `turn`: see `in_turn`."""
        if crew.fits is not None:
            return in_turn(sorted(self._places(crew.fits)), turn)
        has_row = crew.kind in self._rows or crew.able_count <= self._left
        return in_turn(self._row(crew.kind), turn) if has_row else self._walk(crew, turn)

    def _places(self, fits: Fits) -> list[int]:
        standings = self._standings
        # looked up twice: quicker than to unpack a pair for each
        return [
            standings[number] + fit  # type: ignore[operator]
            for fit, numbers in fits
            for number in numbers
            if standings[number] is not None
        ]

    def _row(self, kind: Kind) -> list[int]:
        """The places of those with room who are able to do such work, in order."""
        row = self._rows.get(kind)
        if row is None:
            fits = self._crews.fits(kind)
            row = self._rows[kind] = Row(fits)
            self._left -= len(fits)
            for number in fits:
                self._rows_of.setdefault(number, []).append(row)
        row.settle(self._standings)
        return row.places

    def _walk(self, crew: Crew, turn: int) -> Iterator[int]:
        """The crew among everybody with room: of one lead, those of the closest fit come as they are met."""
        standings, fit_of, kind = self._standings, self._crews.fit, crew.kind
        lead, later = None, list[int]()
        for each in in_turn(self._row(ANYBODY), turn):
            number = number_of(each)
            if lead_of(each) != lead:
                yield from in_turn(sorted(later), turn)
                lead, later = lead_of(each), []
            standing = standings[number]
            if standing is None or not crew.able >> number & 1:
                continue
            fit = fit_of(number, kind)
            if fit == crew.least:
                yield standing + fit
            else:
                later.append(standing + fit)
        yield from in_turn(sorted(later), turn)
