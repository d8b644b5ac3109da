"""Each mail of CPython's own test data has a fate, and the report tells it truly (S1-03)."""

from __future__ import annotations

import email
from pathlib import Path

import pytest

from caseway_intake.adapters.html import text_of
from caseway_intake.domain.mail.reading import Envelope, read_mail
from tests.corpus_mails.cpython import mails, row
from tests.intake_edge import KEY

REPORT = Path(__file__).parent.parent.parent / "docs" / "mails-of-cpython.md"


def _says_something(raw: bytes) -> bool:
    """By Python's own parser: whether any part has content."""
    leaves = (each for each in email.message_from_bytes(raw).walk() if not each.is_multipart())
    return any(str(each.get_payload()).strip() for each in leaves)


@pytest.mark.skipif(not mails(), reason="this Python comes without its own e-mail test data")
def test_what_says_something_to_python_says_something_to_us() -> None:
    for path in mails():
        mail = read_mail(path.read_bytes(), Envelope(), KEY, text_of)
        assert mail.text or mail.attachments or not _says_something(mail.raw), path.name


@pytest.mark.skipif(not mails(), reason="this Python comes without its own e-mail test data")
def test_the_report_tells_what_becomes_of_each() -> None:
    told = {line.split("|")[1].strip(): line for line in REPORT.read_text().splitlines() if line.startswith("| msg")}
    found = {each.name: row(each) for each in mails()}
    assert len(found) >= 40
    for name in found.keys() & told.keys():
        assert told[name].split() == found[name].split(), name
    assert len(found.keys() & told.keys()) >= 40, "another Python brings a few others"
    assert not any("mail-unreadable" in line for line in found.values())
