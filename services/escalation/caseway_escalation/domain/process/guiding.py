"""How long guidance is posted, stamped and listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from caseway.contracts.cases import CaseStamped
from caseway.contracts.milestones import HandlingMeasured, LadderRungReached
from caseway.contracts.work import (
    WorkCompleted,
    WorkPaused,
    WorkReturned,
    WorkStarted,
    WorkTransferred,
    WorkWithdrawn,
    WorkWrappingUp,
)
from caseway.kernel.ids import derived_id
from caseway.kernel.values import replace
from caseway_escalation.domain.case import Case
from caseway_escalation.domain.guidance import WRAP_UP, Guidance, Post, Stretch, next_days_end
from caseway_escalation.domain.process.telling import Telling
from caseway_escalation.domain.promises import Promises

_ZERO = dt.timedelta(0)
_POSTED, _DONE, _LISTED = 1, 2, 3
"""The rungs under which a post is told."""
_KEPT = 50
"""Posts that are stamped, and still shown."""
_MOST = 100
"""Agents turned to one case at once, posts without a stamp, agents whose time is told apart: more is nobody's desk."""
OTHERS = "others"
"""Whose time is told together, beyond so many agents."""
_MOST_LISTED = 30
"""Day's ends at which one post is listed; whoever reads none of so many lists reads no more."""


