"""A conversation by mail ends on one case, in whatever order its mails arrive (S1-03)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake_edge import Edge, mail_bytes


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Mails of which each answers an earlier one and refers to all before it, in any order, some of them twice."""
    parents: list[list[int]] = [[]]
    for number in range(1, draw(st.integers(min_value=2, max_value=7))):
        parent = draw(st.integers(min_value=0, max_value=number - 1))
        parents.append([*parents[parent], parent])
    mails = [
        mail_bytes(
            f"mail {number}",
            f"{number}@example.com",
            in_reply_to=f"{chain[-1]}@example.com" if chain and draw(st.booleans()) else "",
            references=[f"{each}@example.com" for each in chain],
        )
        for number, chain in enumerate(parents)
    ]
    arriving = draw(st.permutations(mails))
    return [*arriving, *draw(st.lists(st.sampled_from(mails), max_size=3))]


@given(conversations())
@settings(max_examples=150, deadline=None)
def test_any_order_of_arrival_gives_one_case(mails: list[bytes]) -> None:
    edge = Edge()
    commands = [edge.add(raw) for raw in mails]
    assert len({each.case_id for each in commands}) == 1
    assert len({each.source_key for each in commands}) == len(set(mails))


@given(st.permutations(range(6)))
@settings(max_examples=50, deadline=None)
def test_two_conversations_never_meet(order: list[int]) -> None:
    edge = Edge()
    cases: dict[str, set[str]] = {"a": set(), "b": set()}
    for number in order:
        side, place = "ab"[number % 2], number // 2
        references = [f"{each}.{side}@example.com" for each in range(place)]
        command = edge.add(mail_bytes(f"mail {number}", f"{place}.{side}@example.com", references=references))
        cases[side].add(command.case_id)
    assert [len(each) for each in cases.values()] == [1, 1]
    assert not cases["a"] & cases["b"]
