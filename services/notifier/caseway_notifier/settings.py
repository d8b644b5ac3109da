"""What the notifier reads from the configuration directory."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from caseway.kernel.rules import ALWAYS, Condition
from caseway.runtime.configuration import condition_over
from caseway_notifier.adapters.templates import BadTemplateError, Templates
from caseway_notifier.domain import addresses, occasion
from caseway_notifier.domain.budget import Allowance
from caseway_notifier.domain.case import CASE_FIELDS, CUSTOMER_FIELDS
from caseway_notifier.domain.content import one_line
from caseway_notifier.domain.delivery import Automatic, Patience, Urgency
from caseway_notifier.domain.fanout.learning import OCCASIONS
from caseway_notifier.domain.subscription import (
    SENDER_FIELDS,
    Audience,
    Member,
    Once,
    Pace,
    Plan,
    Sender,
    Subscription,
    Way,
    Whom,
)

_MODELS = {occasion.name_of(model.TYPE): model for model in OCCASIONS}
_CASE_NAMES = frozenset(f"case.{name}" for name in CASE_FIELDS) | {f"customer.{name}" for name in CUSTOMER_FIELDS}
_SENDER_NAMES = frozenset(f"sender.{name}" for name in SENDER_FIELDS)
_LONGEST_LIST = 50_000
"""Members: a broadcast's frozen recipients are one document of at most 16 MB."""


def _facts_of(model: type[Any]) -> frozenset[str]:
    return frozenset(f"fact.{name}" for name in occasion.plain_fields(model))


_EVERY_NAME = _CASE_NAMES.union(*map(_facts_of, OCCASIONS))


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
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)?$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SenderEntry(_Part):
    """One address that mail is sent from."""

    name: Line
    """What the recipient's client shows."""
    address: Address
    signature: str = ""
    signed_reply: bool = False
    """Whether replies go to `mailbox+…@`, which names the case; the mailbox must accept such addresses."""
    verified: bool = False
    """Whether its owner has confirmed it (S1-21): no rule may use one that is not."""


class RetryEntry(_Part):
    """How often and how long an attempt is repeated."""

    first: dt.timedelta = dt.timedelta(seconds=30)
    longest: dt.timedelta = dt.timedelta(hours=1)
    attempts: int = Field(default=20, ge=1, le=1000)
    give_up_after: dt.timedelta = dt.timedelta(days=2)


class BudgetEntry(_Part):
    """How many automatic answers one address gets from one sender within a sliding window."""

    answers: int = Field(default=10, ge=1)
    window: dt.timedelta = dt.timedelta(hours=3)


class PaceEntry(_Part):
    """How fast mail leaves, by process."""

    connections: int = Field(default=8, ge=1, le=200)
    per_destination: int = Field(default=4, ge=1, le=200)
    attempt: dt.timedelta = Field(default=dt.timedelta(seconds=30), gt=dt.timedelta(0), le=dt.timedelta(minutes=10))
    lease: dt.timedelta = Field(default=dt.timedelta(seconds=15), ge=dt.timedelta(seconds=1))


class SendersFile(_Part):
    """senders.yaml: in whose name, and how patiently."""

    domain: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    """Behind the `@` of Message-IDs."""
    default_language: Language = "en"
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """In which instants are written."""
    senders: dict[str, SenderEntry] = Field(min_length=1)
    retry: RetryEntry = RetryEntry()
    budget: BudgetEntry = BudgetEntry()
    pace: PaceEntry = PaceEntry()


class MemberEntry(_Part):
    """One person on a list; a bare address will do."""

    address: Address
    name: Line = ""
    language: Language | Literal[""] = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return {"address": raw} if isinstance(raw, str) else raw


Members = Annotated[tuple[MemberEntry, ...], Field(min_length=1, max_length=_LONGEST_LIST)]


class ListsFile(_Part):
    """lists.yaml: groups of people, by name."""

    lists: dict[str, Members] = Field(default_factory=dict)
    roles: dict[str, Members] = Field(default_factory=dict)


class RecipientEntry(_Part):
    """One kind of recipient: `customer`, or a list, a role, an address."""

    customer: Literal[True] | None = None
    list: str | None = None
    role: str | None = None
    address: Address | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return {"customer": True} if raw == "customer" else raw

    @model_validator(mode="after")
    def _is_one(self) -> RecipientEntry:
        if sum(each is not None for each in (self.customer, self.list, self.role, self.address)) != 1:
            raise ValueError("one of customer, {list: …}, {role: …}, {address: …}")
        return self

    def whom(self) -> Whom:
        """The same in the domain's words."""
        if self.customer:
            return Whom(audience=Audience.CUSTOMER)
        if self.list is not None:
            return Whom(audience=Audience.LIST, name=self.list)
        if self.role is not None:
            return Whom(audience=Audience.ROLE, name=self.role)
        return Whom(audience=Audience.ADDRESS, name=self.address or "")


class SubscriptionEntry(_Part):
    """One rule of who hears of what."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    fact: str
    """Which fact, such as `case.opened`; not `on`, which YAML reads as true."""
    when: Annotated[Condition, condition_over(_EVERY_NAME)] = ALWAYS
    to: Annotated[tuple[RecipientEntry, ...], Field(min_length=1)]
    channel: Way = Way.EMAIL
    template: str
    sender: str
    urgency: Urgency = Urgency.NORMAL
    automatic: Literal["none", "replied", "generated"] = "generated"
    language: Language | Literal[""] = ""
    once: Once = Once.FACT

    @field_validator("fact")
    @classmethod
    def _is_told(cls, name: str) -> str:
        if name not in _MODELS:
            raise ValueError(f"a fact, one of {', '.join(sorted(_MODELS))}")
        return name

    @model_validator(mode="after")
    def _looks_at_its_fact(self) -> SubscriptionEntry:
        strange = {name for name in self.when.fields if name.startswith("fact.")} - _facts_of(_MODELS[self.fact])
        if strange:
            raise ValueError(f"`when` looks at {', '.join(sorted(strange))}, which {self.fact} does not have")
        return self

    def subscription(self) -> Subscription:
        """The same in the domain's words."""
        return Subscription(
            name=self.name,
            on=self.fact,
            when=self.when,
            to=tuple(each.whom() for each in self.to),
            way=self.channel,
            template=self.template,
            sender=self.sender,
            urgency=self.urgency,
            automatic=Automatic.NO if self.automatic == "none" else Automatic(f"auto-{self.automatic}"),
            language=self.language,
            once=self.once,
        )


