"""Two cases become one, and two again."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.case_commands import (
    AbsorbCase,
    CloseCase,
    LinkCase,
    MergeCase,
    NoteCase,
    ReopenCase,
    ResolveCase,
    UnmergeCase,
)
from caseway.contracts.voice_commands import DecideDataAction, RequestDataAction
from caseway.kernel.errors import Rejected, Superseded
from caseway.kernel.ids import case_id
from caseway_intake.domain import life
from caseway_intake.domain.life.steps import CORE
from tests.intake_builders import AGENT, EMPLOYEE, NOW, OFFICER, SUPERVISOR, mail, step
from tests.intake_merging import Desk, opened
from tests.intake_voices import by, refusal_of, told, verbs, voice

DAY = dt.timedelta(days=1)


def test_the_older_is_the_parent_whichever_was_told():
    """S4-27; delivery.md, "Merge"."""
    for told_first, other in (("a", "b"), ("b", "a")):
        desk = Desk("a", "b")
        desk.merge(told_first, other)
        assert (desk.case("b").ties.merged_into, desk.case("a").ties.children) == (desk.id("a"), (desk.id("b"),))
        assert desk.case("a").ties.merged_into is None
        assert desk.told("b")[-1] == "merged"
        assert desk.facts["a"][-1].child == desk.id("b")


def test_the_parent_hears_what_the_child_was_promised():
    desk = Desk("a", "b")
    desk.merge("b", "a")
    fact = desk.facts["a"][-1]
    assert (fact.into, fact.child_number, fact.child_turn, fact.child_priority) == (desk.id("a"), 2, "desk", "high")
    assert fact.child_opened_at == desk.case("b").opened_at


def test_what_still_comes_follows_the_chain_to_its_end():
    desk = Desk("a", "b", "c")
    desk.merge("b", "c")
    desk.merge("a", "b")
    desk.send(mail("late@example.com", case_id=desk.id("c"), text="Noch etwas"))
    desk.send(NoteCase(case_id=desk.id("c"), actor=AGENT, text="n"))
    assert desk.told("a")[-2:] == ["contact-added", "noted"]
    assert desk.case("a").has("late@example.com")
    assert desk.case("c").version == desk.versions_at_merge["c"]


def test_the_parent_knows_the_childs_contacts_again():
    desk = Desk("a", "b")
    desk.merge("a", "b")
    desk.send(mail("b", case_id=desk.id("b")))
    assert desk.told("b")[-1] == "contact-repeated"
    assert desk.case("a").has("b")


def test_unmerging_restores_both_and_takes_the_childs_own_children_along():
    desk = Desk("a", "b", "c")
    before = desk.case("b")
    desk.merge("b", "c")
    desk.merge("a", "b")
    assert set(desk.case("a").ties.children) == {desk.id("b"), desk.id("c")}
    desk.send(UnmergeCase(case_id=desk.id("b"), actor=AGENT, reason="two problems"))
    assert desk.case("a").ties.children == ()
    assert desk.case("a").keys == ("a",)
    after = desk.case("b")
    assert (after.ties.merged_into, after.ties.children) == (None, (desk.id("c"),))
    assert (after.status, after.turn, after.nature) == (before.status, before.turn, before.nature)
    assert (desk.facts["b"][-1].turn, desk.told("a")[-1]) == ("desk", "unmerged")


def test_an_open_child_opens_a_resolved_parent_again():
    desk = Desk("a", "b")
    desk.send(ResolveCase(case_id=desk.id("a"), actor=AGENT))
    desk.merge("a", "b")
    assert desk.told("a")[-2:] == ["merged", "reopened"]
    desk = Desk("a", "b")
    for name in "ab":
        desk.send(ResolveCase(case_id=desk.id(name), actor=AGENT))
    desk.merge("a", "b")
    assert desk.told("a")[-1] == "merged"


def test_a_child_that_waits_for_us_makes_it_the_parents_turn():
    desk = Desk("a", "b")
    desk.reply("a")
    assert desk.case("a").turn == "customer"
    desk.merge("a", "b")
    assert (desk.case("a").turn, desk.facts["a"][-1].turn) == ("desk", "desk")


@pytest.mark.parametrize("told_first", ["a", "b"])
def test_whoever_asked_hears_why_two_cases_cannot_be_one(told_first):
    other = {"a": "b", "b": "a"}[told_first]
    desk = Desk(
        "a", "b", b={"customer": {"state": "linked", "id": "k-2"}}, a={"customer": {"state": "linked", "id": "k-1"}}
    )
    desk.merge(told_first, other)
    assert desk.told(told_first)[-1] == "refused"
    assert desk.facts[told_first][-1].reason == "other-customer"
    assert (desk.case("a").ties.children, desk.case("b").ties.merged_into) == ((), None)
    desk.merge(told_first, other, actor=SUPERVISOR)
    assert desk.case("b").ties.merged_into == desk.id("a")


def test_a_case_that_is_not_there_is_told_to_who_asked():
    desk = Desk("a")
    desk.send(MergeCase(case_id=desk.id("a"), actor=AGENT, other=case_id("nobody")))
    assert (desk.told("a")[-1], desk.facts["a"][-1].reason) == ("refused", "unknown-case")


def test_the_same_case_and_the_same_merge_twice_are_refused():
    desk = Desk("a", "b")
    desk.send(MergeCase(case_id=desk.id("a"), actor=AGENT, other=desk.id("a")))
    assert desk.facts["a"][-1].reason == "same-case"
    desk.merge("a", "b")
    desk.merge("a", "b")
    assert desk.facts["a"][-1].reason == "already-merged"
    desk.merge("b", "a")  # b sends it on to a, which is asked to merge with itself
    assert desk.facts["a"][-1].reason == "same-case"


def test_a_voice_is_never_merged_away():
    assert refusal_of(told(voice(), MergeCase, AGENT, other=case_id("a"))) == "voice"


def test_long_closed_is_too_late():
    case = told(told(opened("a"), CloseCase, AGENT).case, MergeCase, AGENT, at=NOW + 31 * DAY, other=case_id("b"))
    assert refusal_of(case) == "too-late"


@pytest.mark.parametrize("model", [UnmergeCase])
def test_what_was_never_merged_is_not_unmerged(model):
    assert refusal_of(told(opened("a"), model, AGENT)) == "not-merged"


def test_nobody_outside_says_how_old_a_case_is_or_that_it_is_a_child():
    """Forged references to others' cases: believed of intake itself alone."""
    forged = MergeCase(case_id=opened("a").id, actor=AGENT, other=case_id("b"), other_opened_at=NOW - 900 * DAY)
    outcome = life.decide(opened("a"), forged, by(AGENT))
    assert (outcome.facts, outcome.case.ties.merged_into) == ((), None)
    absorbed = AbsorbCase(case_id=opened("a").id, actor=step().actor, child=case_id("b"), source_keys=("x",))
    assert refusal_of(life.decide(opened("a"), absorbed, by(step().actor))) == "role"


