"""What a person with a pencil tells of a case's promises and ladders, minute after minute.

The pencil knows the wall clock and what was declared, and nothing of the service: no stretches, no timers, no documents,
no business hours laid out. It looks at every minute's wall time, and counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

MINUTE = dt.timedelta(minutes=1)
HORIZON = 4 * 1440
"""Minutes in which things happen to a case."""
LOOKED = 75 * 1440
"""Minutes laid out: far enough for any deadline."""
START = {
    "Europe/Warsaw": dt.datetime(2026, 10, 23, 6, tzinfo=dt.UTC),  # the clocks change on the 25th
    "America/New_York": dt.datetime(2026, 3, 6, 6, tzinfo=dt.UTC),  # on the 8th
    "Australia/Lord_Howe": dt.datetime(2026, 4, 3, 0, tzinfo=dt.UTC),  # on the 5th, by half an hour
    "Pacific/Apia": dt.datetime(2011, 12, 29, 0, tzinfo=dt.UTC),  # there is no 30th
    "Asia/Tokyo": dt.datetime(2026, 5, 1, 0, tzinfo=dt.UTC),
}
WEEKS = (
    {"every-day": ["08:00-16:00"]},
    {"monday-friday": ["00:00-06:00", "12:00-20:00"]},
    {"every-day": ["22:00-03:30"]},
    {"saturday-sunday": ["00:00-24:00"], "wednesday": ["09:00-10:00"]},
    {"every-day": ["01:15-02:45"], "monday": ["12:00-13:00"]},
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Calendar:
    """When the desk is open."""

    zone: str
    weeks: tuple[int, ...]
    """One or two versions: the second is in force from the third local date on."""
    exceptions: tuple[tuple[int, str], ...] = ()
    """(local date, counted from the first; `closed` or a span)."""
    yearly: int | None = None
    """A local date, counted from the first, on which it is closed every year."""

    def date(self, number: int) -> dt.date:
        return START[self.zone].astimezone(ZoneInfo(self.zone)).date() + number * dt.timedelta(days=1)

    def written(self) -> dict:
        """As it stands in calendars.yaml."""
        versions: list[dict] = [{"week": WEEKS[week]} for week in self.weeks]
        for index, version in enumerate(versions[1:]):
            version["from"] = self.date(2 + index)
        if self.yearly is not None:
            for version in versions:
                version["holidays"] = {"yearly": [f"{self.date(self.yearly):%m-%d}"]}
        exceptions = {self.date(number): text if text == "closed" else [text] for number, text in self.exceptions}
        return {"zone": self.zone, "versions": versions, "exceptions": exceptions}

    def open_minutes(self, on: dt.date) -> tuple[bool, ...]:
        """Of a local date, whether the desk is open at each minute of its wall clock."""
        exceptions = {self.date(number): text for number, text in self.exceptions}
        closed = None if self.yearly is None else self.date(self.yearly)
        if on in exceptions:
            return _minutes("" if exceptions[on] == "closed" else exceptions[on])
        if closed is not None and (on.month, on.day) == (closed.month, closed.day):
            return _minutes("")
        return _minutes_of(self.weeks[-1] if on >= self.date(2) else self.weeks[0], on.weekday())


@cache
def _minutes_of(number: int, weekday: int) -> tuple[bool, ...]:
    today, before = _spans(WEEKS[number], weekday), _spans(WEEKS[number], (weekday - 1) % 7)
    parts = [*map(_minutes, today), *(_minutes(text, begins=False) for text in before)]
    return tuple(any(each) for each in zip(*parts, strict=True)) or _minutes("")


@cache
def _minutes(text: str, *, begins: bool = True) -> tuple[bool, ...]:
    return tuple(bool(text) and _within(minute, text, begins=begins) for minute in range(1440))


def _spans(week: dict[str, list[str]], weekday: int) -> list[str]:
    found = []
    for names, texts in week.items():
        first, _, last = ("monday-sunday" if names == "every-day" else names).partition("-")
        if _DAYS.index(first) <= weekday <= _DAYS.index(last or first):
            found += texts
    return found


def _within(minute: int, text: str, *, begins: bool) -> bool:
    """Whether a minute of a day lies in a span of that day, or (not `begins`) in what a night shift left to it."""
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    if opens < closes:
        return begins and opens <= minute < closes
    return minute >= opens if begins else minute < closes


@cache
def walls(zone: str) -> tuple[tuple[dt.date, int], ...]:
    """What the wall shows at each minute: the date, and the minute of the day."""
    place = ZoneInfo(zone)
    shown = ((START[zone] + minute * MINUTE).astimezone(place) for minute in range(LOOKED))
    return tuple((wall.date(), wall.hour * 60 + wall.minute) for wall in shown)


@lru_cache(maxsize=64)
def opening(calendar: Calendar | None) -> tuple[bool, ...]:
    """Whether each minute is business time; of no calendar, always."""
    if calendar is None:
        return (True,) * LOOKED
    dates = {on: calendar.open_minutes(on) for on in dict.fromkeys(on for on, _ in walls(calendar.zone))}
    return tuple(dates[on][minute] for on, minute in walls(calendar.zone))


@dataclass(frozen=True)
class Rules:
    """What is declared."""

    desk: Calendar
    later: Calendar | None
    """The desk's hours once they are changed in the configuration."""
    targets: dict[str, int]
    """Minutes, by promise."""
    next_recurs: str
    """none, sequential or independent."""
    pauses: str
    """never, customer, or others (the customer or a third party)."""
    is_recomputed: bool
    """Whether a change of priority changes the deadline of a running resolution."""
    warnings: tuple[int, ...]
    warns_by_wall: bool
    rungs: tuple[tuple[int, str], ...]
    """(minutes after the one before, whom)."""
    again: int
    times: int
    until: int | None
    within: bool
    """Whether the ladder climbs in the desk's hours."""
    remind_after: int | None
    reminders: int


