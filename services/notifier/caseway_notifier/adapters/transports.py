"""Which channel's transport makes an attempt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from caseway.kernel.clock import Clock
from caseway.kernel.errors import Misconfigured
from caseway_notifier.adapters.hooks import Door, Hooks
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, Outcome, Refused
from caseway_notifier.ports import Transport
from caseway_notifier.sender_settings import EndpointEntry, ListsFile


class Transports:
    """Mail by the post, webhooks by theirs, everything else to a room."""

    def __init__(self, post: Transport, hooks: Transport, rooms: Transport | None) -> None:
        self._by_channel = {"email": post, "webhook": hooks}
        self._rooms = rooms

    async def attempt(self, delivery: Delivery, content: Content) -> Outcome:
        """One try."""
        transport = self._by_channel.get(delivery.channel, self._rooms)
        return await transport.attempt(delivery, content) if transport else Refused("unknown-endpoint")

    async def close(self) -> None:
        """Let go of what is held open."""
        for each in (*self._by_channel.values(), *([self._rooms] if self._rooms else [])):
            await each.close()


def endpoints(lists: ListsFile, *, attempt_seconds: float, clock: Clock) -> tuple[Hooks, Transport | None]:
    """The transports of all endpoints.

    Raises:
        Misconfigured: a file that cannot be read, a secret or URL that is none; the message never holds them.
    """
    doors: dict[str, Door] = {}
    urls: dict[str, str] = {}
    for name, each in lists.endpoints.items():
        url = _content(name, each.url_file) if each.url_file else each.url
        if each.kind == "webhook":
            doors[name] = (url, _secret(name, each), each.inside)
        else:
            urls[name] = url
    return Hooks(doors, attempt_seconds=attempt_seconds, clock=clock), _rooms(urls, attempt_seconds)


def _rooms(urls: Mapping[str, str], attempt_seconds: float) -> Transport | None:
    if not urls:
        return None
    from caseway_notifier.adapters.rooms import Rooms, is_room

    for name, url in urls.items():
        if not is_room(url):
            raise Misconfigured(f"the endpoint {name}: apprise does not know such a URL")
    return Rooms(urls, attempt_seconds=attempt_seconds)


def _secret(name: str, entry: EndpointEntry) -> str:
    secret = _content(name, entry.secret_file) if entry.secret_file else ""
    if not secret.startswith("whsec_"):
        raise Misconfigured(f"the endpoint {name}: secret_file holds no whsec_…")
    return secret


def _content(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the endpoint {name}: {path} cannot be read ({type(error).__name__})") from None
