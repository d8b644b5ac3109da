"""Laws of a case's life, whatever is commanded in whatever order."""

from __future__ import annotations

import datetime as dt
import itertools

import bson
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from caseway.contracts.case_commands import (
    AssignFacts,
    CloseCase,
    FollowCase,
    HoldCase,
    NoteCase,
    ReleaseCase,
    ReopenCase,
    ReplyToCase,
    ResolveCase,
)
from caseway.contracts.parts import Author, Party
from caseway.contracts.voice_commands import DeclareIncident
from caseway.kernel.vocabulary import CaseStatus, Turn
from caseway_intake.adapters.cases import dump_case, load_case
from caseway_intake.domain import life
from tests.intake_builders import AGENT, CASE_ID, NOW, SUPERVISOR, call, chat, mail, step

MINUTE = dt.timedelta(minutes=1)

contacts = st.one_of(
    st.builds(mail, st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]), automatic=st.booleans()),
    st.builds(
        chat,
        st.sampled_from(["started", "message", "file", "ended"]),
        st.sampled_from(["", "hello"]),
        author=st.builds(Author, kind=st.sampled_from(["customer", "agent", "bot"])),
        party=st.sampled_from([Party(), Party(email="jan@example.com")]),
    ),
    st.builds(call, st.sampled_from(["offered", "answered", "ended", "abandoned", "voicemail"])),
)
said = {"case_id": st.just(CASE_ID), "actor": st.sampled_from([AGENT, SUPERVISOR])}
commands = st.one_of(
    contacts,
    st.builds(ReplyToCase, text=st.just("Hello"), purpose=st.sampled_from(["answer", "ask"]), **said),
    st.builds(NoteCase, text=st.just("Noted"), **said),
    st.builds(AssignFacts, add_tags=st.sampled_from([(), ("x",)]), category=st.sampled_from([None, "lost"]), **said),
    st.builds(
        HoldCase,
        turn=st.sampled_from(list(Turn)),
        until=st.sampled_from([None, NOW + 5 * MINUTE, NOW + 7 * MINUTE]),
        **said,
    ),
    *(st.builds(each, **said) for each in (ReleaseCase, ResolveCase, CloseCase, ReopenCase, DeclareIncident)),
    st.builds(FollowCase, follower=st.just("agent-1"), **said),
)
times = st.integers(min_value=-10, max_value=10).map(lambda minutes: NOW + minutes * MINUTE)
histories = st.lists(st.tuples(commands, times), max_size=25)


def lived(first, history):
    """Every state and fact of a case that begins with `first`."""
    outcome = life.open_case(first, step("cause-0"), 1)
    states, facts = [outcome.case], list(outcome.facts)
    for index, (command, sent) in enumerate(history, start=1):
        now = NOW + index * MINUTE
        outcome = life.decide(outcome.case, command, step(f"cause-{index}", at=sent, now=now, actor=command.actor))
        states.append(outcome.case)
        facts += outcome.facts
    return states, facts


@given(contacts, histories)
def test_versions_have_no_holes_and_time_never_runs_back(first, history):
    states, facts = lived(first, history)
    assert [fact.version for fact in facts] == list(range(1, len(facts) + 1))
    assert states[-1].version == len(facts)
    assert all(earlier.at <= later.at for earlier, later in itertools.pairwise(facts))


@given(contacts, histories)
def test_every_command_is_told_and_has_each_kind_of_effect_once(first, history):
    _, facts = lived(first, history)
    causes = [(fact.cause, fact.TYPE) for fact in facts]
    assert len(set(causes)) == len(causes)
    assert {cause for cause, _ in causes} == {f"cause-{index}" for index in range(len(history) + 1)}


@given(contacts, histories)
def test_a_reader_of_the_facts_alone_knows_turn_and_status(first, history):
    states, facts = lived(first, history)
    turn, status = None, None
    ends = {state.version: state for state in states}
    for fact in facts:
        turn, status = fact.turn or turn, fact.status or status
        if fact.version in ends:
            assert (turn, status) == (ends[fact.version].turn, ends[fact.version].status)


@given(contacts, histories)
def test_the_state_never_contradicts_itself(first, history):
    for case in lived(first, history)[0]:
        assert (case.closed_at is not None) == (case.status is CaseStatus.CLOSED)
        assert not (case.is_held and case.status is not CaseStatus.OPEN)
        assert not (case.held_until and not case.is_held)
        assert not (case.is_held and case.turn is Turn.DESK)


@given(contacts, histories)
def test_a_case_loaded_anew_goes_on_as_one_in_memory(first, history):
    """A takeover by another process changes no decision."""
    outcome = life.open_case(first, step("cause-0"), 1)
    options = CodecOptions(tz_aware=True, tzinfo=dt.UTC)
    for index, (command, sent) in enumerate(history, start=1):
        document = bson.decode(bson.encode({**dump_case(outcome.case), "_id": outcome.case.id}), options)
        circumstances = step(f"cause-{index}", at=sent, now=NOW + index * MINUTE, actor=command.actor)
        loaded, kept = (life.decide(each, command, circumstances) for each in (load_case(document), outcome.case))
        assert loaded == kept
        outcome = kept


@given(contacts, histories)
def test_the_first_answer_is_first_once(first, history):
    _, facts = lived(first, history)
    assert sum(getattr(fact, "first", False) for fact in facts) <= 1
