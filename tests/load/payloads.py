"""What the stages are fed: invented, but of the usual size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage

from caseway.contracts.case_commands import AddContact
from caseway.contracts.cases import CaseOpened
from caseway.contracts.codec import dump, encode, encode_mail, event_headers, partition_of
from caseway.contracts.contacts import EMAIL_TOPIC, ChatContact, ChatSender, MessageContact, MessageSender, WebContact
from caseway.contracts.parts import Actor, Author, CustomerLink, Party, Requirement
from caseway.contracts.topology import PARTITIONS
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import QueueWork, SetPresence
from caseway.kernel.ids import case_id
from caseway.kernel.vocabulary import Channel, Presence
from tests.load import corner
from tests.load.corner import Record
from tests.load.crowd import POOL

SOURCE = "gateway://bench"
_START = corner.now()
_TEXT = (
    "Dzień dobry, gdzie jest moja paczka? Zamówienie A-2026-{number:05} miało przyjść w piątek, a nadal nic nie ma. "
)
_MAIL_LINE = "The parcel of order A-2026-{number:05} came damaged on Friday; the box was open and one leg is missing.\n"


def add_contacts(run: str, count: int) -> Iterator[Record]:
    """Commands as intake's edge writes them, each opening a case."""
    sequences: Counter[int] = Counter()
    for number in range(count):
        edge = number % PARTITIONS
        sequences[edge] += 1
        yield _from_lane(
            _add_contact(run, number), f"command-{run}-{number}", "intake.edge", f"{edge}/{run}", sequences[edge]
        )


def commands(run: str, count: int) -> Iterator[AddContact]:
    """The same commands, as they are before they are sent."""
    return (_add_contact(run, number) for number in range(count))


def case_openings(run: str, count: int) -> Iterator[Record]:
    """Facts as intake's core writes them: each case stands on the lane of its partition."""
    sequences: Counter[int] = Counter()
    for number in range(count):
        fact = _case_opened(run, number)
        lane = partition_of(fact.case_id.encode(), PARTITIONS)
        sequences[lane] += 1
        yield _from_lane(fact, f"fact-{run}-{number}", "intake.core", f"{lane}/{run}", sequences[lane])


def queue_commands(run: str, count: int) -> Iterator[Record]:
    """Work for one pool, as the router's edge writes it; the first run begins with agents who come online."""
    staff = count * 2 // 3 if run == "warm" else 0
    yield from presences(staff)
    for _, record in queues(run, count - staff):
        yield record


def presences(agents: int) -> Iterator[Record]:
    """So many agents come online."""
    for number in range(agents):
        command = SetPresence(pool=POOL, agent=agent(number), presence=Presence.ONLINE)
        yield from_outside(command, f"presence-{agent(number)}")


def agent(number: int) -> str:
    """The id of one of a crowd."""
    return f"agent-{number:04}"


def queues(run: str, count: int) -> Iterator[tuple[str, Record]]:
    """Work for one pool, as the router's edge writes it, each with its case."""
    lane = partition_of(POOL.encode(), PARTITIONS)
    for number in range(count):
        command = _queue_work(run, number)
        yield (
            command.case_id,
            _from_lane(command, f"queue-{run}-{number}", "router.edge", f"{lane}/{run}", number + 1),
        )


def _queue_work(run: str, number: int) -> QueueWork:
    name = case_id(f"{run}-{number}")
    skill = ("returns", "orders", "stores")[number % 3]
    return QueueWork(
        pool=POOL,
        case_id=name,
        work_item=f"work_{run}_{number}",
        queue=("customers", "stores")[number % 2],
        requirements=(
            Requirement(skill=("pl", "en", "de")[number % 3]),
            Requirement(skill=skill, hard=False, drop_after_seconds=120.0),
        ),
        language=("pl", "en", "de")[number % 3],
        category=("order", "return", "store")[number % 3],
        number=number,
        matched_rule="orders",
        reason="caseway.case.opened.v1",
    )


def talks(run: str, count: int) -> Iterator[Record]:
    """Forms, chats and messages in turn, each opening a case."""
    for number in range(count):
        contact = (_form, _chat, _message)[number % 3](run, number)
        yield from_outside(contact, f"{run}-{number}")


