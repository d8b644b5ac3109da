"""What the notifier reads from the configuration directory."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from caseway_notifier.adapters.templates import BadTemplateError, Templates
from caseway_notifier.domain.budget import Allowance
from caseway_notifier.domain.delivery import Patience
from caseway_notifier.domain.subscription import (
    Member,
    Pace,
    Plan,
    Sender,
    Subscription,
)
from caseway_notifier.sender_settings import ListsFile, MemberEntry, SendersFile
from caseway_notifier.subscription_settings import (
    CASE_NAMES,
    MODELS,
    SENDER_NAMES,
    SubscriptionEntry,
    SubscriptionsFile,
    facts_of,
)


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
    strange = words.names(entry.template) - CASE_NAMES - SENDER_NAMES - facts_of(MODELS[entry.fact])
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
    return {name: tuple(each for each in every if each.on == name) for name in MODELS}


def _groups(groups: Mapping[str, tuple[MemberEntry, ...]]) -> dict[str, tuple[Member, ...]]:
    """Each group with each address once, in the order written."""
    return {
        name: tuple({each.address: Member(**each.model_dump()) for each in reversed(members)}.values())[::-1]
        for name, members in groups.items()
    }
