"""How calendars are written in YAML.

    desk:
      zone: Europe/Warsaw
      versions:
        - week: {monday-friday: ["08:00-20:00"], saturday: ["09:00-15:00"]}
          holidays: {country: PL, yearly: ["12-31"]}
        - from: 2027-01-01
          week: {every-day: ["00:00-24:00"]}
      exceptions:
        2026-12-23: ["08:00-14:00"]
        2026-12-28: closed

A span that ends before it begins, such as `22:00-06:00`, is a night shift: it is split at midnight. A country's
holidays are spelt out as dates here, so that the reckoning itself (`caseway.kernel.business_hours`) looks nothing up.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from caseway.kernel.business_hours import WHOLE_DAY, BusinessHours, Hours, Span, refuse_overlap, wall_time

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOLIDAY_YEARS = range(2000, 2051)
"""For which a country's holidays are spelt out; outside them a calendar knows only its weeks and exceptions."""


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone of the IANA database, such as Europe/Warsaw") from None
    return name


def _span(text: str) -> str:
    opens, dash, closes = text.partition("-")
    if not dash or wall_time(opens.strip()) == wall_time(closes.strip()):
        raise ValueError("a span such as 09:00-17:00; a whole day is 00:00-24:00")
    return f"{opens.strip()}-{closes.strip()}"


def _weekdays(written: str) -> str:
    _days(written)
    return written


def _days(written: str) -> list[int]:
    """The weekdays that a name such as `monday-friday` stands for."""
    if written == "every-day":
        return list(range(7))
    first, _, last = written.partition("-")
    try:
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
    except ValueError:
        raise ValueError("a weekday, a range such as monday-friday, or every-day") from None
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _month_and_day(text: str) -> str:
    try:
        dt.date.fromisoformat(f"2000-{text}")
    except ValueError:
        raise ValueError("a month and a day, such as 12-24") from None
    return text


def _closed_is_empty(raw: Any) -> Any:
    return [] if raw == "closed" else raw


SpanText = Annotated[str, AfterValidator(_span)]
DayName = Annotated[str, AfterValidator(_weekdays)]
MonthAndDay = Annotated[str, AfterValidator(_month_and_day)]


class WrittenHolidays(_Written):
    """On which days a calendar is closed beside its week."""

    country: str | None = None
    """ISO 3166 code, such as PL."""
    subdivision: str | None = None
    """Within the country, such as BY for Bavaria."""
    yearly: tuple[MonthAndDay, ...] = ()

    @model_validator(mode="after")
    def _country_is_known(self) -> WrittenHolidays:
        self.dates()
        return self

    def dates(self) -> frozenset[dt.date]:
        """The country's holidays, spelt out."""
        if self.country is None:
            if self.subdivision is not None:
                raise ValueError("a country beside its subdivision")
            return frozenset()
        return _public_holidays(self.country, self.subdivision)


@cache
def _public_holidays(country: str, subdivision: str | None) -> frozenset[dt.date]:
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=_HOLIDAY_YEARS))
    except NotImplementedError:
        place = f"{country}/{subdivision}" if subdivision else country
        raise ValueError(f"a country (and subdivision) whose holidays are known; {place} is none") from None


class WrittenHours(_Written):
    """One version of a calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    from_on: dt.date = Field(default=dt.date.min, alias="from")
    week: dict[DayName, tuple[SpanText, ...]]
    holidays: WrittenHolidays = WrittenHolidays()

    @model_validator(mode="after")
    def _can_be_built(self) -> WrittenHours:
        self.hours()
        return self

    def hours(self) -> Hours:
        """As the kernel reckons with it."""
        week: dict[int, list[Span]] = {day: [] for day in range(7)}
        for name, texts in self.week.items():
            for day in _days(name):
                for text in texts:
                    _add(week, day, text)
        return Hours(
            from_on=self.from_on,
            week={day: tuple(sorted(spans)) for day, spans in week.items()},
            yearly=frozenset((int(text[:2]), int(text[3:])) for text in self.holidays.yearly),
            holidays=self.holidays.dates(),
        )


def _add(week: dict[int, list[Span]], day: int, text: str) -> None:
    """Put a span on its weekday; what lies after midnight belongs to the next."""
    opens, closes = map(wall_time, text.split("-"))
    if opens < closes:
        week[day].append(Span(opens, closes))
        return
    week[day].append(Span(opens, WHOLE_DAY[0].closes))
    if closes:
        week[(day + 1) % 7].append(Span(0, closes))


def _exception(text: str) -> Span:
    """Of one date alone: what lies after its midnight is written at the next date."""
    opens, closes = text.split("-")
    if wall_time(opens) > wall_time(closes):
        raise ValueError(f"hours of one date: split a night shift such as {text}, the rest at the date after it")
    return Span.of(opens, closes)


class WrittenCalendar(_Written):
    """One calendar, as it stands in `calendars.yaml`."""

    zone: Annotated[str, AfterValidator(_zone)]
    versions: tuple[WrittenHours, ...] = Field(min_length=1)
    exceptions: dict[dt.date, Annotated[tuple[SpanText, ...], BeforeValidator(_closed_is_empty)]] = {}
    _built: dict[str, BusinessHours] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_built(self) -> WrittenCalendar:
        self.built("calendar")
        return self

    def built(self, name: str) -> BusinessHours:
        """As the kernel reckons with it; made once."""
        if name not in self._built:
            spans = {on: tuple(sorted(map(_exception, texts))) for on, texts in self.exceptions.items()}
            for each in spans.values():
                refuse_overlap(each)
            self._built[name] = BusinessHours(name, self.zone, [version.hours() for version in self.versions], spans)
        return self._built[name]
