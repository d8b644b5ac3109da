"""That the pencil catches what breaks the clocks and the ladders.

Each mutant is one wrong line in a copy of escalation; comparing every fact with the pencil's, as the default run does, has to fail against
the copy. A line that is not there any more fails too, so that the table cannot rot.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mutants

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ESCALATION = mutants.ROOT / "services" / "escalation" / "caseway_escalation"
CLOCK, LADDERS, RUN = (f"domain/{name}.py" for name in ("clock", "ladders", "run"))
CLIMBING, ENDING, FOLLOWING, RETIMING, SETTLING, STARTING, TURNING, ACKNOWLEDGING, TIMING = (
    f"domain/process/{name}.py"
    for name in (
        "climbing", "ending", "following", "retiming", "settling", "starting", "turning", "acknowledging", "timing",
    )
)  # fmt: skip
CASES, CLIMBED = "adapters/cases.py", "adapters/climbed.py"

MUTANTS = {
    # what is broken: where, the line as it is, and as it is in the mutant
    "equal is late": (
        CLOCK,
        "elapsed(milestone, at, hours) <= milestone.target",
        "elapsed(milestone, at, hours) < milestone.target",
    ),
    "a deadline comes a moment late": (
        CLOCK,
        "        return at >= milestone.due_at",
        "        return at > milestone.due_at",
    ),
    "a pause told by the deadline of before": (
        CLOCK,
        "replace(milestone, running_since=max(at, stood_since(milestone)))",
        "replace(milestone, running_since=stood_since(milestone))",
    ),
    "warnings by the other clock": (CLOCK, "if terms.is_wall_time else", "if not terms.is_wall_time else"),
    "all of several warnings at one instant": (
        CLOCK,
        "found[at] = WarningTime(before=before, at=at)",
        "found[before] = WarningTime(before=before, at=at)",
    ),
    "other terms from now on": (
        RETIMING,
        "clock.retimed(given, terms, other_hours)",
        "clock.retimed(given, terms, hours)",
    ),
    "other hours not followed": (
        RETIMING,
        "        if hours.version == milestone.calendar_version:",
        "        if True:",
    ),
    "a case that changed keeps its terms": (
        RETIMING,
        "        if terms in {earlier, milestone.terms}:",
        "        if True:",
    ),
    "warned of once for ever": (SETTLING, "    if not milestone.warned:", "    if True:"),
    "other hours take a violation back": (SETTLING, "milestone.calendar_version != hours.version", "False"),
    "warned of by what stands": (SETTLING, "while milestone.is_ticking and (", "while ("),
    "never takes a violation back": (
        SETTLING,
        "if milestone.outcome is Outcome.VIOLATED and not is_late:",
        "if False:",
    ),
    "a stamp is not needed": (ENDING, "if has_steps and (is_completed", "if (is_completed"),
    "a completion does not wait for its stamp": (
        ENDING,
        "is_awaiting_stamps=True) if is_completed",
        "is_awaiting_stamps=False) if is_completed",
    ),
    "what is broken is cancelled too": (
        ENDING,
        "        if milestone.outcome is Outcome.VIOLATED:\n            return clock.ended(milestone, at, Outcome.VIOLATED, reason)\n",
        "",
    ),
    "one after the other, side by side": (
        STARTING,
        "return not any(milestone.is_open for milestone in same)",
        "return True",
    ),
    "once in a life, again": (STARTING, "            return not same", "            return True"),
    "one request hides another": (STARTING, "each.is_open and each.subject == subject", "each.is_open"),
    "an answer to one request answers all": (FOLLOWING, 'subject in {"", milestone.subject}', "True"),
    "no clock stands": (TURNING, "must_stand = kind.pauses is not None and", "must_stand = False and"),
    "a broken one says that it stands": (TURNING, "        if standing_still.outcome is None:", "        if True:"),
    "rungs drift": (
        LADDERS,
        "offset = sum(delays[: place + 1], _ZERO)",
        "offset = sum(delays[place : place + 1], _ZERO)",
    ),
    "one round too many": (LADDERS, "turn > self.times", "turn > self.times + 1"),
    "rounds without a rest": (LADDERS, "(sum(delays, _ZERO) + self.again_after)", "sum(delays, _ZERO)"),
    "rungs while it is closed": (LADDERS, "return at if hours.is_open(at) else", "return at if True else"),
    "all hours count for a ladder": (CLIMBING, "return self._promises.calendars.get(run.plan.within)", "return None"),
    "nobody there, and nothing follows at once": (CLIMBING, "hours, at if falls else None)", "hours, None)"),
    "nobody there, and no alarm": (CLIMBING, 'if outcome == "empty" and self._ladders.alarm_to:', "if False:"),
    "climbs though the deadline moved away": (
        CLIMBING,
        '        return "the deadline moved away"',
        '        return ""',
    ),
    "climbs for what is over": (
        CLIMBING,
        '            return f"promise {milestone.reason or milestone.state}"',
        '            return ""',
    ),
    "two runs for one promise": (CLIMBING, "if entry is None or is_under_way or", "if entry is None or"),
    "what was overtaken is told to somebody": (
        CLIMBING,
        "if again is not None and again <= self._telling.now:",
        "if False:",
    ),
    "standing costs the ladder its place": (RUN, "stood = self.stood + passed(", "stood = self.stood + 0 * passed("),
    "reminded too often": (
        ACKNOWLEDGING,
        "if run.reminded >= run.plan.reminders:",
        "if run.reminded > run.plan.reminders:",
    ),
    "whoever works on it is silent": (ACKNOWLEDGING, "return replace(run, heard_at=at, reminded=0)", "return run"),
    "an answer is not taken back": (
        ACKNOWLEDGING,
        '                    return self._resumed(run, at, hours, "taken back", None)\n                return self._acknowledged(run, by, at)',
        "                    return run\n                return self._acknowledged(run, by, at)",
    ),
    "the timer forgets warnings": (
        TIMING,
        "return milestone.due_at if warn_at is None else min(warn_at, milestone.due_at)",
        "return milestone.due_at",
    ),
    "the timer forgets ladders": (TIMING, "        instants += [run.due_at for run in case.runs]", "        pass"),
    "the document forgets what was warned of": (
        CASES,
        '    "warned": lambda warned: [before // _MICROSECOND for before in warned],',
        '    "warned": lambda warned: [],',
    ),
    "the document forgets when a clock ran": (CASES, "for run in stretches]", "for run in stretches[1:]]"),
    "the document forgets how long a ladder stood": (CLIMBED, "_LENGTHS = {", '_LENGTHS = {"step", '),
}
"""By what they break: deadlines, warnings, changes, ends, beginnings, pauses, rungs, acknowledgements, timers, documents."""


@pytest.mark.parametrize("broken", sorted(MUTANTS))
def test_the_pencil_catches(broken: str, tmp_path: Path) -> None:
    assert not _holds(mutants.broken(ESCALATION, tmp_path, MUTANTS[broken])), "it survived"


def test_the_pencil_lets_escalation_through(tmp_path: Path) -> None:
    """Else a mutant would be caught for whatever reason."""
    assert _holds(mutants.copied(ESCALATION, tmp_path))


_LAWS = """
import sys, caseway_escalation
from hypothesis import Phase, given, settings
from tests.property.test_escalation_whole import OUTAGES, RARE, RELAXED, compare, compare_with_outages, worlds
assert sys.argv[1] in caseway_escalation.__path__, "another copy"
# always alike; to find one failure is enough: a shorter one is not wanted
once = settings(RELAXED, max_examples=500, derandomize=True, database=None, phases=[Phase.generate])
try:
    for world in RARE:
        compare(world)
    once(given(worlds())(compare))()
    once(given(worlds(changes=False), OUTAGES)(compare_with_outages))()
except Exception as broken:
    print("broken:", type(broken).__name__, str(broken).splitlines()[:1])
else:
    print("holds")
"""


def _holds(copy: Path) -> bool:
    """Whether a copy of escalation tells what the pencil tells."""
    return mutants.holds(copy, _LAWS, seconds=280)
