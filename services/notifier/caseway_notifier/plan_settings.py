"""How the files become the domain's plan."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.budget import Allowance
from caseway_notifier.domain.delivery import Patience
from caseway_notifier.domain.directory import Directory, Endpoint, Member
from caseway_notifier.domain.restraint import Limit, Quiet
from caseway_notifier.domain.subscription import Pace, Plan, Sender, Subscription
from caseway_notifier.sender_settings import ListsFile, MemberEntry, PersonEntry, SendersFile
from caseway_notifier.subscription_settings import MODELS, SubscriptionsFile

_WEBHOOK_STEPS = tuple(
    dt.timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Source: Standard Webhooks 1.0, "Deliverability and reliability": at once, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 h."""


class Files(Protocol):
    """The configuration's files, as far as the plan is made of them."""

    @property
    def senders(self) -> SendersFile:
        """In whose name, and how patiently."""
        ...

    @property
    def lists(self) -> ListsFile:
        """People, groups, endpoints."""
        ...

    @property
    def subscriptions(self) -> SubscriptionsFile:
        """Who hears of what."""
        ...

    @property
    def agents(self) -> dict[str, Any]:
        """The router's file."""
        ...


def plan_of(files: Files, words: Templates) -> Plan:
    """Subscriptions, senders, people and endpoints, in the domain's words."""
    file = files.senders
    by_occasion = _by_occasion(files.subscriptions)
    watches = tuple(each.watch() for each in files.subscriptions.watches)
    return Plan(
        subscriptions=by_occasion,
        senders=_senders(file),
        directory=directory_of(files.lists, files.agents, files.senders.zone),
        domain=file.domain,
        default_language=file.default_language,
        zone=zoneinfo.ZoneInfo(file.zone),
        patience=Patience(**file.retry.model_dump()),
        webhook_patience=Patience(**file.webhook_retry.model_dump(), steps=_webhook_steps(file)),
        allowance=Allowance(count=file.budget.answers, window=file.budget.window),
        limits={channel: Limit(**each.model_dump()) for channel, each in file.limits.items()},
        rates=file.pace.per_second,
        pace=Pace(**file.pace.model_dump(exclude={"per_second"})),
        flood=Allowance(count=file.flood.answers, window=file.flood.window) if file.flood else None,
        case_url=file.case_url,
        files_url=file.files_url.rstrip("/"),
        public_url=file.public_url.rstrip("/"),
        stamps=file.stamps,
        watches=watches,
        bundle_template=file.bundle_template,
        looks=_looks(files.subscriptions, by_occasion, words),
        departments=file.departments,
    )


def _webhook_steps(file: SendersFile) -> tuple[dt.timedelta, ...]:
    """The specification's, scaled where an operator asks for another first wait (tests do)."""
    scale = file.webhook_retry.first / dt.timedelta(seconds=30)
    return tuple(step * scale for step in _WEBHOOK_STEPS)


def _senders(file: SendersFile) -> dict[str, Sender]:
    return {
        name: Sender(
            name=name,
            display=each.name,
            address=each.address,
            signature=each.signature,
            has_signed_reply=each.signed_reply,
            brand=each.brand,
            layout=each.layout or file.layout,
            charset=each.charset,
            unsubscribe=each.unsubscribe,
        )
        for name, each in file.senders.items()
        if each.verified
    }


def _by_occasion(file: SubscriptionsFile) -> dict[str, tuple[Subscription, ...]]:
    every = [entry.subscription() for entry in file.subscriptions]
    return {name: tuple(each for each in every if each.on == name) for name in MODELS}


def _looks(
    file: SubscriptionsFile, by_occasion: Mapping[str, tuple[Subscription, ...]], words: Templates
) -> dict[str, frozenset[str]]:
    """The fields of each fact that anything looks at; facts that nothing is on are not in it."""
    looks: dict[str, set[str]] = {}
    for name, subscriptions in by_occasion.items():
        for each in subscriptions:
            looks.setdefault(name, set()).update(each.when.fields | words.names(each.template))
    for watch in file.watches:
        for name in watch.starts_on:
            looks.setdefault(name, set()).update(watch.when.fields)
        for name in watch.ends_on:
            looks.setdefault(name, set())
    return {
        name: frozenset(
            field
            for each in names
            if each.startswith("fact.") and (field := each.removeprefix("fact.")) in MODELS[name].model_fields
        )
        for name, names in looks.items()
    }


def directory_of(lists: ListsFile, agents_file: Mapping[str, Any], zone: str) -> Directory:
    """Everybody whom lists.yaml and agents.yaml name."""
    quiet = lists.quiet_hours.quiet(zone) if lists.quiet_hours else None
    agents = _agents(agents_file)
    people = {
        name: _person(
            name, lists.people.get(name, PersonEntry()), agents.get(name, {}), lists.people_domain, zone, quiet
        )
        for name in dict.fromkeys((*lists.people, *agents))
    }
    return Directory(
        people=people,
        lists=_groups(lists.lists, people, zone, quiet),
        roles=_groups(lists.roles, people, zone, quiet),
        endpoints={
            name: Endpoint(name=name, kind=each.kind, mark=each.mark()) for name, each in lists.endpoints.items()
        },
    )


def _agents(file: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Whoever the router knows; its own rules for the file are the router's to check."""
    agents = file.get("agents")
    return (
        {name: each for name, each in agents.items() if isinstance(each, Mapping)}
        if isinstance(agents, Mapping)
        else {}
    )


def _person(
    name: str, entry: PersonEntry, agent: Mapping[str, Any], domain: str, zone: str, quiet: Quiet | None
) -> Member:
    skills = agent.get("skills")
    return Member(
        id=name,
        address=entry.address or (f"{name}@{domain}" if domain else ""),
        name=entry.name or str(agent.get("name", "")),
        language=entry.language,
        phone=entry.phone,
        department=entry.department,
        queues=entry.queues,
        skills=entry.skills | frozenset(skills if isinstance(skills, Mapping) else ()),
        quiet=_quiet(entry, zone, quiet),
    )


def _quiet(entry: MemberEntry, zone: str, default: Quiet | None) -> Quiet | None:
    if entry.quiet == "never":
        return None
    return entry.quiet.quiet(zone) if entry.quiet is not None else default


def _groups(
    groups: Mapping[str, tuple[MemberEntry, ...]], people: Mapping[str, Member], zone: str, quiet: Quiet | None
) -> dict[str, tuple[Member, ...]]:
    """Each group with each person once, in the order written."""
    return {
        name: tuple(
            {each.id or each.address or each.phone: each for each in _members(entries, people, zone, quiet)}.values()
        )
        for name, entries in groups.items()
    }


def _members(
    entries: tuple[MemberEntry, ...], people: Mapping[str, Member], zone: str, quiet: Quiet | None
) -> Iterator[Member]:
    for each in entries:
        if each.person:
            yield people.get(each.person, Member(id=each.person))
        else:
            yield Member(
                address=each.address,
                name=each.name,
                language=each.language,
                phone=each.phone,
                quiet=_quiet(each, zone, quiet),
            )
