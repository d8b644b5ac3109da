"""The commands `caseway topics`, `lanes` and `parked`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from caseway.contracts.topology import PARTITIONS, SERVICES
from caseway.kernel.clock import WallClock
from caseway.kernel.errors import CasewayError
from caseway.runtime import operating
from caseway.runtime.kafka import create_topics, producer
from caseway.runtime.mongo import Database, connect, database
from caseway.runtime.settings import Settings

Action = Callable[[argparse.Namespace, Settings], Awaitable[int]]


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `topics`, `lanes` and `parked`."""
    _register_topics(subparsers.add_parser("topics", help="the topics of the wire contract"))
    _register_lanes(subparsers.add_parser("lanes", help="who owns which lane, and how far it is"))
    _register_parked(subparsers.add_parser("parked", help="what could not be handled"))


def _register_topics(parser: argparse.ArgumentParser) -> None:
    created = parser.add_subparsers(required=True).add_parser("create", help="create those that are not there")
    created.add_argument("--partitions", type=int, default=PARTITIONS, help="of every topic: the number of lanes")
    created.add_argument("--replicas", type=int, default=1)
    created.set_defaults(run=_runner(_create_topics))


def _register_lanes(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True)
    shown = actions.add_parser("list", help="every lane: owner, epoch, offsets, and why it is halted")
    shown.add_argument("service", nargs="?", choices=SERVICES)
    shown.set_defaults(run=_runner(_list_lanes))
    for name, action, help_ in (
        ("resume", _resume, "let a halted lane go on from the oldest record there is, or from where it stands"),
        ("renew", _renew, "draw a new incarnation, after the database was restored from a backup"),
    ):
        sub = actions.add_parser(name, help=help_)
        sub.add_argument("lane", help="such as intake.core/3")
        sub.add_argument("--by", required=True, help="who does it: kept in the audit")
        sub.set_defaults(run=_runner(action))


def _register_parked(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True)
    listed = actions.add_parser("list", help="what stands in the parking lot, newest first")
    listed.add_argument("service", choices=SERVICES)
    listed.add_argument("--reason")
    listed.add_argument("--limit", type=int, default=50)
    listed.set_defaults(run=_runner(_list_parked))
    shown = actions.add_parser("show", help="one record: its headers, its reason, its bytes")
    shown.add_argument("service", choices=SERVICES)
    shown.add_argument("id")
    shown.add_argument("--bytes", action="store_true", help="only the record's value, as it came")
    shown.set_defaults(run=_runner(_show_parked))
    again = actions.add_parser("replay", help="publish it again where it came from")
    again.add_argument("service", choices=SERVICES)
    again.add_argument("id", nargs="*")
    again.add_argument("--reason", help="all that stand there for this reason")
    again.add_argument("--by", required=True, help="who does it: kept in the audit")
    again.set_defaults(run=_runner(_replay_parked))


def _runner(action: Action) -> Callable[[argparse.Namespace], int]:
    """Run an action, and turn what may go wrong outside into one sentence."""

    def run(options: argparse.Namespace) -> int:
        try:
            return asyncio.run(_awaited(action, options))
        except BrokenPipeError:
            raise  # no fault: `caseway lanes list | head` has seen enough, and the dispatcher ends quietly
        except (CasewayError, PyMongoError, KafkaError, TimeoutError, OSError) as error:
            _say(f"caseway: {error or type(error).__name__}", sys.stderr)
            return 1

    return run


async def _awaited(action: Action, options: argparse.Namespace) -> int:
    return await action(options, Settings())


def _database(settings: Settings, service: str) -> Database:
    return database(connect(settings.mongo_url.get_secret_value()), settings.namespace, service)


async def _create_topics(options: argparse.Namespace, settings: Settings) -> int:
    created = await create_topics(settings.kafka_url, settings.namespace, options.partitions, options.replicas)
    _say(f"created {len(created)} topics{': ' if created else ''}{', '.join(created)}")
    return 0


async def _list_lanes(options: argparse.Namespace, settings: Settings) -> int:
    for service in [options.service] if options.service else SERVICES:
        async for lane in _database(settings, service).lanes.find().sort("_id", 1):
            offsets = " ".join(f"{topic}:{offset}" for topic, offset in sorted(lane.get("next", {}).items()))
            _say(f"{lane['_id']:<22} epoch {lane['epoch']:<4} {lane.get('owner', '-'):<24} {offsets} {lane['halted']}")
    return 0


async def _resume(options: argparse.Namespace, settings: Settings) -> int:
    service = options.lane.split(".")[0].split("/")[0]
    before = await operating.resume(_database(settings, service), options.lane, options.by, WallClock().now())
    _say(f"{options.lane} goes on; it was halted: {before}")
    return 0


async def _renew(options: argparse.Namespace, settings: Settings) -> int:
    service = options.lane.split(".")[0].split("/")[0]
    incarnation = await operating.renew(_database(settings, service), options.lane, options.by, WallClock().now())
    _say(f"{options.lane} is now incarnation {incarnation}")
    return 0


async def _list_parked(options: argparse.Namespace, settings: Settings) -> int:
    where = {"reason": options.reason} if options.reason else {}
    rows = _database(settings, options.service).parked.find(where).sort("at", -1).limit(options.limit)
    async for row in rows:
        place = f"{row['topic']}/{row['lane']}@{row.get('offset', row.get('timer', ''))}"
        _say(f"{row['_id']}  {row['at']:%Y-%m-%dT%H:%M:%SZ}  {row['reason']:<16} {place}  {row['detail']}")
    return 0


async def _show_parked(options: argparse.Namespace, settings: Settings) -> int:
    row, value = await operating.parked(_database(settings, options.service), options.id)
    if options.bytes:
        sys.stdout.buffer.write(value)
        return 0
    for name in ("_id", "at", "stage", "topic", "lane", "offset", "reason", "detail", "size", "replays", "traceback"):
        _say(f"{name:<10} {row.get(name, '')}")
    for name, content in row.get("headers", []):
        _say(f"  {name}: {(content or b'').decode('utf-8', 'replace')}")
    return 0


async def _replay_parked(options: argparse.Namespace, settings: Settings) -> int:
    place = _database(settings, options.service)
    ids = options.id or [row["_id"] async for row in place.parked.find({"reason": options.reason}, {"_id": 1})]
    sender = producer(settings.kafka_url)
    await sender.start()
    try:
        for each in ids:
            topic = await operating.replay(place, sender, settings.namespace, each, options.by, WallClock().now())
            _say(f"{each} published to {topic} again")
    finally:
        await sender.stop()
    return 0


def _say(line: str, stream: Any = None) -> None:
    (stream or sys.stdout).write(line.rstrip() + "\n")
