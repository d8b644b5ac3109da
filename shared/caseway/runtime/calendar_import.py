"""How an iCalendar file becomes exceptions to review.

    caseway calendars import holidays.ics --years 2026-2028 > exceptions.yaml

Nothing is taken over by itself: what is printed belongs below a calendar of `calendars.yaml`, once a person has read
it. Whole days become closed days; what comes every year without an end becomes `yearly`; all else (events of some
hours, other rules of recurrence) stands as a comment with the reason, so that nothing vanishes unseen.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import icalendar
from icalendar.error import BrokenCalendarProperty

from caseway.kernel.errors import Misconfigured
from caseway.kernel.ids import digest

_LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; a country's holidays of a century have less."""
_LONGEST_EVENT = dt.timedelta(days=31)
"""A longer closure is written by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """A date on which the desk is closed."""

    on: dt.date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedYearly:
    """A month and day on which it is closed every year."""

    month_and_day: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """An event that is no closed day, and why."""

    name: str
    reason: str


Entry = ClosedDay | ClosedYearly | NotTaken


def read(content: bytes, years: range) -> tuple[Entry, ...]:
    """What a file says, in the order of its dates.

    Raises:
        Misconfigured: it is no iCalendar file, or far too large.
    """
    if len(content) > _LARGEST_FILE:
        raise Misconfigured(f"at most {_LARGEST_FILE} bytes")
    try:
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise Misconfigured("an iCalendar file (RFC 5545) that can be read") from error
    entries = {entry for event in events for entry in _understood(event, years)}
    return tuple(sorted(entries, key=_order))


def _order(entry: Entry) -> tuple[int, str, str]:
    match entry:
        case ClosedDay():
            return 0, entry.on.isoformat(), entry.name
        case ClosedYearly():
            return 1, entry.month_and_day, entry.name
        case NotTaken():
            return 2, entry.name, entry.reason


def _understood(event: Any, years: range) -> tuple[Entry, ...]:
    """What one event says; of one with a line that makes no sense, nothing is taken."""
    name = _name(event)
    try:
        return tuple(_entries(event, name, years))
    except BrokenCalendarProperty:
        return (NotTaken(name=name, reason="a line that cannot be read"),)


def _name(event: Any) -> str:
    """On one line, without what YAML does not take."""
    try:
        said = str(event.get("SUMMARY", ""))
    except BrokenCalendarProperty:
        said = ""
    shown = "".join(each if each.isprintable() else " " for each in said)
    return " ".join(shown.split())[:100] or "(without a name)"


def _entries(event: Any, name: str, years: range) -> Iterator[Entry]:
    begins, ends = _date(event, "DTSTART"), _date(event, "DTEND")
    if "RDATE" in event:
        yield NotTaken(name=name, reason="further dates of its own (RDATE)")
    if ends is None and begins is not None:
        ends = _after(event, begins)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        yield NotTaken(name=name, reason="cancelled")
    elif begins is None:
        yield NotTaken(name=name, reason="not a whole day")
    elif "RRULE" in event:
        yield _recurring(event, name, begins)
    elif (ends or begins) - begins > _LONGEST_EVENT:
        yield NotTaken(name=name, reason=f"longer than {_LONGEST_EVENT.days} days")
    else:
        count = max(1, ((ends or begins) - begins).days)  # DTEND is the first day that is free again
        days = (begins + dt.timedelta(days=day) for day in range(count))
        yield from (ClosedDay(on=day, name=name) for day in days if day.year in years)


def _date(event: Any, field: str) -> dt.date | None:
    """The date of a whole-day event; None for an instant, or nothing."""
    value = getattr(event.get(field), "dt", None)
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def _after(event: Any, begins: dt.date) -> dt.date | None:
    """Where its length is told (`DURATION`) instead of its end."""
    length = getattr(event.get("DURATION"), "dt", None)
    try:
        return begins + length if isinstance(length, dt.timedelta) else None
    except OverflowError:
        return dt.date.max


def _recurring(event: Any, name: str, begins: dt.date) -> Entry:
    """Every year on the date of its start; anything else a person must write."""
    if isinstance(event["RRULE"], list):
        return NotTaken(name=name, reason="several rules of recurrence")
    rule = {key.upper(): value for key, value in event["RRULE"].items()}
    same_date = rule.get("BYMONTH", [begins.month]) == [begins.month]
    same_date = same_date and rule.get("BYMONTHDAY", [begins.day]) == [begins.day]
    plain = set(rule) <= {"FREQ", "INTERVAL", "BYMONTH", "BYMONTHDAY", "WKST"} and rule.get("INTERVAL", [1]) == [1]
    if rule.get("FREQ") == ["YEARLY"] and plain and same_date and "EXDATE" not in event:
        return ClosedYearly(month_and_day=f"{begins:%m-%d}", name=name)
    return NotTaken(name=name, reason="a rule of recurrence other than every year on this date")


def written(entries: tuple[Entry, ...], source: str) -> str:
    """As YAML, with a comment for each line."""
    closed = [f"  {each.on}: closed   # {each.name}" for each in entries if isinstance(each, ClosedDay)]
    yearly = [f'    - "{each.month_and_day}"   # {each.name}' for each in entries if isinstance(each, ClosedYearly)]
    left = [f"#   {each.name}: {each.reason}" for each in entries if isinstance(each, NotTaken)]
    lines = [f"# From {source}. Read it, then put it below a calendar of calendars.yaml."]
    lines += ["exceptions:", *_once(closed)] if closed else []
    lines += ["# in a version of it:", "holidays:", "  yearly:", *_once(yearly)] if yearly else []
    lines += ["# Not taken:", *left] if left else []
    return "\n".join(lines) + "\n"


def _once(lines: list[str]) -> Iterator[str]:
    """One line a date, whatever else falls on it: YAML takes no key twice."""
    seen: set[str] = set()
    for line in lines:
        key = line.split("   #")[0]
        yield f"  # also: {line.strip()}" if key in seen else line
        seen.add(key)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calendars import`."""
    parser = subparsers.add_parser("calendars", help="when a desk is open")
    actions = parser.add_subparsers(required=True)
    importing = actions.add_parser("import", help="print the closed days of an iCalendar file, to be reviewed")
    importing.add_argument("file", type=Path)
    importing.add_argument("--years", type=_years, default="2000-2050", help="such as 2026-2028 (default: 2000-2050)")
    importing.set_defaults(run=_import)


def _years(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and (last or first).isascii() and (last or first).isdigit()):
        raise argparse.ArgumentTypeError("years such as 2026-2028")
    return range(int(first), int(last or first) + 1)


def _import(options: argparse.Namespace) -> int:
    try:
        content = options.file.read_bytes()
        entries = read(content, options.years)
    except (OSError, Misconfigured) as error:
        sys.stderr.write(f"caseway calendars: {options.file}: {error}\n")
        return 1
    sys.stdout.write(written(entries, f"{options.file.name}, sha256 {digest(content)[:12]}"))
    return 0
