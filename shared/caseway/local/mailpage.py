"""What a mail sink was sent, as a page and as JSON."""

from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from caseway.local.mailsink import Attempt, MailSink

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mail sent</title>
<meta http-equiv="refresh" content="5"><style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; }}
table {{ border-collapse: collapse; }} td, th {{ padding: .3rem .8rem; border-bottom: 1px solid #ddd; text-align: left; }}
</style></head><body><h1>{count} mails sent</h1>
<table><tr><th>#</th><th>at (UTC)</th><th>to</th><th>subject</th><th>answered</th></tr>{rows}</table></body></html>"""
_SHOWN = 500  # the newest; the JSON has them all


def mail_page(sink: MailSink) -> Starlette:
    """`/`, `/mails.json` and `/mails/<number>.eml`."""

    async def page(_request: Request) -> HTMLResponse:
        rows = "".join(_row(attempt) for attempt in reversed(sink.attempts[-_SHOWN:]))
        return HTMLResponse(_PAGE.format(count=len(sink.mails), rows=rows))

    async def listing(_request: Request) -> JSONResponse:
        return JSONResponse([_summary(attempt) for attempt in sink.attempts])

    async def raw(request: Request) -> Response:
        number = request.path_params["number"]
        if not 1 <= number <= len(sink.attempts):
            return Response(status_code=404)
        # As text: a browser must show a mail, never run what is in it.
        return Response(sink.attempts[number - 1].content, media_type="text/plain; charset=utf-8")

    routes = [Route("/", page), Route("/mails.json", listing), Route("/mails/{number:int}.eml", raw)]
    return Starlette(routes=routes)


def _summary(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": attempt.at.isoformat(),
        "mail_from": attempt.mail_from,
        "rcpt_tos": list(attempt.rcpt_tos),
        "message_id": _header(attempt, "Message-ID"),
        "subject": _header(attempt, "Subject"),
        "is_kept": attempt.is_kept,
        "reply": attempt.reply,
    }


def _row(attempt: Attempt) -> str:
    number = f'<a href="/mails/{attempt.number}.eml">{attempt.number}</a>'
    shown = [
        f"{attempt.at:%H:%M:%S}",
        ", ".join(attempt.rcpt_tos),
        _header(attempt, "Subject"),
        attempt.reply or "nothing",
    ]
    return f"<tr><td>{number}</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in shown) + "</tr>"


def _header(attempt: Attempt, name: str) -> str:
    """Decoded if it can be: what is shown here is whatever somebody sent."""
    try:
        return str(attempt.message.get(name, ""))
    except (ValueError, LookupError, IndexError):
        return "(unreadable)"
