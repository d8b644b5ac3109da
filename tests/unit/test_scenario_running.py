"""How a scenario ends, what it shows, and what it asks of the environment."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path

import httpx
import jwt
import pytest
from standardwebhooks import Webhook

from caseway import cli
from caseway.scenario.doors import webhook_headers
from caseway.scenario.figures import Figures, FiguresDesk, series
from caseway.scenario.hosting import PORTS
from caseway.scenario.journal import Journal, Sent
from caseway.scenario.placard import placard
from caseway.scenario.ports import Claims
from caseway.scenario.table import one_line, whole_table
from caseway.scenario.token import bearer_token
from caseway.scenario.until import Until, read_until

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
KEY = "a-signing-key-of-more-than-32-bytes"


def test_a_duration_ends_so_long_after_the_beginning() -> None:
    until = read_until("90s").begun(NOW)
    assert not until.is_reached(NOW + dt.timedelta(seconds=89), contacts=10**6)
    assert until.is_reached(NOW + dt.timedelta(seconds=90), contacts=0)
    assert until.at_most(1000, NOW) == 90


def test_a_count_ends_with_the_last_contact() -> None:
    until = read_until("contacts=500").begun(NOW)
    assert not until.is_reached(NOW + dt.timedelta(days=9), contacts=499)
    assert until.is_reached(NOW, contacts=500)


def test_an_instant_ends_there_in_any_zone() -> None:
    until = read_until("2026-11-22T11:00:00+01:00").begun(NOW)
    assert not until.is_reached(NOW + dt.timedelta(minutes=59), contacts=0)
    assert until.is_reached(NOW + dt.timedelta(minutes=60), contacts=0)


def test_nothing_said_never_ends() -> None:
    assert not Until().begun(NOW).is_reached(NOW + dt.timedelta(days=9999), contacts=10**9)


@pytest.mark.parametrize(
    "text", ["", "soon", "90", "contacts=0", "contacts=-1", "contacts=²", "2026-11-22T11:00:00", "-5s"]
)
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|contacts|offset"):
        read_until(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["scenario", "run", "retail", "--until", "soon"],
        ["scenario", "run", "retail", "--speed", "0"],
        ["run", "--rate", "-3"],
        ["run", "--for", "2026"],
    ],
)
def test_the_command_says_what_it_expected(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(arguments)
    assert "error: argument" in capsys.readouterr().err


def test_a_scenario_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scenario", "run", "no-such-scenario"]) == 1
    told = capsys.readouterr().err
    assert "no-such-scenario" in told
    assert "Traceback" not in told


def test_the_signature_is_the_standards() -> None:
    """Standard Webhooks 1.0, against its makers' library."""
    body, at = b'{"text": "Dzie\\u0144 dobry"}', dt.datetime.now(dt.UTC)
    headers = webhook_headers(KEY.encode(), "msg-1", int(at.timestamp()), body)
    Webhook("whsec_" + base64.b64encode(KEY.encode()).decode()).verify(body.decode(), headers)
    with pytest.raises(Exception, match="matching"):
        Webhook("whsec_" + base64.b64encode(b"another key").decode()).verify(body.decode(), headers)


def test_the_token_is_one_that_a_library_believes() -> None:
    claims = jwt.decode(
        bearer_token(KEY, dt.datetime.now(dt.UTC)), KEY, algorithms=["HS256"], options={"require": ["exp"]}
    )
    assert (claims["sub"], claims["role"]) == ("you", "supervisor")
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(bearer_token(KEY, NOW - dt.timedelta(days=2000)), KEY, algorithms=["HS256"])


