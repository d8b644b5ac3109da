"""The transport for webhooks: signed, pinned, bounded.

An endpoint's name is looked up once, every address that it has must be one of the public internet (or be allowed), and
the connection goes to the very address that was judged: a name that answers differently the second time gains nothing.
Redirects are never followed, an answer is read only as far as its status needs, and the whole has one deadline.

Source: Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`; 2xx is success, 410 is the end).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import orjson
from standardwebhooks import Webhook

from caseway.kernel.clock import Clock
from caseway_notifier import metrics
from caseway_notifier.adapters.retrying import retry_after
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Accepted as Taken
from caseway_notifier.domain.delivery import Deferred, Delivery, Outcome, Refused, Unknown
from caseway_notifier.domain.obstacle import CLOSED

_MOST_READ = 16 * 1024
"""Bytes of an answer; nobody reads them, but a connection is kept only where they end."""
_SLOW_DOWN = frozenset({429, 502, 503, 504})

Door = tuple[str, str, bool]
"""URL, secret, and whether it may lead inside."""


class InsideError(ValueError):
    """A name that leads to an address of our own networks."""


class Hooks:
    """Webhooks, each by its endpoint's name."""

    def __init__(self, doors: Mapping[str, Door], *, attempt_seconds: float, clock: Clock) -> None:
        self._doors = {name: (url, Webhook(secret), inside) for name, (url, secret, inside) in doors.items()}
        self._seconds = attempt_seconds
        self._clock = clock
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, limits=limits, timeout=attempt_seconds
        )

    async def attempt(self, delivery: Delivery, content: Content) -> Outcome:
        """One try; whatever the other side does is an outcome."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._attempt(delivery, content)
        except InsideError:
            return Refused("inside")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL, UnicodeError) as error:
            return Deferred(type(error).__name__)
        except (TimeoutError, httpx.HTTPError) as error:
            return Unknown(type(error).__name__)
        except OSError as error:  # the name is not known: nothing was sent
            return Deferred(type(error).__name__)
        finally:
            metrics.ATTEMPT_SECONDS.labels(delivery.channel).observe(time.monotonic() - began)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def _attempt(self, delivery: Delivery, content: Content) -> Outcome:
        if delivery.recipient not in self._doors:
            return Refused("unknown-endpoint")
        url, signer, inside = self._doors[delivery.recipient]
        body = payload(delivery, content)
        now = self._clock.now()
        headers = {
            "content-type": "application/json",
            "user-agent": "caseway",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(delivery.id, now, body.decode()),
        }
        target, host = await pinned(url, inside=inside)
        request = self._client.build_request("POST", target, content=body, headers={**headers, "host": host})
        request.extensions["sni_hostname"] = urlsplit(url).hostname or ""
        answer = await self._client.send(request, stream=True)
        try:
            await _read_a_little(answer)
        finally:
            await answer.aclose()
        return judged(answer.status_code, answer.headers, now.timestamp())


def payload(delivery: Delivery, content: Content) -> bytes:
    """What is said: a type, an instant, and the notification's words. Source: Standard Webhooks 1.0, "Payload structure"."""
    return orjson.dumps(
        {
            "type": "notification.requested",
            "timestamp": delivery.requested_at.isoformat(),
            "data": {
                "notification": delivery.id,
                "case_id": delivery.case_id or None,
                "occurrence": delivery.occurrence,
                "subscription": delivery.subscription,
                "template": delivery.template,
                "language": content.language,
                "subject": content.subject,
                "text": content.text,
                "mentions": list(delivery.mentions),
            },
        }
    )


def judged(status: int, headers: Mapping[str, str], now: float) -> Outcome:
    """What a status means. A redirect is a failure like any other: it is not followed, and may be corrected there."""
    if 200 <= status < 300:
        return Taken()
    if status == httpx.codes.GONE:
        return Refused(CLOSED)
    after = retry_after(headers.get("retry-after", ""), now) if status in _SLOW_DOWN else None
    return Deferred(str(status), after) if after is not None else Deferred(str(status))


async def pinned(url: str, *, inside: bool) -> tuple[str, str]:
    """The URL with the address that was judged in place of the name, and the name with its port for `Host`.

    Raises:
        InsideError: any of its addresses is not one of the public internet, and that is not allowed.
        OSError: the name is not known.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not addresses:
        raise OSError("a name without an address")
    if not inside and not all(map(is_outside, addresses)):
        raise InsideError(parts.hostname)
    address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned_url = parts._replace(netloc=f"{address}:{port}").geturl()
    return pinned_url, parts.netloc.rpartition("@")[2]


def is_outside(address: str) -> bool:
    """Whether an address is one of the public internet; those that hide another are judged by it.

    >>> [is_outside(each) for each in ("93.184.215.14", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [True, False, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        hidden = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if hidden is not None:
            return is_outside(str(hidden))
        if found in _NAT64:
            return is_outside(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def _read_a_little(answer: httpx.Response) -> None:
    """Enough of an answer that its connection can be used again; one that goes on is dropped."""
    seen = 0
    with contextlib.suppress(httpx.HTTPError):
        async for piece in answer.aiter_raw():
            seen += len(piece)
            if seen > _MOST_READ:
                return
