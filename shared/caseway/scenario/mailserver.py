"""The page that shows what the desk mailed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import uvicorn

from caseway.local.mailpage import mail_page
from caseway.local.mailsink import MailSink


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


@contextlib.asynccontextmanager
async def serve_page(sink: MailSink, port: int) -> AsyncIterator[str]:
    """Serve the sink's page on 127.0.0.1; its URL."""
    configuration = uvicorn.Config(
        mail_page(sink), host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off"
    )
    server = _Server(configuration)
    serving = asyncio.create_task(server.serve())
    try:
        yield f"http://localhost:{port}/"
    finally:
        server.should_exit = True
        server.force_exit = True  # a browser that refreshes the page is not waited for
        await serving