class Guiding:
    """One message, followed through the focused work on its case."""

    def __init__(self, case: Case, promises: Promises, telling: Telling, until: dt.datetime) -> None:
        self._case = case
        self._focus = case.focus
        self._rules: Guidance | None = promises.guidance
        self._hours = promises.calendars.get(self._rules.calendar) if self._rules else None
        self._telling = telling
        self._until = until

    def followed(self) -> Case:
        """The case once a fact is known."""
        fact = self._telling.message.data
        match fact:
            case WorkStarted():
                self._started(fact)
            case WorkPaused():
                self._paused(fact)
            case WorkWrappingUp():
                self._over(fact.agent)
                self._open(Stretch(agent=fact.agent, activity=WRAP_UP, since=self._until))
            case WorkCompleted():
                self._over(fact.agent)
                self._measured()
            case WorkReturned() | WorkTransferred() | WorkWithdrawn():
                self._over(fact.agent)
            case CaseStamped() if self._rules is not None and fact.stamp == self._rules.stamp:
                self._stamped(fact)
            case _:
                pass
        return self.noticed()

    def noticed(self) -> Case:
        """The case once an instant has come: what is long is posted, what is not stamped listed."""
        if self._focus is self._case.focus and not self._focus.stretches and not self._focus.posts:
            return self._case
        for stretch in self._focus.stretches:
            if stretch.alert_at is not None and stretch.alert_at <= self._until:
                self._post(stretch, stretch.alert_at, is_announced=False)
        posts = tuple(self._listed(post) for post in self._focus.posts)
        if posts != self._focus.posts:
            self._focus = replace(self._focus, posts=posts)
        return self._case if self._focus == self._case.focus else replace(self._case, focus=self._focus)

    # --- stretches --------------------------------------------------------------------------------

    def _started(self, fact: WorkStarted) -> None:
        at, running = self._until, self._focus.of(fact.agent)
        is_live = self._rules is not None and fact.activity in self._rules.activities
        since = at
        if running is not None:
            since = running.since if running.activity == fact.activity else at
            if since == at:
                self._over(fact.agent, goes_on=is_live and running.live_since is not None)
        live_since = (running.live_since if running is not None and running.live_since else at) if is_live else None
        stretch = Stretch(agent=fact.agent, activity=fact.activity, since=since, live_since=live_since)
        self._open(self._watched(stretch, fact))

    def _watched(self, stretch: Stretch, fact: WorkStarted) -> Stretch:
        """With the instant at which it is posted; at once where the agent says that it will be long."""
        if stretch.live_since is None or self._rules is None or self._posted(stretch) is not None:
            return stretch
        long_at = stretch.live_since + self._rules.alert_after
        announced = dt.timedelta(seconds=min(fact.announced_seconds or 0.0, 10**8))
        if announced and self._until + announced >= long_at:
            self._post(stretch, self._until, is_announced=True)
            return stretch
        return replace(stretch, alert_at=long_at)

    def _paused(self, fact: WorkPaused) -> None:
        """Turned away; to another activity on the same case, live guidance goes on without a gap."""
        running = self._focus.of(fact.agent)
        if running is None and fact.seconds and fact.activity:  # its start was never read
            self._add(fact.agent, fact.activity, dt.timedelta(seconds=min(fact.seconds, 10**8)))
        elif fact.because_of != self._case.id:
            self._over(fact.agent)

    def _over(self, agent: str | None, *, goes_on: bool = False) -> None:
        """An agent's stretch ends, or everybody's; what had become long by then is posted first."""
        for stretch in self._focus.stretches:
            if agent not in {None, stretch.agent}:
                continue
            if stretch.alert_at is not None and stretch.alert_at <= self._until:
                self._post(stretch, stretch.alert_at, is_announced=False)
            others = tuple(each for each in self._focus.stretches if each.agent != stretch.agent)
            self._focus = replace(self._focus, stretches=others)
            self._add(stretch.agent, stretch.activity, max(self._until - stretch.since, _ZERO))
            if not goes_on:
                self._guided(stretch)

    def _add(self, agent: str, activity: str, length: dt.timedelta) -> None:
        self._focus = replace(
            self._focus,
            spent=_more(self._focus.spent, activity, length),
            by_agent=_more(self._focus.by_agent, agent, length),
        )

    def _open(self, stretch: Stretch) -> None:
        if len(self._focus.stretches) >= _MOST:
            self._over(min(self._focus.stretches, key=lambda each: each.since).agent)
        others = tuple(each for each in self._focus.stretches if each.agent != stretch.agent)
        self._focus = replace(self._focus, stretches=(*others, stretch))

    def _measured(self) -> None:
        spent = self._focus.handling(self._until)
        if not spent:
            return
        self._telling.tell(
            self._case.id,
            HandlingMeasured(
                at=self._until,
                cause=self._telling.message.id,
                configuration=self._telling.version,
                case_id=self._case.id,
                seconds=sum(spent.values(), _ZERO).total_seconds(),
                by_activity={name: length.total_seconds() for name, length in spent.items()},
                by_agent={name: length.total_seconds() for name, length in self._focus.by_agent.items()},
            ),
        )

    # --- posts ------------------------------------------------------------------------------------

    def _posted(self, stretch: Stretch) -> Post | None:
        found = (post for post in self._focus.posts if (post.agent, post.since) == (stretch.agent, stretch.live_since))
        return next(found, None)

    def _post(self, stretch: Stretch, at: dt.datetime, *, is_announced: bool) -> None:
        if self._rules is None or stretch.live_since is None:
            return
        post = Post(
            id=f"guidance_{derived_id(self._case.id, stretch.agent, stretch.live_since.isoformat())}",
            agent=stretch.agent,
            since=stretch.live_since,
            at=at,
            is_announced=is_announced,
            list_at=self._days_end(at),
            timed_by=stretch.timed_by,
        )
        self._say(post, _POSTED, "alert", self._rules.post_to, at, reason="announced" if is_announced else "long")
        stamped = [each for each in self._focus.posts if each.stamped_at is not None][:-_KEPT]
        unstamped = [each for each in self._focus.posts if each.stamped_at is None][: -_MOST + 1]
        kept = tuple(each for each in self._focus.posts if each not in stamped and each not in unstamped)
        silenced = tuple(replace(each, alert_at=None) if each is stretch else each for each in self._focus.stretches)
        self._focus = replace(self._focus, posts=(*kept, post), stretches=silenced)

    def _guided(self, stretch: Stretch) -> None:
        """The guidance is over: whoever gave it is asked for the stamp."""
        post = self._posted(stretch)
        if post is None or post.ended_at is not None:
            return
        over = replace(post, ended_at=self._until)
        self._replaced(post, over)
        if over.stamped_at is None:
            self._say(over, _DONE, "ask_stamp", (f"agent:{post.agent}",), self._until, reason="over")

    def _stamped(self, fact: CaseStamped) -> None:
        """The handler or a supervisor puts the stamp on a post, or takes it off; nobody else's counts."""
        for post in self._focus.posts:
            if fact.occurrence != post.id and not fact.occurrence.startswith(f"{post.id}/"):
                continue
            actor = fact.actor
            if actor is None or not (actor.kind == "supervisor" or actor.id == post.agent):
                continue
            if fact.removed:
                free = replace(post, stamped_at=None, stamped_by="", list_at=self._days_end(self._until))
                self._replaced(post, free)
            elif post.stamped_at is None:
                by = actor.name or fact.by or actor.id
                self._replaced(post, replace(post, stamped_at=self._until, stamped_by=by, list_at=None))

    def _listed(self, post: Post) -> Post:
        while (list_at := post.list_at) is not None and list_at <= self._until and self._rules is not None:
            post = replace(post, listed=post.listed + 1)
            following = self._days_end(list_at)
            if following is None or following > self._telling.now:  # after an outage of days: the last list only
                self._say(post, _LISTED, "list_unstamped", self._rules.list_to, list_at, repeat=post.listed)
            post = replace(post, list_at=following if post.listed < _MOST_LISTED else None)
        return post

    def _replaced(self, old: Post, new: Post) -> None:
        posts = tuple(new if each is old else each for each in self._focus.posts)
        self._focus = replace(self._focus, posts=posts)

    def _days_end(self, at: dt.datetime) -> dt.datetime | None:
        if self._rules is None or self._hours is None:
            return None
        return next_days_end(at, self._rules.day_ends, self._hours)

    def _say(self, post: Post, rung: int, action: str, to: tuple[str, ...], at: dt.datetime, **more: Any) -> None:
        assert self._rules is not None
        until = post.ended_at or at
        link = self._rules.link.replace("{case_id}", self._case.id)
        fact = LadderRungReached(
            at=at,
            cause=self._telling.cause_of(post),
            configuration=self._telling.version,
            case_id=self._case.id,
            ladder=self._rules.ladder,
            rung=rung,
            occurrence=post.id,
            action=action,
            recipients=to,
            noticed_at=max(self._telling.now, at),
            attributes={
                "agent": post.agent,
                "since": post.since.isoformat(),
                "elapsed_seconds": (until - post.since).total_seconds(),
                "elapsed_minutes": int((until - post.since).total_seconds() // 60),
                "link": link,
                "stamp": self._rules.stamp,
            },
            **more,
        )
        self._telling.tell(post.id, fact)
        self._telling.count(f"ladder_{action}.{self._rules.ladder}")


def _more(sums: Mapping[str, dt.timedelta], name: str, length: dt.timedelta) -> Mapping[str, dt.timedelta]:
    name = name if name in sums or len(sums) < _MOST else OTHERS
    return {**sums, name: sums.get(name, _ZERO) + length}
