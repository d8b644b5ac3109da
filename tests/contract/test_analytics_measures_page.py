"""docs/measures.md tells of every measure, as it is defined. `python -m tests.contract.test_analytics_measures_page` prints it."""

import sys

from caseway_analytics.domain.cuts import CUTS
from caseway_analytics.domain.measures import DERIVED, MEASURES, Derived, Measure
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "measures.md"
HEAD = """\
# Measures

What managers read, each defined once, in `caseway_analytics.domain.measures`, with an example that is tested. A figure is counted
in the half hour of UTC in which it happened, however late its fact is read; what is asked for by the hour, day, week or month is
the sum of half hours in the zone that is asked for. Counts, sums and means are exact; percentiles lie within 3 % of the truth, and
"within 20 seconds" and the like are exact. A time of nothing is `null`, a ratio of nothing too. Queue is the queue that had the case
at that moment; channel the contact's that opened it; category, product, language, customers, priority, department and campaign are
the case's as they are known now, so a correction moves what was counted. Times are told by the wall clock, or, with
`hours=business`, in the desk's business time. `as_of` says until when facts were read.

Ask `GET :8085/v1/measures/{measure}?from=&to=&grain=hour|day|week|month|all&by=&zone=&hours=`, with any dimension as a filter.

Dimensions that are kept together:

"""
KEPT = """
| measure | unit | formula | from | at the edges |
|---|---|---|---|---|
"""
MADE = """
Made of others when they are asked for:

| measure | unit | formula | at the edges |
|---|---|---|---|
"""


def _cuts() -> str:
    return "\n".join(f"- {', '.join(names)}" for names in CUTS.values()) + "\n"


def _row(measure: Measure) -> str:
    edges = " ".join(measure.edge_cases)
    return f"| `{measure.name}` | {measure.unit} | {measure.definition} | {measure.source} | {edges} |"


def _made(derived: Derived) -> str:
    return f"| `{derived.name}` | {derived.unit} | {derived.text} | {' '.join(derived.edge_cases)} |"


def text() -> str:
    """The whole page."""
    kept = "\n".join(map(_row, MEASURES.values()))
    made = "\n".join(map(_made, DERIVED.values()))
    return f"{HEAD}{_cuts()}{KEPT}{kept}\n{MADE}{made}\n"


def test_the_page_is_as_the_measures_are() -> None:
    """S1-44: a figure means one thing, and the page says which."""
    assert len(MEASURES) + len(DERIVED) > 50
    assert PAGE.read_text(encoding="utf-8") == text(), "write docs/measures.md anew"


def test_every_measure_says_its_formula_and_its_source() -> None:
    unsaid = [each.name for each in MEASURES.values() if not each.definition or not each.source or not each.edge_cases]
    assert unsaid == []


if __name__ == "__main__":
    sys.stdout.write(text())
