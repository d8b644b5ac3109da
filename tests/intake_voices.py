"""A voice and its people, for the tests of intake's core."""

from __future__ import annotations

import datetime as dt
from typing import Any

from caseway.contracts.about_cases import CaseCommand, CaseFact
from caseway.contracts.parts import Actor, Author, Party
from caseway.kernel.ids import case_id
from caseway_intake.domain import life
from caseway_intake.domain.case import Case
from caseway_intake.settings import Configuration
from tests.intake_builders import EMPLOYEE, NOW, configuration, mail, step

KEY = "desk:voice-1"
VOICE = case_id(KEY)
SAID = "山田花子様より。090-0555-0101へ折り返しを希望。手数料の説明が分かりにくいとのこと。"
WEEK = {"every-day": ["09:00-17:00"]}
RULES: Configuration = configuration(
    life={
        "departments": ["commerce", "system"],
        "teams": {"first": [{"agent": "agent-07", "role": "owner"}, {"agent": "agent-08", "role": "translator"}]},
        "feed": {"groups": {"品質会議": ["sv-1"], "sales": ["sv-2"]}, "topics": {"手数料": ["sv-1"]}},
        "remote": {
            "situations": [{"name": "long-call"}, {"name": "unclear-screen"}],
            "purposes": ["shorten", "satisfy"],
            "tools": [{"name": "view", "title": "画面共有", "url": "https://remote.example.com/start"}],
        },
    },
    voices={
        "processes": [
            {
                "name": "two-steps",
                "when": {"field": "department", "equals": "compliance"},
                "steps": [{"approvers": ["sv-1"]}, {"approvers": ["manager-1"]}],
            },
            {
                "name": "one-step",
                "when": {"field": "department", "equals": "sales"},
                "steps": [{"approvers": ["sv-1", "sv-2"]}],
            },
        ],
        "absences": [{"person": "sv-1", "deputy": "sv-3", "from": "2026-12-24", "until": "2026-12-31"}],
        "deputies": {"sv-1": "sv-2", "sv-2": "sv-1"},
        "managers": ["manager-1"],
        "remind_after": "PT4H",
        "reminders": 4,
        "incident_response": "risk",
    },
    privacy={
        "retention": [
            {"name": "金融商品取引法", "when": {"field": "category", "equals": "trade"}, "days": 3650},
            {"name": "苦情対応記録", "when": {"field": "category", "in": ["trade", "complaint"]}, "days": 1825},
        ]
    },
)


def person(kind: str, id_: str) -> Actor:
    return Actor(kind=kind, id=id_)


def voice(author: Actor = EMPLOYEE, **changes: Any) -> Case:
    """A voice as sales wrote it down."""
    contact = mail(
        KEY,
        case_id=VOICE,
        actor=author,
        channel="desk",
        record_type="voice",
        author=Author(kind="customer", name="山田 花子", address="+819005550101"),
        party=Party(name="山田 花子", phone="+819005550101"),
        subject="手数料について",
        text=SAID,
        message_id=None,
        mailbox=None,
        **{"department": "sales", **changes},
    )
    return life.open_case(contact, by(author, "record"), 36).case


def by(actor: Actor, cause: str = "cause", at: dt.datetime = NOW, **changes: Any) -> life.Step:
    """The circumstances, with this person."""
    return step(cause, at=at, actor=actor, rules=changes.pop("rules", RULES), **changes)


def told(case: Case, model: type[CaseCommand], actor: Actor, at: dt.datetime = NOW, **fields: Any) -> life.Outcome:
    """What becomes of the case by this command of this person."""
    command = model(case_id=case.id, actor=actor, **fields)
    return life.decide(case, command, by(actor, f"{command.TYPE}-{case.version}", at=at))


def verbs(outcome: life.Outcome) -> list[str]:
    """What was told, by its short names."""
    return [fact.TYPE.split(".")[2] for fact in outcome.facts]


def refusal_of(outcome: life.Outcome) -> str:
    """Why not; the case has changed nothing but its version."""
    (fact,) = outcome.facts
    assert fact.TYPE == "caseway.case.refused.v1", fact.TYPE
    return fact.reason


def fact_of(outcome: life.Outcome, verb: str) -> CaseFact:
    """The fact with this short name."""
    return next(fact for fact in outcome.facts if fact.TYPE.split(".")[2] == verb)
