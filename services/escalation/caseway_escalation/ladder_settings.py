"""How ladders and long guidance are declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from caseway.kernel.rules import ALWAYS, Condition, Fault
from caseway.kernel.vocabulary import Priority
from caseway.runtime.configuration import condition_over
from caseway_escalation.domain.guidance import Guidance
from caseway_escalation.domain.ladders import HOLDER, Action, Entry, Ladder, Ladders, Occasion, Plan, Rung
from caseway_escalation.trigger_settings import PROMISED, STANDING, Duration, Target, Written, WrittenTrigger

_MOST_STEPS = 1000
"""Rungs in one run, all rounds together."""
_RECIPIENTS = frozenset({"role", "list", "person", "agent", "department", "queue", "skill", "channel"})
_ADDRESSED = frozenset({Action.NOTIFY, Action.PROPOSE})
_NAMED = frozenset({Action.REASSIGN, Action.RAISE, Action.MOVE})


def _several(raw: Any) -> Any:
    return raw if isinstance(raw, list | tuple) else [raw]


def _clock_time(raw: Any) -> dt.time:
    if not isinstance(raw, str):
        raise ValueError('a time of day in quotes, such as "18:00"')  # noqa: TRY004 - pydantic reports ValueErrors
    return dt.time.fromisoformat(raw)


def _recipient(name: str) -> str:
    kind, _, rest = name.partition(":")
    if name != HOLDER and not (kind in _RECIPIENTS and rest):
        raise ValueError(f"a recipient such as role:coordinators (or {', '.join(sorted(_RECIPIENTS))}), or {HOLDER}")
    return name


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


def _recipients(raw: Any) -> Any:
    return [_recipient(str(each)) for each in _several(raw)]


Recipients = Annotated[tuple[str, ...], BeforeValidator(_recipients)]
LadderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]


class WrittenOccasion(WrittenTrigger):
    """Which fact starts or stops a ladder; `milestone.warned`, `milestone.violated` … as well."""

    @classmethod
    def known(cls) -> Any:
        """Also what is told of promises."""
        return PROMISED


class WrittenRung(Written):
    """One step: `{after: 10m, do: notify, to: [role:supervisors]}`."""

    after: Duration = dt.timedelta(0)
    do: Action
    to: Names = ()

    @model_validator(mode="after")
    def _fits(self) -> WrittenRung:
        if self.do in _ADDRESSED:
            if not self.to:
                raise ValueError(f"`to` with {self.do}: who is told")
            for name in self.to:
                _recipient(name)
        elif self.do in _NAMED and (len(self.to) != 1 or not self.to[0]):
            raise ValueError(f"one `to` with {self.do}")
        elif self.do is Action.CALLBACK and self.to:
            raise ValueError("no `to` with request_callback: the desk's supervisors are asked")
        if self.do is Action.RAISE:
            Priority(self.to[0])
        return self


class WrittenRepeat(Written):
    """How often all rungs come again."""

    after: Target
    """Since the last rung."""
    times: int | None = Field(default=None, ge=1, le=_MOST_STEPS)
    until: Target | None = None
    """The ceiling, since the start."""

    @model_validator(mode="after")
    def _ends(self) -> WrittenRepeat:
        if self.times is None and self.until is None:
            raise ValueError("`times` or `until`: no ladder is endless")
        return self


class WrittenAcknowledgement(Written):
    """What an acknowledgement does."""

    stamps: Names = ("acknowledged",)
    remind_after: Target | None = None
    reminders: int = Field(default=1, ge=0, le=20)


class WrittenEntry(Written):
    """The rungs for the cases that fit."""

    name: str = Field(min_length=1, max_length=100)
    when: Annotated[Condition, condition_over(STANDING)] = ALWAYS
    within: str = ""
    rungs: tuple[WrittenRung, ...] = Field(min_length=1, max_length=50)
    repeat: WrittenRepeat | None = None

    @model_validator(mode="after")
    def _is_bounded(self) -> WrittenEntry:
        plan = self.plan(WrittenAcknowledgement())
        if plan.offset(_MOST_STEPS) is not None:
            raise ValueError(f"at most {_MOST_STEPS} rungs in all rounds together")
        if plan.offset(len(self.rungs) - 1) is None:
            raise ValueError("a ceiling (`until`) that no rung lies beyond in the first round")
        return self

    def plan(self, acknowledgement: WrittenAcknowledgement) -> Plan:
        """What a run keeps."""
        repeat = self.repeat
        return Plan(
            rungs=tuple(Rung(after=each.after, action=each.do, to=each.to) for each in self.rungs),
            within=self.within,
            again_after=repeat.after if repeat else None,
            times=repeat.times if repeat else None,
            until=repeat.until if repeat else None,
            stamps=acknowledgement.stamps,
            remind_after=acknowledgement.remind_after,
            reminders=acknowledgement.reminders,
        )


class WrittenLadder(Written):
    """One ladder."""

    starts: tuple[WrittenOccasion, ...] = Field(min_length=1)
    stops: tuple[WrittenOccasion, ...] = ()
    """Besides the end of the case, or of the promise that it began for."""
    acknowledgement: WrittenAcknowledgement = WrittenAcknowledgement()
    entries: tuple[WrittenEntry, ...] = Field(min_length=1)
    """The first that fits counts; none may."""

    @model_validator(mode="after")
    def _does_not_contradict(self) -> WrittenLadder:
        starts = {(each.fact, repr(each.when)) for each in self.starts}
        if any((each.fact, repr(each.when)) in starts for each in self.stops):
            raise ValueError("no fact that both starts and stops")
        return self


class WrittenLadders(Written):
    """ladders.yaml."""

    alarm_to: Recipients = ()
    """Who hears that a rung had no recipient."""
    ladders: dict[LadderName, WrittenLadder] = Field(default_factory=dict)

    def faults(self, calendars: Container[str]) -> Iterator[Fault]:
        """What does not fit the other files."""
        for name, ladder in self.ladders.items():
            for index, entry in enumerate(ladder.entries):
                path = ("ladders", "ladders", name, "entries", index)
                if entry.within and entry.within not in calendars:
                    yield Fault(
                        path=(*path, "within"), expected=f"a calendar of calendars.yaml; found {entry.within!r}"
                    )
                earlier = [each.when for each in ladder.entries[:index]]
                if ALWAYS in earlier or entry.when in earlier:
                    yield Fault(path=path, expected="a condition that an earlier entry leaves something to")

    def built(self) -> Ladders:
        """As the domain asks them."""
        occasions: dict[str, list[Occasion]] = {}
        for name, ladder in self.ladders.items():
            for starts, written in ((True, ladder.starts), (False, ladder.stops)):
                for each in written:
                    occasion = Occasion(ladder=name, starts=starts, when=each.condition())
                    occasions.setdefault(each.fact, []).append(occasion)
        ladders = {
            name: Ladder(
                name=name,
                entries=tuple(
                    Entry(name=each.name, when=each.when, plan=each.plan(ladder.acknowledgement))
                    for each in ladder.entries
                ),
            )
            for name, ladder in self.ladders.items()
        }
        return Ladders(ladders=ladders, occasions=occasions, alarm_to=self.alarm_to)


class WrittenGuidance(Written):
    """guidance.yaml: when live guidance is long, and who hears of it."""

    ladder: LadderName = "long-guidance"
    activities: tuple[Literal["guidance", "remote", "research"], ...] = Field(
        default=("guidance", "remote"), min_length=1
    )
    alert_after: Target = dt.timedelta(minutes=20)
    """Source: S2-10."""
    post_to: Recipients = Field(min_length=1)
    list_to: Recipients = ()
    """Who gets the day's posts that bear no stamp; nobody: they are told without recipients."""
    link: str = Field(default="", max_length=500)
    stamp: str = Field(default="済", min_length=1, max_length=50)
    calendar: str
    day_ends: Annotated[dt.time, BeforeValidator(_clock_time)] = dt.time(18)

    def faults(self, calendars: Container[str]) -> Iterator[Fault]:
        """What does not fit the other files."""
        if self.calendar not in calendars:
            yield Fault(
                path=("guidance", "calendar"), expected=f"a calendar of calendars.yaml; found {self.calendar!r}"
            )
        if self.link and "{case_id}" not in self.link:
            yield Fault(path=("guidance", "link"), expected="a link with {case_id} in it")

    def built(self) -> Guidance:
        """As the domain asks it."""
        return Guidance(
            ladder=self.ladder,
            activities=frozenset(self.activities),
            alert_after=self.alert_after,
            post_to=self.post_to,
            list_to=self.list_to,
            link=self.link,
            stamp=self.stamp,
            calendar=self.calendar,
            day_ends=self.day_ends,
        )
