"""What the notifier reads of subscriptions."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from caseway.kernel.rules import ALWAYS, Condition
from caseway.runtime.configuration import condition_over
from caseway_notifier.domain import occasion
from caseway_notifier.domain.case import CASE_FIELDS, CUSTOMER_FIELDS
from caseway_notifier.domain.delivery import Automatic, Urgency
from caseway_notifier.domain.fanout.learning import BESIDE, OCCASIONS
from caseway_notifier.domain.subscription import (
    ACKNOWLEDGED,
    SENDER_FIELDS,
    Acknowledgement,
    Audience,
    Moot,
    Once,
    Subscription,
    Watch,
    Way,
    Whom,
)
from caseway_notifier.sender_settings import Address, Language, Part, SendersFile

MODELS = {occasion.name_of(model.TYPE): model for model in (*OCCASIONS, *BESIDE)}
CASE_NAMES = frozenset(f"case.{name}" for name in CASE_FIELDS) | {f"customer.{name}" for name in CUSTOMER_FIELDS}
FILE_NAMES = frozenset({"files"})
"""The files of a reply, each with `name` and `url`; of any other fact there are none."""
LETTER_NAMES = frozenset({"letter.language"})
"""What a letter knows of itself."""
LINK_NAMES = frozenset({"link.case", "link.acknowledge"})
SENDER_NAMES = frozenset(f"sender.{name}" for name in SENDER_FIELDS)


def facts_of(model: type[Any]) -> frozenset[str]:
    """What rules and templates may name of a fact, such as `fact.due_at`."""
    return frozenset(f"fact.{name}" for name in occasion.plain_fields(model))


_EVERY_NAME = CASE_NAMES.union(*map(facts_of, MODELS.values()))


_BARE = frozenset({"customer", "linked", "holder", "followers", "team", "everyone", "queue", "department"})
"""Recipients that need no name: the case says who it is."""


class RecipientEntry(Part):
    """One kind of recipient: a bare word such as `customer`, or one of these with a name."""

    customer: Literal[True] | None = None
    holder: Literal[True] | None = None
    """The agent who has the case."""
    followers: Literal[True] | None = None
    team: Literal[True] | None = None
    everyone: Literal[True] | None = None
    list: str | None = None
    role: str | None = None
    address: Address | None = None
    person: str | None = None
    field: str | None = None
    """A field of the fact that names whoever is to hear: `person`, `approver`, `recipients` …"""
    queue: str | Literal[True] | None = None
    skill: str | None = None
    department: str | Literal[True] | None = None
    incident_role: str | None = None
    endpoint: str | None = None
    endpoint_of: str | None = None
    """A field of the fact that names an endpoint."""
    linked: Literal[True] | None = None
    """The customers of the cases that are more reports of the incident."""
    mention: tuple[RecipientEntry, ...] = ()
    """Who is called by name in the endpoint."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        return {raw: True} if isinstance(raw, str) and raw in _BARE else raw

    @model_validator(mode="after")
    def _is_one(self) -> RecipientEntry:
        if len(self._given()) != 1:
            raise ValueError(
                f"one of {', '.join(sorted(_BARE))}, {{list: …}}, {{role: …}}, {{address: …}}, {{person: …}} …"
            )
        if self.mention and self.endpoint is None and self.endpoint_of is None:
            raise ValueError("`mention` belongs to an endpoint")
        return self

    def _given(self) -> dict[str, Any]:
        return {
            name: value
            for name in type(self).model_fields
            if name != "mention" and (value := getattr(self, name)) is not None
        }

    def whom(self) -> Whom:
        """The same in the domain's words."""
        ((kind, value),) = self._given().items()
        name = "" if value is True else str(value)
        return Whom(audience=Audience(kind), name=name, mention=tuple(each.whom() for each in self.mention))


class AcknowledgementEntry(Part):
    """That the recipients are asked to say that they know."""

    remind_after: Annotated[dt.timedelta, Field(gt=dt.timedelta(0))] | None = dt.timedelta(minutes=10)
    reminders: Annotated[int, Field(ge=0, le=20)] = 2
    stamp: Annotated[str, Field(min_length=1, max_length=50)] = ACKNOWLEDGED
    by: Literal["agent", "supervisor", "officer", "manager", "employee"] = "employee"