def forms(run: str, count: int) -> Iterator[tuple[str, Record]]:
    """Forms alone, each with the id of the case that it opens."""
    for number in range(count):
        contact = _form(run, number)
        opens = case_id(f"web:{contact.form}:{contact.submission}")
        yield opens, from_outside(contact, f"{run}-{number}")


def mails(run: str, count: int) -> Iterator[Record]:
    """Mails with 2 KB of text, each of a new customer."""
    for number in range(count):
        sender = f"customer-{run}-{number}@example.com"
        value, headers = encode_mail(
            _mail(run, number, sender),
            id=f"mail-{run}-{number}",
            source=SOURCE,
            time=_START,
            mail_from=sender,
            rcpt_to=["support@example.com"],
        )
        yield Record(topic=EMAIL_TOPIC, key=sender, value=value, headers=headers)


def _add_contact(run: str, number: int) -> AddContact:
    source_key = f"web:contact:{run}-{number}"
    return AddContact(
        case_id=case_id(source_key),
        actor=Actor(kind="customer", id=f"jan.{number}@example.com", name="Jan Lis"),
        source_key=source_key,
        contact=f"contact_{run}_{number}",
        channel=Channel.WEB,
        author=Author(id=f"jan.{number}@example.com", name="Jan Lis", address=f"jan.{number}@example.com"),
        party=Party(name="Jan Lis", email=f"jan.{number}@example.com"),
        subject=f"Order {number}",
        text=_TEXT.format(number=number),
        language=("pl", "en", "de")[number % 3],
        category=("order", "return", "store", "partner", "other")[number % 5],
        customer=CustomerLink(),
        reply_to=f"jan.{number}@example.com",
        received_at=_START,
    )


def _case_opened(run: str, number: int) -> CaseOpened:
    command = _add_contact(run, number)
    said = command.model_dump(exclude={"opens", "bounce", "actor"})
    return CaseOpened(
        **said, version=1, number=number, at=_START, cause=f"command-{run}-{number}", configuration="bench"
    )


def _form(run: str, number: int) -> WebContact:
    address = f"jan.{number}@example.com"
    fields = {"subject": f"Order {number}", "message": _TEXT.format(number=number), "email": address, "name": "Jan Lis"}
    return WebContact(
        form="contact", submission=f"{run}-{number}", fields=fields, customer=Party(name="Jan Lis", email=address)
    )


def _chat(run: str, number: int) -> ChatContact:
    return ChatContact(
        conversation=f"chat-{run}-{number}",
        event="message",
        sender=ChatSender(kind="customer", id=f"visitor-{number}", name="Jan"),
        customer=Party(name="Jan Lis", email=f"jan.{number}@example.com"),
        text=_TEXT.format(number=number),
    )


def _message(run: str, number: int) -> MessageContact:
    sender = f"wa-{run}-{number}"
    return MessageContact(
        platform="whatsapp",
        conversation=sender,
        message=f"message-{run}-{number}",
        sender=MessageSender(id=sender, name="Jan Lis"),
        text=_TEXT.format(number=number),
    )


def _mail(run: str, number: int, sender: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"Jan Lis <{sender}>"
    mail["To"] = "support@example.com"
    mail["Subject"] = f"Order A-2026-{number:05} came damaged"
    mail["Message-ID"] = f"<{run}.{number}@mail.example.com>"
    mail["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    line = _MAIL_LINE.format(number=number)
    mail.set_content(line * (2048 // len(line) + 1))
    return mail.as_bytes()


def _from_lane(model: WireModel, id_: str, stage: str, lane: str, sequence: int) -> Record:
    value, headers = encode(
        model,
        id=id_,
        source=f"caseway://{stage}",
        time=_START,
        subject=model.key(),
        lane=f"{stage}/{lane}",
        sequence=sequence,
    )
    return Record(topic=model.topic(), key=model.key(), value=value, headers=headers)


def from_outside(model: WireModel, id_: str) -> Record:
    """As a gateway, a desk or a telephone exchange sends it."""
    headers = event_headers(model.TYPE, id=id_, source=SOURCE, time=_START, subject=model.key())
    return Record(topic=model.topic(), key=model.key(), value=dump(model), headers=headers)