def test_a_child_that_came_or_left_already_changes_nothing():
    child = AbsorbCase(case_id=opened("a").id, actor=step().actor, child=case_id("b"))
    ours = by(step().actor, source=CORE)
    there = life.decide(opened("a"), child, ours).case
    with pytest.raises(Superseded):
        life.decide(there, child, ours)
    with pytest.raises(Superseded):
        life.decide(opened("a"), child.model_copy(update={"released": True}), ours)


def test_what_was_begun_on_a_child_is_decided_there():
    desk = Desk("a", "b")
    desk.send(RequestDataAction(case_id=desk.id("b"), actor=AGENT, action="access"))
    request = desk.case("b").privacy.requests[0].id
    desk.merge("a", "b")
    decision = {"request": request, "granted": True, "identity": "passport seen"}
    desk.send(DecideDataAction(case_id=desk.id("b"), actor=OFFICER, **decision))
    assert desk.told("b")[-1] == "data-action-decided"


def test_a_contact_on_a_long_closed_case_goes_on_in_a_new_one_beside_it():
    """S4-24: within N days it is reopened; after, a linked new case, and so for what comes then."""
    desk = Desk("a")
    desk.send(CloseCase(case_id=desk.id("a"), actor=AGENT))
    desk.now += 31 * DAY
    desk.send(mail("again@example.com", case_id=desk.id("a")))
    assert desk.told("a")[-2:] == ["continued", "linked"] or desk.told("a")[-1] == "continued"
    new = desk.cases[case_id("again@example.com")]
    assert (new.ties.about, new.status) == (desk.id("a"), "open")
    desk.send(mail("third@example.com", case_id=desk.id("a")))
    assert desk.cases[new.id].has("third@example.com")
    assert desk.case("a").status == "closed"


def test_reopening_by_hand_after_long_opens_a_linked_case():
    desk = Desk("a")
    desk.send(CloseCase(case_id=desk.id("a"), actor=AGENT))
    desk.now += 31 * DAY
    desk.send(ReopenCase(case_id=desk.id("a"), actor=AGENT, reason="it broke again"))
    new = desk.cases[desk.case("a").ties.continued_in]
    assert (new.nature.subject, new.nature.category, new.ties.about) == (
        "Gdzie jest moja paczka?",
        "delivery",
        desk.id("a"),
    )
    desk.send(ReopenCase(case_id=desk.id("a"), actor=AGENT))
    assert desk.facts["a"][-1].reason == "continued"


def test_an_automatic_mail_on_a_long_closed_case_stays_there():
    desk = Desk("a")
    desk.send(CloseCase(case_id=desk.id("a"), actor=AGENT))
    desk.now += 31 * DAY
    desk.send(mail("vacation@example.com", case_id=desk.id("a"), automatic=True))
    assert desk.told("a")[-1] == "contact-added"


def test_links_are_told_once():
    case = told(opened("a"), LinkCase, AGENT, other=case_id("b")).case
    assert refusal_of(told(case, LinkCase, AGENT, other=case_id("b"))) == "already-linked"
    assert refusal_of(told(case, LinkCase, AGENT, other=case.id)) == "same-case"
    with pytest.raises(Superseded):
        life.decide(case, LinkCase(case_id=case.id, actor=EMPLOYEE, other=case_id("b")), by(EMPLOYEE, source=CORE))


def test_a_command_about_nobody_is_parked():
    with pytest.raises(Rejected, match="unknown-case"):
        life.answer_for_nobody(NoteCase(case_id=case_id("x"), actor=AGENT, text="n"), by(AGENT))
    assert verbs(told(opened("a"), NoteCase, AGENT, text="n")) == ["noted"]