METRICS = """\
# HELP caseway_parked_total Records parked, by reason.
# TYPE caseway_parked_total counter
caseway_parked_total{reason="automatic",stage="intake.edge"} 3.0
caseway_parked_total{reason="malformed",stage="intake.edge"} 2.0
caseway_parked_total{reason="malformed",stage="intake.core"} 7.0
caseway_parked_created{reason="malformed",stage="intake.edge"} 1.7e+09
caseway_emitted_total{stage="intake.core",type="caseway.case.contact-repeated.v1"} 4.0
caseway_emitted_total{stage="intake.core",type="caseway.case.opened.v1"} 90.0
caseway_duplicates_total{kind="event",stage="intake.edge"} 5.0
caseway_ready{service="intake"} 1.0
"""
SUMMARY = {
    "as_of": "2026-11-22T09:00:00+00:00", "contacts": 120, "cases_opened": 90, "contacts_added": 20, "assigned": 80, "warned": 6,
    "violated": 4, "met": 100, "resolved": 60, "reopened": 5, "calls_answered": 9, "calls_abandoned": 1, "delivered": 140,
    "given_up": 0, "mailed": 130, "opened_by_channel": {"chat": 30, "email": 60},
}  # fmt: skip


def test_metrics_are_read_as_prometheus_writes_them() -> None:
    assert ("caseway_ready", {"service": "intake"}, 1.0) in series(METRICS)
    assert len(series(METRICS)) == 8


async def test_figures_are_what_the_services_say() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/summary":
            return httpx.Response(200, json=SUMMARY)
        return httpx.Response(200, text=METRICS)

    figures = await FiguresDesk("http://a", "http://i", httpx.MockTransport(answer)).read()
    assert figures["cases_opened"] == 90
    assert figures.parked == {"automatic": 3, "malformed": 2}
    assert (figures.repeats, figures.doubles) == (4, 5)


async def test_a_service_that_does_not_answer_gives_no_figures() -> None:
    """Better none than invented ones."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "i":
            raise httpx.ConnectError("refused")
        return httpx.Response(503)

    figures = await FiguresDesk("http://a", "http://i", httpx.MockTransport(answer)).read()
    assert figures == Figures()
    assert "does not answer" in one_line(Journal(), figures)
    assert "does not answer" in whole_table(Journal(), figures)


def test_the_table_has_both_sides() -> None:
    journal = Journal()
    for number in range(3):
        journal.note(Sent(channel="email", kind="opens", door="smtp", id=str(number)))
    journal.note(Sent(channel="email", kind="repeat", door="smtp", id="0"))
    journal.note(Sent(channel="web", kind="malformed", door="kafka", id="x"))
    journal.refused["http"] += 2
    journal.commands["accept"] += 2
    table = whole_table(journal, Figures(summary=SUMMARY, repeats=4))
    assert "email          4  3 opens, 1 repeat" in table
    assert "together       5  of which 3 should open a case" in table
    assert "refused        2" in table
    assert "cases opened          90  30 chat, 60 email" in table
    assert "warned               6" in table
    line = one_line(journal, Figures(summary=SUMMARY))
    assert "90 cases, 35 open" in line


class _Shown:
    mail_page = "http://localhost:8026/"
    smtp_port = 8025
    folder = Path("run")
    pool = "retail"
    mailbox = "support@example.com"

    def __init__(self, **moved: int) -> None:
        self._ports = {**PORTS, **moved}

    def url(self, service: str) -> str:
        return f"http://localhost:{self._ports[service]}"


def test_ports_that_moved_are_said() -> None:
    assert "other ports" not in placard(_Shown())
    told = placard(_Shown(analytics=23456))
    assert "http://localhost:23456/" in told
    assert "taken: analytics" in told


def test_a_port_that_is_promised_is_not_promised_again(tmp_path: Path) -> None:
    """Two desks that start side by side, before either listens."""
    one, other = Claims(tmp_path), Claims(tmp_path)
    first = one.take(28_085)
    assert other.take(first) != first
    one.release()
    assert other.take(first) == first
    other.release()


def test_a_journal_counts_by_what_the_sender_meant() -> None:
    journal = Journal()
    journal.note(Sent(channel="chat", kind="opens", door="kafka", id="1"))
    journal.note(Sent(channel="chat", kind="event", door="kafka", id="2"))
    assert (journal.opening, journal.count("event", "opens")) == (1, 2)
    assert json.dumps(dict(dict(journal.by_channel())["chat"])) == '{"opens": 1, "event": 1}'
