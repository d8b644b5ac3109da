"""What the notifier reads from the configuration directory."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from caseway.kernel.ids import derived_id
from caseway.kernel.signing import file_path, sign_message_id
from caseway_notifier.adapters.compiling import SENDERS_LAYOUT, BadTemplateError
from caseway_notifier.adapters.templates import Templates
from caseway_notifier.domain.directory import Directory
from caseway_notifier.domain.subscription import Plan
from caseway_notifier.domain.terms import Terms
from caseway_notifier.plan_settings import directory_of, plan_of
from caseway_notifier.recipient_settings import house_faults, mention_faults, recipient_faults
from caseway_notifier.sender_settings import ListsFile, SendersFile
from caseway_notifier.sender_settings import Terms as TermTables
from caseway_notifier.subscription_settings import (
    CASE_NAMES,
    FILE_NAMES,
    LETTER_NAMES,
    LINK_NAMES,
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
    agents: dict[str, Any] = Field(default_factory=dict)
    """The router's file, of which only names and skills are read: who there is."""
    mentions: dict[str, Any] = Field(default_factory=dict)
    """The router's file, of which is read who may be called by name: all of them must be known here."""
    terms: TermTables = Field(default_factory=dict)
    """What codes, such as an order's statuses, are called in each language."""
    subscriptions: SubscriptionsFile
    """After what its rules name."""

    _key: bytes = PrivateAttr(b"")

    @functools.cached_property
    def plan(self) -> Plan:
        """Subscriptions, senders and lists, in the domain's words."""
        return plan_of(self, self.words)

    @functools.cached_property
    def words(self) -> Templates:
        """The templates, compiled."""
        terms = Terms(tables=self.terms, default_language=self.senders.default_language)
        return Templates(self.templates, self.senders.default_language, terms)

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
        senders, lists = info.data["senders"], info.data["lists"]
        agents, mentions = info.data.get("agents", {}), info.data.get("mentions", {})
        directory = directory_of(lists, agents, senders.zone)
        faults = [
            *look_faults(
                Templates(info.data["templates"], senders.default_language), senders, info.data.get("terms", {})
            ),
            *_faults(file, info.data["templates"], senders, directory),
            *house_faults(file, senders, lists, directory),
            *mention_faults(file, mentions, directory),
        ]
        if file.needs_bundles(senders) and not Templates(info.data["templates"], "en").languages(
            senders.bundle_template
        ):
            faults.append(
                f"rules bundle or limits are set, and senders.yaml has no bundle_template {senders.bundle_template!r}"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return file

    def model_post_init(self, _: Any) -> None:
        """Compile once what every decision needs."""
        _ = self.plan

    def keyed(self, key: bytes) -> None:
        """Sign with this key from now on; said once, before anything is decided. Without one nobody believes us."""
        self._key = key

    def sign(self, case_id: str, occurrence: str) -> str:
        """The Message-ID of what is told for an occurrence; one that belongs to no case only names itself."""
        return _signed(self._key, case_id, occurrence, self.senders.domain)

    def sign_file(self, digest: str, name: str, until: dt.datetime) -> str:
        """Where a stored file is fetched until then; empty where intake is reached by nobody."""
        base = self.plan.files_url
        return f"{base}{file_path(self._key, digest, name, int(until.timestamp()))}" if base else ""


@functools.lru_cache(maxsize=256)
def _signed(key: bytes, case_id: str, occurrence: str, domain: str) -> str:
    """Once for all who read the same words."""
    if not case_id.startswith("case_"):
        return f"<{derived_id('message-id', case_id, occurrence)}@{domain}>"
    return sign_message_id(key, case_id, occurrence, domain)


def _faults(
    file: SubscriptionsFile, templates: Mapping[str, str], senders: SendersFile, directory: Directory
) -> Iterator[str]:
    words = Templates(templates, senders.default_language)
    for name in sorted(words.titled()):
        if strange := words.names(name) - CASE_NAMES - SENDER_NAMES - LETTER_NAMES:
            yield f"{name}: a quick text knows no fact, and looks at {', '.join(sorted(strange))}"
    seen: set[str] = set()
    for entry in file.subscriptions:
        for fault in (
            *_sender_faults(entry, senders),
            *recipient_faults(entry, directory),
            *_template_faults(entry, words),
        ):
            yield f"{entry.name}: {fault}"
        if entry.name in seen:
            yield f"{entry.name}: the name stands twice"
        seen.add(entry.name)


def look_faults(words: Templates, senders: SendersFile, terms: Collection[str]) -> Iterator[str]:
    """Tables of terms and layouts that templates count on, and nobody has written."""
    for name in words.all_names():
        if missing := sorted({table for _, table in words.terms(name)} - set(terms)):
            yield f"the template {name!r} calls codes by {', '.join(missing)}, which terms.yaml does not have"
    if not any(SENDERS_LAYOUT in words.names(name) for name in words.all_names()):
        return
    for name, each in senders.senders.items():
        if (layout := each.layout or senders.layout) not in words.layouts():
            yield f"the sender {name!r}: no layout {layout!r} among the templates, and letters extend sender.layout"


def _sender_faults(entry: SubscriptionEntry, senders: SendersFile) -> Iterator[str]:
    if entry.sender not in senders.senders:
        yield f"no sender {entry.sender!r} in senders.yaml"
    elif not senders.senders[entry.sender].verified:
        yield f"the sender {entry.sender!r} is not verified"


def _template_faults(entry: SubscriptionEntry, words: Templates) -> Iterator[str]:
    if not words.languages(entry.template):
        yield f"no template {entry.template!r} in templates/"
        return
    if words.language(entry.template, entry.language) is None:
        yield f"the template {entry.template!r} is not there in the default language"
    if not words.has_subject(entry.template):
        yield f"the template {entry.template!r} has no subject in every language"
    strange = (
        words.names(entry.template)
        - FILE_NAMES
        - CASE_NAMES
        - SENDER_NAMES
        - LETTER_NAMES
        - LINK_NAMES
        - facts_of(MODELS[entry.fact])
    )
    if strange:
        yield f"the template {entry.template!r} looks at {', '.join(sorted(strange))}, which {entry.fact} does not have"
