"""docs/measures.md tells of every measure, as it is defined. `python -m tests.contract.test_analytics_measures_page` prints it."""

import sys

from caseway_analytics.domain.measures import MEASURES, RATIOS, Measure
from tests.architecture.sources import ROOT

PAGE = ROOT / "docs" / "measures.md"
HEAD = """\
# Measures

What managers read, each defined once, in `caseway_analytics.domain.measures`, with an example that is tested. Kept by hour, channel
(of the contact that opened the case) and queue (that had the case at that moment); a late fact goes to the hour in which it
happened. Counts, sums and means are exact; percentiles lie within 3 % of the truth. A time of nothing is `null`, a ratio of
nothing too. Ask `GET :8085/v1/measures/{measure}?from=&to=&grain=&by=`.

| measure | unit | from | at the edges |
|---|---|---|---|
"""


def rows() -> list[str]:
    """One a measure."""
    told = [_row(measure) for measure in MEASURES.values()]
    ratios = [
        f"| `{each.name}` | ratio | `{each.part}` ÷ (`{each.part}` + `{each.others}`) | |" for each in RATIOS.values()
    ]
    return [*told, *ratios]


def _row(measure: Measure) -> str:
    return f"| `{measure.name}` | {measure.unit} | {measure.source} | {' '.join(measure.edge_cases)} |"


def text() -> str:
    """The whole page."""
    return HEAD + "\n".join(rows()) + "\n"


def test_the_page_is_as_the_measures_are() -> None:
    """S1-44: a figure means one thing, and the page says which."""
    assert len(rows()) > 15
    assert PAGE.read_text(encoding="utf-8") == text(), "write docs/measures.md anew"


if __name__ == "__main__":
    sys.stdout.write(text())
