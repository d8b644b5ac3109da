"""Who works on a case, follows it, and stamps it."""

from __future__ import annotations

from dataclasses import replace

from caseway.contracts.case_commands import FollowCase, SetTeam, StampCase, WatchCase, WhisperToAgent
from caseway.contracts.cases import CaseFollowed, CaseStamped, CaseWatched, CaseWhispered, TeamChanged
from caseway.contracts.parts import TeamMember
from caseway_intake.domain.case import Case
from caseway_intake.domain.company import MOST, Member, Stamp
from caseway_intake.domain.life.steps import Outcome, Refused, Step, actor_id, advance, check_length, check_room, head


def follow(case: Case, command: FollowCase, step: Step) -> Outcome:
    """Somebody hears of the case from now on, or no longer (S1-24)."""
    followers = case.circle.followers
    if (command.follower in followers) is not command.stop:
        raise Refused("not-following" if command.stop else "already-following")
    if command.stop:
        followers = tuple(each for each in followers if each != command.follower)
    else:
        check_room(len(followers), MOST, "followers")
        followers = (*followers, command.follower)
    after = advance(case, step, circle=replace(case.circle, followers=followers))
    return Outcome(
        case=after, facts=(CaseFollowed(**head(after, step), follower=command.follower, stopped=command.stop),)
    )


def set_team(case: Case, command: SetTeam, step: Step) -> Outcome:
    """Who works on the case, in which role: a predefined team, single members, or both (S1-23)."""
    if command.team is not None and command.team not in step.rules.life.teams:
        raise Refused("unknown-team", f"predefined are: {', '.join(sorted(step.rules.life.teams)) or 'none'}")
    predefined = step.rules.life.teams[command.team] if command.team is not None else ()
    roles = {each.agent: each.role for each in (*predefined, *command.members)}
    check_room(len(roles) - 1, MOST, "members")
    members = tuple(Member(agent=agent, role=role) for agent, role in roles.items())
    after = advance(case, step, circle=replace(case.circle, members=members, team=command.team))
    told = tuple(TeamMember(agent=agent, role=role) for agent, role in roles.items())
    return Outcome(case=after, facts=(TeamChanged(**head(after, step), members=told, team=command.team),))


def stamp(case: Case, command: StampCase, step: Step) -> Outcome:
    """A stamp such as 済 is put, or taken off; the fact says by whom and when (S2-11)."""
    circle = case.circle
    if circle.stamped(command.stamp, command.occurrence) is not command.remove:
        raise Refused("not-stamped" if command.remove else "already-stamped")
    by = (step.actor.name or step.actor.id) if step.actor is not None else ""
    named = (command.stamp, command.occurrence)
    stamps = tuple(each for each in circle.stamps if (each.stamp, each.occurrence) != named)
    if not command.remove:
        check_room(len(stamps), MOST, "stamps")
        new = Stamp(stamp=command.stamp, occurrence=command.occurrence, by=by, at=step.at_after(case.at))
        stamps = (*stamps, new)
    after = advance(case, step, circle=replace(circle, stamps=stamps))
    fact = CaseStamped(
        **head(after, step), stamp=command.stamp, occurrence=command.occurrence, removed=command.remove, by=by
    )
    return Outcome(case=after, facts=(fact,))


def watch(case: Case, command: WatchCase, step: Step) -> Outcome:
    """A supervisor looks into the conversation: a fact, so that the agent sees it and it stays on record (S4-28)."""
    check_length(command.reason)
    after = advance(case, step)
    return Outcome(case=after, facts=(CaseWatched(**head(after, step), reason=command.reason),))


def whisper(case: Case, command: WhisperToAgent, step: Step) -> Outcome:
    """A supervisor's word to the agent, or the agent's back: a fact, shown to no customer (S1-47, S4-28)."""
    check_length(command.text)
    if command.to is not None and command.to == actor_id(step):
        raise Refused("to-oneself")
    after = advance(case, step)
    return Outcome(case=after, facts=(CaseWhispered(**head(after, step), text=command.text, to=command.to),))
