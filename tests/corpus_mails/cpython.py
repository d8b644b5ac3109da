"""What becomes of the mails that CPython tests its own parser with: `python -m tests.corpus_mails.cpython`.

They have broken parsers before. The report names each file and its fate, and holds none of their content.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.intake_edge import Edge

HEAD = """# What becomes of CPython's test mails

Python's standard library brings mails that have broken parsers before (`test/test_email/data`). Each goes through the edge
alone, as if its envelope named `anna.nowak@example.com` and `support@example.com`: the report says whether it opens a case,
how many characters of text and how many files are found, and what was wrong with it. None is lost. Made by
`python -m tests.corpus_mails.cpython`; `tests/property/test_intake_mail_cpython.py` holds it to what the code does.

| mail | fate | language | text | files | stored pages | tags |
| --- | --- | --- | --- | --- | --- | --- |
"""


def mails() -> list[Path]:
    """The files; none where this Python comes without them."""
    try:
        import test.test_email as package
    except ImportError:
        return []
    return sorted((Path(package.__file__).parent / "data").glob("*.txt"))


def row(path: Path) -> str:
    """One mail's line."""
    decision = Edge().mail(path.read_bytes())
    if decision.parks:
        return f"| {path.name} | parked: {decision.parks} | | | | | |"
    contact = decision.emits[0]
    fate = "opens a case" if contact.opens else "joins a case"
    faults = [each for each in contact.tags if each.startswith(("mail-", "file-"))]
    cells = (len(contact.text), len(contact.attachments), int(contact.html_file is not None), " ".join(faults))
    return f"| {path.name} | {fate} | {contact.language} | " + " | ".join(map(str, cells)) + " |"


def report() -> str:
    """The whole of it."""
    return HEAD + "\n".join(map(row, mails())) + "\n"


if __name__ == "__main__":
    sys.stdout.write(report())
