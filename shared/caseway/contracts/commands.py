"""The command `caseway contracts`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from caseway.contracts import diagram, golden, schemas
from caseway.contracts.topology import PARTITIONS, TOPICS, Topic


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `contracts check|schemas|topics|diagram`."""
    parser = subparsers.add_parser("contracts", help="what the services and the outside tell each other")
    actions = parser.add_subparsers(required=True)
    check = actions.add_parser("check", help="refuse what is not additive; read every golden example")
    check.add_argument("--against", type=Path, default=schemas.FOLDER, help="a folder of earlier schemas")
    check.set_defaults(run=_check)
    write = actions.add_parser("schemas", help="write JSON Schemas and golden examples beside the code")
    write.set_defaults(run=_schemas)
    topics = actions.add_parser("topics", help="print the topics, who writes and who reads them")
    topics.add_argument(
        "--settings", action="store_true", help="as `kafka-topics.sh --create` arguments, one topic a line"
    )
    topics.add_argument("--partitions", type=int, default=PARTITIONS, help="the same for all")
    topics.set_defaults(run=_topics)
    picture = actions.add_parser("diagram", help="print the flow as a Mermaid flowchart")
    picture.add_argument("--write", type=Path, metavar="FILE", help="put it between the file's markers")
    picture.set_defaults(run=_diagram)


def _check(options: argparse.Namespace) -> int:
    now = schemas.current()
    faults = schemas.broken(schemas.committed(options.against), now)
    if options.against == schemas.FOLDER:
        faults += _stale(now)
    faults += [f"example {fault}" for fault in golden.unreadable()]
    _say(faults)
    _say([f"{len(now)} types, {len(faults)} faults"])
    return 1 if faults else 0


def _stale(now: dict[str, schemas.Schema]) -> list[str]:
    there = schemas.committed()
    return [
        f"{type_}: its schema is not written yet (caseway contracts schemas)"
        for type_, schema in now.items()
        if there.get(type_) != schema
    ]


def _schemas(_options: argparse.Namespace) -> int:
    faults = schemas.broken(schemas.committed(), schemas.current())
    if faults:
        _say(["Nothing was written: these changes need a new version of the type.", *faults])
        return 1
    _say([*schemas.write(), *golden.write()])
    return 0


def _topics(options: argparse.Namespace) -> int:
    _say([_settings(topic, options.partitions) for topic in TOPICS] if options.settings else table())
    return 0


def table() -> list[str]:
    """The topology, a line a topic."""
    rows = [("topic", "kind", "key", "writers", "readers", "KiB", "days")]
    rows += [
        (
            topic.name,
            topic.kind,
            topic.key,
            " ".join(topic.writers),
            " ".join(topic.readers),
            str(topic.max_bytes // 1024),
            str(topic.retention.days),
        )
        for topic in TOPICS
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _settings(topic: Topic, partitions: int) -> str:
    pairs = " ".join(f"--config {name}={value}" for name, value in topic.settings.items())
    return f"--topic {topic.name} --partitions {partitions} {pairs}"


def _diagram(options: argparse.Namespace) -> int:
    if options.write is None:
        sys.stdout.write(diagram.mermaid())
        return 0
    if diagram.embed(options.write):
        return 0
    sys.stderr.write(f"{options.write} has no lines {diagram.BEGIN} and {diagram.END}.\n")
    return 1


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