@dataclass
class Clock:
    """One promise."""

    kind: str
    instance: int
    start: int
    promise: str
    calendar: str
    subject: str = ""
    active: list[tuple[int, bool]] = field(default_factory=list)
    """Since which minute it runs, or stands."""
    told: set[int] = field(default_factory=set)
    due: int = 0
    reckoned_by: Calendar | None = None
    warn: dict[int, int] = field(default_factory=dict)
    """How long before the deadline, to the minute of the warning."""
    state: str = "open"
    violation: int = -1
    waits_for_stamp: bool = False

    @property
    def runs(self) -> bool:
        return self.active[-1][1]

    @property
    def ticks(self) -> bool:
        return self.state == "open" and self.runs


@dataclass
class Climb:
    """One run of a ladder."""

    ladder: str
    clock: Clock
    start: int
    step: int = 0
    next: int | None = None
    stood: int = 0
    acknowledged: int | None = None
    heard: int = 0
    reminded: int = 0


class Pencil:
    """One case."""

    def __init__(self, rules: Rules, history: tuple[tuple[int, str], ...]) -> None:
        self.rules = rules
        self.facts: list[tuple | None] = []
        self.rung_facts: list[tuple] = []
        self.clocks: list[Clock] = []
        self.climbs: list[Climb] = []
        self.turn, self.priority, self.is_open, self.stamps = "desk", "normal", True, set[str]()
        self.counts: dict[str, int] = {}
        self.desk = rules.desk
        self._new: list[tuple[str, Clock, int]] = []
        events = dict(history)
        minute = min(events)
        while minute is not None:
            if minute in events:
                self._happen(minute, events.pop(minute))
            else:
                for clock in self.clocks:
                    self._watch(clock, minute)
                self._climb_all(minute)
            minute = min([*events, *self._coming()], default=None)

    def _coming(self) -> list[int]:
        found = []
        for clock in self.clocks:
            if clock.ticks:
                found += [at for before, at in clock.warn.items() if before not in clock.told] + [clock.due]
        for climb in self.climbs:
            if climb.acknowledged is None and climb.next is not None:
                found.append(climb.next)
            if climb.acknowledged is not None and self.rules.remind_after is not None:
                found.append(climb.heard + (climb.reminded + 1) * self.rules.remind_after)
        return found

    # --- promises ---------------------------------------------------------------------------------

    def _calendar(self, clock: Clock) -> Calendar | None:
        return None if clock.calendar == "always" else self.desk

    def _used(self, clock: Clock, until: int) -> int:
        is_open = opening(self._calendar(clock))
        return sum(is_open[minute] for minute in self._ran(clock, until))

    @staticmethod
    def _ran(clock: Clock, until: int):
        for index, (begins, is_on) in enumerate(clock.active):
            ends = clock.active[index + 1][0] if index + 1 < len(clock.active) else until
            if is_on:
                yield from range(begins, min(ends, until))

    def _reach(self, clock: Clock, amount: int) -> int:
        """The least minute by which so much has been used; one that stands is taken to have run on."""
        is_open = opening(self._calendar(clock))
        if amount <= 0:
            return clock.start
        marks = clock.active if clock.runs else clock.active[:-1]
        for index, (begins, is_on) in enumerate(marks):
            ends = marks[index + 1][0] if index + 1 < len(marks) else LOOKED
            if not is_on:
                continue
            for minute in range(begins, ends):
                amount -= is_open[minute]
                if not amount:
                    return minute + 1
        raise AssertionError("further than the pencil looks")

    def _reckon(self, clock: Clock) -> None:
        target = self.rules.targets[clock.promise]
        clock.reckoned_by = self._calendar(clock)
        clock.due = self._reach(clock, target)
        at_minute = {}
        for before in self.rules.warnings:
            by_wall = max(clock.due - before, clock.start)
            at = by_wall if self.rules.warns_by_wall else self._reach(clock, max(target - before, 0))
            at_minute[at] = before
        clock.warn = {before: at for at, before in at_minute.items()}

    def _watch(self, clock: Clock, minute: int, *, completing: bool = False) -> None:
        if clock.state != "open":
            return
        for before, at in sorted(clock.warn.items(), key=lambda each: each[1]):
            if clock.runs and at <= minute and before not in clock.told:
                clock.told.add(before)
                self._say(clock, "warned", at)
                self._new.append(("near", clock, at))
        used, target = self._used(clock, minute), self.rules.targets[clock.promise]
        if used > target or (used == target and not completing):
            self._say(clock, "violated", clock.due)
            clock.state, clock.violation = "violated", len(self.facts) - 1
            self._new.append(("late", clock, clock.due))

    def _say(self, clock: Clock, what: str, at: int) -> None:
        self.facts.append((clock.kind, clock.instance, what, at, clock.due))

    def _begin(self, kind: str, minute: int, subject: str = "") -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        promise = self.priority if kind == "resolution" else kind
        calendar = "always" if promise in {"urgent", "request"} else "desk"
        clock = Clock(kind, self.counts[kind], minute, promise, calendar, subject, [(minute, True)])
        self._reckon(clock)
        self.clocks.append(clock)
        self._say(clock, "started", minute)
        self._watch(clock, minute)
        self._turn(clock, minute)

    def _must_stand(self, clock: Clock) -> bool:
        if clock.kind != "resolution" or self.rules.pauses == "never":
            return False
        return self.turn in ({"customer"} if self.rules.pauses == "customer" else {"customer", "third"})

    def _turn(self, clock: Clock, minute: int) -> None:
        if clock.state == "over" or self._must_stand(clock) is not clock.runs:
            return
        self._watch(clock, minute)
        if clock.runs:
            clock.active.append((minute, False))
            if clock.state == "open":
                self._say(clock, "paused", minute)
            return
        clock.active.append((minute, True))
        if clock.state == "open":
            self._again(clock, minute, "resumed")

    def _again(self, clock: Clock, minute: int, what: str) -> None:
        """Reckoned anew; what lies ahead is warned of again."""
        self._reckon(clock)
        clock.told = {before for before in clock.told if clock.warn.get(before, minute) <= minute}
        self._say(clock, what, minute)
        self._watch(clock, minute)

    def _finish(self, clock: Clock, minute: int, how: str) -> None:
        self._watch(clock, minute, completing=how == "met")
        is_exact = (
            clock.reckoned_by == self._calendar(clock)
            and self._used(clock, minute) <= self.rules.targets[clock.promise]
        )
        if clock.state == "violated" and how == "met" and is_exact:
            self.facts[clock.violation] = None  # taken back: equal counts as kept; what other hours broke stays broken
            clock.state = "open"
        if clock.state == "open":
            self._say(clock, how, minute)
        clock.state = "over"

    # --- what happens -----------------------------------------------------------------------------

    def _happen(self, minute: int, event: str) -> None:
        priority_before = self.priority
        self._know(event)
        met = {"answer": {"next"}, "resolve": {"resolution", "checked"}}.get(event, set())
        for clock in [each for each in self.clocks if each.state != "over"]:
            if event == "other hours" and clock.state == "open":
                self._move(clock, minute)
            decided = event.startswith("decide") and clock.subject == event.split()[1]
            if event == "resolve" and clock.kind == "next":
                self._finish(clock, minute, "cancelled")
            elif clock.kind == "checked":
                self._check(clock, minute, is_resolved=event == "resolve")
            elif clock.kind in met or decided:
                self._finish(clock, minute, "met")
            elif clock.kind == "resolution":
                if self.priority != priority_before and self.rules.is_recomputed:
                    self._exchange(clock, minute)
                self._turn(clock, minute)
        self._start(event, minute)
        self._hear(event, minute)
        self._climb_all(minute)

    def _know(self, event: str) -> None:
        turns = {"hold": "customer", "resolve": "customer", "third": "third", "release": "desk", "reopen": "desk"}
        self.turn = turns.get(event, self.turn)
        self.priority = event if event in {"urgent", "normal"} else self.priority
        self.is_open = {"resolve": False, "reopen": True}.get(event, self.is_open)
        if event == "other hours" and self.rules.later is not None:
            self.desk = self.rules.later
        if event in {"checked", "unchecked"}:
            (self.stamps.add if event == "checked" else self.stamps.discard)("checked")

    def _move(self, clock: Clock, minute: int) -> None:
        before = clock.due, clock.warn
        self._reckon(clock)
        if (clock.due, clock.warn) != before:
            self._again(clock, minute, "started")

    def _exchange(self, clock: Clock, minute: int) -> None:
        self._watch(clock, minute)
        if clock.state == "open" and clock.promise != self.priority:
            clock.promise = self.priority
            clock.calendar = "always" if self.priority == "urgent" else "desk"
            self._again(clock, minute, "started")

    def _check(self, clock: Clock, minute: int, *, is_resolved: bool) -> None:
        if "checked" in self.stamps and (is_resolved or clock.waits_for_stamp):
            self._finish(clock, minute, "met")
        clock.waits_for_stamp = clock.waits_for_stamp or is_resolved

    def _start(self, event: str, minute: int) -> None:
        open_kinds = {each.kind for each in self.clocks if each.state != "over"}
        if event in {"open", "reopen"} and "resolution" not in open_kinds:
            self._begin("resolution", minute)
        if event == "open":
            self._begin("checked", minute)
        if event == "contact":
            recurs = self.rules.next_recurs
            is_held_back = {"none": "next" in self.counts, "sequential": "next" in open_kinds}.get(recurs, False)
            if not is_held_back:
                self._begin("next", minute)
        if event.startswith("ask"):
            subject = event.split()[1]
            if not any(each.subject == subject and each.state != "over" for each in self.clocks):
                self._begin("request", minute, subject)

    # --- ladders ----------------------------------------------------------------------------------

    def _planned(self, climb: Climb, step: int) -> int | None:
        turn, place = divmod(step, len(self.rules.rungs))
        if turn > self.rules.times:
            return None
        delays = [after for after, _ in self.rules.rungs]
        offset = turn * (sum(delays) + self.rules.again) + sum(delays[: place + 1])
        if self.rules.until is not None and offset > self.rules.until:
            return None
        is_open = opening(self.desk if self.rules.within else None)
        left, minute = offset + climb.stood, climb.start
        while left or not is_open[minute]:
            left -= is_open[minute]
            minute += 1
        return minute

    def _tell(self, climb: Climb, what: str, at: int, *more) -> None:
        self.rung_facts.append((climb.ladder, climb.clock.kind, climb.clock.instance, what, at, *more))

    def _hear(self, event: str, minute: int) -> None:
        for climb in self.climbs:
            if event == "seen" and climb.acknowledged is None:
                climb.acknowledged = climb.heard = minute
                climb.reminded, climb.next = 0, None
                self._tell(climb, "acknowledged", minute)
            elif event == "unseen" and climb.acknowledged is not None:
                self._resume(climb, minute)
            elif climb.acknowledged is not None and event not in {
                "robot",
                "unseen",
                "checked",
                "unchecked",
                "other hours",
            }:
                climb.heard, climb.reminded = minute, 0

    def _resume(self, climb: Climb, minute: int) -> None:
        is_open = opening(self.desk if self.rules.within else None)
        climb.stood += sum(is_open[climb.acknowledged : minute])
        climb.acknowledged = None
        climb.next = self._planned(climb, climb.step)
        self._tell(climb, "resumed", minute)

    def _is_needed(self, climb: Climb) -> bool:
        if not self.is_open or climb.clock.state == "over":
            return False
        is_near = climb.ladder == "near" and climb.clock.ticks and bool(climb.clock.told)
        return climb.clock.state == "violated" or is_near

    def _climb_all(self, minute: int) -> None:
        new, self._new = self._new, []
        for climb in self.climbs:
            if not self._is_needed(climb):
                self._tell(climb, "ended", minute)
        self.climbs = [each for each in self.climbs if self._is_needed(each)]
        for ladder, clock, at in new:
            is_there = any(each.ladder == ladder and each.clock is clock for each in self.climbs)
            if is_there or not self.is_open:
                continue
            climb = Climb(ladder, clock, at)
            climb.next = self._planned(climb, 0)
            self._tell(climb, "started", at)
            if self._is_needed(climb):
                self.climbs.append(climb)
            else:
                self._tell(climb, "ended", max(minute, at))
        for climb in list(self.climbs):
            self._climb(climb, minute)

    def _climb(self, climb: Climb, minute: int) -> None:
        while True:
            if climb.acknowledged is not None:
                if self.rules.remind_after is None:
                    return
                at = climb.heard + (climb.reminded + 1) * self.rules.remind_after
                if at > minute:
                    return
                if climb.reminded >= self.rules.reminders:
                    self._resume(climb, at)
                    continue
                climb.reminded += 1
                self._tell(climb, "remind", at, climb.reminded)
                continue
            if climb.next is None or climb.next > minute:
                return
            if not self._step(climb, minute):
                return

    def _step(self, climb: Climb, minute: int) -> bool:
        at, rungs = climb.next, self.rules.rungs
        turn, place = divmod(climb.step, len(rungs))
        again = self._planned(climb, climb.step + len(rungs))
        outcome = "empty" if rungs[place][1] == "holder" else "done"
        if again is not None and again <= minute:
            outcome = "overtaken"
        self._tell(climb, "rung", at, place + 1, turn, outcome)
        if outcome == "empty":
            self._tell(climb, "alarm", at, place + 1, turn)
        climb.step += 1
        climb.next = self._planned(climb, climb.step)
        if outcome == "overtaken" or climb.next is not None:
            if outcome == "empty" and place + 1 < len(rungs):
                climb.next = at
            return climb.next is not None
        self._tell(climb, "ended", at)
        self.climbs.remove(climb)
        return False
