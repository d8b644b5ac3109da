"""What anyone may want done with a case."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from caseway.contracts.about_cases import CaseCommand
from caseway.contracts.parts import (
    Bounce,
    Complexity,
    ContactContent,
    FileReference,
    RefusedContact,
    TeamMember,
    Triage,
)
from caseway.contracts.wire import Fields, Instant, Seconds, Whole
from caseway.kernel.vocabulary import Channel, Priority, Turn


class AddContact(CaseCommand, ContactContent, Triage):
    """Add a contact to its case, and open the case if it is not there: so it carries everything."""

    TYPE = "caseway.case.add-contact.v1"

    opens: bool = True
    """False: a later event of a call or chat, or a bounce, which never opens a case by itself."""
    bounce: Bounce | None = None
    """The contact is a mail system's report: the case learns of it, and nobody's turn changes."""
    waits: bool = False
    """The case is not worked on yet (a form beyond the day's quota): it opens as a third party's turn, and a hold follows."""


class RefuseContact(CaseCommand, RefusedContact):
    """Answer a contact that is not taken: no case is opened, but its customer hears why."""

    TYPE = "caseway.case.refuse-contact.v1"


class OpenCase(CaseCommand, Triage):
    """Open a case without a contact: proactive support, a follow-up, a machine's finding."""

    TYPE = "caseway.case.open.v1"

    subject: str = ""
    text: str = ""
    channel: Channel = Channel.DESK
    source_key: str | None = None
    language: str | None = None
    reply_to: str | None = None
    mailbox: str | None = None


class ReplyToCase(CaseCommand):
    """Say something to the customer."""

    TYPE = "caseway.case.reply.v1"

    text: str = Field(min_length=1)
    purpose: Literal["answer", "ask"] = "answer"
    subject: str | None = None
    attachments: tuple[FileReference, ...] = ()
    channel: Channel | None = None
    """Another than that of the last contact."""
    to: str | None = None
    """Another than the last contact's address."""
    template: str | None = None
    article: str | None = None
    """A knowledge article sent with it, with its version."""


class NoteCase(CaseCommand):
    """Write a note into the record."""

    TYPE = "caseway.case.note.v1"

    text: str = Field(min_length=1)
    shown_to_customer: bool = False
    attachments: tuple[FileReference, ...] = ()
    mentions: tuple[str, ...] = ()
    """People and groups that are to read it; those that the text names after an `@` are added."""


class AssignFacts(CaseCommand):
    """Set what the case is; what is absent stays."""

    TYPE = "caseway.case.assign-facts.v1"

    category: str | None = None
    priority: Priority | None = None
    class_: str | None = Field(default=None, alias="class")
    language: str | None = None
    complexity: Complexity | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    subject: str | None = None
    department: str | None = None
    preferred_channel: Channel | None = None
    fields: Fields = Field(default_factory=dict)
    product: str | None = None
    state: str | None = None
    """Another of its record type's own states."""
    campaign: str | None = None
    """Write this campaign's tag, exactly so, into the inquiry's text."""
    route: bool = True
    """Whether the case is routed anew by what changed."""


class ConfirmFacts(CaseCommand):
    """The customer was asked: these facts are so (version, device …)."""

    TYPE = "caseway.case.confirm-facts.v1"

    fields: Fields


class HoldCase(CaseCommand):
    """Wait for someone else."""

    TYPE = "caseway.case.hold.v1"

    turn: Turn = Turn.CUSTOMER
    reason: str = ""
    until: Instant | None = None


class ReleaseCase(CaseCommand):
    """Wait no longer."""

    TYPE = "caseway.case.release.v1"

    reason: str = ""


class ResolveCase(CaseCommand):
    """The problem is solved."""

    TYPE = "caseway.case.resolve.v1"

    reason: str = ""
    text: str = ""
    """The solution, for the record."""
    category: str | None = None
    article: str | None = None
    handling_seconds: Seconds | None = None


class CloseCase(CaseCommand):
    """The case is over."""

    TYPE = "caseway.case.close.v1"

    reason: str = ""


class ReopenCase(CaseCommand):
    """The case is not over."""

    TYPE = "caseway.case.reopen.v1"

    reason: str = ""


class RequestEscalation(CaseCommand):
    """A superior must look."""

    TYPE = "caseway.case.request-escalation.v1"

    reason: str = ""
    urgent: bool = False
    to: str | None = None
    """A named person or role."""


class RecordCallback(CaseCommand):
    """What came of calling the customer back."""

    TYPE = "caseway.case.record-callback.v1"

    medium: str = "phone"
    outcome: Literal["reached", "no_answer", "busy", "voicemail", "answered_otherwise"]
    text: str = ""
    duration_seconds: Seconds | None = None
    next_attempt_at: Instant | None = None
    advice: str | None = None
    """The question for advice that this call was about."""
    answers: Fields = Field(default_factory=dict)
    """What the customer answered to what the adviser wanted to know."""


class MergeCase(CaseCommand):
    """These two are one problem; the older becomes the parent."""

    TYPE = "caseway.case.merge.v1"

    other: str
    """The case to merge with."""
    other_opened_at: Instant | None = None
    """Said by the other case itself, and believed of nobody else."""
    other_customer: str | None = None
    refused: str | None = None
    """From the other case: why it cannot be."""
    reason: str = ""


class AbsorbCase(CaseCommand):
    """From a child to its parent: I am merged into you."""

    TYPE = "caseway.case.absorb.v1"

    child: str
    child_number: Whole | None = None
    child_opened_at: Instant | None = None
    source_keys: tuple[str, ...] = ()
    customer: str | None = None
    released: bool = False
    """True: the merge was undone."""
    children: tuple[str, ...] = ()
    """Those that the child had taken in before: they come, and go, with it."""
    child_turn: Turn | None = None
    """None where the child's matter was over."""
    child_priority: Priority | None = None
    child_answered_at: Instant | None = None
    """When a person first answered the child's customer: what is promised to the parent takes it into account."""
    reason: str = ""


class UnmergeCase(CaseCommand):
    """They were two problems after all."""

    TYPE = "caseway.case.unmerge.v1"

    reason: str = ""


class LinkCustomer(CaseCommand):
    """A person says which customer this is."""

    TYPE = "caseway.case.link-customer.v1"

    customer: str
    segment: str | None = None
    """As the record says that this person looks at."""


class ProposeCustomerMerge(CaseCommand):
    """Two registrations look like one person's: a supervisor decides."""

    TYPE = "caseway.case.propose-customer-merge.v1"

    customers: tuple[str, ...] = Field(min_length=2)
    urls: tuple[str, ...] = ()
    reason: str = ""


class DecideCustomerMerge(CaseCommand):
    """The supervisor's decision."""

    TYPE = "caseway.case.decide-customer-merge.v1"

    proposal: str
    merge: bool
    survivor: str | None = None
    reason: str = ""


class StampCase(CaseCommand):
    """Put a stamp such as 済 on an occurrence, or take it off."""

    TYPE = "caseway.case.stamp.v1"

    stamp: str
    occurrence: str
    remove: bool = False


class WhisperToAgent(CaseCommand):
    """A supervisor's word to the agent, unseen by the customer."""

    TYPE = "caseway.case.whisper.v1"

    text: str = Field(min_length=1)
    to: str | None = None


class WatchCase(CaseCommand):
    """A supervisor looks into a case's conversation: the agent is told, and it is on record."""

    TYPE = "caseway.case.watch.v1"

    reason: str = ""


class FollowCase(CaseCommand):
    """Hear of what happens to the case."""

    TYPE = "caseway.case.follow.v1"

    follower: str
    stop: bool = False


class SetTeam(CaseCommand):
    """Who works on the case, in which role; replaces the team."""

    TYPE = "caseway.case.set-team.v1"

    members: tuple[TeamMember, ...] = ()
    team: str | None = None
    """A predefined team."""


class EscalateToDepartment(CaseCommand):
    """The desk cannot solve it: a department or person must."""

    TYPE = "caseway.case.escalate-to-department.v1"

    department: str
    person: str | None = None
    text: str = ""
    fields: Fields = Field(default_factory=dict)
    """What the department needs, and the first line must have taken."""


class ReturnFromDepartment(CaseCommand):
    """The department's answer."""

    TYPE = "caseway.case.return-from-department.v1"

    department: str
    text: str = ""
    solved: bool = False


class AskAdvice(CaseCommand):
    """Ask those who know."""

    TYPE = "caseway.case.ask-advice.v1"

    area: str
    """What it is about: decides who is asked."""
    text: str = ""
    of: str | None = None


class AdviseOnCase(CaseCommand):
    """Answer a question for advice."""

    TYPE = "caseway.case.advise.v1"

    advice: str
    """The question's id."""
    text: str
    questions: tuple[str, ...] = ()
    """What to ask the customer."""


class RequestRemote(CaseCommand):
    """Offer remote support."""

    TYPE = "caseway.case.request-remote.v1"

    situation: str
    purpose: str = ""
    tool: str | None = None
    to: str | None = None
    """The mail address that the customer says on the telephone; else what is known of them."""


class LinkCase(CaseCommand):
    """Remember that another case belongs beside this one."""

    TYPE = "caseway.case.link.v1"

    other: str
    relation: Literal["about", "voice", "incident", "continuation"] = "about"
    """What the other is to this one: it speaks of it, is a voice about it, joined its incident, goes on with it."""
