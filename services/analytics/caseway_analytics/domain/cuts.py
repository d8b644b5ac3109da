"""Along which dimensions figures are kept together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from caseway_analytics.domain.history import Face
from caseway_analytics.domain.samples import Where

CUTS: Mapping[str, tuple[str, ...]] = {
    "desk": ("channel", "queue", "priority"),
    "agents": ("team", "agent", "channel"),
    "subjects": ("category", "product", "channel"),
    "people": ("language", "segment", "channel"),
    "skills": ("skill", "queue"),
    "causes": ("department", "campaign", "category"),
    "notices": ("channel", "template"),
    "surveys": ("level", "indicator"),
}
"""By name: one document holds all figures for one value of each of its dimensions. All dimensions together would make
nearly as many documents as there are cases; each cut has as many as combinations that occur."""

DIMENSIONS = tuple(dict.fromkeys(name for names in CUTS.values() for name in names))

Values = tuple[str, ...]
_Place = Callable[[Face, Where], Values | None]


def _desk(face: Face, where: Where) -> Values:
    return (face.channel if where.channel is None else where.channel, where.queue, face.priority)


def _agents(face: Face, where: Where) -> Values | None:
    if not where.agent:
        return None
    return (where.team, where.agent, face.channel if where.channel is None else where.channel)


def _subjects(face: Face, where: Where) -> Values | None:
    if not face.channel:
        return None
    return (face.category, face.product, face.channel if where.channel is None else where.channel)


def _people(face: Face, where: Where) -> Values | None:
    if not face.channel:
        return None
    return (face.language, face.segment, face.channel if where.channel is None else where.channel)


def _skills(_: Face, where: Where) -> Values | None:
    return (where.skill, where.queue) if where.skill else None


def _causes(face: Face, _: Where) -> Values | None:
    return (face.department, face.campaign, face.category) if face.department or face.campaign else None


def _notices(_: Face, where: Where) -> Values | None:
    return (where.channel or "", where.template) if where.template else None


def _surveys(_: Face, where: Where) -> Values | None:
    return (where.level, where.indicator) if where.level else None


_PLACES: tuple[tuple[str, _Place], ...] = (
    ("desk", _desk),
    ("agents", _agents),
    ("subjects", _subjects),
    ("people", _people),
    ("skills", _skills),
    ("causes", _causes),
    ("notices", _notices),
    ("surveys", _surveys),
)


@lru_cache(maxsize=10_000)
def places(face: Face, where: Where) -> tuple[tuple[str, Values], ...]:
    """Each cut in which a sample counts, with its values there; a cut none of whose own dimensions it has leaves it out."""
    found = ((cut, place(face, where)) for cut, place in _PLACES)
    return tuple((cut, values) for cut, values in found if values is not None)


def cut_for(dimensions: Iterable[str]) -> str | None:
    """The first cut that keeps all these together; None where no cut does.

    >>> cut_for(["queue"]), cut_for(["category", "channel"]), cut_for(["agent", "product"])
    ('desk', 'subjects', None)
    """
    wanted = set(dimensions)
    return next((cut for cut, names in CUTS.items() if wanted <= set(names)), None)
