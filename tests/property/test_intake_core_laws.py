"""Laws that hold whatever anybody commands, voices and rights included."""

from __future__ import annotations

import datetime as dt
import itertools

import bson
from bson.codec_options import CodecOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts import case_commands as c
from caseway.contracts import voice_commands as v
from caseway.kernel.errors import Superseded
from caseway_intake.adapters.cases import dump_case, load_case
from caseway_intake.domain import life
from caseway_intake.domain.life.steps import CORE
from tests.intake_builders import EMPLOYEE, NOW, mail, step
from tests.intake_voices import RULES, VOICE, person, voice

MINUTE = dt.timedelta(minutes=1)
AWARE = CodecOptions(tz_aware=True, tzinfo=dt.UTC)
people = st.sampled_from(
    [
        EMPLOYEE, person("agent", "agent-07"), person("supervisor", "sv-1"), person("supervisor", "sv-2"),
        person("officer", "officer-1"), person("manager", "manager-1"), person("machine", "m"), person("customer", "x"),
    ]
)  # fmt: skip
IDS = st.sampled_from(["one", "two"])


def said(model, **fields):
    return st.builds(model, case_id=st.just(VOICE), actor=people, **fields)


commands = st.one_of(
    st.builds(mail, st.sampled_from(["a@example.com", "b@example.com"]), case_id=st.just(VOICE)),
    said(c.ReplyToCase, text=st.just("Hello"), to=st.just("a@example.com")),
    said(c.NoteCase, text=st.sampled_from(["n", "@sales #手数料"])),
    said(c.HoldCase), said(c.ReleaseCase), said(c.ResolveCase), said(c.CloseCase), said(c.ReopenCase),
    said(c.RequestEscalation),
    said(c.RecordCallback, outcome=st.sampled_from(["reached", "busy"]), text=st.sampled_from(["", "told"])),
    said(c.AskAdvice, area=st.just("x")),
    said(c.EscalateToDepartment, department=st.sampled_from(["commerce", "moon"])),
    said(c.ReturnFromDepartment, department=st.just("commerce")),
    said(c.StampCase, stamp=st.just("済"), occurrence=IDS, remove=st.booleans()),
    said(c.FollowCase, follower=IDS, stop=st.booleans()),
    said(c.SetTeam, team=st.sampled_from([None, "first", "none"])),
    said(c.LinkCase, other=IDS),
    said(c.LinkCustomer, customer=IDS),
    said(c.WhisperToAgent, text=st.just("psst")),
    said(v.DeclareIncident, text=st.just("x")),
    said(v.HandOverCase, to=st.just("risk")), said(v.AcceptHandOver), said(v.ReturnHandOver, reason=st.just("r")),
    said(v.SetIncidentRole, role=st.sampled_from(["judge", "checker"]), person=IDS, renounced=st.booleans()),
    said(v.ContainIncident), said(v.EndIncident), said(v.ReviewIncident),
    said(v.SubmitCase, text=st.sampled_from(["", "neu"])),
    said(v.ApproveCase), said(v.RejectCase, reason=st.just("r")),
    said(v.EditVoice, text=IDS),
    said(v.JudgeCase, genre=IDS, complaint=st.booleans(), incident=st.booleans(), content=st.sampled_from([None, "c"])),
    said(v.CheckCase, outcome=st.sampled_from(["confirmed", "returned"]), reason=st.just("r")),
    said(v.RequestDataAction, action=st.sampled_from(["access", "erasure", "restriction"])),
    said(v.EraseCase, request=IDS, action=st.sampled_from(["erasure", "restriction"])),
)  # fmt: skip
histories = st.lists(st.tuples(commands, st.booleans()), max_size=40)


def lived(history):
    """Every state, the facts and the causes of a voice's life; timers go off between commands when they are due."""
    case = voice()
    states, facts, timers = [case], [], {}
    for index, (command, is_ours) in enumerate(history, start=1):
        now = NOW + index * 90 * MINUTE
        for key, timer in sorted(timers.items()):
            if timer.due_at <= now:
                del timers[key]
                due = step(f"timer-{index}-{key}", at=timer.due_at, now=now, rules=RULES, actor=None)
                outcome = life.decide_when_due(timer.kind, states[-1], timer.due_at, due)
                if outcome is not None:
                    _keep(outcome, states, facts, timers)
        circumstances = step(
            f"cause-{index}", at=now, now=now, actor=command.actor, rules=RULES, source=CORE if is_ours else "desk://x"
        )
        try:
            _keep(life.decide(states[-1], command, circumstances), states, facts, timers)
        except Superseded:
            continue
    return states, facts


def _keep(outcome, states, facts, timers):
    states.append(outcome.case)
    facts.extend(outcome.facts)
    for timer in outcome.timers:
        timers.pop(timer.key, None)
        if hasattr(timer, "due_at"):
            timers[timer.key] = timer


@settings(max_examples=100, deadline=None)
@given(histories)
def test_versions_run_without_holes_and_each_cause_has_each_effect_once(history):
    states, facts = lived(history)
    assert [fact.version for fact in facts] == list(range(2, states[-1].version + 1))
    causes = [(fact.cause, fact.TYPE, getattr(fact, "purpose", "")) for fact in facts]
    assert len(set(causes)) == len(causes)
    assert all(one.at <= other.at for one, other in itertools.pairwise(facts))


@settings(max_examples=100, deadline=None)
@given(histories)
def test_four_eyes_and_locks_hold_for_ever(history):
    states, facts = lived(history)
    for before, after in itertools.pairwise(states):
        one, other = before.voice, after.voice
        if one.approval is not None and other.approval is not None and not after.privacy.erased_at:
            assert (one.text, one.title) == (other.text, other.title)
        judgement = other.judgement
        assert judgement is None or judgement.checked_by not in {judgement.by, other.author}
        assert other.edition >= one.edition
    for fact in facts:
        if fact.TYPE == "caseway.case.approved.v1":
            assert fact.actor.kind != "machine"
            assert fact.actor.id != EMPLOYEE.id


@settings(max_examples=100, deadline=None)
@given(histories)
def test_every_shape_is_told_once_and_never_names_the_customer(history):
    _, facts = lived(history)
    shared = [fact for fact in facts if fact.TYPE == "caseway.case.shared.v1"]
    assert len({fact.shape for fact in shared}) == len(shared)
    assert not [fact for fact in shared if "山田" in fact.text or "0101" in fact.text]


@settings(max_examples=60, deadline=None)
@given(histories)
def test_a_voice_loaded_anew_is_the_same(history):
    case = lived(history)[0][-1]
    assert load_case(bson.decode(bson.encode({**dump_case(case), "_id": case.id}), AWARE)) == case
