"""Publishes reports and figures that are due.

The lane `analytics.reports/0` is leased; what was published stands in the same transaction as the facts, under the
lane's guard, so a report goes out once however many processes there are and whichever of them dies.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.errors import PyMongoError

from caseway.contracts.measures import MeasureTaken, ReportFile, ReportPublished
from caseway.contracts.topology import REPORTERS
from caseway.kernel.decision import Decision, Put
from caseway.kernel.errors import Transient
from caseway.kernel.ids import digest
from caseway.runtime.logs import logger
from caseway.runtime.running import Running
from caseway_analytics.adapters.browser import NoBrowser, printed
from caseway_analytics.adapters.figures import figures_of
from caseway_analytics.adapters.forms import csv_of, whole, xlsx_of
from caseway_analytics.adapters.page import page_of
from caseway_analytics.adapters.registers import Registers
from caseway_analytics.adapters.reporting import Asked, Reporter
from caseway_analytics.domain.answers import tables, value_of
from caseway_analytics.domain.cuts import cut_for
from caseway_analytics.domain.measures import DERIVED, MEASURES
from caseway_analytics.domain.questions import BadQuestion, Question
from caseway_analytics.domain.scheduling import due_after, span_of
from caseway_analytics.domain.tables import text_of
from caseway_analytics.ports import RUNS
from caseway_analytics.report_settings import ReportEntry, StreamEntry
from caseway_analytics.settings import Configuration

EVERY_SECONDS = 5.0
LEASE_SECONDS = 60.0
SETTLE = dt.timedelta(minutes=2)
"""After a slot's end, before its figures are told: what was still on its way is then in."""
FILES_BYTES = 600_000
"""In one record, before Base64: a topic takes 1 MiB. Larger files are a link."""
_MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "pdf": "application/pdf",
    "png": "image/png",
}
_log = logger(__name__)


