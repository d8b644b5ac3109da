"""The files of a reply, as links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from caseway.contracts.cases import CaseReplied
from caseway.contracts.parts import FileReference
from caseway_notifier.domain.content import LinkedFile, one_line

KEPT = dt.timedelta(days=30)
"""How long a link leads to its file: a customer who comes back from a holiday still finds it."""
_LONGEST_NAME = 100

SignFile = Callable[[str, str, dt.datetime], str]
"""The URL of a stored file by its digest, name and end; empty where intake is reached by nobody."""


def linked_files(fact: object, sign: SignFile, now: dt.datetime) -> tuple[LinkedFile, ...]:
    """Where the customer finds each file of a reply: with us until its end, or still where a gateway keeps it."""
    if type(fact) is not CaseReplied:
        return ()
    return tuple(_linked(fact.attachments, sign, now + KEPT))


def _linked(references: Sequence[FileReference], sign: SignFile, until: dt.datetime) -> Iterable[LinkedFile]:
    for each in references:
        name = one_line(each.name, _LONGEST_NAME) or "file"
        elsewhere = each.url if each.url and each.url.startswith("https://") else ""
        url = sign(each.digest, name, until) if each.digest else elsewhere
        if url:
            yield LinkedFile(name=name, url=one_line(url, 2_000), media_type=each.media_type, size=each.size)


def shown(files: Iterable[LinkedFile]) -> list[dict[str, str]]:
    """What templates go through, as `files`."""
    return [{"name": each.name, "url": each.url} for each in files]
