"""The five services as processes of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx

from caseway.local import keeper

_DRAIN_SECONDS = 15.0
"""A service drains within 10; after that it is killed."""
PORTS = {"intake": 8081, "router": 8082, "escalation": 8083, "notifier": 8084, "analytics": 8085}
SMTP_PORT = 8025


class Hosted:
    """One service: `python -m caseway_<name>`, with a keeper that kills it should we be gone."""

    def __init__(self, name: str, port: int, environment: Mapping[str, str], log: Path) -> None:
        self.name, self.port, self.log = name, port, log
        self._environment = {**environment, "CASEWAY_HTTP_PORT": str(port)}
        self._keeper: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def url(self) -> str:
        """Where its HTTP is."""
        return f"http://localhost:{self.port}"

    def start(self) -> Self:
        """Start and do not wait."""
        command = [sys.executable, "-m", f"caseway_{self.name}"]
        inherited = os.environ  # noqa: TID251 - a child gets ours, and more
        with self.log.open("ab") as log:
            # a session of its own: Ctrl-C goes to the terminal's group, and we end services in our order
            self._keeper = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-I", "-S", keeper.__file__, *command],
                env={**inherited, **self._environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._keeper.stdout is not None
        self._pid = int(self._keeper.stdout.readline())
        return self

    @property
    def ended(self) -> str:
        """How it ended, should it have; else empty."""
        status = self._keeper.poll() if self._keeper is not None else None
        return "" if status is None else _how_ended(status)

    async def why_not_ready(self, client: httpx.AsyncClient) -> str:
        """Empty when `/readyz` is content; else what it, or the lack of an answer, says."""
        if self.ended:
            return self.ended
        try:
            response = await client.get(f"http://127.0.0.1:{self.port}/readyz")
        except httpx.TransportError:
            return "does not answer yet"
        if response.status_code == 200:
            return ""
        with contextlib.suppress(ValueError):
            return "; ".join(map(str, response.json().get("reasons", ())))
        return f"answers {response.status_code}"

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line[:300]}" for line in text[-lines:])

    async def stop(self) -> None:
        """Let it drain, then make sure that it is gone."""
        if self._keeper is None:
            return
        if not self.ended:
            _signal(self._pid, signal.SIGTERM)
            if not await self._has_ended_within(_DRAIN_SECONDS):
                _signal(self._pid, signal.SIGKILL)
        await asyncio.to_thread(self._keeper.wait)
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                pipe.close()

    async def _has_ended_within(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while not self.ended:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


def _how_ended(status: int) -> str:
    """The keeper passes on the lowest eight bits, and a signal's number is negative."""
    if status > 256 - signal.NSIG:
        return f"ended by {signal.Signals(256 - status).name}"
    return f"ended with status {status}"


def _signal(pid: int, which: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, which)
