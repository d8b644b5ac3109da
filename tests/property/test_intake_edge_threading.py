"""A conversation by mail ends as one case, in whatever order its mails arrive (S1-03; semantics 5.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts.case_commands import AddContact, MergeCase
from tests.intake_edge import Edge, mail_bytes

TOPICS = ("Gdzie jest paczka", "Faktura za listopad", "Reklamacja krzesła")


class Cases:
    """Which cases are one, after what was merged."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, case: str) -> str:
        while case in self._parent:
            case = self._parent[case]
        return case

    def merge(self, one: str, other: str) -> None:
        if self.root(one) != self.root(other):
            self._parent[self.root(one)] = self.root(other)


def arrived(mails: Iterable[bytes]) -> tuple[list[AddContact], Cases]:
    """What the edge says of each, and what it merges."""
    edge, cases, contacts = Edge(), Cases(), []
    for raw in mails:
        edge.now += dt.timedelta(minutes=2)
        contact, *merges = edge.mail(raw).emits
        assert isinstance(contact, AddContact)
        contacts.append(contact)
        for each in merges:
            assert isinstance(each, MergeCase)
            cases.merge(each.case_id, each.other)
    return contacts, cases


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Mails of which each answers an earlier one, in any order, some of them twice.

    Each names only its parent, as some programs do; or the whole chain; or both.
    """
    chains: list[list[int]] = [[]]
    for number in range(1, draw(st.integers(min_value=2, max_value=8))):
        parent = draw(st.integers(min_value=0, max_value=number - 1))
        chains.append([*chains[parent], parent])
    mails = [
        _mail(number, chain, draw(st.sampled_from(("parent", "chain", "both")))) for number, chain in enumerate(chains)
    ]
    arriving = draw(st.permutations(mails))
    return [*arriving, *draw(st.lists(st.sampled_from(mails), max_size=3))]


def _mail(number: int, chain: list[int], names: str, subject: str = TOPICS[0]) -> bytes:
    return mail_bytes(
        f"mail {number}",
        f"{number}@example.com",
        subject=f"Re: {subject}" if chain else subject,
        in_reply_to=f"{chain[-1]}@example.com" if chain and names != "chain" else "",
        references=[f"{each}@example.com" for each in chain] if names != "parent" else (),
    )


@given(conversations())
@settings(max_examples=250, deadline=None)
def test_any_order_of_arrival_gives_one_case(mails: list[bytes]) -> None:
    contacts, cases = arrived(mails)
    assert len({cases.root(each.case_id) for each in contacts}) == 1
    assert len({each.source_key for each in contacts}) == len(set(mails))


@given(conversations())
@settings(max_examples=50, deadline=None)
def test_what_came_once_is_not_merged_again(mails: list[bytes]) -> None:
    """All mails a second time: known, on the cases where they were, and nothing is merged."""
    edge = Edge()
    before = {}
    for raw in mails:
        contact, *_ = edge.mail(raw).emits
        before[contact.source_key] = contact.case_id
    for raw in mails:
        (contact,) = edge.mail(raw).emits
        assert contact.case_id == before[contact.source_key]


@st.composite
def branching(draw: st.DrawFn) -> tuple[list[bytes], dict[str, int]]:
    """Conversations in which a reply may begin another matter under another subject; each mail with its matter."""
    chains, matters, names = [[]], [0], ["chain"]
    for number in range(1, draw(st.integers(min_value=2, max_value=7))):
        parent = draw(st.integers(min_value=0, max_value=number - 1))
        chains.append([*chains[parent], parent])
        goes_on = draw(st.booleans())
        fresh = [each for each in range(len(TOPICS)) if each not in matters]
        matters.append(matters[parent] if goes_on or not fresh else fresh[0])
        names.append(draw(st.sampled_from(("chain", "both"))))
    mails = [_mail(number, chain, names[number], TOPICS[matters[number]]) for number, chain in enumerate(chains)]
    order = draw(st.permutations(range(len(mails))))
    return [mails[each] for each in order], {f"{number}@example.com": matter for number, matter in enumerate(matters)}


@given(branching())
@settings(max_examples=200, deadline=None)
def test_a_matter_is_a_case_in_any_order_of_arrival(story: tuple[list[bytes], dict[str, int]]) -> None:
    mails, matters = story
    contacts, cases = arrived(mails)
    found: dict[int, set[str]] = {}
    for each in contacts:
        found.setdefault(matters[each.source_key], set()).add(cases.root(each.case_id))
    assert all(len(each) == 1 for each in found.values())
    assert len(set.union(*found.values())) == len(found), "two matters are two cases"


@given(st.permutations(range(6)))
@settings(max_examples=50, deadline=None)
def test_two_conversations_never_meet(order: list[int]) -> None:
    mails = []
    for number in order:
        side, place = "ab"[number % 2], number // 2
        references = [f"{each}.{side}@example.com" for each in range(place)]
        mails.append(mail_bytes(f"mail {number}", f"{place}.{side}@example.com", references=references))
    contacts, cases = arrived(mails)
    roots = {side: {cases.root(each.case_id) for each in contacts if f".{side}@" in each.source_key} for side in "ab"}
    assert [len(each) for each in roots.values()] == [1, 1]
    assert not roots["a"] & roots["b"]
