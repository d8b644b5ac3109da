"""What the notifier reads of senders and lists."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from caseway.kernel.ids import digest
from caseway_notifier.domain import addresses
from caseway_notifier.domain.content import one_line
from caseway_notifier.domain.restraint import Quiet

_LONGEST_LIST = 50_000
"""Members: a broadcast's frozen recipients are one document of at most 16 MB."""


def _address(text: str) -> str:
    found = addresses.normal(text)
    if not found:
        raise ValueError("a mail address")
    return found


def _line(text: str) -> str:
    if one_line(text) != text:
        raise ValueError("one line of text, without control characters")
    return text


def _zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone, such as Europe/Warsaw") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
Line = Annotated[str, AfterValidator(_line)]
LayoutName = Annotated[str, Field(pattern=r"^(|[a-z0-9][a-z0-9_-]*)$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)?$")]


class Part(BaseModel):
    """A piece of a file; what it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SenderEntry(Part):
    """One address that mail is sent from."""

    name: Line
    """What the recipient's client shows."""
    address: Address
    signature: str = ""
    brand: Line = ""
    """What this department's mails call the house."""
    layout: LayoutName = ""
    """How this department's brand looks: `templates/<layout>.layout.html`; empty for the house's."""
    charset: Literal["utf-8", "iso-2022-jp"] = "utf-8"
    """`iso-2022-jp` for Japanese readers with old clients; what it cannot write goes out in UTF-8."""
    unsubscribe: Annotated[str, Field(pattern=r"^(|https://\S+|mailto:\S+)$")] = ""
    """Where mail that nobody asked for is stopped (`List-Unsubscribe`)."""
    signed_reply: bool = False
    """Whether replies go to `mailbox+…@`, which names the case; the mailbox must accept such addresses."""
    verified: bool = False
    """Whether its owner has confirmed it (S1-21): no rule may use one that is not."""


class RetryEntry(Part):
    """How often and how long an attempt is repeated."""

    first: dt.timedelta = dt.timedelta(seconds=30)
    longest: dt.timedelta = dt.timedelta(hours=1)
    attempts: int = Field(default=20, ge=1, le=1000)
    give_up_after: dt.timedelta = dt.timedelta(days=2)


class BudgetEntry(Part):
    """How many automatic answers one address gets from one sender within a sliding window."""

    answers: int = Field(default=10, ge=1)
    window: dt.timedelta = dt.timedelta(hours=3)


class LimitEntry(Part):
    """How often one person is disturbed; what is beyond comes as one summary when the window has passed."""

    count: int = Field(ge=1, le=1000)
    window: dt.timedelta = Field(gt=dt.timedelta(0), le=dt.timedelta(days=1))


class PaceEntry(Part):
    """How fast mail leaves, by process."""

    connections: int = Field(default=8, ge=1, le=200)
    per_destination: int = Field(default=4, ge=1, le=200)
    attempt: dt.timedelta = Field(default=dt.timedelta(seconds=30), gt=dt.timedelta(0), le=dt.timedelta(minutes=10))
    per_second: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """Attempts a second by destination (a domain, `webhook:<endpoint>`); `*` for all others."""
    lease: dt.timedelta = Field(default=dt.timedelta(seconds=15), ge=dt.timedelta(seconds=1))


class SendersFile(Part):
    """senders.yaml: in whose name, and how patiently."""

    domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    """Behind the `@` of Message-IDs."""
    default_language: Language = "en"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """In which instants are written."""
    senders: dict[str, SenderEntry] = Field(min_length=1)
    layout: LayoutName = ""
    """How the house's mails look, where a sender has no layout of its own."""
    retry: RetryEntry = RetryEntry()
    webhook_retry: RetryEntry = RetryEntry(
        attempts=10, give_up_after=dt.timedelta(days=5), longest=dt.timedelta(days=1)
    )
    budget: BudgetEntry = BudgetEntry()
    limits: dict[Literal["email", "message", "ring", "desk"], LimitEntry] = Field(default_factory=dict)
    """By channel: notices to one person that are neither urgent nor a broadcast."""
    flood: BudgetEntry | None = None
    """Automatic answers of the whole desk, each lane its share; what is beyond is held back, and summed up once."""
    bundle_template: str = ""
    """How several notices become one mail; needed where rules bundle, or limits are set."""
    departments: dict[str, str] = Field(default_factory=dict)
    """By department: which of the senders speaks for it to customers."""
    case_url: Annotated[str, Field(pattern=r"^(|https?://\S+)$")] = ""
    """Where a person looks at a case, with `{case}` for its id."""
    public_url: Annotated[str, Field(pattern=r"^(|https?://[^\s?#]+)$")] = ""
    """Where this service is reached from mails, for the page that acknowledges."""
    files_url: Annotated[str, Field(pattern=r"^(|https?://[^\s?#]+)$")] = ""
    """Where intake is reached from mails, for the files of a reply."""
    stamps: frozenset[str] = frozenset({"済"})
    """Stamps that say: done."""
    pace: PaceEntry = PaceEntry()


