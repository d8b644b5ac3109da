"""What a few hundred mails say, read one by one (S1-03, S4-10)."""

from __future__ import annotations

from itertools import chain

import pytest

from caseway_intake.adapters.html import sanitised, text_of
from caseway_intake.domain.mail.reading import UNREADABLE, Envelope, read_mail
from tests.corpus_mails import Letter, charsets, programs, shapes
from tests.intake_edge import KEY

LETTERS = tuple(chain(charsets.letters(), programs.letters(), shapes.letters()))


def test_there_are_enough() -> None:
    assert len(LETTERS) > 300
    assert len({each.name for each in LETTERS}) == len(LETTERS)


@pytest.mark.parametrize("expected", LETTERS, ids=lambda each: each.name)
def test_a_mail_says_what_its_author_wrote(expected: Letter) -> None:
    mail = read_mail(expected.raw, Envelope(mailfrom="anna.nowak@example.com"), KEY, text_of, sanitised)
    assert mail.text == expected.text
    assert UNREADABLE not in mail.faults
    for said, wanted in (
        (mail.subject, expected.subject),
        (mail.sender.address, expected.sender),
        (mail.sender.name, expected.sender_name),
        (mail.signature, expected.signature),
        (tuple(each.name for each in mail.attachments), expected.files),
        (mail.faults, expected.faults),
    ):
        assert wanted is None or said == wanted
    if expected.quoted is not None:
        assert expected.quoted in mail.quoted if expected.quoted else mail.quoted == ""
    _check_page(mail.html.decode(), expected)


def _check_page(page: str, expected: Letter) -> None:
    if expected.shown is not None:
        assert expected.shown in page
    for each in expected.hidden:
        assert each not in page
