"""The page on which a notice is acknowledged.

Mail scanners open every link: opening shows a button and changes nothing. Only the button's POST is an answer, and it
becomes a stamp on the case, so that it stands in the record and is known wherever the case is.
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
from caseway_notifier.adapters.composing import read_token

STAMP = "acknowledged"
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
            await _say(running, *named)
        except Transient:
            return _page("Not now", "<p>Please try again in a moment.</p>", 503)
        metrics.ACKNOWLEDGED.inc()
        return _page("Noted · 済", "<p>Thank you. · Dziękujemy. · Danke. · ありがとうございました。</p>")

    return [Route("/v1/acknowledgements/{token}", acknowledgement, methods=["GET", "POST"])]


async def _say(running: Running, case_id: str, notification: str, recipient: str) -> None:
    """The same answer has the same id, however often the button is pressed."""
    command = StampCase(
        case_id=case_id, actor=Actor(kind="employee", id=recipient), stamp=STAMP, occurrence=notification
    )
    value, headers = encode(
        command,
        id=derived_id("acknowledged", notification, recipient),
        source="caseway://notifier.pages",
        time=running.clock.now(),
    )
    await running.door.publish(command.topic(), command.key(), value, headers)


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=title, body=body), status_code=status, headers=_HEADERS)