class SubscriptionsFile(_Part):
    """subscriptions.yaml: who hears of what."""

    subscriptions: tuple[SubscriptionEntry, ...] = ()


class Configuration(BaseModel):
    """Everything, checked against each other."""

    model_config = ConfigDict(frozen=True)

    templates: dict[str, str]
    """The folder `templates/`."""
    senders: SendersFile
    lists: ListsFile
    subscriptions: SubscriptionsFile

    _plan: Plan = PrivateAttr()
    _words: Templates = PrivateAttr()

    @property
    def plan(self) -> Plan:
        """Subscriptions, senders and lists, in the domain's words."""
        return self._plan

    @property
    def words(self) -> Templates:
        """The templates, compiled."""
        return self._words

    @field_validator("templates")
    @classmethod
    def _compile(cls, files: dict[str, str]) -> dict[str, str]:
        try:
            Templates(files, "en")
        except BadTemplateError as wrong:
            raise ValueError(str(wrong)) from None
        return files

    @field_validator("subscriptions")
    @classmethod
    def _fits(cls, file: SubscriptionsFile, info: ValidationInfo) -> SubscriptionsFile:
        """Refuse a rule without a template, a verified sender or a list: named here, it is never missed at run time."""
        if not {"templates", "senders", "lists"} <= info.data.keys():
            return file  # their own faults are told already
        faults = list(_faults(file, info.data["templates"], info.data["senders"], info.data["lists"]))
        if faults:
            raise ValueError("; ".join(faults))
        return file

    def model_post_init(self, _: Any) -> None:
        """Compile once what every decision needs."""
        self._words = Templates(self.templates, self.senders.default_language)
        self._plan = _plan(self)


def _faults(
    file: SubscriptionsFile, templates: Mapping[str, str], senders: SendersFile, lists: ListsFile
) -> Iterator[str]:
    words = Templates(templates, senders.default_language)
    seen: set[str] = set()
    for entry in file.subscriptions:
        for fault in (*_sender_faults(entry, senders), *_list_faults(entry, lists), *_template_faults(entry, words)):
            yield f"{entry.name}: {fault}"
        if entry.name in seen:
            yield f"{entry.name}: the name stands twice"
        seen.add(entry.name)


def _sender_faults(entry: SubscriptionEntry, senders: SendersFile) -> Iterator[str]:
    if entry.sender not in senders.senders:
        yield f"no sender {entry.sender!r} in senders.yaml"
    elif not senders.senders[entry.sender].verified:
        yield f"the sender {entry.sender!r} is not verified"


def _list_faults(entry: SubscriptionEntry, lists: ListsFile) -> Iterator[str]:
    for recipient in entry.to:
        if recipient.list is not None and recipient.list not in lists.lists:
            yield f"no list {recipient.list!r} in lists.yaml"
        if recipient.role is not None and recipient.role not in lists.roles:
            yield f"no role {recipient.role!r} in lists.yaml"


def _template_faults(entry: SubscriptionEntry, words: Templates) -> Iterator[str]:
    if not words.languages(entry.template):
        yield f"no template {entry.template!r} in templates/"
        return
    if words.language(entry.template, entry.language) is None:
        yield f"the template {entry.template!r} is not there in the default language"
    if not words.has_subject(entry.template):
        yield f"the template {entry.template!r} has no subject in every language"
    strange = words.names(entry.template) - _CASE_NAMES - _SENDER_NAMES - _facts_of(_MODELS[entry.fact])
    if strange:
        yield f"the template {entry.template!r} looks at {', '.join(sorted(strange))}, which {entry.fact} does not have"


def _plan(configuration: Configuration) -> Plan:
    file = configuration.senders
    return Plan(
        subscriptions=_by_occasion(configuration.subscriptions),
        senders={
            name: Sender(
                name=name,
                display=each.name,
                address=each.address,
                signature=each.signature,
                has_signed_reply=each.signed_reply,
            )
            for name, each in file.senders.items()
            if each.verified
        },
        lists=_groups(configuration.lists.lists),
        roles=_groups(configuration.lists.roles),
        domain=file.domain,
        default_language=file.default_language,
        zone=zoneinfo.ZoneInfo(file.zone),
        patience=Patience(**file.retry.model_dump()),
        allowance=Allowance(count=file.budget.answers, window=file.budget.window),
        pace=Pace(**file.pace.model_dump()),
    )


def _by_occasion(file: SubscriptionsFile) -> dict[str, tuple[Subscription, ...]]:
    every = [entry.subscription() for entry in file.subscriptions]
    return {name: tuple(each for each in every if each.on == name) for name in _MODELS}


def _groups(groups: Mapping[str, tuple[MemberEntry, ...]]) -> dict[str, tuple[Member, ...]]:
    """Each group with each address once, in the order written."""
    return {
        name: tuple({each.address: Member(**each.model_dump()) for each in reversed(members)}.values())[::-1]
        for name, members in groups.items()
    }
