"""Whatever is merged, in whatever order, ends the same."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from caseway.contracts.case_commands import NoteCase, UnmergeCase
from tests.intake_builders import AGENT, mail
from tests.intake_merging import Desk

NAMES = ("a", "b", "c", "d", "e")
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=6)


def root_of(desk, name):
    """The end of the chain; a circle would never end."""
    case, seen = desk.case(name), set()
    while case.ties.merged_into is not None:
        assert case.id not in seen, "a circle"
        seen.add(case.id)
        case = desk.cases[case.ties.merged_into]
    return case


def unions(pairs):
    """Which belong together, reckoned without cases."""
    groups = {name: {name} for name in NAMES}
    for one, other in pairs:
        joined = groups[one] | groups[other]
        for each in joined:
            groups[each] = joined
    return groups


@settings(max_examples=60, deadline=None)
@given(pairs, st.randoms(use_true_random=False))
def test_merging_in_any_order_ends_the_same(pairs, chance):
    """All that were named together are the oldest one's, however commands overtook each other on the way."""
    desk = Desk(*NAMES)
    for one, other in chance.sample(pairs, len(pairs)):
        desk.merge_later(one, other, turned=chance.random() < 0.5)
    desk.settle(chance.choice)
    for name, together in unions(pairs).items():
        oldest = min(together)
        root = root_of(desk, name)
        assert root.id == desk.id(oldest)
        assert set(root.ties.children) == {desk.id(each) for each in together - {oldest}}
        assert set(root.keys) == together


@settings(max_examples=40, deadline=None)
@given(pairs, st.randoms(use_true_random=False), st.lists(st.sampled_from(NAMES), max_size=4))
def test_nothing_said_meanwhile_is_lost_or_doubled(pairs, chance, speakers):
    desk = Desk(*NAMES)
    said = [mail(f"mail-{index}", case_id=desk.id(name)) for index, name in enumerate(speakers)]
    for command in chance.sample([*pairs, *said], len(pairs) + len(said)):
        if isinstance(command, tuple):
            desk.merge_later(*command, turned=False)
        else:
            desk.post(command)
    desk.settle(chance.choice)
    added = [
        fact.source_key for facts in desk.facts.values() for fact in facts if fact.TYPE.endswith("contact-added.v1")
    ]
    assert sorted(added) == sorted(command.source_key for command in said)
    for facts in desk.facts.values():
        assert all(one.version + 1 == other.version for one, other in itertools.pairwise(facts))


@settings(max_examples=40, deadline=None)
@given(pairs, st.randoms(use_true_random=False))
def test_what_is_merged_and_unmerged_is_as_before(pairs, chance):
    desk = Desk(*NAMES)
    for one, other in pairs:
        desk.merge_later(one, other, turned=False)
    desk.settle(chance.choice)
    for name in chance.sample(NAMES, len(NAMES)):
        desk.post(UnmergeCase(case_id=desk.id(name), actor=AGENT))
    desk.settle(chance.choice)
    for name in NAMES:
        case = desk.case(name)
        assert (case.ties.merged_into, case.ties.children, case.keys) == (None, (), (name,))
        desk.send(NoteCase(case_id=case.id, actor=AGENT, text="here"))
        assert desk.told(name)[-1] == "noted"
