"""How a long list is told, step by step.

The recipients are frozen when it begins: whoever joins or leaves the list later changes nothing. A timer goes on with
it, so a process that dies in the middle goes on where it was. Called off, the rest is told of as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from caseway.kernel.decision import NOTHING, Arm, Decision, Due, Moment, Put
from caseway.kernel.ids import derived_id
from caseway.kernel.values import replace
from caseway_notifier.domain.addressing import CHAT, MESSAGE, Nobody, Target
from caseway_notifier.domain.content import Content
from caseway_notifier.domain.delivery import Delivery, State
from caseway_notifier.domain.fanout.record import command, joined, outcome_fact, requested, row
from caseway_notifier.domain.kept import BROADCASTS, CONTENTS, SPREAD
from caseway_notifier.domain.obstacle import Obstacle
from caseway_notifier.domain.request import (
    CHUNK,
    Broadcast,
    Request,
    content_id,
    into_conversation,
    not_sent,
    step,
    to_send,
)

Sign = Callable[[str, str], str]


def begin(
    request: Request, contents: Mapping[str, Content], targets: Sequence[tuple[Target, str]], moment: Moment
) -> tuple[Decision, tuple[Delivery, ...]]:
    """Freeze the recipients and tell the first of them; and the deliveries that were made."""
    ids = {language: content_id(request, language) for language in contents}
    is_long = len(targets) > CHUNK
    alone = {} if is_long or request.wants_answer else _read_by_one(contents, targets)
    shared = [language for language in contents if language not in alone]
    puts = (Put(collection=CONTENTS, id=ids[language], value=contents[language]) for language in shared)
    written = Decision(changes=tuple(puts)) if shared else NOTHING
    if not is_long:
        pairs = [
            one(request, target, language, ids[language], contents[language], moment, alone.get(language))
            for target, language in targets
        ]
        return written + joined(each for each, _ in pairs), tuple(delivery for _, delivery in pairs)
    broadcast = Broadcast(
        id="broadcast_" + derived_id("broadcast", request.subscription, request.occurrence),
        request=request,
        contents=ids,
        targets=tuple(targets),
    )
    broadcast = replace(broadcast, request=replace(request, broadcast=broadcast.id))
    frozen = Decision(changes=(Put(collection=BROADCASTS, id=broadcast.id, value=broadcast),))
    return written + frozen + _spread(broadcast, 0, moment), ()


def _read_by_one(contents: Mapping[str, Content], targets: Sequence[tuple[Target, str]]) -> dict[str, Content]:
    """The contents that stand in their only recipient's delivery; what has files stands by itself, read when it goes."""
    readers = [language for _, language in targets]
    return {name: each for name, each in contents.items() if readers.count(name) == 1 and not each.attachments}


def go_on(broadcast: Broadcast, called_off: Obstacle | None, due: Due, moment: Moment) -> Decision:
    """The next recipients of a broadcast, told; or told of as not to be told."""
    return _spread(broadcast, int(due.data["from"]), moment, called_off)


def _spread(broadcast: Broadcast, start: int, moment: Moment, called_off: Obstacle | None = None) -> Decision:
    request = broadcast.request
    if called_off is not None:
        told = [_not_told(request, target, called_off.reason, moment) for target, _ in step(broadcast, start)]
    else:
        told = [
            one(request, target, language, broadcast.contents[language], None, moment)[0]
            for target, language in step(broadcast, start)
        ]
    following = start + CHUNK
    if following >= len(broadcast.targets):
        return joined(told)
    timer = Arm(
        key=f"{broadcast.id}/{following}",
        kind=SPREAD,
        due_at=moment.now,
        data={"broadcast": broadcast.id, "from": following},
    )
    return joined(told) + Decision(timers=(timer,))


def one(
    request: Request,
    target: Target,
    language: str,
    content: str,
    text: Content | None,
    moment: Moment,
    words: Content | None = None,
) -> tuple[Decision, Delivery]:
    """One recipient's delivery: a row for the senders, or a command to the customer's conversation."""
    if target.is_customer and target.channel in {CHAT, MESSAGE} and text is not None:
        delivery = replace(into_conversation(request, target, content), words=words)
        facts = (
            requested(delivery, moment.now, moment.version, language),
            command(delivery, text),
            outcome_fact(delivery, moment.now, moment.version),
        )
        return row(delivery, facts, is_new=True), delivery
    delivery = to_send(request, target, content, _message_id(request, language, moment), words)
    return row(delivery, (requested(delivery, moment.now, moment.version, language),), is_new=True), delivery


def _message_id(request: Request, language: str, moment: Moment) -> str:
    """All copies in one language have one: other words are another mail."""
    signed: str = moment.configuration.sign(request.case_id, f"{request.occurrence}/{request.subscription}/{language}")
    return signed


def _not_told(request: Request, target: Target, reason: str, moment: Moment) -> Decision:
    nobody = Nobody(reference=target.reference, channel=target.channel, reason=reason)
    return silence(request, nobody, moment, target.recipient)


def silence(request: Request, nobody: Nobody, moment: Moment, recipient: str = "") -> Decision:
    """Not told: on purpose, or because it cannot be."""
    is_failure = nobody.reason in {"no-recipient", "empty-list", "too-many-copies"} or nobody.reason.startswith(
        "template"
    )
    delivery = not_sent(request, nobody, State.GIVEN_UP if is_failure else State.SUPPRESSED, recipient)
    return row(
        delivery,
        (requested(delivery, moment.now, moment.version), outcome_fact(delivery, moment.now, moment.version)),
        is_new=True,
    )
