"""What the desk itself says it has done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_SERIES = re.compile(r"^(?P<name>[a-z_:]+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Analytics' summary, and what intake counts that is no measure."""

    summary: Mapping[str, Any] = field(default_factory=dict)
    """Empty while analytics does not answer."""
    parked: Counter[str] = field(default_factory=Counter)
    """Contacts, by reason."""
    repeats: int = 0
    """Contacts that came again, told as a fact."""
    doubles: int = 0
    """Events that came again under the same id, dropped."""

    @property
    def standing(self) -> dict[str, Any]:
        """All of it but the instant."""
        told = {word: value for word, value in self.summary.items() if word != "as_of"}
        return {**told, "parked": dict(self.parked), "repeats": self.repeats, "doubles": self.doubles}

    def __getitem__(self, word: str) -> int:
        return int(self.summary.get(word, 0))


class FiguresDesk:
    """Asks analytics and intake over HTTP."""

    def __init__(self, analytics: str, intake: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._analytics, self._intake = analytics, intake
        self._transport = transport

    async def read(self) -> Figures:
        """As things stand; what does not answer is left out."""
        async with httpx.AsyncClient(timeout=10, transport=self._transport) as client:
            summary = await _get(client, f"{self._analytics}/v1/summary")
            metrics = await _get(client, f"{self._intake}/metrics")
        counted = list(series(metrics.text)) if metrics is not None else []
        return Figures(
            summary=summary.json() if summary is not None else {},
            parked=_sums(counted, "caseway_parked_total", "reason", stage="intake.edge"),
            repeats=_sums(counted, "caseway_emitted_total", "type")["caseway.case.contact-repeated.v1"],
            doubles=sum(_sums(counted, "caseway_duplicates_total", "kind", stage="intake.edge").values()),
        )


async def _get(client: httpx.AsyncClient, url: str) -> httpx.Response | None:
    try:
        response = await client.get(url)
    except httpx.TransportError:
        return None
    return response if response.status_code == 200 else None


def series(text: str) -> list[tuple[str, dict[str, str], float]]:
    """What stands in a page of metrics: name, labels, value."""
    return [
        (found["name"], dict(_LABEL.findall(found["labels"] or "")), float(found["value"]))
        for found in _SERIES.finditer(text)
    ]


def _sums(counted: list[tuple[str, dict[str, str], float]], name: str, by: str, **only: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for each, labels, value in counted:
        if each == name and only.items() <= labels.items():
            sums[labels.get(by, "")] += int(value)
    return sums
