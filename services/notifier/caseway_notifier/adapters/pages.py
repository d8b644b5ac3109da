"""The page on which a notice is acknowledged.

Mail scanners open every link: opening shows a button and changes nothing. Only the button's POST is an answer, and it
becomes a stamp on the case, so that it stands in the record and is known wherever the case is. A done stamp (済) names what
the notice is about, so that two posts on one case are not confused, and can be taken off again.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from caseway.contracts.case_commands import StampCase
from caseway.contracts.codec import encode
from caseway.contracts.parts import Actor
from caseway.kernel.errors import Transient
from caseway.kernel.ids import derived_id
from caseway.runtime.running import Running
from caseway_notifier import metrics
from caseway_notifier.adapters.composing import Answer, read_token
from caseway_notifier.domain.subscription import ACKNOWLEDGED, Plan

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;text-align:center}}
button{{font:inherit;padding:.6rem 2rem;border:0;border-radius:.4rem;background:#1a5fb4;color:#fff;cursor:pointer}}
button:focus-visible{{outline:3px solid #99c1f1}}</style></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""
_ASK = """<p>Confirm that you have taken note. · Potwierdź przyjęcie do wiadomości. · Bitte bestätigen. · 確認しましたか。</p>
<form method="post"><button type="submit">OK · 済</button></form>"""
_THANKS = "<p>Thank you. · Dziękujemy. · Danke. · ありがとうございました。</p>"
_UNDO = """<form method="post" action="?undo=1"><button type="submit">Undo · Cofnij · Zurücknehmen · 取り消す</button></form>"""


def routes(running: Running) -> list[Route]:
    """`GET` and `POST /v1/acknowledgements/{token}`."""
    key = running.settings.signing_key.get_secret_value().encode()

    async def acknowledgement(request: Request) -> Response:
        named = read_token(key, request.path_params["token"])
        if named is None:
            return _page("No such notice", "<p>The link is incomplete, or not ours.</p>", 404)
        if request.method != "POST":
            return _page("Taken note?", _ASK)
        try:
            is_undone = await _say(running, named, wants_undo=request.query_params.get("undo") == "1")
        except Transient:
            return _page("Not now", "<p>Please try again in a moment.</p>", 503)
        if is_undone:
            return _page("Taken back · 取り消しました", _ASK.replace('method="post"', 'method="post" action="?"'))
        metrics.ACKNOWLEDGED.inc()
        return _page("Noted · 済", _THANKS if named.stamp == ACKNOWLEDGED else _THANKS + _UNDO)

    return [Route("/v1/acknowledgements/{token}", acknowledgement, methods=["GET", "POST"])]


async def _say(running: Running, answer: Answer, *, wants_undo: bool) -> bool:
    """Publish the stamp; whether it was one taken off. An acknowledgement stays, and has the same id at every press."""
    is_undone = wants_undo and answer.stamp != ACKNOWLEDGED
    now = running.clock.now()
    command = StampCase(
        case_id=answer.case_id,
        actor=_actor(answer, running.configuration.plan),
        stamp=answer.stamp,
        occurrence=answer.occurrence,
        remove=is_undone,
    )
    again = () if answer.stamp == ACKNOWLEDGED else (answer.stamp, str(is_undone), now.isoformat(timespec="seconds"))
    value, headers = encode(
        command,
        id=derived_id("acknowledged", answer.occurrence, answer.recipient, *again),
        source="caseway://notifier.pages",
        time=now,
    )
    await running.door.publish(command.topic(), command.key(), value, headers)
    return is_undone


def _actor(answer: Answer, plan: Plan) -> Actor:
    """Who presses it: of a done stamp by their own id and name, as the record wants it."""
    if answer.stamp == ACKNOWLEDGED:
        return Actor(kind="employee", id=answer.recipient)
    person = answer.recipient.partition(":")[2] or answer.recipient
    known = plan.directory.people.get(person)
    return Actor.model_validate({"kind": answer.by, "id": person, "name": known.name if known and known.name else None})


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title, body=body), status_code=status, headers=_HEADERS)
