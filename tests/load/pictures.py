"""The pictures of docs/pictures, of today's page: `python -m tests.load.pictures [folder]`.

A morning of the retail desk, believable but invented, is told to analytics on the backends of CASEWAY_KAFKA_URL and
CASEWAY_MONGO_URL; a headless Chromium looks at it. With `--stay` the desk stays up until it is interrupted, to be looked at by
whoever works on the page.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import yaml

from caseway.contracts import notifications
from caseway.contracts.parts import Actor, Author
from caseway.contracts.wire import Fact
from caseway.kernel.vocabulary import Channel, Presence
from caseway.testkit.browser import Page, browser
from caseway.testkit.desk_facts import CaseTeller, presence
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.analytics_desk import KEY, RETAIL, AnalyticsDesk, bearer, get

CASES, HOURS, COORDINATOR, AGENT, WATCHED = 420, 5, "maria.zak", "marta.sarna", 5000
_CHANNELS = {Channel.EMAIL: 30, Channel.CHAT: 26, Channel.PHONE: 22, Channel.WEB: 14, Channel.MESSAGE: 12}
_QUEUES = ("customers", "customers", "stores", "marketplace", "other")
_PICKED_UP = {"phone": 12, "customers": 110, "stores": 150, "marketplace": 190, "other": 240}
"""Mean seconds until somebody takes it."""


def configuration(folder: Path) -> Path:
    """Retail's, with teams and a leaderboard."""
    shutil.copytree(RETAIL, folder)
    agents = list(yaml.safe_load((RETAIL / "agents.yaml").read_text(encoding="utf-8"))["agents"])
    file = folder / "measures.yaml"
    measures = yaml.safe_load(file.read_text(encoding="utf-8"))
    measures["teams"] = {"A": agents[:10], "B": agents[10:20], "C": agents[20:30]}
    measures["leaderboard"] = {"on": True, "supervisors": {"A": [COORDINATOR], "B": [COORDINATOR]}}
    file.write_text(yaml.safe_dump(measures, allow_unicode=True), encoding="utf-8")
    return folder


def morning(now: dt.datetime) -> list[Fact]:
    """What was told since the desk opened, in order."""
    chance = random.Random(7)
    agents = list(yaml.safe_load((RETAIL / "agents.yaml").read_text(encoding="utf-8"))["agents"])
    facts: list[Fact] = [
        presence(now - dt.timedelta(hours=HOURS), agent, _presence(place), capacity=6.0)
        for place, agent in enumerate(agents[:29])
    ]
    for number in range(1, CASES + 1):
        began = now - dt.timedelta(hours=HOURS) * chance.random() ** 1.1
        channel = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
        case = CaseTeller(f"case-{number}", 4400 + number, channel)
        facts += _case(chance, case, began, agents)
    facts += _watched(now - dt.timedelta(minutes=2), agents[12])
    return sorted((fact for fact in facts if fact.at <= now), key=lambda fact: fact.at)


def _presence(place: int) -> Presence:
    return {24: Presence.BUSY, 25: Presence.AWAY, 26: Presence.AWAY, 27: Presence.NOT_ANSWERING}.get(
        place, Presence.ONLINE
    )


def _case(chance: random.Random, case: CaseTeller, at: dt.datetime, agents: list[str]) -> Iterator[Fact]:
    def later(seconds: float) -> dt.datetime:
        return at + dt.timedelta(seconds=round(chance.expovariate(1 / seconds), 1))

    queue = "phone" if case.channel is Channel.PHONE else chance.choice(_QUEUES)
    agent = chance.choice(agents[:24])
    opened_at = at
    yield case.opened(
        at, language=chance.choice(("pl", "pl", "en", "de")), category=chance.choice(("delivery", "return"))
    )
    yield case.queued(at, queue)
    yield case.started(at, "first_response", at + dt.timedelta(minutes=30))
    yield case.started(at, "resolution", at + dt.timedelta(hours=3))
    at = later(_PICKED_UP[queue])
    if case.channel is Channel.PHONE and chance.random() < 0.06:
        yield case.call(at, "abandoned")
        yield case.withdrawn(at, queue)
        yield case.cancelled(at, "first_response")
        yield case.cancelled(at, "resolution")
        return
    yield case.accepted(at, queue, agent)
    at = later(60)
    yield case.call(at, "answered") if case.channel is Channel.PHONE else case.replied(at)
    in_time = at - opened_at < dt.timedelta(minutes=30) and chance.random() < 0.98
    yield (
        case.met(at, "first_response")
        if in_time
        else case.violated(opened_at + dt.timedelta(minutes=30), "first_response")
    )
    while chance.random() < 0.35:
        at = later(200)
        yield case.contact_added(at)
    if chance.random() < 0.04:
        yield case.warned(opened_at + dt.timedelta(hours=2, minutes=40), "resolution")
        at = later(9000)
    at = later(420 if case.channel is Channel.PHONE else 1500)
    yield case.resolved(at).model_copy(update={"actor": Actor(kind="agent", id=agent)})
    yield case.met(at, "resolution")
    yield case.completed(at, queue)
    yield _notified(case, at, chance)


