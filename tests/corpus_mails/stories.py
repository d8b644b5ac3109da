"""Conversations, mail by mail as they arrive: on which case each ends, and by which test.

A case is named by the mail that opens it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from caseway.kernel.ids import case_id
from caseway.kernel.signing import LOOP_HEADER, loop_mark, reply_address, sign_message_id
from tests.corpus_mails import ANNA, SUPPORT

JAN = "jan@example.org"
SHOP = "no-reply@shop.example.net"
MALLORY = "mallory@example.net"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail of a story; `id` is its Message-ID's local part, and what others name it by."""

    id: str
    says: str = "Gdzie jest moja paczka?"
    subject: str = "Paczka A-7"
    to: str = SUPPORT
    sender: str = ANNA
    parent: str = ""
    """`In-Reply-To`: a mail's id, or `ours/<case>` for an answer of ours."""
    chain: tuple[str, ...] = ()
    """`References`, the oldest first."""
    headers: tuple[str, ...] = ()
    delivered_to: tuple[str, ...] = ()
    """The envelope's recipients; of none, `to`."""
    mailfrom: str | None = None
    """The envelope's sender; of none, the author."""
    minutes: float = 1
    """After the mail before."""
    body: str = ""
    """The whole body with its own header fields, where it is no plain text."""


@dataclass(frozen=True, kw_only=True)
class End:
    """What becomes of a mail."""

    case: str = ""
    """Empty for one that is parked."""
    by: str | None = None
    parks: str = ""
    joins: tuple[str, ...] = ()
    """Further cases that it shows to be the same."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the command."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Mails in the order in which they arrive."""

    name: str
    mails: tuple[tuple[Mail, End], ...]


def told(key: bytes, mail: Mail) -> bytes:
    """The mail as bytes; ids and addresses of ours are signed by `key`."""
    references = " ".join(f"<{_id(key, each)}>" for each in mail.chain)
    head = (
        f"From: {mail.sender}",
        f"To: {mail.to}",
        f"Subject: {mail.subject}",
        *([] if mail.id.startswith("none") else [f"Message-ID: <{_id(key, mail.id.rstrip('*'))}>"]),
        *([f"In-Reply-To: <{_id(key, mail.parent)}>"] if mail.parent else []),
        *([f"References: {references}"] if references else []),
        *(each.replace("OUR-MARK", loop_mark(key)) for each in mail.headers),
    )
    rest = mail.body or f"Content-Type: text/plain; charset=utf-8\n\n{mail.says}\n"
    signed = re.sub(r"ours/(\w+)", lambda found: _id(key, found.group()), rest)
    return "\n".join((*head, signed)).replace("\n", "\r\n").encode()


def recipients(key: bytes, mail: Mail) -> str:
    """The envelope's, with our signed reply addresses."""
    given = mail.delivered_to or (mail.to,)
    return ",".join(_address(key, each) for each in given)


def case(name: str) -> str:
    """The id of the case that a mail opens."""
    return case_id(f"{name}@example.com")


def _id(key: bytes, name: str) -> str:
    if name.startswith("ours/"):
        return sign_message_id(key, case(name.removeprefix("ours/")), "answer/1", "example.com").strip("<>")
    if name.startswith("forged/"):
        return sign_message_id(b"guess", case(name.removeprefix("forged/")), "answer/1", "example.com").strip("<>")
    return f"{name}@example.com"


def _address(key: bytes, name: str) -> str:
    if name.startswith("reply/"):
        return reply_address(key, SUPPORT, case(name.removeprefix("reply/")))
    if name.startswith("forged/"):
        return reply_address(b"guess", SUPPORT, case(name.removeprefix("forged/")))
    return name


REPORT = """Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; anna.nowak@example.com
Action: ACTION
Status: STATUS
--b
Content-Type: message/rfc822

Message-ID: <NAME>
Subject: Re: Paczka

text
--b--
"""


def report(name: str, action: str = "failed", status: str = "5.1.1") -> str:
    """A mail system's report about the mail with this id."""
    return REPORT.replace("NAME", name).replace("ACTION", action).replace("STATUS", status)


def opens(name: str, **fields: object) -> End:
    """The mail opens the case that is named so."""
    return End(case=name, fields=fields)


def by(test: str, name: str, **fields: object) -> End:
    """The test puts the mail on this case."""
    return End(case=name, by=test, fields=fields)


A = Mail(id="a")
OTHER = "Faktura za listopad"

