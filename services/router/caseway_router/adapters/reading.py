"""What the router answers over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from caseway.runtime.running import Running
from caseway_router.adapters import answers, panel
from caseway_router.adapters.answers import Json
from caseway_router.adapters.pages import CASE_PAGE, POOL_PAGE, SAFE, Pages
from caseway_router.domain import account
from caseway_router.domain.account import Account
from caseway_router.domain.items import Waiting, WorkItem
from caseway_router.domain.obstacles import obstacles
from caseway_router.domain.phrases import Speech
from caseway_router.domain.plan import PoolPlan
from caseway_router.settings import Configuration

Page = Callable[[Request], Awaitable[Response]]

_MOST_DECISIONS = 100
_LONGEST = 5
"""Cases of each queue that are named: those that have waited the longest."""
_LONGEST_ID = 200
"""Characters of an id in an address; a longer one names nothing."""


def routes(running: Running) -> Sequence[BaseRoute]:
    """The router's own pages, beside the probes."""
    pages = Pages()
    desk = Desk(running=running, configuration=running.configuration, speech=_speech(running.configuration))

    @_while_answering
    async def show_pool(request: Request) -> Response:
        plan = desk.configuration.plans.get(request.path_params["pool"])
        if plan is None:
            return _absent("no such pool is configured")
        return _as_asked(request, await desk.pool(plan), POOL_PAGE, pages, desk.speech)

    @_while_answering
    async def show_decisions(request: Request) -> Response:
        case_id = request.path_params["case_id"]
        answer = await desk.case(case_id) if len(case_id) <= _LONGEST_ID else None
        if answer is None:
            return _absent("the router knows no such case")
        return _as_asked(request, answer, CASE_PAGE, pages, desk.speech)

    return (Route("/v1/pools/{pool}", show_pool), Route("/v1/cases/{case_id}/decisions", show_decisions))


def _while_answering(page: Page) -> Page:
    """Answer 503 while the database does not."""

    @wraps(page)
    async def answer(request: Request) -> Response:
        try:
            return await page(request)
        except (PyMongoError, TimeoutError) as error:
            reason = f"the database does not answer ({type(error).__name__})"
            return JSONResponse({"error": reason}, status_code=503)

    return answer


def _absent(what: str) -> Response:
    return JSONResponse({"error": what}, status_code=404)


def _as_asked(request: Request, answer: Json, template: str, pages: Pages, speech: Speech) -> Response:
    """JSON, unless a person's browser, or whoever wants plain words, asks first for something else."""
    match preferred(request.headers.get("accept", "")):
        case "text/html":
            return HTMLResponse(pages.html(template, answer, speech), headers=SAFE)
        case "text/plain":
            return PlainTextResponse(pages.text(template, answer, speech), headers={"vary": "accept"})
        case _:
            return JSONResponse(answer, headers={"vary": "accept"})


def preferred(accept: str) -> str:
    """The first of the types that are known here, by weight and then by order."""
    known = {"text/html", "text/plain", "application/json"}
    wanted = []
    for place, part in enumerate(accept.split(",")[:20]):
        kind, _, rest = part.strip().partition(";")
        weight = next((each.strip()[2:] for each in rest.split(";") if each.strip().startswith("q=")), "1")
        if kind.strip() in known and _weight(weight) > 0:
            wanted.append((-_weight(weight), place, kind.strip()))
    return min(wanted)[2] if wanted else "application/json"


def _weight(given: str) -> float:
    try:
        weight = float(given)
    except ValueError:
        return 1.0
    return weight if 0 <= weight <= 1 else 0.0


def _speech(configuration: Configuration) -> Speech:
    names = {agent: each.name for plan in configuration.plans.values() for agent, each in plan.agents.items()}
    return Speech(
        names=names, queues=configuration.titles, skills=configuration.routing.titles, zone=configuration.zone
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is read from database and configuration for one answer."""

    running: Running
    configuration: Configuration
    speech: Speech

    async def pool(self, plan: PoolPlan) -> Json:
        """A pool: its queues and its agents."""
        waiting = await panel.waiting_by_queue(self.running.database, plan.pool)
        seats = await panel.seats(self.running.database, plan)
        names = dict.fromkeys([*plan.queues, *sorted(waiting)])
        longest = {name: await panel.waiting_in(self.running.database, plan.pool, name, _LONGEST) for name in waiting}
        return {
            "pool": plan.pool,
            "at": self.running.clock.now().isoformat(),
            "queues": [
                answers.queue(plan, name, waiting.get(name), longest.get(name, ()), self.speech) for name in names
            ],
            "agents": [answers.agent(plan, name, seats.get(name)) for name in sorted(plan.agents)],
        }

    async def case(self, case_id: str) -> Json | None:
        """A case: where it stands, why, and how it got there; None when nothing is known of it."""
        item = await panel.work_of(self.running.database, case_id)
        case = await panel.case_of(self.running.database, case_id)
        offers = await panel.offers_of(self.running.database, case_id, _MOST_DECISIONS)
        if item is None and case is None and not offers:
            return None
        said, waiting = Account(headline="Its work is over."), None
        if item is not None:
            said, waiting = await self._standing(item)
        elif case is not None:
            said = account.of_case(case, self.speech, self.running.clock.now())
        plans = self.configuration.plans
        return {
            "case_id": case_id,
            "number": case.facts.get("number") if case is not None else None,
            "at": self.running.clock.now().isoformat(),
            "standing": answers.account(said),
            "work": answers.work(item) if item is not None else None,
            "waiting": waiting,
            "routing": answers.routing(case),
            "decisions": [answers.decision(offer, self.speech, plans.get(offer.pool)) for offer in offers],
        }

    async def _standing(self, item: WorkItem) -> tuple[Account, Json | None]:
        """Where the work stands; where it waits, what keeps it from everybody."""
        now = self.running.clock.now()
        plan = self.configuration.plans.get(item.pool)
        if plan is None or not isinstance(item.standing, Waiting):
            return account.of_work(item, None, "", self.speech, now), None
        found = obstacles(item, plan, await panel.seats(self.running.database, plan), now)
        ahead = await panel.ahead_of(self.running.database, plan, item)
        said = account.of_work(item, found, answers.ahead_in_words(ahead), self.speech, now)
        return said, answers.waiting(found, ahead)
