"""Team totals, and oneself among one's peers.

Nobody is ranked by name. A person sees their own figures beside how their role's lie spread, as long as that role has
enough people for nobody to be recognised in the spread; a supervisor sees those of their own people. Source: S4-32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from caseway_analytics.domain.figures import Figure, summed

SMALLEST = 5
"""People in a group of which anything is told: below, everybody could work out who is who."""
Kind = Literal["count", "mean"]
SHOWN: tuple[tuple[str, Kind], ...] = (
    ("handling", "count"), ("handling", "mean"), ("pick_up", "mean"), ("resolution", "count"), ("transfers", "count"),
)  # fmt: skip
"""Counts and mean times; what each is stands in docs/measures.md. No measure stands alone: speed without resolutions, or
handled cases without transfers, would reward what nobody wants."""
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who belongs where, by configuration."""

    roles: Mapping[str, str]
    """Role by agent."""
    teams: Mapping[str, str]
    """Team by agent."""
    supervisors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By team, who leads it."""

    def may_see(self, viewer: str, kind: str, agent: str) -> bool:
        """An agent's own figures, and those of the people one leads; a manager's rank alone opens nobody's."""
        if viewer == agent:
            return True
        return kind in {"supervisor", "manager"} and viewer in self.supervisors.get(self.teams.get(agent, ""), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One agent's figures over the days asked for."""

    agent: str
    figures: Mapping[str, Figure]

    def number(self, measure: str, kind: Kind) -> float | None:
        """A count, or a mean in seconds; None where nothing was timed."""
        figure = self.figures.get(measure, Figure())
        return figure.count if kind == "count" else figure.mean_seconds


def teams(results: Sequence[Result], roster: Roster) -> list[Any]:
    """Each team's totals; a team of fewer than five people who worked is told together with the others like it."""
    by_team: dict[str, list[Result]] = {}
    for result in results:
        by_team.setdefault(roster.teams.get(result.agent, ""), []).append(result)
    small = [name for name, members in by_team.items() if len(members) < SMALLEST]
    rest = [result for name in small for result in by_team.pop(name)]
    told = [_team(name, members) for name, members in sorted(by_team.items())]
    return [*told, _team(None, rest)] if len(rest) >= SMALLEST else told


def _team(name: str | None, members: Sequence[Result]) -> Any:
    together = Result(
        agent="",
        figures={
            measure: summed(member.figures[measure] for member in members if measure in member.figures)
            for measure, _ in SHOWN
        },
    )
    figures = [{"measure": measure, "kind": kind, "value": together.number(measure, kind)} for measure, kind in SHOWN]
    return {"team": name, "agents": len(members), "figures": figures}


def among_peers(agent: str, results: Sequence[Result], roster: Roster) -> dict[str, Any]:
    """One person's figures, each with how the same role's are spread; no spread where the role is too small."""
    role = roster.roles.get(agent, "")
    peers = [result for result in results if role and roster.roles.get(result.agent) == role]
    mine = next((result for result in results if result.agent == agent), Result(agent=agent, figures={}))
    return {
        "agent": agent,
        "role": role or None,
        "peers": len(peers) if len(peers) >= SMALLEST else None,
        "figures": [
            {
                "measure": measure,
                "kind": kind,
                "mine": mine.number(measure, kind),
                "spread": _spread(peers, measure, kind),
            }
            for measure, kind in SHOWN
        ],
    }


def _spread(peers: Sequence[Result], measure: str, kind: Kind) -> list[float] | None:
    """The lowest, the quartiles and the highest, of five people or more who have a figure at all.

    The ends are means of the two outermost, so that they are nobody's own figure.
    """
    numbers = sorted(number for peer in peers if (number := peer.number(measure, kind)) is not None)
    if len(numbers) < SMALLEST:
        return None
    inner = [quantile(numbers, share) for share in _QUANTILES[1:-1]]
    return [(numbers[0] + numbers[1]) / 2, *inner, (numbers[-2] + numbers[-1]) / 2]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Between the neighbours, in proportion.

    >>> quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4, 5], 0.25)
    (2.5, 2)
    """
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
