"""A configuration that would fail later is refused at once, each fault with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from caseway.kernel.errors import Misconfigured
from caseway.runtime.configuration import BadConfiguration, load
from caseway_notifier.adapters.smtp import Server, server
from caseway_notifier.domain.delivery import Automatic, Urgency
from caseway_notifier.settings import Configuration
from tests.notifier_builders import INCIDENT, LISTS, OPENED, RETAIL, SENDERS, TEMPLATES, configuration


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"template": "nowhere"}, "no template 'nowhere'"),
        ({"sender": "nobody"}, "no sender 'nobody'"),
        ({"to": [{"list": "nowhere"}]}, "no list 'nowhere'"),
        ({"to": [{"role": "nowhere"}]}, "no role 'nowhere'"),
        ({"to": []}, "at least 1 item"),
        ({"to": ["nobody"]}, "valid dictionary|RecipientEntry"),
        ({"to": [{"list": "staff", "role": "coordinators"}]}, "one of customer"),
        ({"to": [{"address": "x@example.com\r\nBcc: y@example.com"}]}, "a mail address"),
        ({"fact": "case.evaporated"}, "a fact, one of"),
        ({"when": {"field": "case.chanel", "equals": "email"}}, "unknown field 'case.chanel'"),
        (
            {"when": {"field": "fact.due_at", "exists": True}},
            "`when` looks at fact.due_at, which case.opened does not have",
        ),
        ({"template": "late"}, "looks at fact.due_at, which case.opened does not have"),
        ({"template": "bare"}, "no subject"),
        ({"template": "german"}, "not there in the default language"),
        ({"template": "typo"}, "looks at customer.nmae"),
        ({"channel": "pigeon"}, "reply.*email"),
        ({"urgency": "very"}, "urgent"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(changes: dict[str, Any], why: str) -> None:
    """S1-21, S1-22: templates and a verified sender must be there first."""
    templates = {
        **TEMPLATES,
        "late.en.txt": '---\nsubject: "x"\n---\n{{ fact.due_at }}',
        "bare.en.txt": "no front matter",
        "german.de.txt": '---\nsubject: "x"\n---\nx',
        "typo.en.txt": '---\nsubject: "x"\n---\n{% if case.number %}{{ customer.nmae }}{% endif %}',
    }
    with pytest.raises(ValidationError, match=why):
        configuration({**OPENED, **changes}, templates=templates)


def test_a_sender_that_is_not_verified_may_not_send() -> None:
    """S1-21: the organisation's sender address must be set and verified."""
    senders = {**SENDERS, "senders": {"support": {"name": "S", "address": "support@example.com"}}}
    with pytest.raises(ValidationError, match="not verified"):
        configuration(OPENED, senders=senders)


def test_two_rules_of_one_name_are_refused() -> None:
    """The name is part of what makes a notification the same."""
    with pytest.raises(ValidationError, match="the name stands twice"):
        configuration(OPENED, OPENED)


@pytest.mark.parametrize(
    "senders",
    [
        {"domain": "x y"},
        {"zone": "Mars/Olympus"},
        {"senders": {}},
        {"senders": {"s": {"name": "a\nBcc: x", "address": "s@example.com", "verified": True}}},
        {"retry": {"attempts": 0}},
        {"pace": {"attempt": "PT0S"}},
    ],
)
def test_senders_that_cannot_be_are_refused(senders: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configuration(OPENED, senders={**SENDERS, **senders})


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        configuration(INCIDENT, lists={**LISTS, "lists": {"staff": []}})


def test_an_address_stands_once_in_a_list() -> None:
    members = ["One@example.com", {"address": "one@example.com", "name": "again"}, "two@example.com"]
    plan = configuration(INCIDENT, lists={**LISTS, "lists": {"staff": members}}).plan
    assert [each.address for each in plan.directory.lists["staff"]] == ["one@example.com", "two@example.com"]


def test_the_retail_scenario_is_valid_and_says_what_it_should() -> None:
    """S4-23 and S0-06 are ready out of the box."""
    plan = load(RETAIL, Configuration).value.plan
    answer = next(each for each in plan.subscriptions["case.opened"] if each.name == "case-opened")
    report = next(each for each in plan.subscriptions["case.incident-declared"] if each.name == "incident-first-report")
    assert answer.automatic is Automatic.REPLIED
    assert (report.urgency, report.once.value) == (Urgency.BULK, "case")
    assert len(plan.directory.lists["all-staff"]) == 10


def test_every_fault_of_a_directory_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    for name, text in TEMPLATES.items():
        (tmp_path / "templates" / name).write_text(text, encoding="utf-8")
    broken = {
        "senders.yaml": {**SENDERS, "domain": 7},
        "lists.yaml": {"lists": {"staff": [7]}},
        "subscriptions.yaml": {"subscriptions": [{**OPENED, "fact": "case.evaporated"}]},
    }
    for name, content in broken.items():
        (tmp_path / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(BadConfiguration) as raised:
        load(tmp_path, Configuration)
    assert {problem.file for problem in raised.value.problems} == set(broken)


def test_a_rule_and_a_template_are_compared_under_the_rules_file(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "other.en.txt").write_text("x", encoding="utf-8")
    files = {"senders.yaml": SENDERS, "lists.yaml": LISTS, "subscriptions.yaml": {"subscriptions": [OPENED]}}
    for name, content in files.items():
        (tmp_path / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(BadConfiguration) as raised:
        load(tmp_path, Configuration)
    (problem,) = raised.value.problems
    assert problem.file == "subscriptions.yaml"
    assert "opened: no template 'opened'" in problem.expected


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example.com", (25, False, False, None, None)),
        ("smtps://mail.example.com", (465, True, False, None, None)),
        ("smtp+starttls://desk:p%40ss@mail.example.com", (587, False, True, "desk", "p@ss")),
        ("smtp://[::1]:1025", (1025, False, False, None, None)),
    ],
)
def test_the_mail_server_is_a_url(url: str, found: tuple[Any, ...]) -> None:
    read = server(url)
    assert isinstance(read, Server)
    assert (read.port, read.is_tls, read.is_starttls, read.user, read.password) == found


@pytest.mark.parametrize(
    "url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://u:secret@host:port"]
)
def test_what_is_no_mail_server_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        server(url)
    assert "secret" not in str(raised.value)
