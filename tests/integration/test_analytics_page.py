"""The live page in a real browser: what it shows, to whom, and what it says when its stream breaks."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest

from caseway.kernel.vocabulary import Channel, Presence
from caseway.runtime.configuration import load
from caseway.testkit.browser import browser
from caseway.testkit.desk_facts import CaseTeller, day_of, presence
from caseway.testkit.waiting import eventually
from caseway_analytics.settings import Configuration
from tests.analytics_desk import RETAIL, AnalyticsDesk

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)

CONTRASTS = """
(() => {
  const numbers = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (numbers(colour).length < 4 || numbers(colour)[3] > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("body *")].filter((each) =>
    each.checkVisibility() && [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const low = texts.map((each) => {
    const pair = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a);
    return { text: each.textContent.slice(0, 30), ratio: (pair[0] + 0.05) / (pair[1] + 0.05) };
  }).filter((each) => each.ratio < 4.5);
  return { checked: texts.length, low };
})()
"""
IS_ON_ONE_SCREEN = """
document.documentElement.scrollHeight <= innerHeight &&
[...document.querySelectorAll(".panel, .tile, .lines li, .card, #queue-rows tr, footer")].filter((each) => each.checkVisibility())
  .every((each) => each.closest("#queue-scroll") || each.getBoundingClientRect().bottom <= innerHeight)
"""
WHOLE_ROWS = """
[...document.querySelectorAll("#queue-rows tr")].filter((row) => {
  const [top, bottom, end] = [row.getBoundingClientRect().top, row.getBoundingClientRect().bottom, document.getElementById("queue-scroll").getBoundingClientRect().bottom];
  return top < end - 1 && bottom > end + 1;
}).length === 0
"""
QUEUES = len(load(RETAIL, Configuration).value.plan().queues)


@pytest.fixture
async def desk(namespace, tmp_path) -> AnalyticsDesk:
    own = AnalyticsDesk(namespace, tmp_path)
    await own.prepare()
    return own


def todays_facts():
    started = NOW - dt.timedelta(minutes=40)
    cases = day_of(5, 40, started, dt.timedelta(minutes=35))
    facts = [fact for case in cases for fact in case if fact.at <= NOW]
    signed_in = [
        presence(started, agent, Presence.ONLINE, capacity=6.0) for agent in ("ada", "bo", "cy", "celina.sowa")
    ]
    private = {"subject": "Meine IBAN", "text": "geheim", "party": {"name": "Anna Nowak", "email": "anna@example.com"}}
    last = CaseTeller("last", 4711, Channel.CHAT)
    return [
        *signed_in,
        *sorted(facts, key=lambda fact: fact.at),
        last.opened(NOW, **private),
        last.queued(NOW, "stores"),
    ]


async def shows(page, selector, text):
    """Whether an element's text is this one."""
    return (await page.text(selector)).strip() == text


async def is_live(page):
    return await shows(page, "#stream-text", "Live")


async def test_the_page_shows_the_desk_as_it_is_and_nothing_private(desk, tool, tmp_path):
    """S4-28, S1-44: real time; the wall shows neither names nor subjects of customers."""
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page, desk.service() as service:
        await service.until_ready(90)
        await page.size(1920, 1080, scheme="dark")
        await page.go(service.url + "/")
        await eventually(lambda: is_live(page), "the stream is live", seconds=60)
        assert await page.text('[data-value="waiting"]') == "0"
        assert await page.text('[data-value="longest"]') == "–"
        assert (await page.text("#time-rows")).split("\n")[0].split("\t") == ["Pick-up", "–", "–", "0"]
        assert await page.text("#no-agents") == "Nobody is signed in."
        assert await page.text("#no-cases") == "No case yet."

        await desk.tell(*todays_facts())
        await eventually(lambda: shows(page, "#latest-cases .number", "#4711"), "the latest case is shown", seconds=60)
        text = await page.text("body")
        for private in ("IBAN", "geheim", "Nowak", "anna@"):
            assert private not in text
        assert "Agent 3" in await page.text("#cards")
        for name in ("Celina", "celina", "Sowa"):
            assert name not in await page.value("document.documentElement.outerHTML"), "the wall shows no names"
        stores = await page.text("#queue-rows tr:first-child")
        assert stores.startswith("Stores")
        longest = await page.text('[data-value="longest"]')
        await eventually(
            lambda: differs(page, '[data-value="longest"]', longest), "the wait grows by itself", seconds=60
        )
        for scheme, width, height in (
            ("dark", 1920, 1080),
            ("light", 1440, 900),
            ("light", 768, 1024),
            ("dark", 390, 844),
        ):
            await page.size(width, height, scheme=scheme, is_phone=width < 500)
            assert await page.value("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{width} wide scrolls"
            )
            if width == 1920:
                assert await page.value(IS_ON_ONE_SCREEN), "nobody scrolls a wall"
            contrasts = await page.value(CONTRASTS)
            assert contrasts["checked"] > 100
            assert contrasts["low"] == [], f"too little contrast, {scheme}"
            await page.picture(tmp_path / f"wall-{scheme}-{width}.png", whole=width < 500)
        await has_a_chart(page)
        assert page.problems == []
        assert {urlsplit(url).netloc for url in page.requests} == {urlsplit(service.url).netloc}


async def has_a_chart(page):
    """Drawn, and in words for whoever does not see it."""
    drawn = (
        "(canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].some(Boolean))"
        "(document.querySelector('#chart canvas'))"
    )
    await eventually(lambda: page.value(drawn), "the chart is drawn", seconds=20)
    assert ", " in await page.value("document.getElementById('chart').getAttribute('aria-label')")


async def differs(page, selector, text):
    return await page.text(selector) not in {text, "–"}


async def test_the_page_says_that_its_stream_is_broken_and_recovers_by_itself(desk, tool):
    """S4-28: figures that are no longer live are marked as such."""
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page:
        service = desk.service()
        async with service.start():
            await service.until_ready(90)
            await desk.tell(CaseTeller("c", 1).opened(NOW), CaseTeller("c", 1).queued(NOW, "stores"))
            await page.size(1440, 900)
            await page.go(service.url + "/")
            await eventually(
                lambda: shows(page, '[data-value="waiting"]', "1"), "the waiting case is shown", seconds=60
            )
            service.kill()
            await eventually(lambda: shows(page, "#stream-text", "Stream broken"), "the break is shown", seconds=60)
            assert "The figures are those of" in await page.text("#broken")
            assert await page.value("document.body.classList.contains('is-stale')")
            frozen = await page.text('[data-value="longest"]')
            assert await page.text('[data-value="waiting"]') == "1"
            clock = await page.text("#clock")
            await page.value("new Promise((done) => setTimeout(done, 2100))")
            assert (await page.text('[data-value="longest"]'), await page.text("#clock")) == (frozen, clock)
            assert "old" in await page.text("#age")
            service.start()
            await eventually(lambda: is_live(page), "the page is live again", seconds=60)
            assert await page.text("#age") == ""
            assert await page.value("document.getElementById('broken').hidden")


async def test_the_page_is_usable_by_keyboard_and_by_screen_reader(desk, tool):
    """S4-28: usable by keyboard and screen reader."""
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page, desk.service() as service:
        await service.until_ready(90)
        await desk.tell(*todays_facts())
        await page.size(1440, 900)
        await page.go(service.url + "/")
        await eventually(lambda: shows(page, "#latest-cases .number", "#4711"), "the page is filled", seconds=60)
        await page.press("Tab")
        assert await page.value("document.activeElement.className") == "skip"
        for control in ("find-number", "find", "who", "theme"):
            await page.press("Tab")
            assert await page.value("document.activeElement.id || document.activeElement.form.id") == control
        await page.press("Enter")
        assert await page.value("document.documentElement.dataset.theme") == "light"
        await page.press("Enter")
        assert await page.value("document.documentElement.dataset.theme") == "dark"
        tree = await page.accessible()
        await page.value("document.querySelector('#latest-cases .case').focus()")
        await page.press("Enter")
        await eventually(lambda: shows(page, "#case-title", "Case #4711"), "the case is opened by keyboard", seconds=30)
        assert await page.value("document.activeElement.id") == "case-title"
        assert (await page.text("#course li div")).startswith("Opened by chat")
        assert await page.value("getComputedStyle(document.getElementById('coordinate')).display") == "none"
        await page.value("document.getElementById('case').close()")
        assert (await page.value("document.activeElement.textContent")).strip() == "#4711"
        await page.value("document.getElementById('who').click()")
        assert await page.value("document.activeElement.id") == "token"
    told = {(node["role"], node["name"]) for node in tree}
    headings = {name for role, name in told if role == "heading"}
    assert {
        "Retail support",
        "Queues",
        "Agents",
        "Contacts today",
        "Times today",
        "Latest cases",
        "Promises running out",
        "Longest in hand",
    } <= headings
    assert {"Queue", "Waiting", "Longest", "Expected wait", "With agents"} <= {
        name for role, name in told if role == "columnheader"
    }
    assert "Stores" in {name for role, name in told if role == "rowheader"}
    assert any(role in {"image", "img"} and name.startswith("By half hour: ") for role, name in told)
    assert any(role == "status" for role, _ in told)
    assert {"banner", "main", "contentinfo", "search", "region"} <= {role for role, _ in told}
    assert all(name for role, name in told if role in {"button", "link", "heading", "image", "img"})


async def test_five_hundred_agents_and_fifty_queues_fit(desk, tool, tmp_path):
    """S4-01: performance and scalability as the desk grows."""
    async with browser(tool("chromium", "chromium-browser", "google-chrome")) as page, desk.service() as service:
        await service.until_ready(90)
        await page.size(1920, 1080)
        await page.go(service.url + "/")
        facts = [presence(NOW, f"agent-{place}", Presence.ONLINE, capacity=6.0) for place in range(500)]
        for place in range(50):
            case = CaseTeller(f"c{place}", place)
            facts += [case.opened(NOW), case.queued(NOW, f"queue-with-a-long-name-{place}")]
        await desk.tell(*facts)
        cards = "document.querySelectorAll('#cards .card').length"
        await eventually(lambda: is_value(page, cards, 500), "every agent has a card", seconds=60)
        assert await page.value("document.querySelectorAll('#queue-rows tr').length") == 50 + QUEUES
        assert await page.value("document.documentElement.scrollWidth <= window.innerWidth")
        assert await is_live(page)
        assert await page.value(IS_ON_ONE_SCREEN), "every agent is seen without scrolling"
        await eventually(lambda: page.value(WHOLE_ROWS), "no queue is cut in half", seconds=10)
        below, waiting = [int(word) for word in (await page.text("#more-queues")).split() if word.isdecimal()]
        assert 0 < below < 50 + QUEUES, "what does not fit is told as a number"
        assert 0 < waiting <= below
        named = (
            "[...document.querySelectorAll('#cards .name')].every((each) => /^Agent [0-9]+$/.test(each.textContent))"
        )
        assert await page.value(named), "whoever hears the page is told more than a number"
        assert page.problems == []
        await page.picture(tmp_path / "wall-500-agents.png")


async def is_value(page, expression, value):
    return await page.value(expression) == value
