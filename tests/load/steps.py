"""Where a stage's time goes, by its own metrics."""

from __future__ import annotations

from collections import defaultdict

import httpx
from prometheus_client.parser import text_string_to_metric_families

Steps = dict[tuple[str, str], tuple[float, float]]
"""By stage and step: seconds spent, and how often."""


async def steps(url: str) -> Steps:
    """What a service says of its steps so far."""
    async with httpx.AsyncClient(timeout=30) as client:
        told = (await client.get(f"{url}/metrics")).text
    found: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for family in text_string_to_metric_families(told):
        if family.name != "caseway_step_seconds":
            continue
        for sample in family.samples:
            place = {"_sum": 0, "_count": 1}.get(sample.name.removeprefix(family.name))
            if place is not None:
                found[sample.labels["stage"], sample.labels["step"]][place] += sample.value
    return {key: (seconds, count) for key, (seconds, count) in found.items()}


def since(before: Steps, after: Steps) -> Steps:
    """What was added between the two."""
    return {
        key: (seconds - before.get(key, (0.0, 0.0))[0], count - before.get(key, (0.0, 0.0))[1])
        for key, (seconds, count) in after.items()
    }
