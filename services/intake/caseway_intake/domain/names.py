"""Names of people and files, as they may be shown."""

from __future__ import annotations

import re

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Embeddings, overrides and isolates: with one, `photo` and `gnp.exe` read `photoexe.png`. The two marks that right-to-left
scripts need (U+200E, U+200F) turn nothing round. Source: Unicode TR36 §2.5."""
_NO_FILE_NAME = re.compile(r"[\x00-\x1f\x7f/\\:]+")
_LONGEST_FILE_NAME = 200


def has_turns(text: str) -> bool:
    """Whether something in it turns the direction of what follows."""
    return not text.isascii() and _TURNING.search(text) is not None


def unturned(text: str) -> str:
    """The text without marks that turn the direction of what follows: it reads as it is.

    >>> unturned("photo\u202egnp.exe")
    'photognp.exe'
    """
    return text if text.isascii() else _TURNING.sub("", text)


def file_name(written: str) -> str:
    r"""A file's name without any path, without what no name has; empty where nothing is left.

    >>> file_name(r"C:\Windows\evil.txt"), file_name("../../etc/passwd"), file_name("..")
    ('evil.txt', 'passwd', '')
    """
    last = written.rpartition("/")[2].rpartition("\\")[2]
    return _NO_FILE_NAME.sub("_", unturned(last)).strip(" ._")[:_LONGEST_FILE_NAME]
