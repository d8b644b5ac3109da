"""On which case each mail of a conversation ends, and by which test (S1-03, S4-27; semantics 5.1)."""

from __future__ import annotations

import datetime as dt

import pytest

from caseway.contracts.case_commands import AddContact, MergeCase
from tests.corpus_mails.stories import STORIES, End, Mail, Story, case, recipients, told
from tests.intake_edge import KEY, Edge


def test_there_are_enough() -> None:
    assert len(STORIES) > 65
    assert len({each.name for each in STORIES}) == len(STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.name)
def test_each_mail_of_a_story_ends_where_it_belongs(story: Story) -> None:
    edge = Edge()
    for mail, end in story.mails:
        edge.now += dt.timedelta(minutes=mail.minutes)
        _arrives(edge, mail, end)


def _arrives(edge: Edge, mail: Mail, end: End) -> None:
    sender = mail.sender if mail.mailfrom is None else mail.mailfrom
    decision = edge.mail(told(KEY, mail), mailfrom=sender, rcptto=recipients(KEY, mail))
    assert decision.parks == end.parks, mail.id
    if end.parks:
        assert (decision.emits, decision.changes) == ((), ())
        return
    contact, *merges = decision.emits
    assert isinstance(contact, AddContact)
    if end.case != "*":
        assert contact.case_id == case(end.case), mail.id
    assert contact.matched_by == end.by, mail.id
    found = [(each.case_id, each.other) for each in merges if isinstance(each, MergeCase)]
    assert found == [(case(end.case), case(other)) for other in end.joins], mail.id
    for name, value in end.fields.items():
        assert getattr(contact, name) == value, f"{mail.id}: {name}"
