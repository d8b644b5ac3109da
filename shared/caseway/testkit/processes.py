"""A service as a process of its own, to be used well or badly."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from caseway.local.ports import free_ports
from caseway.testkit.waiting import eventually


class ServiceProcess:
    """`python -m caseway_<name>` with an environment, its log in a file, its HTTP on a free port.

    Use as `async with`; leaving kills what still runs. `environment` is added to ours, without any `CASEWAY_…` of
    ours: a test says all that its service reads.
    """

    def __init__(
        self, name: str, environment: Mapping[str, str], folder: Path, *module: str, python: str = sys.executable
    ) -> None:
        self.name = name
        self._python = python
        self._module = module or (f"caseway_{name}",)
        (self.port,) = free_ports(1)
        self.log = folder / f"{name}-{self.port}.log"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("CASEWAY_")}
        self._environment = {**inherited, **environment, "CASEWAY_HTTP_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its HTTP is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process

    def start(self, **environment: str) -> Self:
        """Start and do not wait; the arguments are further environment (`CASEWAY_FAILPOINTS="…"`)."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", *self._module],
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    async def until_ready(self, seconds: float = 90.0) -> Self:
        """Wait for 200 from `/readyz`."""
        await eventually(self.is_ready, f"{self.name} ready", seconds=seconds)
        return self

    async def until_ended(self, seconds: float = 60.0) -> int:
        """Wait until it has ended by itself; its exit code, negative for a signal."""
        await eventually(lambda: self.process.poll() is not None, f"{self.name} ended", seconds=seconds)
        return self.process.returncode

    async def is_ready(self) -> bool:
        """Whether `/readyz` says so now.

        Raises:
            AssertionError: the process has ended; with the end of its log.
        """
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.last_words()}")
        return await self.status("/readyz") == 200

    async def status(self, path: str) -> int:
        """The status of a GET; 0 when nobody answers."""
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                return (await client.get(self.url + path)).status_code
        except httpx.TransportError:
            return 0

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        """SIGSTOP: a zombie to be, if it sleeps past its session."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    async def terminate(self, seconds: float = 30.0) -> int:
        """SIGTERM, and wait until it has drained; its exit code."""
        self.process.terminate()
        return await self.until_ended(seconds)

    def last_words(self, lines: int = 30) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    async def __aenter__(self) -> Self:
        return self if self._process is not None else self.start()

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
