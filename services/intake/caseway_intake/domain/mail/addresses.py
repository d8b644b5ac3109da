"""Addresses and Message-IDs, however senders write them."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable

from caseway_intake.domain.mail.fields import decode_words
from caseway_intake.domain.mail.mail import Address

MOST_IDS = 100
"""Message-IDs of one mail that are looked up: its root, and the newest of the others."""
_LONGEST_ID = 480
"""Characters: longer ones are nobody's, and no key of an index."""
_LONGEST_LIST = 16 * 1024
_MOST_ADDRESSES = 100

_USUAL = re.compile(r'\s*(?:"([^"\\<>]*)"|([^"<>,;:()@]*))\s*<\s*([^\s<>"(),:;@]{1,128}@[^\s<>"(),:;@]{1,255})\s*>\s*')
_AT_THE_END = re.compile(r"([^<>,;]*)<\s*([^\s<>\"(),:;@]{1,128}@[^\s<>\"(),:;@]{1,255})\s*>\s*")
"""Whatever stands before it, as Outlook writes an address for a name."""
_BARE = re.compile(r"\s*([^\s<>\"(),:;@]{1,128}@[^\s<>\"(),:;@]{1,255})\s*")
_ANYWHERE = re.compile(r"[^\s<>\"(),:;@\[\]]{1,64}@[^\s<>\"(),:;@\[\]]{1,255}")
_BRACKETED = re.compile(r"<([^<>]{1,998})>")
_OTHERS_KEY = re.compile(r"(?:chat|phone|web|message|desk|sha256):|.*#[0-9a-f]{16}\Z", re.DOTALL)
"""Source keys of other contacts (wire.md): a mail that claims one as its id does not get it."""
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


def address_of(text: str) -> Address:
    """The first address of a field's value; an empty one where there is none.

    >>> address_of('"Nowak, Anna" <Anna@Example.com>')
    Address(address='anna@example.com', name='Nowak, Anna')
    """
    found = addresses_of(text)
    return found[0] if found else Address(address="", name=decode_words(text)[:200])


def addresses_of(text: str) -> tuple[Address, ...]:
    """All addresses of a field's value, in order."""
    usual = _USUAL.fullmatch(text)
    if usual:
        name = usual[1] if usual[1] is not None else usual[2]
        return (Address(address=_folded(usual[3]), name=_name(name)),)
    bare = _BARE.fullmatch(text)
    if bare:
        return (Address(address=_folded(bare[1])),)
    named = _AT_THE_END.fullmatch(text)
    if named:
        return (Address(address=_folded(named[2]), name=_name(named[1].strip(" \t'\""))),)
    return _listed(text[:_LONGEST_LIST]) if text else ()


def _listed(text: str) -> tuple[Address, ...]:
    try:
        pairs = email.utils.getaddresses([text])
    except _FAULTS:
        pairs = []
    found = [
        Address(address=_folded(address), name=_name(name)) for name, address in pairs if _ANYWHERE.fullmatch(address)
    ]
    if not found:
        found = [Address(address=_folded(each)) for each in _ANYWHERE.findall(text)]
    return tuple(found[:_MOST_ADDRESSES])


def _folded(address: str) -> str:
    """Lower case. Local parts could differ by it in theory; senders do not keep to it."""
    return address.lower()


def _name(name: str) -> str:
    return " ".join(decode_words(name).split())[:200]


def message_ids(text: str) -> tuple[str, ...]:
    """Message-IDs of In-Reply-To or References, in order; without brackets, also where the sender forgot them.

    >>> message_ids("<a@example.com>(comment) <b@exam ple.com>")
    ('a@example.com', 'b@example.com')
    """
    found = _BRACKETED.findall(text) or [each for each in text.split() if "@" in each]
    return tuple(usable for each in found if (usable := _usable("".join(each.split()))))


def own_message_id(text: str) -> str:
    """The mail's own id, without brackets; empty where it is missing, or no id that can stand for the mail."""
    bracketed = _BRACKETED.search(text)
    return _usable("".join((bracketed[1] if bracketed else text).split()).strip("<>"))


def _usable(message_id: str) -> str:
    is_usable = 0 < len(message_id) <= _LONGEST_ID and not _OTHERS_KEY.match(message_id)
    return message_id if is_usable else ""


def newest_first(in_reply_to: Iterable[str], references: tuple[str, ...]) -> tuple[str, ...]:
    """What a mail replies to: In-Reply-To, then References from the end; the root always among them."""
    ordered = tuple(dict.fromkeys((*in_reply_to, *reversed(references))))
    return ordered if len(ordered) <= MOST_IDS else (*ordered[: MOST_IDS - 1], ordered[-1])
