"""Laws of notifications that hold for every input."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from caseway.kernel.rules import Condition, compile_condition
from caseway_notifier.adapters.mail import compose
from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.addresses import normal
from caseway_notifier.domain.budget import Allowance, Budget, spend
from caseway_notifier.domain.case import bracketed, has_grown, threaded, topic
from caseway_notifier.domain.choosing import filed
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import (
    Accepted,
    Automatic,
    Deferred,
    Mailing,
    NotTried,
    Patience,
    Refused,
    State,
    Unknown,
    lease,
    settle,
)
from caseway_notifier.domain.subscription import Sender
from tests.notifier_builders import CUSTOMER, NOW, delivery

ANY_TEXT = st.text(max_size=300)


def encoded(text: str) -> str:
    """A text as RFC 2047 hides it: what decodes it finds whatever line ends it has."""
    return f"=?utf-8?B?{base64.b64encode(text.encode('utf-8', 'replace')).decode()}?="


_INJECTION = st.sampled_from(["x\r\nBcc: evil@example.com\r\n\r\nbody", "a\nTo: b@example.com", "\r", ""])
HOSTILE_TEXT = st.lists(ANY_TEXT | _INJECTION.map(encoded) | ANY_TEXT.map(encoded), max_size=4).map(" ".join)
WORDS = Templates(
    {"a.en.txt": '---\nsubject: "{{ fact.x }}"\n---\n{{ fact.x }}', "a.en.html": "<p>{{ fact.x }}</p>"}, "en"
)
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "X-Caseway-Loop", "Auto-Submitted", "X-Auto-Response-Suppress",
           "Precedence", "MIME-Version", "Content-Type"}  # fmt: skip


@given(said=HOSTILE_TEXT, name=HOSTILE_TEXT)
@example(said=encoded("x\r\nBcc: evil@example.com"), name="=?utf-8?q?a=0D=0ABcc:_evil@example.com?=")
def test_whatever_a_customer_writes_the_headers_are_ours(said: str, name: str) -> None:
    """No header, recipient or part can come from a customer's words, encoded or not; and the body says what they said."""
    content = WORDS.render("a", "en", {"fact": {"x": said}})
    mailing = Mailing(sender="s", to=CUSTOMER, name=name, automatic=Automatic.REPLIED, message_id="<m@example.com>")
    sender = Sender(name="s", display=name, address="support@example.com")
    envelope = compose(delivery(mailing=mailing), content, sender, b"key")
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert set(mail.keys()) == HEADERS
    assert [each.addr_spec for each in mail["To"].addresses] == [CUSTOMER]
    assert [each.addr_spec for each in mail["From"].addresses] == ["support@example.com"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == content.text


@given(said=ANY_TEXT)
def test_html_holds_no_tag_of_a_customers(said: str) -> None:
    html = WORDS.render("a", "en", {"fact": {"x": said}}).html
    inner = html.removeprefix("<p>").removesuffix("</p>")
    assert "<" not in inner
    assert ">" not in inner


@given(text=st.text())
def test_an_address_is_one_line_and_normal_once_and_for_all(text: str) -> None:
    found = normal(text)
    assert found == normal(found)
    assert len(found.split()) <= 1
    assert found.count("@") == bool(found)


@given(ids=st.lists(ANY_TEXT, max_size=60), last=ANY_TEXT)
def test_a_thread_is_made_of_message_ids_each_once(ids: list[str], last: str) -> None:
    thread = threaded(last, ids, ())
    assert len(thread.references) == len(set(thread.references)) <= 20
    assert all(each == bracketed(each) for each in thread.references)
    if thread.in_reply_to:
        assert thread.in_reply_to in thread.references


@given(subject=st.from_regex(r"[A-Za-z ]{0,20}", fullmatch=True), times=st.integers(0, 8))
def test_a_subject_grows_into_a_loop_and_its_topic_stays(subject: str, times: int) -> None:
    grown = "Re: " * times + subject
    assert topic(grown) == topic(subject)
    assert has_grown(grown) or times < 3 or has_grown(subject)


OUTCOMES = st.lists(
    st.sampled_from([Accepted(), Refused("550"), Deferred("451"), Unknown("x"), NotTried(), None]), max_size=40
)


@given(outcomes=OUTCOMES, step=st.integers(1, 7200))
def test_a_delivery_ends_and_stays_ended(outcomes: list[object], step: int) -> None:
    """Any run of outcomes (None: the sender died): attempts never exceed patience, and doubt is never forgotten."""
    patience = Patience(
        first=dt.timedelta(seconds=1), longest=dt.timedelta(minutes=1), attempts=5, give_up_after=dt.timedelta(days=1)
    )
    each, now, doubted = delivery(), NOW, False
    for outcome in outcomes:
        if each.due_at is None or each.attempts >= patience.attempts:
            break
        was_doubted = each.state is State.LEASED
        each = lease(each, epoch=1, until=now)
        doubted |= was_doubted
        if outcome is not None:
            each = settle(each, outcome, now, patience)  # type: ignore[arg-type]
            doubted |= isinstance(outcome, Unknown)
        assert each.attempts <= patience.attempts
        assert each.may_have_doubled >= doubted
        assert (each.due_at is None) == (each.state in {State.DELIVERED, State.GIVEN_UP, State.SUPPRESSED})
        assert (each.state is State.GIVEN_UP) <= bool(each.reason)
        now += dt.timedelta(seconds=step)


@given(gaps=st.lists(st.integers(0, 5000), max_size=60), count=st.integers(1, 5))
def test_no_window_holds_more_answers_than_allowed(gaps: list[int], count: int) -> None:
    allowance = Allowance(count=count, window=dt.timedelta(hours=1))
    budget, now, given_at = Budget(id="x"), NOW, []
    for gap in gaps:
        now += dt.timedelta(seconds=gap)
        after = spend(budget, now, allowance)
        if after is not None:
            budget = after
            given_at.append(now)
    for first in given_at:
        assert sum(first <= at < first + allowance.window for at in given_at) <= count


@given(text=ANY_TEXT)
def test_the_same_words_give_the_same_mail(text: str) -> None:
    mailing = Mailing(sender="s", to=CUSTOMER, automatic=Automatic.NO, message_id="<m@example.com>")
    sender = Sender(name="s", display="S", address="support@example.com")
    content = Content(language="en", subject=text, text=text)
    one = compose(delivery(mailing=mailing), content, sender, b"key")
    again = compose(delivery(mailing=replace(mailing)), content, sender, b"key")
    assert one == again


_VALUES = st.sampled_from(["a", "b", 1, True, 0, False, ""])
_TESTS = st.one_of(
    st.builds(lambda name, value: {"field": name, "equals": value}, st.sampled_from("xyz"), _VALUES),
    st.builds(
        lambda name, values: {"field": name, "in": values},
        st.sampled_from("xyz"),
        st.lists(_VALUES, min_size=1, max_size=3),
    ),
    st.builds(lambda name: {"field": name, "exists": True}, st.sampled_from("xyz")),
)
_CONDITIONS = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


@dataclass(frozen=True)
class _Rule:
    when: Condition


@settings(max_examples=60, deadline=None)
@given(st.lists(_CONDITIONS, max_size=8), st.dictionaries(st.sampled_from("xyz"), _VALUES))
def test_filed_rules_hold_exactly_when_asked_one_by_one(raw: list[Any], facts: dict[str, Any]) -> None:
    """Filing two hundred rules saves questions, and changes no answer and no order."""
    rules = [_Rule(compile_condition(each, {"x", "y", "z"})) for each in raw]
    assert filed(rules).holding(facts) == [each for each in rules if each.when(facts)]
