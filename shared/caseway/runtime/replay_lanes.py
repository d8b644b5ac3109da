"""Lanes that a replay has rebuilt by other processes.

Deciding takes a processor, and lanes know nothing of each other. The replay starts a few processes with
`python -m caseway.runtime.replay_lanes SERVICE`; each is told a lane a line on its input, reads, decides and writes it, and
tells on its output how far it is and, at the end, what the replay must know to go on. When the replay dies, their input
ends and so do they.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from caseway.kernel.errors import CasewayError, Rejected
from caseway.runtime.rebuilt import Pace, Rebuilt
from caseway.runtime.replay_setup import replay_of
from caseway.runtime.replaying import Offsets, Replay

_LINE_BYTES = 256 * 1024 * 1024
"""Of a lane with a million records from outside the names of all of them."""
_KEPT = ("number", "next", "seen", "records", "is_written")


async def rebuilt_apart(
    service: str, until: Sequence[Offsets], pace: Pace, *, processes: int, from_what_is_left: bool
) -> Sequence[Rebuilt]:
    """All lanes, a process for each share of them."""
    left = list(enumerate(until))
    done: list[Rebuilt] = []

    async def work() -> None:
        options = ["--from-what-is-left"] if from_what_is_left else []
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, service, *options,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_BYTES,
        )  # fmt: skip
        try:
            while left:
                done.append(await _asked(process, *left.pop(0), pace))
                pace.say(f"lane {len(done)} of {len(until)}: ")
        finally:
            process.kill()
            await process.wait()

    workers = [asyncio.create_task(work()) for _ in range(min(processes, len(until)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return sorted(done, key=lambda lane: lane.number)


async def _asked(process: asyncio.subprocess.Process, number: int, until: Offsets, pace: Pace) -> Rebuilt:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"lane": number, "until": dict(until)}).encode() + b"\n")
    await process.stdin.drain()
    while line := await process.stdout.readline():
        told: dict[str, Any] = json.loads(line)
        if "read" in told:
            pace.read(told["read"])
        elif "error" in told:
            raise Rejected(*told["error"])
        else:
            return _loaded(told)
    raise Rejected("replay", f"the process that rebuilt lane {number} died")


def _dumped(lane: Rebuilt) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(lane, name) for name in _KEPT}
    return {**told, "arrivals": sorted(lane.arrivals), "since": lane.since.isoformat() if lane.since else None}


def _loaded(told: dict[str, Any]) -> Rebuilt:
    since = dt.datetime.fromisoformat(told["since"]) if told["since"] else None
    return Rebuilt(**{name: told[name] for name in _KEPT}, arrivals=set(told["arrivals"]), since=since)


# --- in the other process -----------------------------------------------------------------------


async def serve(replay: Replay, lines: asyncio.StreamReader, say: Callable[[dict[str, Any]], None]) -> None:
    """Rebuild each lane that a line names, until the lines end."""
    async with replay.reading() as consumer:
        while line := await lines.readline():
            asked = json.loads(line)
            lane = Rebuilt(number=asked["lane"])
            try:
                await replay.rebuild(
                    lane, asked["until"], consumer, _Relayed(whole=0, tell=lambda _: None, say_read=say)
                )
            except CasewayError as error:
                reason = error.reason if isinstance(error, Rejected) else type(error).__name__
                detail = error.detail if isinstance(error, Rejected) else str(error)
                say({"error": [reason, detail]})
            else:
                say(_dumped(lane))


@dataclasses.dataclass(slots=True, kw_only=True)
class _Relayed(Pace):
    """Told to the replay, which tells all of them together."""

    say_read: Callable[[dict[str, Any]], None]

    def read(self, records: int) -> None:
        self.say_read({"read": records})


async def _main(service: str, *, from_what_is_left: bool) -> None:
    replay = await replay_of(service, from_what_is_left=from_what_is_left)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)

    told_to, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is no answer

    def say(told: dict[str, Any]) -> None:
        told_to.write(json.dumps(told) + "\n")
        told_to.flush()

    await serve(replay, lines, say)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the replay, and so our input
    asyncio.run(_main(sys.argv[1], from_what_is_left="--from-what-is-left" in sys.argv))
