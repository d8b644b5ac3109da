"""A case's course in sentences, for whoever asks why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from caseway.kernel.decision_words import KEPT_OUT, TIE_BREAKS
from caseway_analytics.domain.desk import iso
from caseway_analytics.domain.entries import Detail, Entry
from caseway_analytics.domain.live import LiveCase, state_of
from caseway_analytics.domain.wall_agents import Label

NOTHING = "\N{EN DASH}"
"""What is shown where nothing is known, as everywhere on the page."""

_SENTENCES = {
    "opened": "Opened by {channel}, priority {priority}.",
    "contact-updated": "Telephony: {event}.",
    "facts-assigned": "Facts changed.",
    "facts-confirmed": "What was declared was confirmed with the customer.",
    "held": "Put on hold.",
    "released": "No longer on hold.",
    "replied": "{agent} answered.",
    "noted": "{agent} made a note.",
    "resolved": "Resolved by {agent}.",
    "closed": "Closed.",
    "reopened": "Reopened.",
    "escalation-requested": "{agent} asked for a superior.",
    "callback-recorded": "{agent} called back: {outcome}.",
    "escalated-to-department": "Passed to the department {department}.",
    "returned-from-department": "Back from the department.",
    "merged": "Merged into another case.",
    "whispered": "{agent} whispered.",
    "watched": "{agent} looked into the conversation.",
    "refused": "Refused: {command}, because {reason}.",
    "accepted": "Accepted by {agent}.",
    "declined": "{agent} declined.",
    "expired": "{agent} did not answer the offer.",
    "work-started": "{agent} turned to it.",
    "work-paused": "{agent} turned away from it.",
    "returned": "Waits again in {queue}.",
    "transferred": "Given to {to}.",
    "wrapping-up": "{agent} writes it up.",
    "completed": "{agent} completed the work.",
    "withdrawn": "No work needed any more.",
    "raised": "Moved forward in its queue.",
    "postponed": "Nobody can take it now.",
    "unroutable": "Nobody may ever take it, by the configuration in force.",
    "started": "Promised: {kind} by {due}.",
    "paused": "The clock of {kind} stands.",
    "resumed": "The clock of {kind} runs again, until {due}.",
    "warned": "Nearly due: {kind}, {due}.",
    "met": "Promise kept: {kind}.",
    "violated": "Promise violated: {kind}, due {due}.",
    "cancelled": "No longer promised: {kind}.",
    "rung-reached": "Escalation {ladder}, rung {rung}: {outcome}.",
    "ladder-acknowledged": "Somebody has taken care of the escalation.",
    "ladder-resumed": "Nobody takes care of it any more: the escalation goes on.",
    "ladder-ended": "The escalation is over.",
}
_ORDER = {"cases": 0, "work": 1, "milestones": 2}
"""Of what bears the same instant: the one leads to the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What things are called."""

    agent: Label
    queues: Mapping[str, str]
    zone: ZoneInfo

    def queue(self, queue: str) -> str:
        """Its title."""
        return self.queues.get(queue, queue)


def timeline(case: LiveCase, course: Iterable[Entry], speech: Speech) -> dict[str, Any]:
    """The case's head and its course, the newest last, whatever order the topics were read in."""
    entries = sorted(course, key=lambda entry: (entry.at, _ORDER.get(entry.topic, 9)))
    return {
        "case": case.id,
        "number": case.number,
        "channel": case.channel,
        "priority": case.priority,
        "queue": speech.queue(case.queue),
        "state": state_of(case),
        "opened_at": iso(case.opened_at),
        "holders": sorted({speech.agent(item.agent) for item in case.items.values() if item.agent}),
        "entries": [_entry(entry, speech) for entry in entries],
    }


def _entry(entry: Entry, speech: Speech) -> dict[str, Any]:
    told = {"at": iso(entry.at), "topic": entry.topic, "what": entry.what, "text": sentence(entry, speech)}
    decision = entry.detail.get("decision")
    return {**told, "reason": " ".join(reasons(decision, speech))} if decision else told


def sentence(entry: Entry, speech: Speech) -> str:
    """What happened, in one sentence; a fact that this edition has no words for is told by its name."""
    detail = entry.detail
    match entry.what:
        case "contact-added":
            outbound = detail.get("direction") == "outbound"
            said = f"{_who(entry, speech)} wrote" if outbound else "The customer wrote"
            return _capital(f"{said} by {_channel(detail)}.")
        case "queued":
            rule = f", by the rule {detail['rule']}" if detail.get("rule") else ""
            return f"Waits in {speech.queue(str(detail.get('queue', '')))}{rule}."
        case "offered":
            waited = _duration(detail.get("waited_seconds"))
            return f"Offered to {_who(entry, speech)}{f' after {waited}' if waited else ''}."
        case _:
            pass
    template = _SENTENCES.get(entry.what)
    if template is None:
        return f"{entry.what.replace('-', ' ').capitalize()}."
    return _capital(template.format_map(_Words(_words(entry, speech))))


class _Words(dict[str, str]):
    """A word that nobody told is a dash."""

    def __missing__(self, key: str) -> str:
        return NOTHING


def _words(entry: Entry, speech: Speech) -> dict[str, str]:
    detail = entry.detail
    words = {name: str(value).replace("_", " ") for name, value in detail.items() if isinstance(value, str | int)}
    words["agent"] = _who(entry, speech)
    words["due"] = detail["due_at"].astimezone(speech.zone).strftime("%H:%M") if "due_at" in detail else NOTHING
    if "queue" in detail:
        words["queue"] = speech.queue(str(detail["queue"]))
    words["to"] = _to(detail, speech)
    if "channel" in detail:
        words["channel"] = _channel(detail)
    return words


def _to(detail: Detail, speech: Speech) -> str:
    if detail.get("to"):
        return speech.agent(str(detail["to"]))
    return speech.queue(str(detail.get("queue") or detail.get("department") or NOTHING))


def _who(entry: Entry, speech: Speech) -> str:
    return speech.agent(entry.agent) if entry.agent else "the desk"


def _channel(detail: Detail) -> str:
    return {"web": "web form", "desk": "hand", "email": "e-mail"}.get(
        str(detail.get("channel")), str(detail.get("channel"))
    )


def _capital(text: str) -> str:
    """The first letter large; a person's name or id stays as it is."""
    return text[:1].upper() + text[1:] if text.startswith(("the ", "a ")) else text


def _duration(seconds: Any) -> str:
    if not isinstance(seconds, int | float):
        return ""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def reasons(decision: Detail, speech: Speech) -> Iterator[str]:
    """Why this agent, from what the router told with its offer."""
    tie = str(decision.get("tie_break") or "")
    chosen = str(decision.get("chosen") or "")
    if chosen:
        yield f"{speech.agent(chosen)}: {TIE_BREAKS.get(tie, tie) or 'the only one there was'}."
    if ahead := decision.get("ahead"):
        yield f"{ahead} ahead in the queue, for which nobody was free."
    if dropped := decision.get("dropped"):
        yield f"No longer asked for, after the wait: {', '.join(map(str, dropped))}."
    if following := decision.get("next"):
        yield f"Next would have been {_listed([speech.agent(str(each)) for each in following[:3]])}."
    if kept_out := decision.get("kept_out"):
        yield f"Kept out: {'; '.join(_kept_out(kept_out))}."


def _kept_out(counts: Mapping[str, int]) -> Iterator[str]:
    for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        kind, _, skill = reason.partition(":")
        why = f"without {skill or 'the skills'}" if kind == "skill" else KEPT_OUT.get(kind, kind)
        yield f"{count} {why}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