Terms = dict[
    Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")],
    dict[Language, dict[Annotated[str, Field(min_length=1, max_length=100)], Annotated[Line, Field(max_length=100)]]],
]
"""terms.yaml: by table and language, what each code is called."""


class QuietEntry(Part):
    """When somebody is not to be disturbed, unless it is urgent."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    begins: dt.time = Field(alias="from")
    ends: dt.time = Field(alias="to")
    zone: Annotated[str, AfterValidator(_zone)] | Literal[""] = ""
    """Empty for the house's."""

    def quiet(self, zone: str) -> Quiet:
        """The same in the domain's words."""
        return Quiet(begins=self.begins, ends=self.ends, zone=zoneinfo.ZoneInfo(self.zone or zone))


class MemberEntry(Part):
    """One person on a list: an address, a person's id, or all that is known of them."""

    address: Address | Literal[""] = ""
    person: str = ""
    """One of `people`."""
    name: Line = ""
    language: Language | Literal[""] = ""
    phone: Annotated[str, Field(pattern=r"^(|\+?[0-9]{3,15})$")] = ""
    quiet: QuietEntry | Literal["never"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        if isinstance(raw, str):
            return {"address": raw} if "@" in raw else {"person": raw}
        return raw

    @model_validator(mode="after")
    def _is_reached(self) -> MemberEntry:
        if not (self.address or self.person or self.phone):
            raise ValueError("an address, a person or a phone")
        return self


class PersonEntry(MemberEntry):
    """One of the house, by the id that facts use."""

    department: str = ""
    queues: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _is_reached(self) -> PersonEntry:
        return self


class EndpointEntry(Part):
    """A webhook, or a chat room: where a program or a team is told."""

    kind: Literal["webhook", "slack", "teams", "apprise"]
    url: str = ""
    url_file: Path | None = None
    """Where the URL is itself a secret, as a chat room's is: the file that holds it."""
    secret_file: Path | None = None
    """Of a webhook: the file with its `whsec_…`."""
    inside: bool = False
    """Whether a webhook may lead to an address of our own networks."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> EndpointEntry:
        if bool(self.url) == (self.url_file is not None):
            raise ValueError("either `url` or `url_file`")
        if self.kind == "webhook" and self.secret_file is None:
            raise ValueError("a webhook needs `secret_file`")
        if self.kind == "webhook" and self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("a webhook's url begins with https://")
        return self

    def mark(self) -> str:
        """Changes with the URL: another one is another endpoint."""
        return digest(f"{self.url}|{self.url_file}".encode())[:12]


Members = Annotated[tuple[MemberEntry, ...], Field(min_length=1, max_length=_LONGEST_LIST)]


class ListsFile(Part):
    """lists.yaml: people, groups of them by name, and endpoints."""

    people: dict[str, PersonEntry] = Field(default_factory=dict)
    people_domain: Annotated[str, Field(pattern=r"^(|[a-z0-9.-]+)$")] = ""
    """An agent without an address of their own has `<id>@` this."""
    lists: dict[str, Members] = Field(default_factory=dict)
    roles: dict[str, Members] = Field(default_factory=dict)
    endpoints: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]{0,62}$")], EndpointEntry] = Field(
        default_factory=dict
    )
    quiet_hours: QuietEntry | None = None
    """For everybody who has none of their own."""
