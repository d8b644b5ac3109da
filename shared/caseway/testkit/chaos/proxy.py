"""A TCP proxy that loses replies, or falls silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class LosingProxy:
    """Between a service and MongoDB: forwards all, but cuts the line instead of bringing the reply to `marker`.

    The request itself has arrived, and is carried out: the service cannot know. While the line is silent nothing
    passes, and no connection closes, as in a partition of the network; afterwards all that was sent arrives, late.
    """

    def __init__(self, mongo_url: str, marker: bytes) -> None:
        place = urlsplit(mongo_url)
        self._target = (place.hostname or "127.0.0.1", place.port or 27017)
        self._marker = marker
        self._server: asyncio.Server | None = None
        self.losses_left = 0
        """How many replies are still to be lost."""
        self.lost = 0
        self._speaks = asyncio.Event()
        self._speaks.set()

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        """The line is silent for as long as the `with` lasts."""
        self._speaks.clear()
        try:
            yield
        finally:
            self._speaks.set()

    @property
    def url(self) -> str:
        """What the service is to use; direct, or the driver would look past the proxy for the replica set's members."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(*self._target)
        is_losing = asyncio.Event()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(
                self._requests(client, to_server, is_losing), self._replies(server, to_client, is_losing)
            )
        to_client.close()
        to_server.close()

    async def _requests(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, is_losing: asyncio.Event
    ) -> None:
        while chunk := await client.read(65_536):
            if self.losses_left > 0 and self._marker in chunk:
                self.losses_left -= 1
                is_losing.set()
            await self._speaks.wait()
            to_server.write(chunk)
            await to_server.drain()
        to_server.close()

    async def _replies(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, is_losing: asyncio.Event
    ) -> None:
        while chunk := await server.read(65_536):
            if is_losing.is_set():
                self.lost += 1
                break
            await self._speaks.wait()
            to_client.write(chunk)
            await to_client.drain()
        to_client.close()
