"""Quick texts for agents, over HTTP: templates with a title."""

from __future__ import annotations

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.runtime.running import Running
from caseway_notifier.adapters.documents import load_case
from caseway_notifier.adapters.tokens import ANSWERING, actor
from caseway_notifier.domain.case import KnownCase
from caseway_notifier.domain.content import UnrenderableError
from caseway_notifier.domain.fanout.telling import quick_data
from caseway_notifier.domain.kept import CASES
from caseway_notifier.settings import Configuration

_PATIENCE_MS = 2_000


def routes(running: Running) -> list[Route]:
    """`GET /v1/quick-texts` and `GET /v1/cases/{case_id}/quick-texts/{name}`."""
    configuration: Configuration = running.configuration

    async def listed(request: Request) -> Response:
        if actor(running, request, ANSWERING) is None:
            return _refused(401, "an agent's bearer token is needed")
        wanted = request.query_params.get("language", "")
        return JSONResponse({"quick_texts": quick_texts(configuration, wanted)})

    async def filled(request: Request) -> Response:
        if actor(running, request, ANSWERING) is None:
            return _refused(401, "an agent's bearer token is needed")
        try:
            wanted = {"_id": request.path_params["case_id"]}
            document = await running.database[CASES].find_one(wanted, max_time_ms=_PATIENCE_MS)
        except PyMongoError:
            return _refused(503, "not now")
        if document is None:
            return _refused(404, "no such case")
        known = load_case(document)
        text = quick_text(configuration, request.path_params["name"], request.query_params.get("language", ""), known)
        return JSONResponse(text) if text else _refused(404, "no such quick text")

    return [Route("/v1/quick-texts", listed), Route("/v1/cases/{case_id}/quick-texts/{name}", filled)]


def quick_texts(configuration: Configuration, language: str) -> list[dict[str, str]]:
    """Name, language and title of each, in the language asked for or the nearest that there is."""
    words = configuration.words
    found = ((name, words.language(name, language)) for name in words.all_names())
    titled = ((name, each, words.title(name, each)) for name, each in found if each is not None)
    return [{"name": name, "language": each, "title": title} for name, each, title in titled if title]


def quick_text(configuration: Configuration, name: str, language: str, known: KnownCase) -> dict[str, str] | None:
    """One of them with the case's own number, subject and name in it; None where there is none."""
    words = configuration.words
    chosen = words.language(name, language or known.language)
    if chosen is None or not (title := words.title(name, chosen)):
        return None
    try:
        content = words.render(name, chosen, quick_data(known, configuration.plan))
    except UnrenderableError:
        return None
    return {"name": name, "language": chosen, "title": title, "text": content.text}


def _refused(status: int, error: str) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": error}, status_code=status, headers=headers)
