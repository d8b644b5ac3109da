"""That the laws of a pool catch what breaks them.

Each mutant is one wrong line in a copy of the router; the property suites, as they run by default, or the directed tests of
what is rare on a random day, have to fail against the copy. The table says what each one breaks. A line that is not there any
more fails too, so that the table cannot rot.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import mutants

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ROUTER = mutants.ROOT / "services" / "router" / "caseway_router"
ITEMS, STAFF, LINES, PLAN = (f"domain/{name}.py" for name in ("items", "staff", "lines", "plan"))
CREWS, ROSTER, BENCH, RING = (f"domain/{name}.py" for name in ("crews", "roster", "bench", "ring"))
POLICY, MATCHING, EXPLAINED = (f"domain/{name}.py" for name in ("policy", "matching", "explained"))
OFFERING, ATTENDING, PROCESS, FALLING_DUE, PLACING, MOVING = (
    f"domain/assignment/{name}.py" for name in ("offering", "attending", "process", "falling_due", "placing", "moving")
)
TELLING, HANDLING = (f"domain/assignment/{name}.py" for name in ("telling", "handling"))
LEDGER = "domain/ledger.py"
DOCUMENTS = "adapters/documents.py"

MUTANTS = {
    # what is broken: where, the line as it is, and as it is in the mutant
    "cool-down ignored": (ITEMS, "each.agent == agent and each.until > now", "each.agent == agent and False"),
    "cool-down too long": (
        ITEMS,
        "each.agent == agent and each.until > now",
        "each.agent == agent and each.until >= now",
    ),
    "no cool-down": (OFFERING, "ledger.now + ledger.pool.plan.cool_down if cools else None", "None"),
    "requirement dropped late": (
        ITEMS,
        "self.queued_at + each.drop_after <= at",
        "self.queued_at + each.drop_after < at",
    ),
    "lower of two levels": (ITEMS, "max(level, levels.get(skill, 0))", "level"),
    "capacity one too many": (STAFF, "self.capacity - self.load\n", "self.capacity + 100 - self.load\n"),
    "channel one too many": (STAFF, "min(left, at_most - there)", "min(left, at_most + 100 - there)"),
    "channel one too few": (STAFF, "min(left, at_most - there)", "min(left, at_most - 100 - there)"),
    "own capacity ignored": (STAFF, "total if own is None else min(own, total)", "total"),
    "own limit of a channel ignored": (
        STAFF,
        "self.attendance.channels.get(channel) != 0",
        "True",
    ),
    "exclusive channel beside others": (STAFF, "self.load - there > limit.beside", "False"),
    "others beside an exclusive one": (STAFF, "limit.beside - (self.load - weight)", "limit.beside"),
    "two telephones ring": (
        STAFF,
        "self.ringing.get(channel, 0) >= limit.rings",
        "self.ringing.get(channel, 0) > limit.rings",
    ),
    "overload does not block": (STAFF, " or self.is_overloaded:", ":"),
    "quiet work weighs all": (STAFF, "percent = limit.quiet", "percent = limit.active"),
    "the absent are asked": (STAFF, "or not self.is_online or", "or"),
    "level must be higher": (CREWS, "if has >= level", "if has > level"),
    "any level will do": (CREWS, "if has >= level", "if has"),
    "queues ignored": (CREWS, "able &= self.serving(kind[1])", "able &= self._all"),
    "interests ignored": (CREWS, "0 if any(number in self._fans[topic] for topic in topics) else 1", "1"),
    "fit ignored": (CREWS, "surplus += ", "surplus += 0 * "),
    "who changed keeps their place": (ROSTER, "row.note(number)", "pass"),
    "a row is never sorted": (
        ROSTER,
        "self.places = sorted(self._stands.values())",
        "self.places = list(self._stands.values())",
    ),
    "room is not counted": (ROSTER, "self.open ^= 1 << number", "pass"),
    "the walk forgets the fit": (ROSTER, "if fit == crew.least:", "if fit:"),
    "the ring goes backwards": (RING, "for each in range(first, end):", "for each in reversed(range(first, end)):"),
    "the ring has no beginning": (RING, "at_turn(equal, turn)", "at_turn(equal, 0)"),
    "reserve ignored": (BENCH, "kept |= members", "kept |= 0"),
    "reserve one too few": (BENCH, "<= reserve.keep_count", "< reserve.keep_count"),
    "reserved from those who need them": (
        BENCH,
        "if any(skill in reserve.needed_for for skill, _ in item.needed):",
        "if False:",
    ),
    "idle order reversed": (POLICY, "return microseconds(", "return (1 << 57) - microseconds("),
    "load bands off": (
        POLICY,
        "return seat.load * bands // seat.capacity",
        "return (seat.load + 50) * bands // seat.capacity",
    ),
    "rotation by idleness": (
        POLICY,
        "attendance.offered_at if self.is_rotation else",
        "attendance.released_at if self.is_rotation else",
    ),
    "rotation forgotten by who comes back": (
        ATTENDING,
        "offered_at=before.offered_at if before else None",
        "offered_at=None",
    ),
    "idleness counted from log-in": (
        ATTENDING,
        "released_at=before.released_at if before else None",
        "released_at=None",
    ),
    "turns not noted": (OFFERING, "if ledger.pool.order.is_rotation:", "if False:"),
    "head of line skipped": (LINES, "if best is not None and head >= best:", "if best is not None:"),
    "first group is enough": (
        LINES,
        "if not group or (best is not None and group.first()[0] >= best):",
        "if not group or best is not None:",
    ),
    "head not renewed": (LINES, "line.first() if line else None)", "None)"),
    "second skill forgotten": (LINES, 'for second in ("", *agent.skills)', 'for second in ("",)'),
    "ageing dropped": (PLAN, "if self.ageing is None:", "if True:"),
    "classes ignored": (
        PLAN,
        "case_class = self.class_ranks.get(item.case_class, len(self.class_ranks))",
        "case_class = 0",
    ),
    "promises ignored": (PLAN, "slack = _NEVER if", "slack = _NEVER if True or"),
    "by arrival ignored": (PLAN, "by_arrival = queue is not None and queue.by_arrival", "by_arrival = False"),
    "one offer at a time": (
        OFFERING,
        "        offer(ledger, item, why)\n\n\ndef try_offer",
        "        offer(ledger, item, why)\n        return\n\n\ndef try_offer",
    ),
    "nobody asked after a change of rules": (PROCESS, "        adapt(ledger)", "        pass"),
    "age lost on return": (
        OFFERING,
        "item.but(standing=Waiting(), cool_downs=",
        "item.but(standing=Waiting(), queued_at=ledger.now, cool_downs=",
    ),
    "missed once more": (OFFERING, "if 0 < limit <= missed and", "if 0 < limit < missed and"),
    "offers never end": (FALLING_DUE, "item.standing.expires_at <= at", "item.standing.expires_at < at"),
    "wrap-up never ends": (FALLING_DUE, "item.standing.ends_at <= at", "item.standing.ends_at < at"),
    "work stays with the absent": (ATTENDING, 'hand_over(ledger, agent, "agent_absent")', "pass"),
    "queued twice": (PLACING, "    if live is None:", "    if True:"),
    "snapshot without cool-downs": (DOCUMENTS, 'for each in document.get("cool_downs", ())])', "for each in ()])"),
    "snapshot without the named": (DOCUMENTS, 'named_until=document.get("named_until")', "named_until=None"),
    "snapshot without steps begun": (DOCUMENTS, 'begun_count=document.get("begun_count", 0)', "begun_count=0"),
    "snapshot without the boost": (DOCUMENTS, 'boost=document.get("boost", 0.0)', "boost=0.0"),
    "snapshot without idleness": (DOCUMENTS, '"released_at": attendance.released_at,', '"released_at": None,'),
    "snapshot without missed offers": (DOCUMENTS, 'missed_count=document["missed_count"]', "missed_count=0"),
    "counts beside the truth": (EXPLAINED, '"capacity": working_count - able_count', '"capacity": working_count'),
    "tie-break by hand": (EXPLAINED, "if mine != other", "if mine == other"),
    "queue ahead one more": (LINES, "count = row.below(key) if row else 0", "count = 1 + row.below(key) if row else 0"),
    "preferences ignored": (
        MATCHING,
        "for order, name in enumerate(wished):",
        "for order, name in enumerate(wished[:0]):",
    ),
    "an excess beside a call untold": (
        STAFF,
        "or (limit.beside is not None and beside > limit.beside)",
        "or False",
    ),
    "an excess while it is written up untold": (
        TELLING,
        "load=contacts(seat.load) if seat else None,\n            overload=_is_overloaded(ledger, standing.agent)",
        "load=contacts(seat.load) if seat else None,\n            overload=False",
    ),
    "an excess by one's own limit untold": (
        TELLING,
        "overload=seat is not None and seat.is_overloaded",
        "overload=False",
    ),
    "an excess by a supervisor's wish untold": (TELLING, "overload=by_hand and", "overload=False and"),
    "a supervisor gives to the absent": (HANDLING, 'return "" if _is_there(seat, command) else "absent"', 'return ""'),
    "what a pool knows is another's": (LEDGER, 'return f"{pool}/{name}"', "return name"),
    "a moved case forgotten at once": (
        PLACING,
        'ledger.arm("moved", moved.case_id, ledger.now + _STRAGGLING)',
        "ledger.forget_move(moved.case_id)",
    ),
    "a moved case not forwarded": (
        PROCESS,
        'if moved is not None and getattr(command, "came_from", None) is None:',
        "if False:",
    ),
    "offers counted anew in another pool": (MOVING, "offer_count=item.offer_count,\n        steps", "steps"),
    "the excluded are asked": (MATCHING, "if name in wished or item.keeps_out(name, now):", "if name in wished:"),
}
"""Fifty and more; `the walk`, `a row` and `who changed` are about the indices alone."""


@pytest.mark.parametrize("broken", sorted(MUTANTS))
def test_the_laws_catch(broken: str, tmp_path: Path) -> None:
    assert not _holds(mutants.broken(ROUTER, tmp_path, MUTANTS[broken])), "it survived"


def test_the_laws_let_the_router_through(tmp_path: Path) -> None:
    """Else a mutant would be caught for whatever reason."""
    assert _holds(mutants.copied(ROUTER, tmp_path))


_LAWS = """
import sys, caseway_router
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.property.test_router_pool import Pool, TestPool
from tests.property.test_router_pools import Moving, TestMoving
from tests.unit.test_router_matching import test_a_call_may_stand_beside_as_much_as_the_profile_says
from tests.unit.test_router_work_turns import TestOverload, TestTaking
assert sys.argv[1] in caseway_router.__path__, "another copy"
# as by default, but always alike; to find one failure is enough: a shorter one is not wanted
try:
    for name in (each for each in dir(TestOverload) if each.startswith("test_")):
        getattr(TestOverload(), name)()
    TestTaking().test_whoever_went_home_takes_nothing()
    test_a_call_may_stand_beside_as_much_as_the_profile_says()
    for machine, usual in ((Moving, TestMoving.settings), (Pool, TestPool.settings)):
        once = settings(usual, derandomize=True, database=None, phases=[Phase.generate])
        run_state_machine_as_test(machine, settings=once)
except Exception as broken:
    print("broken:", type(broken).__name__, str(broken).splitlines()[:1])
else:
    print("holds")
"""


def _holds(copy: Path) -> bool:
    """Whether every law holds of a copy of the router; what never ends holds to none."""
    try:
        return mutants.holds(copy, _LAWS, seconds=180)
    except subprocess.TimeoutExpired:
        mutants.say("broken: it never ends")
        return False
