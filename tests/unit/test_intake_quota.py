"""Forms beyond a day's quota wait for the next day that has room; beyond the cap they are refused (S1-05)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from caseway.contracts.case_commands import AddContact, HoldCase, RefuseContact
from caseway.contracts.cases import ContactRefused
from caseway.contracts.contacts import WebContact
from caseway.kernel.errors import Rejected
from caseway.kernel.ids import case_id
from caseway.kernel.vocabulary import Turn
from caseway_intake.domain import life, quota
from caseway_intake.settings import Configuration, Quota
from tests.intake_builders import step
from tests.intake_edge import NOW, Edge, configuration

WARSAW = dt.timedelta(hours=1)


def rules(**changes: Any) -> Quota:
    return Quota.model_validate({"daily": 3, "waiting": 4, "release_at": "09:00", "zone": "Europe/Warsaw", **changes})


def desk(**changes: Any) -> Configuration:
    base = configuration()
    return base.model_copy(update={"forms": base.forms.model_copy(update={"quota": rules(**changes)})})


def form(number: int, name: str = "contact") -> WebContact:
    fields = {"subject": f"Question {number}", "message": "Where is it?", "email": f"c{number}@example.com"}
    return WebContact(form=name, submission=f"s-{number}", fields=fields)


def held(edge: Edge, number: int) -> HoldCase:
    decision = edge.contact(form(number))
    (hold,) = [each for each in decision.emits if isinstance(each, HoldCase)]
    return hold


class TestPool:
    """The calendar of bookings by itself."""

    def test_a_lane_leases_blocks_and_asks_the_pool_only_then(self) -> None:
        first = quota.place(None, None, rules(daily=5_000), NOW)
        assert (first.outcome, first.pool.booked) == ("now", {dt.date(2026, 11, 22): 50})
        assert first.block == quota.Block(day=dt.date(2026, 11, 22), left=49)
        second = quota.place(first.pool, first.block, rules(daily=5_000), NOW)
        assert second.pool == first.pool
        assert second.block == quota.Block(day=dt.date(2026, 11, 22), left=48)

    def test_many_lanes_never_take_more_than_the_quota_and_almost_all_of_it(self) -> None:
        limits = rules(daily=5_000, waiting=100_000)
        pool, blocks, taken = None, {}, 0
        for number in range(6_000):
            lane = number * 7 % 12
            place = quota.place(pool, blocks.get(lane), limits, NOW)
            pool, blocks[lane] = place.pool, place.block
            taken += place.outcome == "now"
        assert taken == 5_000

    @pytest.mark.parametrize(
        ("daily", "size"), [(1, 1), (60, 1), (500, 10), (5_000, 50), (50_000, 50), (100_000, 100), (1_000_000, 1_000)]
    )
    def test_a_block_is_a_fiftieth_at_most_and_large_only_where_there_is_much_room(self, daily: int, size: int) -> None:
        place = quota.place(None, None, rules(daily=daily), NOW)
        assert place.block == quota.Block(day=dt.date(2026, 11, 22), left=size - 1)
        assert place.pool.booked == {dt.date(2026, 11, 22): size}

    def test_a_block_of_yesterday_is_worth_nothing_today(self) -> None:
        first = quota.place(None, None, rules(daily=5_000), NOW)
        tomorrow = quota.place(first.pool, first.block, rules(daily=5_000), NOW + dt.timedelta(days=1))
        assert tomorrow.pool.booked == {dt.date(2026, 11, 23): 50}

    def test_the_day_is_the_organisations(self) -> None:
        late = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)
        assert quota.local_day(rules(), late) == dt.date(2026, 11, 23)
        assert quota.local_day(rules(zone="America/New_York"), late) == dt.date(2026, 11, 22)

    def test_the_release_hour_keeps_to_the_wall_when_the_clock_changes(self) -> None:
        winter, summer = dt.date(2026, 3, 28), dt.date(2026, 3, 29)
        assert quota.release_of(winter, rules()).hour == 8
        assert quota.release_of(summer, rules()).hour == 7


class TestEdge:
    """Forms through the edge."""

    def test_within_the_quota_nothing_waits(self) -> None:
        edge = Edge(rules=desk())
        for number in range(3):
            (command,) = edge.contact(form(number)).emits
            assert isinstance(command, AddContact)
            assert not command.waits

    def test_what_is_beyond_opens_at_once_and_is_held_until_nine_of_the_next_day(self) -> None:
        edge = Edge(rules=desk())
        for number in range(3):
            edge.contact(form(number))
        opened, hold, notice = edge.contact(form(3)).emits
        assert (opened.case_id, opened.waits, opened.received_at) == (case_id("web:contact:s-3"), True, NOW)
        assert (hold.case_id, hold.turn, hold.reason) == (opened.case_id, Turn.THIRD, "form-quota")
        assert hold.until == dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
        assert (notice.source_key, notice.category) == ("desk:form-quota/2026-11-22", "form-quota")

    def test_who_waits_comes_out_in_the_order_of_arrival_and_is_counted_in_the_new_day(self) -> None:
        edge = Edge(rules=desk())
        for number in range(3):
            edge.contact(form(number))
        until = [held(edge, number).until for number in range(3, 7)]
        tomorrow, after = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
        millisecond = dt.timedelta(milliseconds=1)
        assert until == [tomorrow, tomorrow + millisecond, tomorrow + 2 * millisecond, after]
        edge.now = NOW + dt.timedelta(days=1)
        assert held(edge, 8).until == after + millisecond, "tomorrow is full of those who waited"

    def test_beyond_the_cap_a_form_is_parked_and_the_administrator_hears_of_the_first_five(self) -> None:
        edge = Edge(rules=desk(daily=1, waiting=1))
        edge.contact(form(0))
        edge.contact(form(1))
        refused = [edge.contact(form(number)) for number in range(2, 9)]
        assert {each.parks for each in refused} == {"refused"}
        told = [[each.source_key for each in decision.emits if isinstance(each, AddContact)] for decision in refused]
        assert told == [[f"desk:form-quota/2026-11-22/refused/{n}"] for n in range(1, 6)] + [[], []]
        assert edge.state("received", "web:contact:s-2") is None, "sent again later, it is heard"

    def test_beyond_the_cap_the_customer_hears_that_it_was_not_taken_and_when_to_come_again(self) -> None:
        """S1-05, requirements.md: refused with a clear answer, also where no door could say so."""
        edge = Edge(rules=desk(daily=1, waiting=1))
        edge.contact(form(0))
        edge.contact(form(1))
        answer = edge.contact(form(2)).emits[0]
        assert isinstance(answer, RefuseContact)
        assert (answer.case_id, answer.source_key) == (case_id("web:contact:s-2"), "web:contact:s-2")
        assert (answer.reply_to, answer.subject, answer.language) == ("c2@example.com", "Question 2", "en")
        assert (answer.reason, answer.again_at) == ("form-quota", dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC))
        (fact,) = life.answer_for_nobody(answer, step(source="caseway://intake.edge"))
        assert isinstance(fact, ContactRefused)
        assert (fact.case_id, fact.reply_to, fact.again_at) == (answer.case_id, answer.reply_to, answer.again_at)
        with pytest.raises(Rejected, match="unknown-case"):  # it answers any address: nobody else may ask for it
            life.answer_for_nobody(answer, step(source="gateway://forged"))

    def test_a_form_that_comes_again_takes_no_room(self) -> None:
        edge = Edge(rules=desk(daily=1))
        edge.contact(form(0))
        (again,) = edge.contact(form(0)).emits
        assert isinstance(again, AddContact)
        assert not again.waits

    def test_data_protection_bypasses_the_quota_by_form_and_by_words(self) -> None:
        edge = Edge(rules=desk(daily=1))
        edge.contact(form(0))
        (by_form,) = edge.contact(form(1, "data-protection")).emits
        words = {"subject": "RODO", "message": "Please delete my personal data.", "email": "x@example.com"}
        (by_words,) = edge.contact(WebContact(form="contact", submission="s-2", fields=words)).emits
        assert not by_form.waits
        assert (by_words.class_, by_words.waits) == ("data_protection", False)
        assert by_words.statutory == "gdpr-one-month"

    def test_without_a_quota_none_is_counted(self) -> None:
        base = configuration()
        free = base.model_copy(update={"forms": base.forms.model_copy(update={"quota": None})})
        edge = Edge(rules=free)
        assert all(len(edge.contact(form(number)).emits) == 1 for number in range(20))
        assert edge.state("form_pools", "pool") is None


@pytest.mark.parametrize("wrong", [{"zone": "Mars/Base"}, {"release_at": "09:00+01:00"}, {"daily": 0}])
def test_a_quota_that_means_nothing_is_refused_at_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        rules(**wrong)