def _notified(case: CaseTeller, at: dt.datetime, chance: random.Random) -> Fact:
    told = notifications.NotificationDelivered if chance.random() < 0.98 else notifications.NotificationGivenUp
    return case.notice(told, at)


def _watched(at: dt.datetime, agent: str) -> Iterator[Fact]:
    """The conversation that the coordinator looks into."""
    case = CaseTeller("case-watched", WATCHED, Channel.CHAT)
    customer, ours = Author(kind="customer", name="Anna Nowak"), Author(kind="agent", id=agent)
    second = dt.timedelta(seconds=1)
    yield case.opened(
        at, subject="Where is my parcel", text="It was to come on Monday.", author=customer, language="en"
    )
    yield case.queued(at, "customers")
    yield case.started(at, "first_response", at + dt.timedelta(minutes=3))
    yield case.offered(at + 8 * second, "customers", agent)
    yield case.accepted(at + 12 * second, "customers", agent)
    yield case.contact_added(
        at + 30 * second, text="Good morning! One moment, please.", direction="outbound", author=ours
    )
    yield case.contact_added(at + 55 * second, text="Can you look it up? I have waited for a week.", author=customer)


def large(now: dt.datetime) -> Iterator[Fact]:
    """Five hundred agents at work in fifty queues."""
    chance = random.Random(11)
    agents = [f"agent-{place:03}" for place in range(470)]
    for place, agent in enumerate(agents):
        state = chance.choices([Presence.ONLINE, Presence.BUSY, Presence.AWAY, Presence.NOT_ANSWERING], [80, 12, 6, 2])[
            0
        ]
        yield presence(now - dt.timedelta(minutes=place), agent, state, capacity=6.0)
    for number in range(1500):
        at = now - dt.timedelta(seconds=round(3300 * chance.random()))
        channel = chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]
        case, queue = (
            CaseTeller(f"large-{number}", 6000 + number, channel),
            f"returns-and-complaints-region-{number % 45:02}",
        )
        yield case.opened(at)
        yield case.queued(at, queue)
        yield case.started(at, "first_response", at + dt.timedelta(minutes=90))
        if chance.random() < 0.93:
            yield case.accepted(
                min(now, at + dt.timedelta(seconds=round(chance.expovariate(1 / 200)))), queue, chance.choice(agents)
            )


