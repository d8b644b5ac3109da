"""What the router answers, for people to read."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from caseway_router.adapters.answers import Json
from caseway_router.domain.phrases import Speech, duration
from caseway_router.domain.wording import reason_in_words

CASE_PAGE, POOL_PAGE = "case", "pool"
"""Templates: each as `.html` and `.txt`."""

_STYLE = files("caseway_router").joinpath("templates/page.css").read_text(encoding="utf-8")
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
SAFE = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "vary": "accept",
}
"""The page loads and runs nothing, and says so; names on it are escaped."""

_OBSTACLES = {
    "skill": "lacks a skill",
    "queue": "serves other queues",
    "excluded": "kept from it by the rule",
    "named": "not the one asked for",
    "closed": "does not work this channel",
    "weight": "may never hold so much",
    "channel": "not on this channel now",
    "capacity": "holds as much as they may",
    "cool_down": "let it go a moment ago",
    "free": "free",
}


class Pages:
    """The templates, read once."""

    def __init__(self) -> None:
        self._templates = _environment()

    def html(self, name: str, answer: Json, speech: Speech) -> str:
        """The page of an answer."""
        style = Markup(_STYLE)  # noqa: S704 - our own file
        return self._templates.get_template(f"{name}.html").render(answer=answer, style=style, **_words(speech))

    def text(self, name: str, answer: Json, speech: Speech) -> str:
        """The same in plain words."""
        return self._templates.get_template(f"{name}.txt").render(answer=answer, **_words(speech))


def _words(speech: Speech) -> Json:
    return {
        "speech": speech,
        "zone": ZoneInfo(speech.zone),
        "refusal": lambda reason: reason_in_words(reason, speech),
        "obstacle": lambda reason: _OBSTACLES.get(reason, said(reason)),
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("caseway_router"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"clock": clock, "waited": waited, "said": said, "score": score, "telling": telling}
    return environment


def clock(instant: str, zone: ZoneInfo) -> str:
    """An instant of an answer by the desk's clock, to the second."""
    local = dt.datetime.fromisoformat(instant).astimezone(zone)
    return f"{local:%H:%M:%S}"


def waited(instant: str, now: str) -> str:
    """How long ago it was: `4 min 12 s`."""
    return duration(dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(instant))


def said(word: str) -> str:
    """A machine's word as a person reads it: `not_answering` as `not answering`."""
    return word.replace("_", " ")


def telling(decision: Json) -> list[int]:
    """The places of a score in which the candidates differ: the others decided nothing."""
    scores = [each["score"] for each in decision["candidates"] if each["score"]]
    return [place for place in range(len(decision["score_names"])) if len({each[place] for each in scores}) > 1]


def score(number: int, place: int, decision: Json) -> str:
    """A number of a score as it is read: an instant as how long ago, a place on the ring as its part of it."""
    name = decision["score_names"][place]
    if name == "stable hash":
        return f"{number / 2**32:.3f}"
    if name not in {"idle longest", "longest since asked"}:
        return str(number)
    if number <= 0:
        return "never busy"
    at = dt.datetime.fromisoformat(decision["at"])
    return duration(at - dt.datetime.fromtimestamp(number / 1_000_000, dt.UTC))
