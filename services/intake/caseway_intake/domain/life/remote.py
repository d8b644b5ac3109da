"""How remote support is offered and begun."""

from __future__ import annotations

from typing import Any

from caseway.contracts.case_commands import RequestRemote
from caseway.contracts.cases import CaseNoted, RemoteRequested
from caseway_intake.domain.case import Case, Entry, excerpt, say
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, head


def request_remote(case: Case, command: RequestRemote, step: Step) -> Outcome:
    """The tool goes to the customer by mail, and 『遠隔案内』 into the record (S2-12, S2-13)."""
    rules = step.rules.life.remote
    situations, purposes = [each.name for each in rules.situations], list(rules.purposes)
    if command.situation not in situations:
        raise Refused("unknown-situation", f"remote support is offered in: {', '.join(situations) or 'none'}")
    if command.purpose and purposes and command.purpose not in purposes:
        raise Refused("unknown-purpose", f"it serves: {', '.join(purposes)}")
    to = command.to or case.answer.email or _told_address(case)
    if not to or "@" not in to:
        raise Refused("no-address", "the customer's mail address is needed for the tool")
    return _begun(case, command, _tool(rules.tools, command.tool), to, rules.note, step)


def _begun(case: Case, command: RequestRemote, tool: Any, to: str, written: str, step: Step) -> Outcome:
    after = advance(case, step)
    fact = RemoteRequested(
        **head(after, step),
        situation=command.situation,
        purpose=command.purpose,
        tool=tool.name,
        title=tool.title,
        url=tool.url,
        to=to,
        language=case.nature.language,
    )
    noted = say(advance(after, step), _entry(after, step, written))
    note = CaseNoted(**head(noted, step), text=f"{written} {tool.title}")
    return Outcome(case=noted, facts=(fact, note))


def _told_address(case: Case) -> str:
    """What a caller said is their address: somebody on the telephone has written none."""
    told = case.nature.confirmed.get("email") or case.nature.fields.get("email")
    return told if isinstance(told, str) else ""


def _tool(tools: Any, wanted: str | None) -> Any:
    tool = next((each for each in tools if wanted in {None, each.name}), None)
    if tool is None:
        raise Refused("unknown-tool", f"configured are: {', '.join(each.name for each in tools) or 'none'}")
    return tool


def _entry(case: Case, step: Step, text: str) -> Entry:
    author = step.actor.kind if step.actor is not None else actor_id(step)
    return Entry(at=case.at, kind="note", author=author, channel="desk", text=excerpt(text))
