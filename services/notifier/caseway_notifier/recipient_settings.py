"""Which recipients of a configuration do not exist."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from caseway_notifier.domain.directory import Directory
from caseway_notifier.domain.occasion import name_of
from caseway_notifier.domain.subscription import Audience, Whom
from caseway_notifier.sender_settings import ListsFile, SendersFile
from caseway_notifier.subscription_settings import SubscriptionEntry, SubscriptionsFile

_MENTIONED = name_of("caseway.work.mentioned.v1")


def recipient_faults(entry: SubscriptionEntry, directory: Directory) -> Iterator[str]:
    """Whom a rule names, and who is not there: found now, nobody is left out silently later."""
    for recipient in entry.to:
        whom = recipient.whom()
        for each in (whom, *whom.mention):
            if each.name and not _is_there(each, directory):
                tells = _TELLS.get(each.audience, "no {kind} {name!r} in lists.yaml")
                yield tells.format(kind=each.audience, name=each.name)


_TELLS = {
    Audience.QUEUE: "nobody in lists.yaml serves the queue {name!r}",
    Audience.SKILL: "nobody in lists.yaml or agents.yaml has the skill {name!r}",
    Audience.DEPARTMENT: "nobody in lists.yaml works in the department {name!r}, and no list has its name",
    Audience.PERSON: "no person {name!r} in lists.yaml or agents.yaml",
}


def _is_there(whom: Whom, directory: Directory) -> bool:
    """Whether anybody is meant; whom the case or the fact names is for them to say."""
    named: dict[Audience, Container[str]] = {
        Audience.LIST: directory.lists,
        Audience.ROLE: directory.roles,
        Audience.PERSON: directory.people,
        Audience.ENDPOINT: directory.endpoints,
    }
    found = {
        Audience.QUEUE: directory.on_queue,
        Audience.SKILL: directory.skilled,
        Audience.DEPARTMENT: directory.in_department,
    }
    if whom.audience in found:
        return any(found[whom.audience](whom.name))
    return whom.audience not in named or whom.name in named[whom.audience]


def house_faults(
    file: SubscriptionsFile, senders: SendersFile, lists: ListsFile, directory: Directory
) -> Iterator[str]:
    """What does not fit together beside the rules themselves."""
    for department, name in senders.departments.items():
        if name not in senders.senders or not senders.senders[name].verified:
            yield f"departments.{department}: no verified sender {name!r} in senders.yaml"
    for kind, groups in (("list", lists.lists), ("role", lists.roles)):
        for group, members in groups.items():
            strange = sorted({each.person for each in members if each.person and each.person not in directory.people})
            if strange:
                yield f"{kind} {group}: no person {', '.join(strange)} among `people`, nor in agents.yaml"
    names = [each.name for each in file.watches]
    for name in sorted({each for each in names if names.count(each) > 1}):
        yield f"{name}: the watch stands twice"
    if any(each.acknowledge for each in file.subscriptions) and not senders.public_url:
        yield "rules ask to be acknowledged, and senders.yaml has no `public_url` for the page"


def mention_faults(file: SubscriptionsFile, mentions: Mapping[str, Any], directory: Directory) -> Iterator[str]:
    """Who of mentions.yaml could not be called by name, and which of its channels could not be posted to."""
    lists = mentions.get("lists")
    if not isinstance(lists, Mapping):  # its own rules are the router's to check
        return
    posts_by_title = any(
        each.endpoint_of == "post_to" for rule in file.subscriptions if rule.fact == _MENTIONED for each in rule.to
    )
    for name, channel in lists.items():
        called = channel.get("mentions", ()) if isinstance(channel, Mapping) else ()
        strange = [str(each) for each in called if not any(directory.named(str(each)))]
        if strange:
            yield f"mentions.yaml, {name}: nobody in lists.yaml or agents.yaml is {', '.join(strange)}"
        title = str(channel.get("title", "")).lstrip("#") if isinstance(channel, Mapping) else ""
        if posts_by_title and title not in directory.endpoints:
            yield f"mentions.yaml, {name}: no endpoint {title!r} in lists.yaml"
