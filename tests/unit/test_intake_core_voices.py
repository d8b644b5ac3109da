"""Voices: the three shapes, approval, judgement, four eyes."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.case_commands import (
    AssignFacts,
    CloseCase,
    NoteCase,
    RecordCallback,
    ReplyToCase,
    RequestEscalation,
)
from caseway.contracts.voice_commands import (
    ApproveCase,
    CheckCase,
    DeclareIncident,
    EditVoice,
    JudgeCase,
    RejectCase,
    SubmitCase,
)
from caseway.kernel.decision import Arm, Disarm
from caseway_intake.domain import life
from tests.intake_builders import (
    AGENT,
    EMPLOYEE,
    MANAGER,
    NOW,
    OFFICER,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    configuration,
    mail,
)  # fmt: skip
from tests.intake_voices import RULES, SAID, VOICE, by, fact_of, person, refusal_of, told, verbs, voice

HOUR = dt.timedelta(hours=1)
DEPUTY = person("supervisor", "sv-3")


def submitted(**changes):
    return told(voice(**changes), SubmitCase, EMPLOYEE).case


def approved():
    return told(submitted(), ApproveCase, SUPERVISOR).case


def judged(case=None, **judgement):
    judgement = {"genre": "手数料", "complaint": True, "incident": False, **judgement}
    return told(case or approved(), JudgeCase, OFFICER, **judgement).case


def test_a_general_voice_is_shared_with_everybody_once_a_supervisor_approves_it():
    """S0-08, S0-03."""
    first = told(voice(), SubmitCase, EMPLOYEE)
    assert (first.facts[0].approver, first.facts[0].process, first.facts[0].asked) == ("sv-1", "one-step", ("sv-1",))
    outcome = told(first.case, ApproveCase, SUPERVISOR, text="分かりやすい")
    assert verbs(outcome) == ["approved", "shared"]
    assert (outcome.facts[0].final, outcome.facts[0].on_behalf_of) == (True, None)
    assert (outcome.facts[1].shape, outcome.facts[1].title) == ("general", "手数料について")


def test_what_is_shared_names_no_customer():
    """Masked: names, numbers, addresses."""
    shared = fact_of(told(submitted(), ApproveCase, SUPERVISOR), "shared")
    assert "手数料の説明が分かりにくい" in shared.text
    assert not [secret for secret in ("山田", "花子", "0101", "090") if secret in shared.text]


def test_an_escalated_voice_is_shared_once_the_superiors_answer_reached_the_customer():
    """S0-04, S0-05: checked, called back, recorded in the same record; only who was reached counts."""
    case = told(voice(), RequestEscalation, EMPLOYEE, reason="至急").case
    case = told(case, CheckCase, SUPERVISOR, outcome="confirmed").case
    missed = told(case, RecordCallback, SUPERVISOR, outcome="no_answer")
    assert (verbs(missed), missed.facts[0].answered) == (["callback-recorded"], False)
    reached = told(missed.case, RecordCallback, SUPERVISOR, outcome="reached", text="手数料表を送ると案内")
    assert verbs(reached) == ["callback-recorded", "shared"]
    assert (reached.facts[0].answered, reached.facts[1].shape) == (True, "escalation")
    assert "手数料表を送ると案内" in reached.facts[1].text


def test_an_incident_is_shared_at_its_declaration():
    """S0-06."""
    outcome = told(voice(), DeclareIncident, EMPLOYEE, title="誤発注", text="山田花子様の口座で誤発注")
    assert verbs(outcome) == ["incident-declared", "shared"]
    assert outcome.facts[1].shape == "incident"
    assert not [fact for fact in outcome.facts if "山田" in fact.text]


def test_escalation_and_incident_are_independent_and_neither_means_general():
    """S0-03: each ticked voice is shared in its own shape, and needs no approval."""
    case = told(told(voice(), RequestEscalation, EMPLOYEE).case, DeclareIncident, EMPLOYEE).case
    assert (case.voice.escalation, case.voice.incident, case.voice.is_general) == (True, True, False)
    assert refusal_of(told(case, SubmitCase, EMPLOYEE)) == "not-general"
    reached = told(case, RecordCallback, SUPERVISOR, outcome="reached", text="折り返し済み")
    assert reached.case.voice.sharing.shapes == ("incident", "escalation")


def test_the_text_is_locked_until_decided_and_replies_never_are():
    """S1-38."""
    case = submitted()
    assert refusal_of(told(case, EditVoice, EMPLOYEE, text="別の文")) == "locked"
    assert refusal_of(told(case, SubmitCase, EMPLOYEE, text="別の文")) == "locked"
    assert refusal_of(told(case, AssignFacts, AGENT, subject="別の件名")) == "locked"
    judge = {"genre": "g", "complaint": False, "incident": False, "content": "別の文"}
    assert refusal_of(told(case, JudgeCase, OFFICER, **judge)) == "locked"
    assert refusal_of(told(case, RequestEscalation, EMPLOYEE)) == "locked"
    assert verbs(told(case, NoteCase, AGENT, text="メモ")) == ["noted"]
    assert verbs(told(case, ReplyToCase, AGENT, text="お返事", to="hanako@example.com")) == ["replied"]
    unlocked = told(case, RejectCase, SUPERVISOR, reason="短すぎる").case
    assert verbs(told(unlocked, EditVoice, EMPLOYEE, text="別の文")) == ["voice-edited"]


def test_a_supervisors_own_voice_goes_to_another_supervisor():
    case = told(voice(author=SUPERVISOR), SubmitCase, SUPERVISOR).case
    assert case.voice.approval.approver == "sv-2"
    assert refusal_of(told(case, ApproveCase, SUPERVISOR)) == "same-person"
    assert verbs(told(case, ApproveCase, OTHER_SUPERVISOR)) == ["approved", "shared"]


def test_a_voice_that_no_process_fits_is_an_error_to_who_submits():
    """S1-38."""
    assert refusal_of(told(voice(department="kitchen"), SubmitCase, EMPLOYEE)) == "no-process-fits"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("sv-2", "sv-2"), (None, "sv-1"), ("sales-1", "not-an-approver"), ("sv-9", "not-an-approver")],
)
def test_the_submitter_may_name_one_of_the_approvers(wanted, expected):
    outcome = told(voice(), SubmitCase, EMPLOYEE, approver=wanted)
    answer = outcome.facts[0]
    assert expected == (answer.reason if answer.TYPE.endswith("refused.v1") else answer.approver)


def test_who_is_away_is_deputised_by_calendar():
    away = dt.datetime(2026, 12, 28, 10, tzinfo=dt.UTC)
    case = told(voice(), SubmitCase, EMPLOYEE, at=away).case
    assert case.voice.approval.asked == ("sv-1", "sv-3")
    outcome = told(case, ApproveCase, DEPUTY, at=away + HOUR)
    assert (verbs(outcome), outcome.facts[0].on_behalf_of) == (["approved", "shared"], "sv-1")


def test_a_deputy_may_decide_what_was_submitted_before_the_absence_began():
    case = submitted()
    assert refusal_of(told(case, ApproveCase, DEPUTY)) == "not-asked"
    later = dt.datetime(2026, 12, 24, 9, tzinfo=dt.UTC)
    assert verbs(told(case, ApproveCase, DEPUTY, at=later)) == ["approved", "shared"]


def test_silence_brings_reminder_deputy_and_manager_but_never_approval():
    first = told(voice(), SubmitCase, EMPLOYEE)
    outcome, stages = first, []
    while outcome.timers:
        (timer,) = outcome.timers
        assert isinstance(timer, Arm)
        late = by(SUPERVISOR, "timer", at=timer.due_at)
        outcome = life.decide_when_due(timer.kind, outcome.case, timer.due_at, late)
        stages.append((outcome.facts[0].stage, outcome.facts[0].asked, timer.due_at - NOW))
    assert stages == [
        ("reminder", ("sv-1",), 4 * HOUR),
        ("deputy", ("sv-1", "sv-2"), 8 * HOUR),
        ("manager", ("sv-1", "sv-2", "manager-1"), 12 * HOUR),
        ("manager", ("sv-1", "sv-2", "manager-1"), 16 * HOUR),
    ]
    assert outcome.case.voice.approval is not None
    assert verbs(told(outcome.case, ApproveCase, MANAGER)) == ["approved", "shared"]


def test_reminders_wait_in_business_time():
    week = {"monday-friday": ["09:00-17:00"]}
    rules = configuration(
        calendars={"office": {"zone": "Asia/Tokyo", "versions": [{"week": week}]}},
        voices=RULES.voices.model_copy(update={"calendar": "office"}),
    )
    friday = dt.datetime(2026, 11, 20, 7, tzinfo=dt.UTC)  # 16:00 in Tokyo
    outcome = life.decide(
        voice(), SubmitCase(case_id=VOICE, actor=EMPLOYEE), by(EMPLOYEE, "s", at=friday, now=friday, rules=rules)
    )
    opened_at = max(friday, outcome.case.opened_at)
    assert outcome.timers[0].due_at > opened_at
    monday = dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC)
    assert outcome.timers[0].due_at == monday


def test_a_reminder_of_what_was_decided_says_nothing():
    timer = told(voice(), SubmitCase, EMPLOYEE).timers[0]
    assert life.decide_when_due(timer.kind, approved(), timer.due_at, by(SUPERVISOR)) is None
    again = told(
        told(submitted(), RejectCase, SUPERVISOR, reason="短い").case, SubmitCase, EMPLOYEE, at=NOW + HOUR
    ).case
    assert life.decide_when_due(timer.kind, again, timer.due_at, by(SUPERVISOR)) is None


def test_two_steps_need_two_people():
    case = submitted(department="compliance")
    middle = told(case, ApproveCase, SUPERVISOR)
    assert (verbs(middle), middle.facts[0].final, middle.facts[0].next_approver) == (["approved"], False, "manager-1")
    assert refusal_of(told(middle.case, ApproveCase, SUPERVISOR)) == "not-asked"
    assert verbs(told(middle.case, ApproveCase, MANAGER)) == ["approved", "shared"]


@pytest.mark.parametrize(
    ("model", "fields", "actor", "reason"),
    [
        (ApproveCase, {}, OTHER_SUPERVISOR, "not-asked"),
        (ApproveCase, {}, EMPLOYEE, "role"),
        (ApproveCase, {}, person("machine", "sv-1"), "role"),
        (ApproveCase, {"edition": 9}, SUPERVISOR, "out-of-date"),
        (ApproveCase, {"step": 2}, SUPERVISOR, "out-of-date"),
        (RejectCase, {}, SUPERVISOR, "no-reason"),
        (RejectCase, {"reason": "x", "step": 3}, SUPERVISOR, "out-of-date"),
        (JudgeCase, {"genre": "g", "complaint": True, "incident": False}, MANAGER, "role"),
        (CheckCase, {"outcome": "confirmed"}, OFFICER, "role"),
        (CheckCase, {"outcome": "confirmed"}, MANAGER, "not-judged"),
        (CheckCase, {"outcome": "confirmed"}, SUPERVISOR, "not-requested"),
    ],
)
def test_who_may_not_decide_is_told_why(model, fields, actor, reason):
    """S1-49: role by role, and never out of order."""
    assert refusal_of(told(submitted(), model, actor, **fields)) == reason


def test_a_decision_doubled_is_told_once():
    assert refusal_of(told(approved(), ApproveCase, SUPERVISOR)) == "not-submitted"
    assert refusal_of(told(approved(), RejectCase, SUPERVISOR, reason="x")) == "not-submitted"


def test_the_officer_corrects_and_judges_and_the_manager_confirms():
    """S0-09."""
    outcome = told(
        approved(), JudgeCase, OFFICER, genre="手数料", complaint=True, incident=False, content="手数料が高いとの声"
    )
    assert verbs(outcome) == ["judged"]
    assert (outcome.facts[0].edition, outcome.case.voice.genre) == (2, "手数料")
    assert outcome.case.voice.sharing.text == "手数料が高いとの声"
    checked = told(outcome.case, CheckCase, MANAGER, outcome="confirmed")
    assert checked.case.voice.judgement.checked_by == "manager-1"
    again = {"genre": "g", "complaint": False, "incident": False}
    assert refusal_of(told(checked.case, JudgeCase, OFFICER, **again)) == "checked"
    assert refusal_of(told(checked.case, CheckCase, MANAGER, outcome="confirmed")) == "checked"


def test_the_manager_returns_a_judgement_and_it_is_judged_anew():
    returned = told(judged(), CheckCase, MANAGER, outcome="returned", reason="苦情ではない")
    assert returned.case.voice.judgement is None
    assert refusal_of(told(judged(), CheckCase, MANAGER, outcome="returned")) == "no-reason"
    assert judged(returned.case, complaint=False).voice.judgement.complaint is False


def test_nobody_checks_their_own_judgement_or_voice():
    """S0-09: four eyes, whatever roles a person has."""
    case = told(approved(), JudgeCase, person("officer", "manager-1"), genre="g", complaint=True, incident=False).case
    assert refusal_of(told(case, CheckCase, MANAGER, outcome="confirmed")) == "same-person"
    own = told(voice(author=MANAGER), JudgeCase, OFFICER, genre="g", complaint=True, incident=False).case
    assert refusal_of(told(own, CheckCase, MANAGER, outcome="confirmed")) == "same-person"


def test_judged_an_incident_late_brings_first_report_and_hand_over():
    outcome = told(approved(), JudgeCase, OFFICER, genre="誤発注", complaint=True, incident=True)
    assert verbs(outcome) == ["judged", "incident-declared", "shared", "handed-over"]
    assert (outcome.facts[1].late, outcome.facts[2].shape, outcome.facts[3].to) == (True, "incident", "risk")
    assert [fact.version for fact in outcome.facts] == list(range(outcome.facts[0].version, outcome.case.version + 1))


def test_judged_an_incident_while_it_waits_for_approval_frees_it():
    outcome = told(submitted(), JudgeCase, OFFICER, genre="誤発注", complaint=True, incident=True)
    assert verbs(outcome)[1:] == ["incident-declared", "shared", "handed-over"]
    assert (outcome.case.voice.approval, outcome.timers) == (None, (Disarm(key=f"{VOICE}/approval"),))


def test_judged_none_after_a_declaration_is_corrected_by_four_eyes():
    case = judged(told(voice(), DeclareIncident, EMPLOYEE).case, incident=False)
    assert case.response.stage == "declared"
    outcome = told(case, CheckCase, MANAGER, outcome="confirmed")
    assert verbs(outcome) == ["checked", "incident-corrected"]
    assert outcome.case.response.stage == "corrected"
    assert "山田" not in outcome.facts[1].text


def test_later_edits_make_editions_without_telling_anybody_anew():
    outcome = told(approved(), EditVoice, EMPLOYEE, text="山田花子様：分かりやすくしてほしい")
    assert (verbs(outcome), outcome.facts[0].edition) == (["voice-edited"], 2)
    assert outcome.case.voice.sharing.edition == 2
    assert outcome.case.voice.sharing.text == "***様：分かりやすくしてほしい"
    resubmitted = told(told(outcome.case, SubmitCase, EMPLOYEE).case, ApproveCase, SUPERVISOR)
    assert verbs(resubmitted) == ["approved"]


@pytest.mark.parametrize(
    ("actor", "fields", "reason"),
    [
        (person("employee", "sales-2"), {"text": "x"}, "not-the-author"),
        (EMPLOYEE, {"text": SAID}, "nothing-changed"),
        (person("customer", "c"), {"text": "x"}, "role"),
        (EMPLOYEE, {"text": "x" * 300_000}, "too-long"),
    ],
)
def test_who_may_edit_and_what(actor, fields, reason):
    assert refusal_of(told(approved(), EditVoice, actor, **fields)) == reason


def test_a_genre_is_internal_controls_once_judged():
    assert refusal_of(told(judged(), EditVoice, EMPLOYEE, genre="別")) == "judged"
    assert verbs(told(judged(), EditVoice, OFFICER, genre="別")) == ["voice-edited"]


def test_a_voice_is_closed_once_everybody_saw_it_and_it_is_checked():
    """S0-03: no voice is put away unseen."""
    assert refusal_of(told(voice(), CloseCase, EMPLOYEE)) == "not-shared"
    assert refusal_of(told(judged(), CloseCase, EMPLOYEE)) == "not-checked"
    checked = told(judged(), CheckCase, MANAGER, outcome="confirmed").case
    assert verbs(told(checked, CloseCase, EMPLOYEE)) == ["closed"]


def test_what_is_no_voice_is_neither_submitted_nor_judged():
    case = life.open_case(mail(), by(AGENT), 3).case
    judgement = {"genre": "g", "complaint": True, "incident": False}
    for model, actor, fields in (
        (SubmitCase, EMPLOYEE, {}),
        (EditVoice, EMPLOYEE, {"text": "x"}),
        (JudgeCase, OFFICER, judgement),
        (CheckCase, MANAGER, {"outcome": "confirmed"}),
    ):
        assert refusal_of(told(case, model, actor, **fields)) == "no-voice"
    assert refusal_of(told(case, ApproveCase, SUPERVISOR)) == "not-submitted"


def test_a_voice_about_a_case_is_linked_to_it():
    outcome = life.open_case(
        mail(
            "desk:v-2", case_id=VOICE, channel="desk", record_type="voice", about_case="case_x", actor=EMPLOYEE,
            attributes={"escalation": True},
        ),
        by(EMPLOYEE),
        5,
    )  # fmt: skip
    assert verbs(outcome) == ["opened", "escalation-requested"]
    (link,) = outcome.commands
    assert (link.case_id, link.other, link.relation) == ("case_x", VOICE, "voice")
    assert outcome.case.voice.escalation