class SubscriptionEntry(Part):
    """One rule of who hears of what."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    fact: str
    """Which fact, such as `case.opened`; not `on`, which YAML reads as true."""
    when: Annotated[Condition, condition_over(_EVERY_NAME)] = ALWAYS
    to: Annotated[tuple[RecipientEntry, ...], Field(min_length=1)]
    channel: Way | Annotated[tuple[Way, ...], Field(min_length=1)] = Way.EMAIL
    """One way, or several, tried in turn."""
    template: str
    sender: str
    urgency: Urgency = Urgency.NORMAL
    automatic: Literal["none", "replied", "generated"] = "generated"
    language: Language | Literal[""] = ""
    once: Once = Once.FACT
    moot: Moot = Moot.NEVER
    """What makes it pointless before it is sent."""
    bundle: Annotated[dt.timedelta, Field(ge=dt.timedelta(0), le=dt.timedelta(hours=24))] = dt.timedelta(0)
    """For how long others to the same recipient may join it in one mail."""
    by_night: bool = False
    """Whether it is sent in quiet hours too, urgent or not."""
    acknowledge: AcknowledgementEntry | None = None

    @field_validator("fact")
    @classmethod
    def _is_told(cls, name: str) -> str:
        if name not in MODELS:
            raise ValueError(f"a fact, one of {', '.join(sorted(MODELS))}")
        return name

    @model_validator(mode="after")
    def _looks_at_its_fact(self) -> SubscriptionEntry:
        strange = {name for name in self.when.fields if name.startswith("fact.")} - facts_of(MODELS[self.fact])
        if strange:
            raise ValueError(f"`when` looks at {', '.join(sorted(strange))}, which {self.fact} does not have")
        fields = occasion.plain_fields(MODELS[self.fact])
        missing = {
            name
            for whom in self.to
            for each in (whom, *whom.mention)
            if (name := each.field or each.endpoint_of) and name not in fields
        }
        if missing:
            raise ValueError(f"`to` names the field {', '.join(sorted(missing))}, which {self.fact} does not have")
        if self.acknowledge and self.urgency is Urgency.BULK:
            raise ValueError(
                "a broadcast is not acknowledged one by one; tell those who must act by a rule of their own"
            )
        return self

    def subscription(self) -> Subscription:
        """The same in the domain's words."""
        return Subscription(
            name=self.name,
            on=self.fact,
            when=self.when,
            to=tuple(each.whom() for each in self.to),
            ways=self.channel if isinstance(self.channel, tuple) else (self.channel,),
            template=self.template,
            sender=self.sender,
            urgency=self.urgency,
            automatic=Automatic.NO if self.automatic == "none" else Automatic(f"auto-{self.automatic}"),
            language=self.language,
            once=self.once,
            moot=self.moot,
            window=self.bundle,
            by_night=self.by_night,
            acknowledgement=Acknowledgement(**self.acknowledge.model_dump()) if self.acknowledge else None,
        )


class WatchEntry(Part):
    """What must happen within a time after a fact."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    starts_on: Annotated[tuple[str, ...], Field(min_length=1)]
    ends_on: Annotated[tuple[str, ...], Field(min_length=1)]
    when: Annotated[Condition, condition_over(_EVERY_NAME)] = ALWAYS
    after: Annotated[dt.timedelta, Field(gt=dt.timedelta(0))]
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    escalates: bool = False

    @field_validator("starts_on", "ends_on")
    @classmethod
    def _are_facts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if strange := sorted(set(names) - set(MODELS)):
            raise ValueError(f"facts that can be heard of, not {', '.join(strange)}")
        return names

    def watch(self) -> Watch:
        """The same in the domain's words."""
        return Watch(
            name=self.name,
            starts_on=frozenset(self.starts_on),
            ends_on=frozenset(self.ends_on) - frozenset(self.starts_on),
            when=self.when,
            after=self.after,
            repeats=self.repeats,
            escalates=self.escalates,
        )


class SubscriptionsFile(Part):
    """subscriptions.yaml: who hears of what."""

    subscriptions: tuple[SubscriptionEntry, ...] = ()
    watches: tuple[WatchEntry, ...] = ()

    def needs_bundles(self, senders: SendersFile) -> bool:
        """Whether several notices may become one mail."""
        return bool(senders.limits) or any(each.bundle for each in self.subscriptions)