class Publisher:
    """Publishes reports and figures of one desk."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._configuration: Configuration = running.configuration
        self._figures = figures_of(running)
        self._reporter = Reporter(self._figures, Registers(running.database), self._configuration)
        self._zone = ZoneInfo(self._configuration.measures.zone)

    async def run(self) -> None:
        """As long as the service does."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.publish()
            except (PyMongoError, Transient, BadQuestion, TimeoutError) as error:
                _log.warning("reports_not_published", reason=type(error).__name__)

    async def publish(self) -> int:
        """Everything that is due now; how many publications."""
        epoch = await self._running.own_lanes.lease(REPORTERS, 0, LEASE_SECONDS)
        if epoch is None:
            return 0
        count = 0
        for name, entry in self._configuration.reports.reports.items():
            if entry.at is not None:
                count += await self._catch_up(f"report/{name}", epoch, self._next_due(entry), self._report(name, entry))
        for name, stream in self._configuration.reports.stream.items():
            count += await self._catch_up(f"stream/{name}", epoch, self._slot_ends(stream), self._taken(stream))
        return count

    async def _catch_up(
        self, run: str, epoch: int, next_: Callable[[dt.datetime], dt.datetime | None],
        made: Callable[[dt.datetime], Awaitable[Sequence[Any]]],
    ) -> int:  # fmt: skip
        """Publish each time that was due since the last; one that is new begins with its next."""
        now = self._running.clock.now()
        last = await self._running.database[RUNS].find_one({"_id": run})
        if last is None:
            await self._commit(run, epoch, now, ())
            return 0
        count, at = 0, next_(last["at"])
        while at is not None and at <= now:
            if not await self._commit(run, epoch, at, await made(at)):
                return count
            count += 1
            at = next_(at)
        return count

    async def _commit(self, run: str, epoch: int, at: dt.datetime, emits: Sequence[Any]) -> bool:
        put = Put(collection=RUNS, id=run, value={"at": at})
        decision = Decision(emits=tuple(emits), changes=(put,))
        return await self._running.own_lanes.commit(REPORTERS, 0, epoch, f"{run}@{at.isoformat()}", decision)

    def _next_due(self, entry: ReportEntry) -> Callable[[dt.datetime], dt.datetime | None]:
        hours, when = self._configuration.hours, entry.at
        assert hours is not None, "checked when the configuration was read"
        assert when is not None
        return lambda after: due_after(when, hours, after)

    def _slot_ends(self, stream: StreamEntry) -> Callable[[dt.datetime], dt.datetime | None]:
        """When the slot that runs at an instant has ended and settled."""

        def after(at: dt.datetime) -> dt.datetime:
            ended = at - SETTLE
            if stream.grain == "hour":
                end = ended.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
            else:
                end = span_of("day", ended, self._zone)[1]
            return end + SETTLE

        return after

    def _report(self, name: str, entry: ReportEntry) -> Callable[[dt.datetime], Awaitable[Sequence[Any]]]:
        async def made(at: dt.datetime) -> Sequence[Any]:
            starts_at, ends_at = span_of(entry.covers, at - dt.timedelta(microseconds=1), self._zone)
            asked = Asked(starts_at=starts_at, ends_at=ends_at, zone=self._zone, now=at)
            files = [await self._file(name, entry, asked, form) for form in entry.forms]
            report = await self._reporter.report(name, entry, asked)
            return [
                ReportPublished(
                    at=at,
                    cause=f"report/{name}@{at.isoformat()}",
                    configuration=self._running.version,
                    report=name,
                    occurrence=f"{name}@{at.isoformat()}",
                    title=entry.title,
                    language=entry.language,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    recipients=entry.recipients,
                    summary=text_of(report, self._zone)[:20_000],
                    files=_fitting(files),
                )
            ]

        return made

    async def _file(self, name: str, entry: ReportEntry, asked: Asked, form: str) -> ReportFile:
        # tables may be streams, which can be read once only: each form has its own
        report = await self._reporter.report(name, entry, asked)
        content: bytes | None
        match form:
            case "csv":
                content = await whole(csv_of(report))
            case "xlsx":
                content = await xlsx_of(report)
            case "html":
                content = (await page_of(report)).encode()
            case _:
                content = await self._printed(await page_of(report), form)
        address = self._configuration.reports.public_url.rstrip("/")
        return ReportFile(
            name=f"{name}-{asked.starts_at.astimezone(self._zone):%Y-%m-%d}.{form}",
            media_type=_MEDIA[form],
            size=len(content or b""),
            digest=digest(content or b""),
            content=_encoded(content),
            url=f"{address}/v1/reports/{name}.{form}?from={_date(asked.starts_at, self._zone)}&to={_date(asked.ends_at, self._zone)}"
            if address
            else None,
        )

    @staticmethod
    async def _printed(page: str, form: str) -> bytes | None:
        try:
            return await printed(page, form)
        except NoBrowser as missing:
            _log.warning("report_not_printed", form=form, reason=str(missing))
            return None

    def _taken(self, stream: StreamEntry) -> Callable[[dt.datetime], Awaitable[Sequence[Any]]]:
        async def made(at: dt.datetime) -> Sequence[Any]:
            ends_at = at - SETTLE
            length = dt.timedelta(hours=1)
            starts_at = ends_at - length if stream.grain == "hour" else span_of("day", ends_at - length, self._zone)[0]
            return [
                fact
                for measure in stream.measures
                for fact in await self._facts(measure, stream.by, (starts_at, ends_at), at)
            ]

        return made

    async def _facts(
        self, measure: str, by: tuple[str, ...], span: tuple[dt.datetime, dt.datetime], at: dt.datetime
    ) -> list[MeasureTaken]:
        cut = cut_for(by)
        assert cut is not None, "checked when the configuration was read"
        question = Question(
            measure=measure, starts_at=span[0], ends_at=span[1], grain="all", by=by, zone=self._zone, cut=cut
        )
        cells = await self._figures.stored(question, now=at)
        rows, total = tables(question, cells, as_of=at, targets=self._configuration.targets)
        unit = (DERIVED.get(measure) or MEASURES[measure]).unit
        return [
            MeasureTaken(
                at=at,
                cause=f"stream@{at.isoformat()}",
                configuration=self._running.version,
                measure=measure,
                value=value_of(measure, row),
                unit=unit,
                starts_at=span[0],
                ends_at=span[1],
                dimensions={name: row[name] for name in by},
                sample_count=row.get("count"),
                complete=False,
            )
            for row in (rows if by else [total])
        ]


def _encoded(content: bytes | None) -> Any:
    """As the wire model takes it: Base64."""
    return None if content is None else base64.b64encode(content)


def _date(at: dt.datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _fitting(files: Sequence[ReportFile]) -> tuple[ReportFile, ...]:
    """Files as long as they fit into a record; what does not is named, with its address alone."""
    left, kept = FILES_BYTES, []
    for file in files:
        fits = file.size <= left
        kept.append(file if fits else file.model_copy(update={"content": None}))
        left -= file.size if fits else 0
    return tuple(kept)
