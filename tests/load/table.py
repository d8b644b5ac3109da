"""What the bench found, for people and for machines."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.load.latency import Held
from tests.load.offer import AIM_SECONDS, Offered
from tests.load.throughput import Case, Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A stage beside the yardstick of the same minute."""

    case: Case
    speed: Speed
    raw: Speed

    @property
    def ratio(self) -> float:
        return self.speed.rate / self.raw.rate


def machine() -> str:
    """Where this was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}, load {load:.1f} at the end"


def throughput(rows: Sequence[Row]) -> str:
    """A table in Markdown."""
    lines = [
        "| one process | events/s | raw loop beside it | ratio | aim | processor µs/event (raw) |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        aim = "" if row.case.aim is None else f"{row.case.aim:g}"
        lines.append(
            f"| {row.case.title} | {row.speed.rate:,.0f} | {row.raw.rate:,.0f} | {row.ratio:.2f} | {aim} "
            f"| {row.speed.processor_micros:,.0f} ({row.raw.processor_micros:,.0f}) |"
        )
    return "\n".join(lines)


def _step_micros(speed: Speed) -> dict[str, int]:
    return {step: round(seconds / speed.events * 1e6) for (_, step), (seconds, _) in speed.steps.items()}


def shares(rows: Sequence[Row]) -> str:
    """Where each stage's time went, in µs an event."""
    return "\n".join(
        f"{row.case.title}: " + ", ".join(f"{step} {micros:,}" for step, micros in _step_micros(row.speed).items())
        for row in rows
    )


def latency(steps: Sequence[Held]) -> str:
    """A table in Markdown."""
    lines = [
        "| contacts/s | sent at | offered | p50 s | p99 s | last s | busiest | hops, median ms |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    lines += [
        f"| {step.rate} | {step.reached:.0f}/s | {step.offered}/{step.sent} | {step.p50:.3f} | {step.p99:.3f} "
        f"| {step.longest:.3f} | {step.busiest} | {step.hops} |"
        for step in steps
    ]
    return "\n".join(lines)


def offers(found: Sequence[Offered]) -> str:
    """A table in Markdown, and where the time went."""
    lines = [
        "| queued/s | agents | offered | p50 ms | p90 ms | p99 ms | last ms | aim p99 | records/s | processor µs/record |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {each.rate} | {each.agents} | {each.offered}/{each.queued} | {each.p50 * 1000:.0f} | {each.p90 * 1000:.0f} "
        f"| {each.p99 * 1000:.0f} | {each.longest * 1000:.0f} | {AIM_SECONDS * 1000:.0f} "
        f"| {each.records / each.queued * each.rate:.0f} | {each.processor_micros:,.0f} |"
        for each in found
    ]
    lines += [
        f"\n{each.rate}/s: {each.busy:.0%} of a core; steps in ms × times a second: {each.steps}" for each in found
    ]
    return "\n".join(lines)


def save(path: Path, rows: Sequence[Row], steps: Sequence[Held]) -> None:
    """All of it as JSON."""
    found: dict[str, Any] = {
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "machine": machine(),
        "throughput": [
            {
                "title": row.case.title,
                "stage": row.case.stage,
                "events": row.speed.events,
                "per_second": round(row.speed.rate),
                "raw_per_second": round(row.raw.rate),
                "ratio": round(row.ratio, 3),
                "aim": row.case.aim,
                "step_micros": _step_micros(row.speed),
                "processor_micros": round(row.speed.processor_micros),
                "raw_processor_micros": round(row.raw.processor_micros),
            }
            for row in rows
        ],
        "contact_to_offered": [step.as_dict() for step in steps],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
