"""What a case needs before it may go on.

Two gates, both pure. *Required facts* hold back the hand-over to the second line, never the first line's own routing:
the first line is who asks (S2-20, S2-21). *Confirm first* holds back guidance and resolving while what the customer
declared (version, device) is not confirmed, never a reply that asks (S2-08). Urgent cases and those of a class that the
law watches pass both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from caseway.kernel.vocabulary import Priority

NONE_ANSWERS = frozenset({"none", "refused", "unknown", "brak", "keine", "なし", "不明", "拒否"})
"""Who was asked and has none, or would not say, has answered."""


class ConfirmFirst(Protocol):
    """When declared facts are to be confirmed."""

    @property
    def channels(self) -> Collection[str]:
        """Where nobody could ask at once."""
        ...

    @property
    def categories(self) -> Collection[str]:
        """What it matters for; none: everything."""
        ...

    @property
    def facts(self) -> tuple[str, ...]:
        """Which ones."""
        ...


class Question(Protocol):
    """How a machine asks for what is missing."""

    @property
    def channels(self) -> Collection[str]:
        """Where nobody else asks at once."""
        ...

    @property
    def text(self) -> Mapping[str, str]:
        """By language; `{facts}` stands for what is missing."""
        ...

    @property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """By fact, then language: what customers call it."""
        ...


class Gates(Protocol):
    """What the configuration wants of a case's facts."""

    @property
    def required(self) -> Mapping[str, tuple[str, ...]]:
        """By category: what the first line has to take."""
        ...

    @property
    def confirm_first(self) -> ConfirmFirst | None:
        """What has to be confirmed before guidance."""
        ...

    @property
    def question(self) -> Question | None:
        """How a machine asks; none: only people do."""
        ...


def missing_facts(gates: Gates, category: str | None, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Which required facts nobody has given, in the order configured."""
    return tuple(name for name in gates.required.get(category or "", ()) if not is_answer(facts.get(name)))


def question(rule: Question, missing: Iterable[str], language: str | None) -> str:
    """What a machine writes to the customer, in their language where it has a text, else in the first that it has."""
    spoken = language if language is not None and language in rule.text else next(iter(rule.text))
    names = (rule.names.get(each, {}).get(spoken, each) for each in missing)
    return rule.text[spoken].replace("{facts}", "\n".join(f"- {name}" for name in names))


def is_answer(value: Any) -> bool:
    """Whether the value answers the question; `none` and `refused` do, nothing and blanks do not.

    >>> is_answer("refused"), is_answer(" "), is_answer(None), is_answer(0)
    (True, False, False, True)
    """
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value not in ([], {}, ())


def is_refusal(value: Any) -> bool:
    """Whether the customer was asked and gave nothing."""
    return isinstance(value, str) and value.strip().casefold() in NONE_ANSWERS


def to_confirm(
    gates: Gates, channel: str, category: str | None, declared: Mapping[str, Any], confirmed: Collection[str] = ()
) -> tuple[str, ...]:
    """Which facts somebody has to confirm with the customer before guiding; what is not declared has to be asked, too."""
    rule = gates.confirm_first
    if rule is None or channel not in rule.channels or (rule.categories and (category or "") not in rule.categories):
        return ()
    return tuple(name for name in rule.facts if name not in confirmed and not is_refusal(declared.get(name)))


def is_exempt(priority: Priority, class_: str | None) -> bool:
    """Whether the case passes every gate: it is urgent, or the law counts its days."""
    return priority is Priority.URGENT or class_ is not None


def corrected(declared: Mapping[str, Any], confirmed: Mapping[str, Any]) -> tuple[str, ...]:
    """Which facts the customer had declared otherwise: a cause of long handling, worth counting (S2-09)."""
    return tuple(name for name, value in confirmed.items() if name in declared and declared[name] != value)


def blocks_hand_over(missing: Iterable[str], given: Mapping[str, Any], priority: Priority, class_: str | None) -> str:
    """Why the second line may not have the case yet; empty when it may.

    Args:
        missing: facts that the case lacks.
        given: facts that come with the hand-over itself.
        priority: the case's.
        class_: the case's.
    """
    lacking = [name for name in missing if not is_answer(given.get(name))]
    if not lacking or is_exempt(priority, class_):
        return ""
    return f"ask the customer first: {', '.join(lacking)}"


def blocks_guidance(unconfirmed: Collection[str], priority: Priority, class_: str | None) -> str:
    """Why nobody may guide or resolve yet; empty when they may. A reply that asks is never asked this."""
    if not unconfirmed or is_exempt(priority, class_):
        return ""
    return f"confirm first: {', '.join(unconfirmed)}"