class Pictured:
    """The desk and whoever looks at it."""

    def __init__(self, desk: AnalyticsDesk, service: ServiceProcess, folder: Path) -> None:
        self._desk = desk
        self._service = service
        self._folder = folder
        self._cases = 0

    async def wait_for(self, cases: int) -> None:
        """Until so many cases are counted."""
        self._cases = cases

        async def has_all() -> bool:
            return bool((await get(self._service, "/v1/summary")).json()["cases_opened"] >= cases)

        await eventually(has_all, "all is counted", seconds=200)

    async def take(self, page: Page) -> None:
        """Every picture."""
        await self._wall(page, "wall", 1920, 1080, "light")
        await self._wall(page, "wall-dark", 1920, 1080, "dark")
        await self._wall(page, "wall-phone", 390, 844, "light")
        await self._coordinator(page)
        await self._results(page)
        await self._report(page)
        await self._desk.tell(*large(dt.datetime.now(dt.UTC)))
        await self.wait_for(CASES + 1 + 1500)
        await self._wall(page, "wall-500-agents", 1920, 1080, "dark")
        self._service.kill()
        await eventually(lambda: has(page, "body.is-stale"), "the break is shown", seconds=30)
        await asyncio.sleep(5)
        await page.picture(self._folder / "wall-broken.png")

    async def _wall(self, page: Page, name: str, width: int, height: int, scheme: str) -> None:
        await page.size(width, height, scheme=scheme, is_phone=width < 500)
        await page.go(f"{self._service.url}/")
        await self._is_live(page)
        await page.picture(self._folder / f"{name}.png")

    async def _is_live(self, page: Page) -> None:
        async def is_live() -> bool:
            told = await page.text('[data-value="cases_opened"]')
            is_late = await page.value("document.getElementById('late')?.hidden === false")
            return await page.text("#stream-text") == "Live" and told == f"{self._cases:,}" and not is_late

        await eventually(is_live, "the wall is live, and shows everything", seconds=120)
        await asyncio.sleep(0.5)

    async def _coordinator(self, page: Page) -> None:
        await page.size(1440, 900)
        await page.go(f"{self._service.url}/#token={token(COORDINATOR, 'supervisor', 'Maria Żak')}")
        await self._is_live(page)
        await page.value(
            f"document.getElementById('find-number').value = '{WATCHED}'; document.getElementById('find').requestSubmit()"
        )
        await eventually(lambda: has(page, "#course li"), "the case is open", seconds=30)
        await page.value("document.getElementById('watch').click()")
        await eventually(lambda: has(page, "#talk li"), "the conversation is open", seconds=30)
        await asyncio.sleep(1)
        await page.picture(self._folder / "wall-coordinator.png")
        await page.value("document.getElementById('case').close()")
        await self._sign_out(page)

    async def _sign_out(self, page: Page) -> None:
        async def is_out() -> bool:
            return await page.text("#who") == "Sign in"

        await page.value("document.getElementById('who').click()")
        await eventually(is_out, "nobody is signed in", seconds=30)
        await page.go("about:blank")

    async def _results(self, page: Page) -> None:
        """An agent's own page: the work in hand, and the results among those of the role."""
        await page.size(1440, 900)
        await page.go(f"{self._service.url}/#token={token(AGENT, 'agent', 'Marta Sarna')}")
        await self._is_live(page)
        await eventually(lambda: has(page, "#results-teams tr"), "the results are shown", seconds=30)
        await asyncio.sleep(1)
        await page.picture(self._folder / "wall-agent.png", whole=True)
        await self._sign_out(page)

    async def _report(self, page: Page) -> None:
        """The week's report as a page and as a workbook, which is left beside the pictures for whoever opens it."""
        path = "/v1/reports/channels"
        workbook = await get(self._service, f"{path}.xlsx", headers=bearer(COORDINATOR, "supervisor"))
        (self._folder / "report.xlsx").write_bytes(workbook.content)
        shown = await get(self._service, f"{path}.html", headers=bearer(COORDINATOR, "supervisor"))
        (self._folder / "report.html").write_bytes(shown.content)
        await page.size(1280, 900)
        await page.go((self._folder / "report.html").resolve().as_uri())
        await asyncio.sleep(1)
        await page.picture(self._folder / "report.png")


async def has(page: Page, selector: str) -> bool:
    """Whether there is any."""
    return bool(await page.value(f"document.querySelector({selector!r}) !== null"))


def token(sub: str, role: str, name: str) -> str:
    """Somebody's, for an hour."""
    return jwt.encode(
        {"sub": sub, "role": role, "name": name, "exp": dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)}, KEY
    )


async def main(folder: Path, *, stays: bool) -> None:
    """Prepare, look, clean."""
    namespace = Namespace.new(os.environ["CASEWAY_KAFKA_URL"], os.environ["CASEWAY_MONGO_URL"])
    try:
        with tempfile.TemporaryDirectory() as scratch:
            desk = AnalyticsDesk(namespace, Path(scratch), configuration(Path(scratch) / "configuration"))
            await desk.prepare()
            async with desk.service() as service:
                await service.until_ready(90)
                await desk.tell(*morning(dt.datetime.now(dt.UTC)))
                pictured = Pictured(desk, service, folder)
                await pictured.wait_for(CASES + 1)
                if stays:
                    if "--large" in sys.argv:
                        await desk.tell(*large(dt.datetime.now(dt.UTC)))
                    print(f"{service.url}/#token={token(COORDINATOR, 'supervisor', 'Maria Żak')}", flush=True)
                    await asyncio.Event().wait()
                async with browser(Path(str(shutil.which("chromium")))) as page:
                    await pictured.take(page)
    finally:
        await namespace.clean()


if __name__ == "__main__":
    given: list[Any] = [each for each in sys.argv[1:] if not each.startswith("--")]
    asyncio.run(main(Path(given[0] if given else "docs/pictures"), stays="--stay" in sys.argv))