STORIES = (
    Story(
        name="a question, an answer, a thank-you",
        mails=(
            (A, opens("a")),
            (
                Mail(id="b", parent="ours/a", chain=("a", "ours/a"), subject="Re: Paczka A-7 [#120]"),
                by("signed_id", "a"),
            ),
        ),
    ),
    Story(
        name="answered to the signed address, all headers lost",
        mails=(
            (A, opens("a")),
            (Mail(id="b", delivered_to=("reply/a",), subject="bez tematu"), by("reply_address", "a")),
        ),
    ),
    Story(
        name="the signed address comes before signed ids",
        mails=((Mail(id="b", delivered_to=("reply/a",), parent="ours/z"), by("reply_address", "a")),),
    ),
    Story(
        name="the newest signed id counts", mails=((Mail(id="b", chain=("ours/y", "ours/z")), by("signed_id", "z")),)
    ),
    Story(
        name="In-Reply-To is newer than References",
        mails=((Mail(id="b", parent="ours/z", chain=("ours/y",)), by("signed_id", "z")),),
    ),
    Story(
        name="a forged signed id is nobody's",
        mails=((A, opens("a")), (Mail(id="b", parent="forged/a", subject="Inna", sender=MALLORY), opens("b"))),
    ),
    Story(
        name="a forged reply address is nobody's",
        mails=(
            (A, opens("a")),
            (Mail(id="b", delivered_to=("forged/a",), subject="Inna", sender=MALLORY), opens("b", mailbox=SUPPORT)),
        ),
    ),
    Story(
        name="added before anybody answered",
        mails=((A, opens("a")), (Mail(id="b", parent="a", says="I jeszcze coś"), by("references", "a"))),
    ),
    Story(
        name="a chain of References only",
        mails=(
            (A, opens("a")),
            (Mail(id="b", chain=("a",), says="x"), by("references", "a")),
            (Mail(id="c", chain=("a", "b"), says="y"), by("references", "a")),
        ),
    ),
    Story(name="the child first", mails=((Mail(id="b", parent="a", says="x"), opens("b")), (A, by("claim", "b")))),
    Story(
        name="the grandchild first",
        mails=(
            (Mail(id="c", chain=("a", "b"), says="x"), opens("c")),
            (Mail(id="b", chain=("a",), says="y"), by("claim", "c")),
            (A, by("claim", "c")),
        ),
    ),
    Story(
        name="child, root, middle, without References",
        mails=(
            (Mail(id="c", parent="b", says="x"), opens("c")),
            (A, opens("a")),
            (Mail(id="b", parent="a", says="y"), End(case="c", by="claim", joins=("a",))),
        ),
    ),
    Story(
        name="root, child, middle, without References",
        mails=(
            (A, opens("a")),
            (Mail(id="c", parent="b", says="x"), opens("c")),
            (Mail(id="b", parent="a", says="y"), End(case="c", by="claim", joins=("a",))),
            (Mail(id="d", parent="c", says="z"), by("references", "c")),
        ),
    ),
    Story(
        name="a new subject on an old mail",
        mails=(
            (A, opens("a")),
            (Mail(id="b", parent="a", subject=OTHER, says="x"), opens("b")),
            (Mail(id="c", parent="b", subject=f"Re: {OTHER}", says="y"), by("references", "b")),
        ),
    ),
    Story(
        name="the subject changed slightly",
        mails=(
            (A, opens("a")),
            (Mail(id="b", parent="a", subject="Odp: Paczka A-7 - PILNE", says="x"), by("references", "a")),
        ),
    ),
    Story(
        name="the subject gone",
        mails=((A, opens("a")), (Mail(id="b", parent="a", subject="", says="x"), by("references", "a"))),
    ),
    Story(
        name="forwarded to us again",
        mails=(
            (A, opens("a")),
            (Mail(id="b", chain=("a",), subject="Fwd: Paczka A-7", says="x"), by("references", "a")),
        ),
    ),
    Story(
        name="answered in Japanese",
        mails=(
            (Mail(id="a", subject="荷物の件"), opens("a")),
            (Mail(id="b", parent="a", subject="返信：荷物の件", says="x"), by("references", "a")),
        ),
    ),
    Story(
        name="two questions of one person",
        mails=((A, opens("a")), (Mail(id="b", subject=OTHER, says="Proszę o fakturę."), opens("b"))),
    ),
    Story(name="two people, the same subject", mails=((A, opens("a")), (Mail(id="b", sender=JAN), opens("b")))),
    Story(name="the same mail twice", mails=((A, opens("a")), (A, by("claim", "a")))),
    Story(
        name="the same id, another text",
        mails=((A, opens("a")), (Mail(id="a*", says="Zupełnie co innego"), by("claim", "a"))),
    ),
    Story(
        name="no id at all, each a mail of its own",
        mails=((Mail(id="none1", says="x"), End(case="*")), (Mail(id="none2", says="y"), End(case="*"))),
    ),
    Story(
        name="the same mail to two of our mailboxes",
        mails=(
            (A, opens("a", mailbox=SUPPORT)),
            (Mail(id="a", delivered_to=("partner@example.com",)), by("claim", "a", mailbox="partner@example.com")),
        ),
    ),
    Story(
        name="one delivery to two of our mailboxes",
        mails=(
            (
                Mail(id="a", delivered_to=(SUPPORT, "partner@example.com")),
                opens("a", mailbox=SUPPORT, also_received_at=("partner@example.com",)),
            ),
        ),
    ),
    Story(
        name="a copy to us",
        mails=(
            (
                Mail(id="a", to=JAN, headers=(f"Cc: {SUPPORT}",), delivered_to=(SUPPORT,)),
                opens("a", copies=(JAN,), mailbox=SUPPORT),
            ),
        ),
    ),
    Story(
        name="a blind copy to us",
        mails=((Mail(id="a", to=JAN, delivered_to=(SUPPORT,)), opens("a", copies=(JAN,), mailbox=SUPPORT)),),
    ),
    Story(
        name="who had a copy answers all",
        mails=(
            (Mail(id="a", headers=(f"Cc: {JAN}",)), opens("a")),
            (Mail(id="b", parent="a", sender=JAN, says="x"), by("references", "a", stranger=False)),
        ),
    ),
    Story(
        name="a stranger refers to a customer's mail",
        mails=(
            (A, opens("a")),
            (Mail(id="b", parent="a", sender=MALLORY, says="x"), by("references", "a", stranger=True)),
        ),
    ),
    Story(
        name="a stranger with our own id is none",
        mails=(
            (A, opens("a")),
            (Mail(id="b", parent="ours/a", sender=JAN, says="x"), by("signed_id", "a", stranger=False)),
        ),
    ),
    Story(
        name="a stranger cannot join two cases",
        mails=(
            (A, opens("a")),
            (Mail(id="b", sender=JAN, subject="Paczka A-7"), opens("b")),
            (Mail(id="c", chain=("a", "b"), sender=MALLORY, says="x"), by("references", "b", stranger=True)),
        ),
    ),
    Story(
        name="sent again by another way after a while",
        mails=((A, opens("a")), (Mail(id="b", minutes=5), End(case="b", joins=("a",)))),
    ),
    Story(
        name="sent again three times",
        mails=(
            (A, opens("a")),
            (Mail(id="b"), End(case="b", joins=("a",))),
            (Mail(id="c"), End(case="c", joins=("a",))),
        ),
    ),
    Story(name="sent again the next day", mails=((A, opens("a")), (Mail(id="b", minutes=1440), opens("b")))),
    Story(
        name="sent again with Re: before it",
        mails=((A, opens("a")), (Mail(id="b", subject="Re: Paczka A-7"), End(case="b", joins=("a",)))),
    ),
    Story(name="somebody else sends the same", mails=((A, opens("a")), (Mail(id="b", sender=JAN), opens("b")))),
    Story(
        name="the same words under another subject", mails=((A, opens("a")), (Mail(id="b", subject=OTHER), opens("b")))
    ),
    Story(
        name="away from the desk",
        mails=(
            (A, opens("a")),
            (
                Mail(id="b", parent="a", subject="Urlop", headers=("Auto-Submitted: auto-replied",)),
                by("references", "a", automatic=True),
            ),
        ),
    ),
    Story(
        name="away, to our answer",
        mails=(
            (A, opens("a")),
            (
                Mail(id="b", parent="ours/a", subject="Urlop", headers=("Auto-Submitted: auto-replied",), mailfrom=""),
                by("signed_id", "a", automatic=True),
            ),
        ),
    ),
    Story(
        name="away, to nothing",
        mails=((Mail(id="b", headers=("Auto-Submitted: auto-replied",)), End(parks="automatic")),),
    ),
    Story(
        name="away, to nothing, by Exchange",
        mails=((Mail(id="b", headers=("X-Auto-Response-Suppress: All",)), End(parks="automatic")),),
    ),
    Story(
        name="away, as old programs say it",
        mails=((Mail(id="b", headers=("X-Autoreply: yes",)), End(parks="automatic")),),
    ),
    Story(
        name="generated, with a parameter",
        mails=((Mail(id="b", headers=("Auto-Submitted: auto-generated; owner-email=x",)), End(parks="automatic")),),
    ),
    Story(
        name="not automatic, it says",
        mails=((Mail(id="a", headers=("Auto-Submitted: no",)), opens("a", automatic=False)),),
    ),
    Story(
        name="not automatic, with a comment",
        mails=((Mail(id="a", headers=("Auto-Submitted: No (a person)",)), opens("a", automatic=False)),),
    ),
    Story(
        name="a newsletter",
        mails=(
            (
                Mail(id="a", headers=("Precedence: bulk", "List-Unsubscribe: <https://example.net>")),
                End(parks="automatic"),
            ),
        ),
    ),
    Story(name="junk", mails=((Mail(id="a", headers=("Precedence: junk",)), End(parks="automatic")),)),
    Story(name="a list", mails=((Mail(id="a", headers=("Precedence: list",)), opens("a", automatic=True)),)),
    Story(
        name="a list by its id",
        mails=((Mail(id="a", headers=("List-Id: <list.example.net>",)), opens("a", automatic=True)),),
    ),
    Story(name="an address that takes no answer", mails=((Mail(id="a", sender=SHOP), opens("a", automatic=True)),)),
    Story(
        name="a marketplace relays an answer",
        mails=(
            (A, opens("a")),
            (Mail(id="b", parent="ours/a", sender=SHOP, says="x"), by("signed_id", "a", automatic=False)),
        ),
    ),
    Story(
        name="our own mail comes back",
        mails=((Mail(id="a", headers=(f"{LOOP_HEADER}: OUR-MARK",)), End(parks="loop")),),
    ),
    Story(name="our own id comes back", mails=((Mail(id="ours/a"), End(parks="loop")),)),
    Story(
        name="another desk of this kind",
        mails=((Mail(id="a", headers=(f"{LOOP_HEADER}: someoneelses",)), End(parks="automatic")),),
    ),
    Story(
        name="a desk of another make",
        mails=((Mail(id="a", headers=("X-RT-Loop-Prevention: desk",)), End(parks="automatic")),),
    ),
    Story(
        name="a bounce of our answer",
        mails=(
            (A, opens("a")),
            (
                Mail(id="r", sender="MAILER-DAEMON@mx.example.com", mailfrom="", body=report("ours/a")),
                by("bounce", "a", opens=False, automatic=True),
            ),
        ),
    ),
    Story(
        name="a delay of our answer",
        mails=(
            (
                Mail(
                    id="r",
                    sender="MAILER-DAEMON@mx.example.com",
                    mailfrom="",
                    body=report("ours/a", "delayed", "4.4.1"),
                ),
                by("bounce", "a", opens=False),
            ),
        ),
    ),
    Story(
        name="a bounce of a mail we know",
        mails=(
            (A, opens("a")),
            (
                Mail(id="r", sender="postmaster@mx.example.com", mailfrom="", body=report("a@example.com")),
                by("bounce", "a"),
            ),
        ),
    ),
    Story(
        name="a bounce of nothing we know",
        mails=(
            (
                Mail(id="r", sender="MAILER-DAEMON@mx.example.com", mailfrom="", body=report("unknown@example.net")),
                End(parks="automatic"),
            ),
        ),
    ),
    Story(
        name="a bounce to the signed address",
        mails=(
            (
                Mail(
                    id="r",
                    sender="MAILER-DAEMON@mx.example.com",
                    mailfrom="",
                    delivered_to=("reply/a",),
                    body=report("unknown@example.net"),
                ),
                by("bounce", "a"),
            ),
        ),
    ),
    Story(
        name="a person forwards a bounce",
        mails=((Mail(id="a", says="Co to jest? 550 5.1.1 Message-ID: <x@y>"), opens("a", automatic=False)),),
    ),
    Story(
        name="a read receipt",
        mails=(
            (A, opens("a")),
            (
                Mail(
                    id="r",
                    parent="ours/a",
                    mailfrom="",
                    body=report("ours/a").replace("delivery-status", "disposition-notification"),
                ),
                by("signed_id", "a", automatic=True),
            ),
        ),
    ),
    Story(
        name="machines answering machines",
        mails=((Mail(id="a", subject="Re: [#7] Re: [#7] Paczka"), opens("a", automatic=True)),),
    ),
    Story(
        name="a chain of answers", mails=((Mail(id="a", subject="Re: Re: Re: Re: Paczka"), opens("a", automatic=True)),)
    ),
    Story(
        name="a subject of another case, named by a stranger",
        mails=((Mail(id="a", subject="Re: [#1] Paczka", sender=MALLORY), opens("a")),),
    ),
    Story(
        name="a mail-merge tag is no number", mails=((Mail(id="a", subject="[ABC-7] Paczka"), opens("a", related=())),)
    ),
    Story(
        name="headers injected by the subject",
        mails=((Mail(id="a", subject="=?utf-8?q?x=0D=0AAuto-Submitted:_auto-replied?="), opens("a", automatic=False)),),
    ),
    Story(name="references to nothing", mails=((Mail(id="a", chain=("x", "y", "z")), opens("a")),)),
    Story(
        name="two replies to a mail that never came",
        mails=(
            (Mail(id="b", parent="a", says="x"), opens("b")),
            (Mail(id="c", parent="a", says="y"), by("references", "b")),
        ),
    ),
    Story(name="bytes that are no mail", mails=((Mail(id="none", subject="", says="\x00\x01"), End(case="*")),)),
)
