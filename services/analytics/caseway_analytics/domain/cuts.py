"""Along which dimensions figures are kept together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from caseway_analytics.domain.history import Face
from caseway_analytics.domain.samples import Sample

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
_Place = Callable[[Face, Sample], Values | None]


def _desk(face: Face, sample: Sample) -> Values:
    return (face.channel if sample.channel is None else sample.channel, sample.queue, face.priority)


def _agents(face: Face, sample: Sample) -> Values | None:
    if not sample.agent:
        return None
    return (sample.team, sample.agent, face.channel if sample.channel is None else sample.channel)


def _subjects(face: Face, sample: Sample) -> Values | None:
    if not face.channel:
        return None
    return (face.category, face.product, face.channel if sample.channel is None else sample.channel)


def _people(face: Face, sample: Sample) -> Values | None:
    if not face.channel:
        return None
    return (face.language, face.segment, face.channel if sample.channel is None else sample.channel)


def _skills(_: Face, sample: Sample) -> Values | None:
    return (sample.skill, sample.queue) if sample.skill else None


def _causes(face: Face, _: Sample) -> Values | None:
    return (face.department, face.campaign, face.category) if face.department or face.campaign else None


def _notices(_: Face, sample: Sample) -> Values | None:
    return (sample.channel or "", sample.template) if sample.template else None


def _surveys(_: Face, sample: Sample) -> Values | None:
    return (sample.level, sample.indicator) if sample.level else None


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


def places(face: Face, sample: Sample) -> Iterable[tuple[str, Values]]:
    """Each cut in which a sample counts, with its values there; a cut none of whose own dimensions it has leaves it out."""
    for cut, place in _PLACES:
        values = place(face, sample)
        if values is not None:
            yield cut, values


def cut_for(dimensions: Iterable[str]) -> str | None:
    """The first cut that keeps all these together; None where no cut does.

    >>> cut_for(["queue"]), cut_for(["category", "channel"]), cut_for(["agent", "product"])
    ('desk', 'subjects', None)
    """
    wanted = set(dimensions)
    return next((cut for cut, names in CUTS.items() if wanted <= set(names)), None)
