"""What intake reads about mail: files, likeness, floods."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field, field_validator

from caseway_intake.domain.correspondents import MOST_SEEN

_MEBIBYTE = 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Files(_Part):
    """Which files of a mail are stored by themselves; the others are named, and stay in the raw mail."""

    largest: int = Field(default=20 * _MEBIBYTE, gt=0)
    """Bytes of one file."""
    most: int = Field(default=50, ge=0)
    withheld_names: tuple[str, ...] = (
        *(".ade", ".adp", ".app", ".appx", ".bat", ".chm", ".cmd", ".com", ".cpl", ".dll", ".exe", ".hta", ".ins"),
        *(".iso", ".jar", ".js", ".jse", ".lnk", ".mde", ".msc", ".msi", ".msix", ".msp", ".mst", ".pif", ".ps1"),
        *(".reg", ".scf", ".scr", ".sct", ".sh", ".sys", ".vb", ".vbe", ".vbs", ".vhd", ".vxd", ".wsc", ".wsf", ".wsh"),
    )
    """Endings of names of files that run."""
    withheld_types: tuple[str, ...] = ("application/x-msdownload", "application/x-msdos-program", "application/x-sh")
    """Media types; `image/` stands for all of them."""

    @field_validator("withheld_names", "withheld_types")
    @classmethod
    def _folded(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each.casefold() for each in values)


class Budget(_Part):
    """How many mails of one address to one mailbox are taken for a person's."""

    count: int = Field(default=20, gt=0, lt=MOST_SEEN)
    minutes: float = Field(default=60, gt=0)
    """Of the sliding window."""
    echoes: int = Field(default=5, gt=0, lt=MOST_SEEN)
    """How many that say nearly the same are a person's within `echo_hours`: a slow loop keeps within any count."""
    echo_hours: float = Field(default=24, gt=0)


class Likeness(_Part):
    """Which mails of one address are one matter, though nothing refers to anything (S4-27)."""

    minutes: float = Field(default=60, ge=0)
    """How long apart; 0 switches it off."""
    resemblance: float = Field(default=0.7, gt=0, le=1)
    """Share of common words from which another case is proposed."""


class Mails(_Part):
    """mails.yaml: what becomes of mails beyond what each says."""

    files: Files = Files()
    budget: Budget = Budget()
    likeness: Likeness = Likeness()

    @property
    def budget_count(self) -> int:
        """Mails within the budget's window."""
        return self.budget.count

    @property
    def budget_window(self) -> dt.timedelta:
        """The sliding window."""
        return dt.timedelta(minutes=self.budget.minutes)

    @property
    def echo_count(self) -> int:
        """Mails that say nearly the same."""
        return self.budget.echoes

    @property
    def echo_window(self) -> dt.timedelta:
        """The sliding window for these."""
        return dt.timedelta(hours=self.budget.echo_hours)

    @property
    def likeness_window(self) -> dt.timedelta:
        """How long apart the same mail is the same matter."""
        return dt.timedelta(minutes=self.likeness.minutes)

    @property
    def resemblance(self) -> float:
        """Share of common words."""
        return self.likeness.resemblance
