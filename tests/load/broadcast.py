"""How fast a broadcast leaves, beside aiosmtplib alone.

`python -m tests.load.broadcast 10000`: a sink in a process of its own takes the mails; first aiosmtplib sends as many of
the same size over as many connections, then the notifier tells an incident to as many recipients, then aiosmtplib once
more. What is compared is mails a second at the sink. Everybody having been told once is asserted, no speed is.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiosmtplib
import psutil
from aiosmtpd.smtp import SMTP

from caseway.kernel.ids import case_id
from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from caseway.testkit.waiting import eventually
from tests.notifier_builders import declared
from tests.notifier_desk import NotifierDesk

CONNECTIONS = 8
_TEXT = "三十分前から決済が止まっています。復旧の見込みは立っていません。\n" * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Mails a second, and what one costs the sending process."""

    rate: float
    micros: float


class _Counting:
    """Takes everything, and remembers to whom and when."""

    def __init__(self, shared: Any, told: Any) -> None:
        self._shared = shared
        self._told = told
        self._seen: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self._seen[envelope.rcpt_tos[0]] += 1
        self._shared[0] += 1
        self._shared[1] = time.time()
        self._shared[2] = max(self._seen.values())
        self._shared[3] = len(self._seen)
        return "250 kept"


def _sink(port: Any, shared: Any) -> None:
    async def serve() -> None:
        counting = _Counting(shared, None)
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(counting, data_size_limit=None), "127.0.0.1", 0)
        port.value = listening.sockets[0].getsockname()[1]
        await asyncio.Event().wait()

    asyncio.run(serve())


class Sink:
    """An aiosmtpd in a process of its own."""

    def __init__(self) -> None:
        self._port = multiprocessing.Value("i", 0)
        self.shared = multiprocessing.Array("d", 4)
        """Mails, when the last came, the most that one recipient got, recipients."""
        self._process = multiprocessing.Process(target=_sink, args=(self._port, self.shared), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        while not self._port.value:
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def port(self) -> int:
        return int(self._port.value)


async def alone(count: int, content: bytes) -> Speed:
    """Mails a second of aiosmtplib by itself, over the same number of connections."""
    with Sink() as sink:
        numbers = iter(range(count))

        async def one() -> None:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False)
            await client.connect()
            for number in numbers:
                await client.sendmail("desk@example.com", [f"person-{number}@example.com"], content)
            await client.quit()

        began, used = time.time(), time.process_time()
        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
        assert sink.shared[3] == count
        return Speed(rate=count / (sink.shared[1] - began), micros=(time.process_time() - used) / count * 1e6)


async def told(count: int, stack: Stack, folder: Path) -> Speed:
    """Mails a second of a notifier, from the fact that declares the incident to the last mail."""
    prefix = f"{os.environ.get('CASEWAY_NAMESPACE') or 'bench_'}{os.getpid()}_"
    namespace = Namespace(prefix=prefix, kafka_url=stack.kafka_url, mongo_url=stack.mongo_url)
    with Sink() as sink:
        desk = NotifierDesk(namespace, folder, f"smtp://127.0.0.1:{sink.port}")
        staff = [f"person-{number}@example.com" for number in range(count)]
        pace = {"connections": CONNECTIONS, "per_destination": CONNECTIONS, "attempt": "PT30S", "lease": "PT15S"}
        await desk.prepare(staff=staff, pace=pace)
        try:
            async with desk.service() as service:
                await service.until_ready(90)
                await asyncio.sleep(1)
                process = psutil.Process(service.process.pid)
                began, used = time.time(), sum(process.cpu_times()[:2])
                await desk.tell(declared(case_id=case_id("broadcast@example.com"), text=_TEXT))
                await eventually(lambda: sink.shared[3] >= count, f"{count} told", seconds=300, every=0.1)
                rate = count / (sink.shared[1] - began)
                micros = (sum(process.cpu_times()[:2]) - used) / count * 1e6
                assert sink.shared[2] == 1, "nobody is told twice"
        finally:
            await namespace.clean()
    return Speed(rate=rate, micros=micros)


async def _run(count: int, stack: Stack, folder: Path) -> None:
    content = ("Subject: =?utf-8?b?44Kk44Oz44K344OH44Oz44OI?=\r\n\r\n" + "x" * 70 + "\r\n" * 60).encode()
    before = await alone(count, content)
    ours = await told(count, stack, folder)
    after = await alone(count, content)
    base, micros = (before.rate + after.rate) / 2, (before.micros + after.micros) / 2
    sys.stdout.write(
        f"aiosmtplib alone {base:,.0f}/s ({before.rate:,.0f}, {after.rate:,.0f}), {micros:,.0f} µs of processor a mail\n"
        f"the notifier {ours.rate:,.0f}/s, {ours.micros:,.0f} µs: {ours.rate / base:.2f}\n"
    )


def main() -> None:
    """Run it."""
    reading = argparse.ArgumentParser(prog="python -m tests.load.broadcast", description=__doc__.splitlines()[0])
    reading.add_argument("recipients", type=int, nargs="?", default=10_000)
    asked = reading.parse_args()
    with Stack() as stack, tempfile.TemporaryDirectory(prefix="caseway-bench-") as folder:
        asyncio.run(_run(asked.recipients, stack, Path(folder)))


if __name__ == "__main__":
    main()
