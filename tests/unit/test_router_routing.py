"""Routing rules in full: flows, hours, named calls, mention lists, switches."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from caseway.contracts import cases
from caseway.contracts.case_commands import EscalateToDepartment
from caseway.contracts.milestones import LadderRungReached, MilestoneWarned
from caseway.contracts.parts import CustomerLink, FlowStep, Requirement
from caseway.contracts.voices import PersonalDataErased
from caseway.contracts.work_commands import QueueWork, RaiseWork, WithdrawWork
from caseway.contracts.work_notices import WorkMentioned, WorkPostponed
from caseway.kernel.business_hours import BusinessHours, Hours, Span
from caseway.kernel.errors import Superseded
from caseway.kernel.rules import compile_condition
from caseway.kernel.vocabulary import Channel, Priority, Turn
from caseway_router.adapters.routed_documents import dump_routed, load_routed
from caseway_router.domain import items, naming
from caseway_router.domain.flows import NamedCalls, Step
from caseway_router.domain.hours import OpeningHours, next_opening
from caseway_router.domain.routing import FIELDS, Languages, MentionList, Router, RoutingRule
from caseway_router.domain.staff import Agent, ChannelLimit, Profile
from caseway_router.domain.staffing import Staffing
from tests.router_edge import CASE, MINUTE, MONDAY, EdgeCase, words

SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)


def when(**field: Any) -> Any:
    return compile_condition(field, FIELDS)


def calendar(name: str, opens: str, closes: str, days: range = range(5)) -> BusinessHours:
    return BusinessHours(name, "UTC", [Hours(week=dict.fromkeys(days, (Span.of(opens, closes),)))])


PROFILE = Profile(
    name="p", total=600, channels={name: ChannelLimit(at_most=300) for name in ("phone", "chat", "email")}
)


def person(name: str, **skills: int) -> Agent:
    return Agent(agent=name, name=name, pool="desk", profile=PROFILE, skills=skills)


FLOW = (
    Step(name="overflow", after=2 * MINUTE, queue="other", is_early=True),
    Step(name="anyone", after=10 * MINUTE, requirements=(), keeps_language=False),
    Step(name="give-up", after=30 * MINUTE, department="partners"),
)
STAFF = Staffing(pools={"desk": (person("ada", en=3, de=2), person("ben", en=1)), "b2b": (person("cyd", en=3),)})


def router(*rules: RoutingRule, **other: Any) -> Router:
    values: dict[str, Any] = {
        "rules": (*rules, RoutingRule(name="all", queue="mail")),
        "pools": dict.fromkeys(("mail", "calls", "other", "callbacks"), "desk") | {"deals": "b2b"},
        "default_queue": "other",
        "languages": Languages(skills={"en": "en", "de": "de"}, otherwise="en"),
        "staffing": STAFF,
        **other,
    }
    return Router(**values)


CALLS = RoutingRule(name="calls", queue="calls", when=when(field="talk", equals="waiting"))
CALLBACKS = RoutingRule(name="callbacks", queue="callbacks", when=when(field="callback", exists=True))
OPEN = OpeningHours(
    queues={"calls": calendar("desk", "08:00", "20:00"), "callbacks": calendar("desk", "08:00", "20:00")},
    languages={"de": calendar("german", "09:00", "17:00")},
    channels=frozenset({"phone", "chat"}),
    choices=("callback", "case"),
)
LEAVING = frozenset({"abandoned", "voicemail", "callback_requested", "missed", "failed"})


def desk(**other: Any) -> Router:
    return router(CALLBACKS, CALLS, **{"hours": OPEN, "callbacks": LEAVING, **other})


class TestRules:
    def test_a_rule_says_everything_that_a_pool_needs(self) -> None:
        """S1-18, S1-42."""
        rule = RoutingRule(
            name="deal",
            queue="other",
            requirements=(items.Requirement(skill="sales", level=2, drop_after=MINUTE, order=1),),
            case_class="deals",
            priority=Priority.HIGH,
            boost=0.5,
            weight=50,
            preferred=("ben", "ada"),
            excluded=frozenset({"cyd"}),
        )
        (told,) = EdgeCase(router(rule)).opened()
        assert isinstance(told, QueueWork)
        assert (told.pool, told.queue, told.matched_rule) == ("desk", "other", "deal")
        assert (told.class_, told.priority, told.boost, told.weight) == ("deals", Priority.HIGH, 0.5, 0.5)
        assert (told.preferred_agents, told.excluded_agents) == (("ben", "ada"), ("cyd",))
        assert told.requirements == (
            Requirement(skill="en", level=1),
            Requirement(skill="sales", level=2, hard=False, drop_after_seconds=60, order=1),
        )

    def test_a_language_may_be_left_out(self) -> None:
        (told,) = EdgeCase(router(RoutingRule(name="any", queue="mail", asks_language=False))).opened()
        assert told.requirements == ()

    def test_a_department_gets_what_a_rule_hands_it(self) -> None:
        """S4-11: a dedicated department or person."""
        case = EdgeCase(router(RoutingRule(name="legal", queue=None, department="legal", person="Ewa Sowa")))
        (told,) = case.opened()
        assert isinstance(told, EscalateToDepartment)
        assert (told.department, told.person, told.actor.kind) == ("legal", "Ewa Sowa", "machine")
        assert case(cases.EscalatedToDepartment(**case.stamp(), department="legal")) == []

    @pytest.mark.parametrize("said", ["no", "false", False, "off", "0"])
    def test_a_case_may_be_kept_from_the_rules(self, said: object) -> None:
        """S1-18: the per-case switch."""
        case = EdgeCase(router(switch=("assign_by_rules", True)))
        assert case.opened(fields={"assign_by_rules": said}) == []
        (told,) = case(cases.FactsAssigned(**case.stamp(), fields={"assign_by_rules": "yes"}))
        assert told.queue == "mail"

    def test_kept_from_the_rules_it_may_have_a_queue_of_its_own(self) -> None:
        case = EdgeCase(router(switch=("assign_by_rules", True), by_hand_queue="other"))
        (told,) = case.opened(attributes={"assign_by_rules": "no"})
        assert (told.queue, told.matched_rule) == ("other", "by hand")

    @pytest.mark.parametrize(("said", "queued"), [(None, 0), ("yes", 1), ("perhaps", 0), ("no", 0)])
    def test_the_switch_may_be_off_by_default(self, said: str | None, queued: int) -> None:
        """S1-18: default on or off; what is neither yes nor no says nothing."""
        case = EdgeCase(router(switch=("assign_by_rules", False)))
        assert len(case.opened(fields={"assign_by_rules": said} if said else {})) == queued


class TestFlows:
    """S1-27, S4-17."""

    def test_the_steps_travel_with_the_work(self) -> None:
        (told,) = EdgeCase(router(RoutingRule(name="flowing", queue="mail", flow=FLOW))).opened()
        assert told.steps == (
            FlowStep(name="overflow", after_seconds=120, queue="other", is_early=True),
            FlowStep(name="anyone", after_seconds=600, requirements=()),
            FlowStep(name="give-up", after_seconds=1800, department="partners"),
        )

    def test_a_step_that_names_skills_goes_on_asking_for_the_language(self) -> None:
        flow = (Step(name="less", after=MINUTE, requirements=(items.Requirement(skill="sales", level=1),)),)
        (told,) = EdgeCase(router(RoutingRule(name="flowing", queue="mail", flow=flow))).opened(language="de")
        assert [each.skill for each in told.steps[0].requirements or ()] == ["de", "sales"]

    def test_they_stand_in_the_order_of_their_times_whoever_asked_for_them(self) -> None:
        named = NamedCalls(names={"ada": "ada"}, wait=5 * MINUTE, otherwise_queue="callbacks")
        rule = RoutingRule(name="flowing", queue="calls", flow=FLOW)
        hours = OpeningHours(channels=frozenset({"phone"}), choices=("callback",), unstaffed_after=20 * SECOND)
        (told,) = EdgeCase(router(rule, named_calls=named, hours=hours)).called(asked_for="Ada")
        assert [each.name for each in told.steps] == ["nobody there", "overflow", "not-there", "anyone", "give-up"]
        assert told.steps[0].choices == ("callback",)


class TestNamedCalls:
    """S2-19: the mention goes only to the person who was asked for."""

    NAMED = NamedCalls(names={"ada": "ada", "cyd": "cyd"}, post_to="Support_Window", wait=30 * SECOND)

    def test_only_that_person_is_mentioned_and_the_work_is_theirs_for_a_while(self) -> None:
        lists = {"sales": MentionList(post_to="Sales", mentions=("x", "y"))}
        rule = RoutingRule(name="calls", queue="calls", mentions="sales")
        case = EdgeCase(router(rule, named_calls=self.NAMED, mention_lists=lists))
        queued, post = case.called(asked_for="ＡＤＡ")
        assert (queued.named_agent, queued.preferred_agents) == ("ada", ("ada",))
        assert isinstance(post, WorkMentioned)
        assert (post.post_to, post.mentions, post.reason) == ("Support_Window", ("ada",), "asked_for")
        assert words(case.writes()) == ["queue"], "nobody is told twice"

    @pytest.mark.parametrize("asked_for", ["somebody else", "", "ada " * 1000])
    def test_who_is_unknown_is_nobody_in_particular(self, asked_for: str) -> None:
        (queued,) = EdgeCase(router(named_calls=self.NAMED)).called(asked_for=asked_for)
        assert queued.named_agent is None

    def test_somebody_of_another_pool_is_told_but_not_waited_for(self) -> None:
        queued, post = EdgeCase(router(named_calls=self.NAMED)).called(asked_for="cyd")
        assert (queued.named_agent, post.mentions) == (None, ("cyd",))

    def test_asked_for_later_in_the_call(self) -> None:
        case = EdgeCase(router(named_calls=self.NAMED))
        case.called()
        raised, post = case.goes_on("held", attributes={"asked_for": "ada"})
        assert (type(raised), raised.named_agent, post.mentions) == (RaiseWork, "ada", ("ada",))

    def test_names_in_any_script_and_spelling(self) -> None:
        known = naming.directory(
            [
                ("sato", ("佐藤 健太", "さとう")),
                ("suzuki-a", ("鈴木",)),
                ("suzuki-b", ("鈴木",)),
                ("lis", ("Zażółć Łąka",)),
            ]
        )
        asked = ["佐藤健太さん", "佐藤　健太 様", "さとうさん", "鈴木さん", "zazołc łaka", "さん"]
        assert [known.get(naming.folded(each)) for each in asked] == ["sato", "sato", "sato", None, "lis", None]

    def test_kana_with_and_without_voicing_are_different_names(self) -> None:
        assert naming.folded("ｶﾞ") == naming.folded("ガ") != naming.folded("カ")


class TestMentionLists:
    def test_the_list_is_told_with_what_the_first_line_has_to_ask(self) -> None:
        """S2-18, S2-20 to S2-22."""
        lists = {"sales": MentionList(post_to="Kuraemon_Sales", mentions=("a", "b"))}
        rule = RoutingRule(name="sales", queue="mail", mentions="sales")
        queued, post = EdgeCase(router(rule, mention_lists=lists)).opened(missing_fields=("order_number",))
        assert isinstance(queued, QueueWork)
        assert (post.post_to, post.mentions, post.reason) == ("Kuraemon_Sales", ("a", "b"), "handed_on")
        assert (post.missing_fields, post.number) == (("order_number",), 7)


class TestHeld:
    def test_what_intake_holds_waits_outside_until_released(self) -> None:
        """S2-20, S2-21: a hand-over that lacks a field."""
        case = EdgeCase(router())
        case.opened()
        (left,) = case(cases.CaseHeld(**case.stamp(), turn=Turn.DESK, reason="order_number"))
        assert (type(left), left.reason) == (WithdrawWork, "held")
        assert case.writes() == []
        assert case(cases.FactsAssigned(**case.stamp(), fields={"order_number": "1"})) == []
        assert words(case(cases.CaseReleased(**case.stamp()))) == ["queue"]


class TestHours:
    def test_a_call_at_night_is_told_when_the_desk_opens_and_may_choose(self) -> None:
        """Never endless waiting."""
        case = EdgeCase(desk(), MONDAY - 2 * HOUR)
        (told,) = case.called()
        assert isinstance(told, WorkPostponed)
        assert (told.reason, told.until, told.choices) == ("closed", MONDAY, ("callback", "case"))
        assert (told.queue, told.conversation) == ("calls", "phone:1")
        assert case.passes(2 * HOUR - SECOND) == []
        (queued,) = case.passes(SECOND)
        assert (type(queued), queued.queue, queued.queue_entered_at) == (QueueWork, "callbacks", MONDAY - 2 * HOUR)

    def test_a_language_has_its_own_hours(self) -> None:
        case = EdgeCase(desk(), MONDAY)
        (told,) = case.called(language="de")
        assert (told.reason, told.until) == ("unstaffed", MONDAY + HOUR)

    def test_queue_and_language_must_both_be_there(self) -> None:
        friday_night = dt.datetime(2026, 11, 27, 21, tzinfo=dt.UTC)
        (told,) = EdgeCase(desk(), friday_night).called(language="de")
        assert (told.reason, told.until) == ("closed", dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC))

    def test_calendars_that_never_meet_postpone_nothing_but_leave_nobody_waiting_for_ever(self) -> None:
        """Whoever is on the line may choose at once; nobody can say how long they would wait."""
        weekend = calendar("weekend", "08:00", "09:00", range(5, 7))
        assert next_opening([weekend, calendar("desk", "08:00", "20:00")], MONDAY) is None
        hours = dataclasses.replace(OPEN, queues={"calls": weekend})
        queued, told = EdgeCase(desk(hours=hours), MONDAY).called(language="de")
        assert isinstance(queued, QueueWork)
        assert (told.reason, told.until, told.choices) == ("closed", None, ("callback", "case"))

    def test_mail_waits_at_any_hour(self) -> None:
        assert words(EdgeCase(desk(), MONDAY - 2 * HOUR).opened()) == ["queue"]

    def test_a_chat_that_chose_a_case_is_queued_at_the_opening_once(self) -> None:
        rule = RoutingRule(name="chats", queue="calls", when=when(field="channel", equals="chat"))
        case = EdgeCase(router(rule, hours=OPEN, callbacks=LEAVING), MONDAY - HOUR)
        assert words(case.chatted()) == ["postponed"]
        assert case.writes(channel=Channel.CHAT) == []
        (queued,) = case.passes(HOUR)
        assert (queued.queue, queued.channel) == ("calls", Channel.CHAT)
        assert case.passes(24 * HOUR) == []

    def test_whoever_is_on_the_line_when_it_closes_is_told_too(self) -> None:
        case = EdgeCase(desk(), MONDAY + 11 * HOUR)
        assert words(case.called()) == ["queue"]
        left, told = case.passes(HOUR)
        assert (left.reason, told.reason, told.until) == ("out_of_hours", "closed", MONDAY + 24 * HOUR)
        assert words(case.passes(13 * HOUR)) == ["queue"]

    def test_whoever_was_answered_before_it_closed_goes_on(self) -> None:
        case = EdgeCase(desk(), MONDAY + 11 * HOUR)
        case.called()
        case.goes_on("answered", agent="ada")
        assert case.passes(13 * HOUR) == []

    def test_solved_before_the_opening_it_is_never_queued(self) -> None:
        case = EdgeCase(desk(), MONDAY - HOUR)
        case.called()
        assert case(cases.CaseResolved(**case.stamp())) == []
        assert case.passes(2 * HOUR) == []

    def test_judged_anew_meanwhile_it_may_belong_to_a_queue_that_is_open(self) -> None:
        urgent = RoutingRule(name="danger", queue="other", when=when(field="category", equals="safety"))
        case = EdgeCase(router(urgent, CALLBACKS, CALLS, hours=OPEN, callbacks=LEAVING), MONDAY - HOUR)
        case.called()
        (queued,) = case(cases.FactsAssigned(**case.stamp(), category="safety"))
        assert queued.queue == "other"
        assert case.passes(2 * HOUR) == []

    def test_a_milestone_meanwhile_counts_when_it_is_queued(self) -> None:
        case = EdgeCase(desk(boosts={"warned": 1.0}), MONDAY - HOUR)
        case.called()
        stamp = {name: value for name, value in case.stamp().items() if name != "version"}
        assert case(MilestoneWarned(**stamp, milestone="m", kind="first_response", due_at=MONDAY)) == []
        assert case.passes(HOUR)[0].boost == 1.0


class TestCallsThatLeave:
    @pytest.mark.parametrize("event", ["abandoned", "voicemail", "callback_requested"])
    def test_it_leaves_and_is_called_back_as_old_as_it_is(self, event: str) -> None:
        """S2-15: by arrival."""
        case = EdgeCase(desk())
        case.called()
        case.now += 3 * MINUTE
        left, back = case.goes_on(event)
        assert (type(left), left.reason) == (WithdrawWork, "abandoned")
        assert (back.queue, back.queue_entered_at) == ("callbacks", MONDAY)

    @pytest.mark.parametrize("event", ["ended", "no_answer"])
    def test_or_just_leaves(self, event: str) -> None:
        case = EdgeCase(desk())
        case.called()
        assert words(case.goes_on(event)) == ["withdraw"]
        assert words(case.writes()) == ["queue"], "a customer who writes again is heard"

    def test_hanging_up_after_an_answer_is_not_abandoning(self) -> None:
        case = EdgeCase(desk())
        case.called()
        case.goes_on("answered")
        assert case.goes_on("ended") == []

    def test_a_chat_left_before_an_answer_waits_on_as_what_was_written(self) -> None:
        left = RoutingRule(name="left", queue="other", when=when(field="talk", equals="left"))
        case = EdgeCase(router(left, RoutingRule(name="chats", queue="calls")))
        case.chatted()
        (moved,) = case.goes_on("ended")
        assert (type(moved), moved.queue) == (RaiseWork, "other")

    def test_a_chat_that_an_agent_answered_is_not_left(self) -> None:
        case = EdgeCase(desk())
        case.chatted()
        case.agent_writes()
        assert case.goes_on("ended") == []

    def test_a_call_that_was_abandoned_when_it_was_first_heard_of(self) -> None:
        (back,) = EdgeCase(desk()).called("abandoned")
        assert back.queue == "callbacks"

    def test_a_wished_time_is_kept(self) -> None:
        case = EdgeCase(desk())
        case.called()
        wished = MONDAY + 3 * HOUR
        left, told = case.goes_on("callback_requested", attributes={"callback_at": "2026-11-23T12:00:00+01:00"})
        assert (left.reason, told.reason, told.until, told.choices) == ("abandoned", "wished", wished, ())
        assert case(cases.FactsAssigned(**case.stamp(), category="safety")) == [], "no opening is earlier"
        assert words(case.passes(3 * HOUR)) == ["queue"]

    @pytest.mark.parametrize(
        "wished", ["yesterday", "2026-11-23T12:00:00", "2020-01-01T00:00:00Z", "9999-01-01T00:00:00Z", 7, None]
    )
    def test_a_time_that_is_none_means_at_once(self, wished: object) -> None:
        case = EdgeCase(desk())
        case.called()
        assert words(case.goes_on("callback_requested", attributes={"callback_at": wished})) == ["withdraw", "queue"]

    def test_who_was_answered_and_then_asks_for_a_call_gets_one(self) -> None:
        """S2-14, S2-15: an answered call that ends in the wish to be called is work of its own."""
        case = EdgeCase(desk())
        case.called()
        case.goes_on("answered", agent="ada")
        case.now += 3 * MINUTE
        left, back = case.goes_on("callback_requested")
        assert (type(left), left.reason) == (WithdrawWork, "callback_requested")
        assert (back.queue, back.queue_entered_at) == ("callbacks", MONDAY)
        assert case.goes_on("callback_requested") == [], "once is enough"

    def test_and_when_they_wish(self) -> None:
        case = EdgeCase(desk())
        case.called()
        case.goes_on("answered", agent="ada")
        left, told = case.goes_on("callback_requested", attributes={"callback_at": "2026-11-23T12:00:00+01:00"})
        assert (left.reason, told.reason, told.until) == ("callback_requested", "wished", MONDAY + 3 * HOUR)
        assert words(case.passes(3 * HOUR)) == ["queue"]

    @pytest.mark.parametrize("closing", [cases.CaseResolved, cases.CaseClosed])
    def test_also_after_the_case_was_solved(self, closing: Any) -> None:
        case = EdgeCase(desk())
        case.called()
        case.goes_on("answered", agent="ada")
        case(closing(**case.stamp()))
        wished = {"callback_at": "2026-11-23T12:00:00+01:00"}
        assert case.goes_on("callback_requested", attributes=wished) == []
        (told,) = case(cases.CaseReopened(**case.stamp(), turn=Turn.DESK, reason="contact"))
        assert (told.reason, told.until) == ("wished", MONDAY + 3 * HOUR)
        (back,) = case.passes(3 * HOUR)
        assert back.queue == "callbacks"

    def test_who_hung_up_and_then_asks_for_a_call_gets_one_too(self) -> None:
        case = EdgeCase(desk())
        case.called()
        case.goes_on("ended")
        assert case.goes_on("callback_requested")[-1].queue == "callbacks"

    def test_where_nobody_is_called_back_the_wish_makes_no_work(self) -> None:
        case = EdgeCase(desk(callbacks=frozenset()))
        case.called()
        case.goes_on("answered", agent="ada")
        assert case.goes_on("callback_requested") == []

    def test_not_reached_it_is_tried_again_when_the_agent_said(self) -> None:
        case = EdgeCase(desk())
        case.called("callback_requested")
        failed = cases.CallbackRecorded(**case.stamp(), outcome="busy", next_attempt_at=MONDAY + HOUR)
        left, told = case(failed)
        assert (left.reason, told.reason) == ("called_later", "wished")
        assert words(case.passes(HOUR)) == ["queue"]


class TestChanges:
    def test_an_escalation_sends_it_where_the_rules_say(self) -> None:
        """S2-16."""
        escalated = RoutingRule(
            name="sv", queue="other", when=when(field="escalated", equals=True), priority=Priority.URGENT
        )
        case = EdgeCase(router(escalated))
        case.opened()
        (raised,) = case(cases.EscalationRequested(**case.stamp(), reason="angry"))
        assert (raised.queue, raised.priority) == ("other", Priority.URGENT)

    def test_a_rung_sends_it_on_and_raises_it_once(self) -> None:
        """S1-19; S2-15: call-backs after long handling go before the normal order."""
        sv = RoutingRule(name="sv", queue="callbacks", when=when(field="ladders", contains="guidance-late"), boost=5)
        case = EdgeCase(router(sv, boosts={"rung": 2.0}))
        case.opened()
        stamp = {name: value for name, value in case.stamp().items() if name != "version"}
        rung = LadderRungReached(**stamp, ladder="guidance-late", rung=1, occurrence="o", action="raise")
        raised, moved = case(rung)
        assert (raised.boost, moved.queue, moved.boost) == (2.0, "callbacks", 7.0)
        with pytest.raises(Superseded):
            case(rung)

    def test_a_customer_who_becomes_known_may_be_another_queues(self) -> None:
        vip = RoutingRule(name="vip", queue="other", when=when(field="vip", equals=True))
        case = EdgeCase(router(vip))
        case.opened()
        linked = cases.CustomerLinked(**case.stamp(), customer=CustomerLink(state="linked", id="c", vip=True))
        assert case(linked)[0].queue == "other"

    def test_a_closed_case_forgets_whom_was_spoken_of(self) -> None:
        case = EdgeCase(desk())
        case.called()
        case(cases.CaseClosed(**case.stamp()))
        assert case.state is not None
        assert not {"talk", "callback"} & set(case.state.facts)


def test_what_says_something_about_a_person_is_erased() -> None:
    """S4-05: acts on personal-data-erased."""
    named = NamedCalls(names={"ada": "ada"}, post_to="Support_Window")
    case = EdgeCase(router(named_calls=named))
    case.called(asked_for="ada", customer=CustomerLink(state="linked", id="c-1", vip=True), preferred_channel="phone")
    assert case(PersonalDataErased(**case.stamp())) == []
    assert case.state is not None
    assert set(case.state.facts) == {"channel", "language", "category", "priority", "complexity", "record_type", "talk"}
    assert "ada" not in str(dump_routed(case.state)["facts"])
    case(cases.CaseClosed(**case.stamp()))
    case(PersonalDataErased(**case.stamp()))
    assert case.state.facts == {}


def test_what_is_remembered_is_read_back_as_it_was() -> None:
    case = EdgeCase(desk(), MONDAY - HOUR)
    case.called(language="de")
    assert case.state is not None
    assert load_routed({"_id": CASE, **dump_routed(case.state)}) == case.state
    queued = EdgeCase(desk())
    queued.called()
    assert queued.state is not None
    back = load_routed({"_id": CASE, **dump_routed(queued.state)})
    assert (back.facts, back.conversation, back.since) == (queued.state.facts, "phone:1", MONDAY)
    assert back.route is not None
    assert back.route.queue == "calls"


def test_what_an_older_version_remembered_can_be_read() -> None:
    case = EdgeCase(router())
    case.opened()
    assert case.state is not None
    document = dump_routed(case.state)
    for name in ("is_held", "since", "conversation", "postponed_until", "is_wished", "told"):
        del document[name]
    assert load_routed({"_id": CASE, **document}).facts == case.state.facts
