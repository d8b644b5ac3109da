"""The transport for chat rooms, by apprise.

Slack, Teams, and whatever else it speaks to. apprise blocks, so it works in threads of its own: a few, so that rooms which never answer fill those and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import apprise

from caseway_notifier import metrics
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted, Deferred, Delivery, Outcome, Refused, Unknown

_THREADS = 8
_LONGEST_TEXT = 20_000
"""Characters; rooms cut or split what is longer than they like, by their own rules."""


class Rooms:
    """Chat rooms, each by its endpoint's name."""

    def __init__(self, urls: Mapping[str, str], *, attempt_seconds: float) -> None:
        self._seconds = attempt_seconds
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="rooms")
        self._rooms = {name: room for name, url in urls.items() if (room := _room(url, attempt_seconds)) is not None}
        self._busy: dict[str, asyncio.Future[bool]] = {}

    async def attempt(self, delivery: Delivery, content: Content) -> Outcome:
        """One try; a room whose last attempt has not come back is not asked a second time."""
        room = self._rooms.get(delivery.recipient)
        if room is None:
            return Refused("unknown-endpoint")
        if (busy := self._busy.get(delivery.recipient)) is not None and not busy.done():
            return Deferred("busy")
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        future = self._busy[delivery.recipient] = loop.run_in_executor(
            self._threads, _say, room, content.subject, said(delivery, content)
        )
        try:
            is_said = await asyncio.wait_for(asyncio.shield(future), self._seconds)
        except TimeoutError:
            return Unknown("timeout")
        except (OSError, ValueError, TypeError) as error:
            return Deferred(type(error).__name__)
        finally:
            metrics.ATTEMPT_SECONDS.labels(delivery.channel).observe(time.monotonic() - began)
        return Accepted() if is_said else Deferred("not-taken")

    async def close(self) -> None:
        """Begin nothing more; what hangs is left to its own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def said(delivery: Delivery, content: Content) -> str:
    """What stands in the room: who is called, and the words."""
    called = " ".join(f"@{name}" for name in delivery.mentions)
    return f"{called}\n{content.text}".strip()[:_LONGEST_TEXT]


def is_room(url: str) -> bool:
    """Whether apprise knows what to do with a URL."""
    return apprise.Apprise.instantiate(url) is not None


def _room(url: str, seconds: float) -> apprise.Apprise | None:
    """A room with time limits of its own, so that a thread ends even when nobody waits for it any more."""
    mark = "&" if "?" in url else "?"
    notifier = apprise.Apprise.instantiate(f"{url}{mark}cto={min(seconds, 10):g}&rto={seconds:g}")
    if notifier is None:
        return None
    room = apprise.Apprise()
    room.add(notifier)
    return room


def _say(room: apprise.Apprise, subject: str, text: str) -> bool:
    return bool(room.notify(title=subject, body=text, body_format=apprise.NotifyFormat.TEXT))
