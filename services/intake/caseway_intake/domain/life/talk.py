"""How the desk answers a customer, and writes notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, assert_never

from caseway.contracts.case_commands import NoteCase, ReplyToCase
from caseway.contracts.cases import CaseNoted, CaseReplied
from caseway.kernel.ids import derived_id
from caseway.kernel.vocabulary import CaseStatus, Channel, Turn
from caseway_intake.domain.case import Answer, Case, Entry, excerpt, say
from caseway_intake.domain.gates import blocks_guidance
from caseway_intake.domain.life.steps import Outcome, Refused, Step, advance, changed_turn, check_length, head


class _Way(NamedTuple):
    """One way to the customer."""

    channel: Channel
    to: str | None
    conversation: str | None = None
    platform: str | None = None


def reply(case: Case, command: ReplyToCase, step: Step) -> Outcome:
    """An answer or a question to the customer: now it is their turn."""
    check_length(command.text)
    nature = case.nature
    is_guidance = command.purpose == "answer" and command.actor.kind != "machine"
    if is_guidance and (reason := blocks_guidance(nature.to_confirm, nature.priority, nature.class_)):
        raise Refused("unconfirmed", reason)
    way = _way(case.answer, command, step)
    is_first = case.answered_at is None and command.actor.kind not in {"machine", "customer"}
    turn = case.turn if case.status is not CaseStatus.OPEN or _asks_meanwhile(command) else Turn.CUSTOMER
    after = advance(case, step, turn=turn, answered_at=step.at_after(case.at) if is_first else case.answered_at)
    after = say(after, _entry(after, command, way.channel))
    is_mail = way.channel is Channel.EMAIL
    fact = CaseReplied(
        **head(after, step),
        turn=changed_turn(case, after),
        contact=derived_id("reply", case.id, step.cause),
        text=command.text,
        purpose=command.purpose,
        channel=way.channel,
        to=way.to,
        copies=case.answer.copies if is_mail and command.to is None else (),
        mailbox=case.answer.mailbox,
        subject=command.subject or _subject(case.nature.subject),
        language=case.nature.reply_language or case.nature.language,
        in_reply_to=case.answer.message_id if is_mail else None,
        references=case.answer.references if is_mail else (),
        conversation=way.conversation,
        platform=way.platform,
        attachments=command.attachments,
        template=command.template,
        article=command.article,
        number=case.number,
        first=is_first,
    )
    return Outcome(case=after, facts=(fact,))


def note(case: Case, command: NoteCase, step: Step) -> Outcome:
    """A note in the record; whoever's turn it was keeps it. It may mention people, groups and topics (S1-24)."""
    check_length(command.text)
    after = advance(case, step)
    after = say(after, _entry(after, command, Channel.DESK))
    fact = CaseNoted(
        **head(after, step),
        text=command.text,
        shown_to_customer=command.shown_to_customer,
        attachments=command.attachments,
        mentions=tuple(dict.fromkeys((*command.mentions, *_mentioned("@", _people(case, step), command.text)))),
        topics=_mentioned("#", step.rules.life.feed.topics, command.text),
    )
    return Outcome(case=after, facts=(fact,))


def _people(case: Case, step: Step) -> Iterable[str]:
    """Who can be mentioned: configured groups, and who has to do with the case."""
    members = (each.agent for each in case.circle.members)
    return (*step.rules.life.feed.groups, *members, *case.circle.followers)


def _mentioned(sign: str, names: Iterable[str], text: str) -> tuple[str, ...]:
    """The names that stand after the sign; the longer first, so that `@sales-north` is not `@sales`."""
    found = []
    for name in sorted(names, key=len, reverse=True):
        rest = text.replace(f"{sign}{name}", "")
        if rest != text:
            found.append(name)
            text = rest
    return tuple(found)


def _asks_meanwhile(command: ReplyToCase) -> bool:
    """Whether a machine asks for what is missing: the first line goes on, and whoever takes the case may ask better."""
    return command.actor.kind == "machine" and command.purpose == "ask"


def _way(answer: Answer, command: ReplyToCase, step: Step) -> _Way:
    """Where the reply goes: where the command says, else as the customer last wrote, else by mail."""
    wanted = command.channel or (Channel.EMAIL if "@" in (command.to or "") else answer.channel)
    match wanted:
        case Channel.CHAT | Channel.MESSAGE:
            if answer.channel is wanted and answer.conversation:
                _check_window(answer, command, step)
                return _Way(wanted, command.to or answer.to, answer.conversation, answer.platform)
            if command.channel is not None:
                raise Refused("no-conversation", f"no open conversation by {wanted}")
        case Channel.EMAIL | Channel.WEB | Channel.PHONE | Channel.DESK:
            pass
        case _:
            assert_never(wanted)
    to = command.to or answer.email
    if not to or "@" not in to:
        raise Refused("no-address", "no mail address of the customer is known")
    return _Way(Channel.EMAIL, to)


def _check_window(answer: Answer, command: ReplyToCase, step: Step) -> None:
    """Refuse what the platform would: a free text too long after the customer's last word. A template may be sent."""
    if answer.until is not None and command.template is None and step.now > answer.until:
        raise Refused("window-closed", f"{answer.platform} takes no free text after {answer.until:%Y-%m-%d %H:%M} UTC")


def _subject(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}".rstrip()


def _entry(case: Case, command: ReplyToCase | NoteCase, channel: Channel) -> Entry:
    kind: Literal["reply", "note"] = "reply" if isinstance(command, ReplyToCase) else "note"
    return Entry(at=case.at, kind=kind, author=command.actor.kind, channel=channel.value, text=excerpt(command.text))
