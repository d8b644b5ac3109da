"""Reads agents' results for the leaderboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from caseway.runtime.mongo import Database
from caseway_analytics.adapters.figures import cell_of
from caseway_analytics.adapters.states import CELLS
from caseway_analytics.domain.figures import Figure, summed
from caseway_analytics.domain.leaderboard import SHOWN, Result

_FINE = ("slot", "half_hour")


async def results_of(database: Database, starts_at: dt.datetime, ends_at: dt.datetime) -> Sequence[Result]:
    """Each agent's figures in the span."""
    names = {measure for measure, _ in SHOWN}
    query: dict[str, Any] = {
        "cut": "agents", "grain": {"$in": list(_FINE)}, "slot": {"$gte": starts_at, "$lt": ends_at},
    }  # fmt: skip
    wanted = {"cut": 1, "slot": 1, "values": 1} | {f"m.{name}": 1 for name in names}
    by_agent: dict[str, dict[str, list[Figure]]] = {}
    async for document in database[CELLS.name].find(query, wanted):
        cell = cell_of(document)
        figures = by_agent.setdefault(cell.values["agent"], {})
        for name, figure in cell.figures.items():
            figures.setdefault(name, []).append(figure)
    return [
        Result(agent=agent, figures={name: summed(several) for name, several in figures.items()})
        for agent, figures in sorted(by_agent.items())
    ]
