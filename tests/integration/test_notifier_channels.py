"""Webhooks and chat rooms against servers that misbehave in every way they can."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from caseway.kernel.clock import WallClock
from caseway.kernel.errors import Misconfigured
from caseway_notifier.adapters.hooks import Hooks
from caseway_notifier.adapters.rooms import Rooms
from caseway_notifier.adapters.transports import endpoints
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted, Deferred, Outcome, Refused, Unknown
from caseway_notifier.domain.obstacle import CLOSED
from caseway_notifier.sender_settings import ListsFile
from tests.notifier_builders import delivery

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CONTENT = Content(language="ja", subject="インシデント一報", text="三十分前から。\n")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise looks for it
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Request = tuple[str, dict[str, str], bytes]


class Web:
    """An HTTP server of raw bytes, which journals every request."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen: list[Request] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.seen.append((first, headers, body))
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def web(answer: Answer) -> AsyncIterator[Web]:
    site = Web(answer)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


def says(status: str, headers: str = "") -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n{headers}\r\n".encode())
        await writer.drain()

    return answer


async def attempt(site: Web, *, inside: bool = True, seconds: float = 1.0, host: str = "127.0.0.1") -> Outcome:
    hooks = Hooks(
        {"audit": (f"http://{host}:{site.port}/in?x=1", SECRET, inside)}, attempt_seconds=seconds, clock=WallClock()
    )
    try:
        return await hooks.attempt(delivery(channel="webhook", recipient="audit", mailing=None), CONTENT)
    finally:
        await hooks.close()


async def test_a_webhook_is_signed_so_that_the_official_library_believes_it() -> None:
    """Standard Webhooks 1.0: id, timestamp and signature, over the very bytes; the same id on each attempt."""
    async with web(says("204 No Content")) as site:
        assert await attempt(site) == Accepted()
        assert await attempt(site) == Accepted()
    (line, headers, body), (_, again, _) = site.seen
    told = Webhook(SECRET).verify(body, headers)
    assert line == "POST /in?x=1 HTTP/1.1"
    assert headers["host"] == f"127.0.0.1:{site.port}"
    assert told["data"]["text"] == CONTENT.text
    assert told["data"]["notification"] == headers["webhook-id"] == again["webhook-id"] == "notification_1"
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(body.replace(b"notification_1", b"notification_2"), headers)


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        ("410 Gone", "", Refused(CLOSED)),
        ("301 Moved", "location: http://169.254.169.254/latest\r\n", Deferred("301")),
        ("400 Bad", "", Deferred("400")),
        ("500 Oops", "", Deferred("500")),
    ],
)
async def test_a_status_means_what_the_specification_says(status: str, headers: str, outcome: Outcome) -> None:
    """A redirect is never followed, wherever it leads; 410 is the end."""
    async with web(says(status, headers)) as site:
        assert await attempt(site) == outcome
    assert len(site.seen) == 1


async def test_a_receiver_asks_for_time() -> None:
    async with web(says("429 Slow", "retry-after: 90\r\n")) as site:
        outcome = await attempt(site)
    assert isinstance(outcome, Deferred)
    assert (outcome.reason, outcome.after.total_seconds()) == ("429", 90)


async def test_an_address_inside_is_never_called() -> None:
    """SSRF: what leads to our own networks is refused before a byte is sent, whatever it is called."""
    async with web(says("200 OK")) as site:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"):
            outcome = await attempt(site, inside=False, host=host)
            assert outcome == Refused("inside"), host
    assert site.seen == []


async def test_an_answer_without_an_end_costs_no_more_than_its_beginning() -> None:
    """An endpoint that answers in gigabytes: its status counts, the rest is not read."""
    sent = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536

    async with web(endless) as site:
        assert await attempt(site) == Accepted()
    assert sent < 20 * 1024 * 1024


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nx-slow: "])
async def test_an_endpoint_that_never_ends_is_left_in_time(beginning: bytes) -> None:
    async def never(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            await asyncio.sleep(0.05)
            writer.write(b"x" if beginning else b"")
            await writer.drain()

    async with web(never) as site:
        began = time.monotonic()
        outcome = await attempt(site, seconds=0.5)
        assert time.monotonic() - began < 2
    assert isinstance(outcome, Unknown), "it may have arrived"


async def test_nobody_listening_is_nothing_sent() -> None:
    async with web(says("200 OK")) as site:
        pass
    assert await attempt(site) == Deferred("ConnectError")


async def test_a_room_is_told_with_names_and_a_dead_one_blocks_nobody() -> None:
    """Slack, Teams and the rest by apprise, in threads: bounded, and never two attempts at one time in one room."""

    async def never(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with web(says("200 OK")) as live, web(never) as dead:
        urls = {"live": f"json://127.0.0.1:{live.port}/", "dead": f"json://127.0.0.1:{dead.port}/"}
        rooms = Rooms(urls, attempt_seconds=0.5)

        def say(name: str) -> Awaitable[Outcome]:
            row = delivery(channel="slack", recipient=name, mailing=None, mentions=("Anna", "二"))
            return rooms.attempt(row, CONTENT)

        hanging = [asyncio.ensure_future(say("dead")) for _ in range(20)]
        began = time.monotonic()
        assert await say("live") == Accepted()
        assert time.monotonic() - began < 0.4
        outcomes = await asyncio.gather(*hanging)
        assert await say("nowhere") == Refused("unknown-endpoint")
        await rooms.close()
    assert sorted(outcome.reason for outcome in outcomes if not isinstance(outcome, Accepted)) == ["busy"] * 19 + [
        "timeout"
    ]
    ((_, _, body),) = live.seen
    said = json.loads(body)
    assert said["title"] == CONTENT.subject
    assert said["message"].startswith("@Anna @二\n三十分前から。")


def test_an_endpoint_without_its_secret_is_refused_at_the_start(tmp_path: Path) -> None:
    secret, url = tmp_path / "secret", tmp_path / "url"
    secret.write_text("not a secret", encoding="utf-8")
    url.write_text("nonsense", encoding="utf-8")
    for entry, why in (
        ({"kind": "webhook", "url": "https://example.com", "secret_file": str(secret)}, "holds no whsec_"),
        ({"kind": "webhook", "url": "https://example.com", "secret_file": str(tmp_path / "none")}, "cannot be read"),
        ({"kind": "slack", "url_file": str(url)}, "apprise does not know"),
    ):
        lists = ListsFile.model_validate({"endpoints": {"x": entry}})
        with pytest.raises(Misconfigured, match=why) as raised:
            endpoints(lists, attempt_seconds=1, clock=WallClock())
        assert "nonsense" not in str(raised.value)
