"""What the notifier reads of subscriptions."""

from __future__ import annotations

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
from caseway_notifier.domain.fanout.learning import OCCASIONS
from caseway_notifier.domain.subscription import (
    SENDER_FIELDS,
    Audience,
    Once,
    Subscription,
    Way,
    Whom,
)
from caseway_notifier.sender_settings import Address, Language, Part

MODELS = {occasion.name_of(model.TYPE): model for model in OCCASIONS}
CASE_NAMES = frozenset(f"case.{name}" for name in CASE_FIELDS) | {f"customer.{name}" for name in CUSTOMER_FIELDS}
SENDER_NAMES = frozenset(f"sender.{name}" for name in SENDER_FIELDS)


def facts_of(model: type[Any]) -> frozenset[str]:
    """What rules and templates may name of a fact, such as `fact.due_at`."""
    return frozenset(f"fact.{name}" for name in occasion.plain_fields(model))


_EVERY_NAME = CASE_NAMES.union(*map(facts_of, OCCASIONS))


class RecipientEntry(Part):
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


class SubscriptionEntry(Part):
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
        if name not in MODELS:
            raise ValueError(f"a fact, one of {', '.join(sorted(MODELS))}")
        return name

    @model_validator(mode="after")
    def _looks_at_its_fact(self) -> SubscriptionEntry:
        strange = {name for name in self.when.fields if name.startswith("fact.")} - facts_of(MODELS[self.fact])
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


class SubscriptionsFile(Part):
    """subscriptions.yaml: who hears of what."""

    subscriptions: tuple[SubscriptionEntry, ...] = ()
