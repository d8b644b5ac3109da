"""Which files of a mail are stored, and under which names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from caseway.contracts.parts import FileReference
from caseway.kernel.ids import digest
from caseway.kernel.values import dataclass
from caseway_intake.domain.mail.mail import Attachment, Mail


class FileRules(Protocol):
    """mails.yaml, `files`."""

    @property
    def largest(self) -> int:
        """Bytes of one file."""
        ...

    @property
    def most(self) -> int:
        """Files of one mail."""
        ...

    @property
    def withheld_names(self) -> Sequence[str]:
        """Endings of names, in small letters."""
        ...

    @property
    def withheld_types(self) -> Sequence[str]:
        """Media types, or beginnings of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A mail's files as facts name them, and what is stored."""

    references: tuple[FileReference, ...] = ()
    page: FileReference | None = None
    """The sanitised page."""
    blobs: tuple[bytes, ...] = ()
    tags: tuple[str, ...] = ()


def filed(mail: Mail, rules: FileRules) -> Filed:
    """Each file by its content's digest, so that one sent twice is stored once; one that is withheld is only named."""
    reasons = [_reason(number, each, rules) for number, each in enumerate(mail.attachments)]
    references = tuple(_reference(each, reason) for each, reason in zip(mail.attachments, reasons, strict=True))
    kept = (each for each, reason in zip(mail.attachments, reasons, strict=True) if reason is None)
    blobs = {each.digest: each.content for each in kept}
    page = _page(mail.html) if mail.html else None
    return Filed(
        references=references,
        page=page,
        blobs=(*blobs.values(), *((mail.html,) if page else ())),
        tags=("file-withheld",) if any(reasons) else (),
    )


def _reason(number: int, file: Attachment, rules: FileRules) -> Literal["size", "type", "count"] | None:
    if number >= rules.most:
        return "count"
    if file.name.casefold().rstrip(". ").endswith(tuple(rules.withheld_names)):
        return "type"
    if file.media_type.startswith(tuple(rules.withheld_types)):
        return "type"
    return "size" if len(file.content) > rules.largest else None


def _reference(file: Attachment, reason: Literal["size", "type", "count"] | None) -> FileReference:
    return FileReference(
        name=file.name,
        media_type=file.media_type,
        size=len(file.content),
        digest=None if reason else file.digest,
        content_id=file.content_id or None,
        withheld=reason,
    )


def _page(html: bytes) -> FileReference:
    return FileReference(name="mail.html", media_type="text/html", size=len(html), digest=digest(html))
