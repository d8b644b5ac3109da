"""How a voice or incident is told to all employees."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.voices import CaseShared
from caseway_intake.domain.case import Case
from caseway_intake.domain.life.steps import Outcome, Step, advance, head
from caseway_intake.domain.masking import masked
from caseway_intake.domain.voice import Shape, Sharing

_LONGEST_SHARED = 60_000
"""Characters: the whole company reads a voice, not a book; the record has the rest."""


def share(case: Case, step: Step, shape: Shape, text: str, title: str | None = None) -> Outcome:
    """Everybody sees it from now on, without the customer's data (S0-03)."""
    names = case.names
    shown_title = masked(_title(case) if title is None else title, names)
    shown_text = masked(text, names)[:_LONGEST_SHARED]
    after = advance(case, step)
    edition = 1
    if after.voice is not None:
        edition = after.voice.edition
        shapes = (*(after.voice.sharing.shapes if after.voice.sharing else ()), shape)
        sharing = Sharing(at=after.at, shapes=shapes, edition=edition, title=shown_title, text=shown_text)
        after = replace(after, voice=replace(after.voice, sharing=sharing))
    fact = CaseShared(
        **head(after, step),
        shape=shape,
        edition=edition,
        list=step.rules.voices.list,
        title=shown_title,
        text=shown_text,
    )
    return Outcome(case=after, facts=(fact,))


def shown_anew(case: Case) -> Case:
    """What everybody sees, after the text has changed: shown, not told again."""
    voice = case.voice
    if voice is None or voice.sharing is None:
        return case
    title, text = masked(_title(case), case.names), masked(voice.text, case.names)[:_LONGEST_SHARED]
    sharing = replace(voice.sharing, edition=voice.edition, title=title, text=text)
    return replace(case, voice=replace(voice, sharing=sharing))


def _title(case: Case) -> str:
    """A title without the customer's own words, where the voice has none that somebody of ours wrote."""
    if case.voice is not None and case.voice.title:
        return case.voice.title
    return f"Case {case.number}: {case.nature.category}" if case.nature.category else f"Case {case.number}"
