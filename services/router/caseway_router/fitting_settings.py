"""What does not fit together between the router's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caseway.kernel.rules import Fault, Path
from caseway.kernel.vocabulary import Channel
from caseway_router.domain.items import Requirement
from caseway_router.domain.staffing import Staffing, Work
from caseway_router.mention_settings import Mentions
from caseway_router.pool_settings import Queues, hundredths
from caseway_router.routing_settings import Routing, Rule, Skill
from caseway_router.staff_settings import Agents


def faults(
    queues: Queues, routing: Routing, agents: Agents, mentions: Mentions, calendars: frozenset[str]
) -> Iterator[Fault]:
    """Every name that is declared nowhere, and every case that nobody could ever take."""
    yield from _strange_queues(routing, queues)
    yield from _strange_agents(routing, agents)
    yield from _homeless(agents, queues)
    yield from _strange_names(routing, mentions, calendars)
    yield from _unroutable(routing, agents, queues)


def _strange_queues(routing: Routing, queues: Queues) -> Iterator[Fault]:
    hours = [(("routing", "hours", "queues", name), name) for name in routing.hours.queues]
    flows = [
        (("routing", "flows", name, index, "queue"), step.queue)
        for name, steps in routing.flows.items()
        for index, step in enumerate(steps)
    ]
    rules = [(("routing", "rules", index, "queue"), rule.queue) for index, rule in enumerate(routing.rules)]
    others: list[tuple[Path, str | None]] = [
        (("routing", "switch", "queue"), routing.switch.queue),
        (("routing", "named_calls", "otherwise_queue"), routing.named_calls.otherwise_queue),
    ]
    for path, queue in [*rules, *flows, *hours, *others]:
        if queue is not None and queue not in queues.queues:
            yield Fault(path=path, expected=f"a queue of queues.yaml; {queue} is none")
    for index, rule in enumerate(routing.rules):
        yield from _strange_pool(("routing", "rules", index, "pool"), rule, queues)


def _strange_pool(path: Path, rule: Rule, queues: Queues) -> Iterator[Fault]:
    if rule.pool is None:
        return
    if rule.pool not in queues.pools:
        yield Fault(path=path, expected=f"a pool of queues.yaml; {rule.pool} is none")
    elif rule.queue in queues.queues and queues.queues[rule.queue].pool != rule.pool:
        yield Fault(path=path, expected=f"the pool of the queue {rule.queue}; {rule.pool} is another")


def _strange_agents(routing: Routing, agents: Agents) -> Iterator[Fault]:
    for index, rule in enumerate(routing.rules):
        for word in ("preferred", "excluded"):
            yield from _unknown(("routing", "rules", index, word), getattr(rule, word), agents)
        for both in sorted({*rule.preferred} & {*rule.excluded}):
            yield Fault(
                path=("routing", "rules", index, "preferred"),
                expected=f"{both} in one of them: preferred, or excluded",
            )
    for name, agent in routing.named_calls.names.items():
        yield from _unknown(("routing", "named_calls", "names", name), (agent,), agents)


def _unknown(path: Path, named: Iterable[str], agents: Agents) -> Iterator[Fault]:
    for agent in named:
        if agent not in agents.agents:
            yield Fault(path=path, expected=f"an agent of agents.yaml; {agent} is none")


def _homeless(agents: Agents, queues: Queues) -> Iterator[Fault]:
    for name, agent in agents.agents.items():
        if agent.pool not in queues.pools:
            yield Fault(
                path=("agents", "agents", name, "pool"), expected=f"a pool of queues.yaml; {agent.pool} is none"
            )
        for queue in agent.queues or ():
            if queue not in queues.queues:
                yield Fault(
                    path=("agents", "agents", name, "queues"), expected=f"a queue of queues.yaml; {queue} is none"
                )


def _strange_names(routing: Routing, mentions: Mentions, calendars: frozenset[str]) -> Iterator[Fault]:
    for index, rule in enumerate(routing.rules):
        if rule.mentions is not None and rule.mentions not in mentions.lists:
            yield Fault(
                path=("routing", "rules", index, "mentions"),
                expected=f"a list of mentions.yaml; {rule.mentions} is none",
            )
        if rule.flow is not None and rule.flow not in routing.flows:
            yield Fault(path=("routing", "rules", index, "flow"), expected=f"a flow of `flows`; {rule.flow} is none")
    for word in ("queues", "languages"):
        for name, calendar in getattr(routing.hours, word).items():
            if calendar not in calendars:
                yield Fault(
                    path=("routing", "hours", word, name), expected=f"a calendar of calendars.yaml; {calendar} is none"
                )


def _unroutable(routing: Routing, agents: Agents, queues: Queues) -> Iterator[Fault]:
    """Cases that would wait for ever, as far as that can be known before there is one."""
    staffing = Staffing(pools={pool: tuple(agents.of_pool(pool).values()) for pool in queues.pools})
    yield from _too_heavy(routing, staffing)
    for index, rule in enumerate(routing.rules):
        yield from _beyond_everybody(("routing", "rules", index), rule, routing, staffing, queues)
    for name, steps in routing.flows.items():
        for number, step in enumerate(steps):
            for skill in step.skills or ():
                if not _has(skill, agents):
                    yield _too_much(("routing", "flows", name, number, "skills"), skill)
    spoken = {known for agent in agents.agents.values() for known in agent.skills}
    for language in sorted({*routing.languages.skills.values(), *filter(None, [routing.languages.otherwise])}):
        if language not in spoken:
            yield Fault(path=("routing", "languages"), expected=f"somebody with the skill {language}")


def _beyond_everybody(path: Path, rule: Rule, routing: Routing, staffing: Staffing, queues: Queues) -> Iterator[Fault]:
    """A rule whose hard skills nobody of its pool has together, on any channel, in any language of the desk."""
    queue = rule.queue or (queues.pools[rule.pool].default_queue if rule.pool in queues.pools else None)
    if queue not in queues.queues or rule.department is not None:
        return
    hard = [skill.to_domain() for skill in rule.skills if skill.drop_after_seconds is None]
    languages = [*routing.languages.skills.values(), *filter(None, [routing.languages.otherwise])]
    asked = [[Requirement(skill=each, level=int(routing.languages.level))] for each in languages] or [[]]
    for spoken in asked if rule.language else [[]]:
        if any(staffing.could(queues.queues[queue].pool, work) for work in _kinds(rule, queue, routing, hard, spoken)):
            return
    needs = ", ".join(f"{each.skill} ≥ {each.level}" for each in hard)
    yield Fault(
        path=(*path, "skills"),
        expected=f"somebody of the pool {queues.queues[queue].pool} who serves {queue}"
        + (f" and has {needs}: hard requirements are never dropped" if needs else "")
        + (f", and may hold {rule.weight:g} contacts at once" if rule.weight is not None else ""),
    )


def _kinds(
    rule: Rule, queue: str, routing: Routing, hard: Iterable[Requirement], spoken: Iterable[Requirement]
) -> Iterator[Work]:
    """What such cases come to, by channel."""
    for channel in Channel:
        weight = hundredths(rule.weight or routing.weights.get(channel, 1))
        yield Work(
            queue=queue, channel=channel.value, weight=weight, hard=(*hard, *spoken), excluded=tuple(rule.excluded)
        )


def _too_heavy(routing: Routing, staffing: Staffing) -> Iterator[Fault]:
    """A channel that people work, of which not one piece fits into anybody's capacity."""
    everybody = [agent for pool in staffing.pools.values() for agent in pool]
    for channel, weight in routing.weights.items():
        workers = [each for each in everybody if each.profile.fits(channel.value, 0)]
        if workers and not any(each.profile.fits(channel.value, hundredths(weight)) for each in workers):
            yield Fault(
                path=("routing", "weights", channel.value),
                expected=f"a weight that somebody may hold at once; {weight:g} is more than anybody may",
            )


def _has(skill: Skill, agents: Agents) -> bool:
    """Whether it is soft, or anybody has it so well."""
    soft = skill.drop_after_seconds is not None
    return soft or any(agent.skills.get(skill.skill, 0) >= skill.level for agent in agents.agents.values())


def _too_much(path: Path, skill: Skill) -> Fault:
    return Fault(path=path, expected=f"somebody with {skill.skill} so well; it is a hard requirement")
