"""The edge stage as data."""

from __future__ import annotations

from functools import cache

from caseway.contracts.contacts import (
    EMAIL_TOPIC,
    ChatContact,
    DeskContact,
    MessageContact,
    PhoneContact,
    WebContact,
)
from caseway.contracts.customers import CustomerRecorded
from caseway.kernel.decision import Message
from caseway.runtime.settings import Settings
from caseway.runtime.stage import Stage
from caseway_intake.adapters.edge_states import COLLECTIONS
from caseway_intake.adapters.html import sanitised, text_of
from caseway_intake.adapters.languages import detect
from caseway_intake.adapters.numbers import to_e164
from caseway_intake.domain.admission import Tools
from caseway_intake.domain.mail.mail import Mail
from caseway_intake.handlers import edge
from caseway_intake.metrics import MAIL_FAULTS, MAIL_SECONDS, MAILS_READ

_CONTACTS = (ChatContact, PhoneContact, WebContact, MessageContact, DeskContact)


def edge_stage(signing_key: bytes | None = None) -> Stage:
    """Contacts and customers' records come in, commands to cases go out.

    Args:
        signing_key: by which our own Message-IDs are known; the environment's, read at the first mail, if not given.
    """
    tools = Tools(to_e164=to_e164, detect=detect)

    def prepare(message: Message[bytes]) -> Mail:
        return _read(message, _environments_key() if signing_key is None else signing_key)

    return Stage(
        name="intake.edge",
        topics=(EMAIL_TOPIC, *(each.TOPIC for each in _CONTACTS), CustomerRecorded.TOPIC),
        handles=edge.handles(tools, prepare),
        timers=edge.timers(tools),
        collections=COLLECTIONS,
    )


@cache
def _environments_key() -> bytes:
    return Settings().signing_key.get_secret_value().encode()


def _read(message: Message[bytes], key: bytes) -> Mail:
    """One mail, read and counted."""
    with MAIL_SECONDS.time():
        mail = edge.prepare_mail(message, key, text_of, sanitised)
    MAILS_READ.labels(mail.origin.value).inc()
    for fault in mail.faults:
        MAIL_FAULTS.labels(fault).inc()
    return mail
