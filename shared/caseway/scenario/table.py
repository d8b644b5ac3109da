"""What was sent, beside what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from caseway.scenario.figures import Figures
from caseway.scenario.journal import Journal


def one_line(journal: Journal, figures: Figures) -> str:
    """For every quarter of a minute."""
    if not figures.summary:
        return f"sent {journal.total} contacts; analytics does not answer yet"
    open_count = figures["cases_opened"] + figures["reopened"] - figures["resolved"]
    return (
        f"sent {journal.total} contacts | {figures['cases_opened']} cases, {open_count} open | "
        f"{figures['assigned']} assigned, {figures['resolved']} resolved | "
        f"promises {figures['met']} met, {figures['warned']} warned, {figures['violated']} violated | "
        f"{figures['mailed']} mailed | {sum(figures.parked.values())} parked"
    )


def whole_table(journal: Journal, figures: Figures) -> str:
    """For the end: left what gateways and agents sent, right what the services say."""
    left, right = list(_sent(journal)), list(_became(figures))
    width = max(len(line) for line in left) + 4
    rows = max(len(left), len(right))
    left += [""] * (rows - len(left))
    right += [""] * (rows - len(right))
    return "\n".join(f"{one:<{width}}{other}".rstrip() for one, other in zip(left, right, strict=True))


def sent_table(journal: Journal) -> str:
    """For those who only send: the desk's figures are the desk's to show."""
    return "\n".join(_sent(journal))


def _sent(journal: Journal) -> Iterator[str]:
    yield "SENT, and acknowledged"
    for channel, kinds in journal.by_channel():
        yield f"  {channel:<10}{kinds.total():>6}  {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}"
    yield f"  {'together':<10}{journal.total:>6}  of which {journal.opening} should open a case"
    if journal.refused:
        yield f"  {'refused':<10}{journal.refused.total():>6}  at the doors: not acknowledged, so not counted"
    yield "ASKED FOR by agents and coordinators"
    yield from (f"  {verb:<18}{count:>6}" for verb, count in journal.commands.most_common())


def _became(figures: Figures) -> Iterator[str]:
    yield "BECAME, by the services' own figures"
    if not figures.summary:
        yield "  analytics does not answer"
        return
    by_channel = ", ".join(f"{count} {channel}" for channel, count in figures.summary["opened_by_channel"].items())
    yield _row("cases opened", figures["cases_opened"], by_channel)
    yield _row("contacts joined", figures["contacts_added"], "to a case that was there")
    yield _row("repeats known", figures.repeats, f"and {figures.doubles} doubled events dropped")
    reasons = ", ".join(f"{count} {reason}" for reason, count in figures.parked.most_common())
    yield _row("parked", figures.parked.total(), reasons)
    yield _row("assigned", figures["assigned"], "an agent accepted")
    yield _row("resolved", figures["resolved"])
    yield _row("reopened", figures["reopened"])
    yield _row("promises met", figures["met"])
    yield _row("  warned", figures["warned"])
    yield _row("  violated", figures["violated"])
    yield _row("calls answered", figures["calls_answered"], f"{figures['calls_abandoned']} abandoned")
    yield _row("mails sent", figures["mailed"], f"{figures['given_up']} given up")


def _row(name: str, count: int, remark: str = "") -> str:
    return f"  {name:<18}{count:>6}  {remark}".rstrip()
