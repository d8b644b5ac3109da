"""The paths of reports, satisfaction and search.

Figures of the desk are anybody's; sections by agent and what customers wrote are for coordinators who sign in, and
search and satisfaction for staff. What is mailed goes to the recipients that the report names.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from caseway.runtime.running import Running
from caseway_analytics.adapters.browser import printed
from caseway_analytics.adapters.figures import figures_of
from caseway_analytics.adapters.forms import Workbook, csv_of, json_of
from caseway_analytics.adapters.page import page_of
from caseway_analytics.adapters.registers import Registers
from caseway_analytics.adapters.reporting import Reporter, asked_of
from caseway_analytics.adapters.texts import MongoTexts
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.domain.tables import Report
from caseway_analytics.domain.waves import Candidate, Criteria, chosen
from caseway_analytics.report_settings import ReportEntry
from caseway_analytics.settings import Configuration
from caseway_analytics.web.answering import answering
from caseway_analytics.web.denied import Denied
from caseway_analytics.web.visitors import known, may_see_individuals

FORMS = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "png": "image/png",
}
_SAFE = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_EXPORT_SECONDS = 600.0
"""An export of a million rows takes its time; it is streamed, so nobody waits for the first."""
_MOST_BODY = 4 * 1024 * 1024


def report_routes(running: Running) -> Sequence[BaseRoute]:
    """Everything that is built from reports.yaml and satisfaction.yaml, and the search."""
    configuration: Configuration = running.configuration
    registers = Registers(running.database)
    reporter = Reporter(figures_of(running), registers, configuration)
    texts = MongoTexts(running.database)

    async def listed(_: Request) -> Response:
        told = [
            {"report": name, "title": entry.title, "covers": entry.covers, "sent": entry.at is not None}
            for name, entry in configuration.reports.reports.items()
        ]
        return JSONResponse({"reports": told})

    async def report(request: Request) -> Response:
        name, form = request.path_params["report"], request.path_params["form"]
        entry = configuration.reports.reports.get(name)
        if entry is None:
            raise BadQuestion("report", "one of " + ", ".join(configuration.reports.reports))
        if form not in FORMS:
            raise BadQuestion("form", "one of " + ", ".join(FORMS))
        now = running.clock.now()
        entry = _for_visitor(entry, request, running)
        asked = asked_of(entry, request.query_params, now=now, zone=configuration.measures.zone)
        return await answered(await reporter.report(name, entry, asked), form)

    async def wave(request: Request) -> Response:
        known(request, running)
        named = request.query_params.get("wave")
        return JSONResponse(await registers.wave(named, configuration.satisfaction.method))

    async def sample(request: Request) -> Response:
        known(request, running)
        wanted = await _sample_asked(request)
        surveyed = await registers.surveyed()
        panel = {answer["customer"] for answer in surveyed.answers}
        candidates = [each.candidate() for each in wanted.customers]
        on = running.clock.now().date()
        found = chosen(candidates, wanted.criteria.criteria(), panel, on)
        return JSONResponse({"sample": [{"customer": name, "reasons": list(why)} for name, why in found.items()]})

    async def search(request: Request) -> Response:
        known(request, running)
        return JSONResponse(await texts.found(request.query_params))

    return [
        Route("/v1/reports", answering(listed)),
        Route("/v1/reports/{report}.{form}", answering(report, _EXPORT_SECONDS)),
        Route("/v1/satisfaction", answering(wave)),
        Route("/v1/satisfaction/sample", answering(sample), methods=["POST"]),
        Route("/v1/search", answering(search)),
    ]


def _for_visitor(entry: ReportEntry, request: Request, running: Running) -> ReportEntry:
    """The whole report for a coordinator; for others what names nobody.

    Raises:
        Denied: 401, nothing would be left.
    """
    if may_see_individuals(request, running):
        return entry
    open_to_all = entry.without_individuals()
    if not open_to_all.sections:
        raise Denied(401, "this report names people: sign in with a coordinator's token")
    return open_to_all


async def answered(report: Report, form: str) -> Response:
    """The report in the form that was asked for."""
    named = {"content-disposition": f'attachment; filename="{report.name}.{form}"', "cache-control": "no-store"}
    match form:
        case "json":
            return StreamingResponse(json_of(report), media_type=FORMS[form])
        case "csv":
            return StreamingResponse(csv_of(report), media_type=FORMS[form], headers=named)
        case "xlsx":
            return await _workbook(report)
        case "html":
            return HTMLResponse(await page_of(report), headers=_SAFE)
        case _:
            return Response(await printed(await page_of(report), form), media_type=FORMS[form], headers=named)


async def _workbook(report: Report) -> Response:
    folder = Path(tempfile.mkdtemp(prefix="caseway-report-"))
    try:
        await Workbook(folder / "report.xlsx", report).write()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / "report.xlsx",
        media_type=FORMS["xlsx"],
        filename=f"{report.name}.xlsx",
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Candidate(_Asked):
    """A customer as CRM knows them."""

    customer: str = Field(min_length=1)
    vip: bool = False
    contract_value: float = 0.0
    since_on: dt.date | None = None
    equipment: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()

    def candidate(self) -> Candidate:
        return Candidate(
            customer=self.customer, is_vip=self.vip, contract_value=self.contract_value, since_on=self.since_on,
            equipment=self.equipment, services=self.services,
        )  # fmt: skip


class _Criteria(_Asked):
    vip: bool = False
    contract_above: float | None = None
    new: bool = False
    equipment: str | None = None
    service: str | None = None

    def criteria(self) -> Criteria:
        return Criteria(**self.model_dump())


class _Sample(_Asked):
    """Whom a wave asks: by criteria; whoever took part before stays in."""

    criteria: _Criteria
    customers: tuple[_Candidate, ...]


async def _sample_asked(request: Request) -> _Sample:
    body = await request.body()
    if len(body) > _MOST_BODY:
        raise BadQuestion("body", f"at most {_MOST_BODY} bytes")
    try:
        return _Sample.model_validate_json(body)
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False)[0]
        raise BadQuestion(".".join(map(str, first["loc"])) or "body", str(first["msg"])) from None
