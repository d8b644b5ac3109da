"""What coordinators, and agents on their work, may say.

Opening a conversation says so first: only when the command that records it is in the log is anything shown. Whispers,
reassigning and raising are commands like any desk's; the page shows what became of them when the fact has come.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from caseway.contracts.case_commands import WatchCase, WhisperToAgent
from caseway.contracts.codec import encode
from caseway.contracts.parts import Destination
from caseway.contracts.wire import WireModel
from caseway.contracts.work_commands import RaiseWork, TransferWork
from caseway.kernel.vocabulary import Priority
from caseway.runtime.running import Running
from caseway_analytics.adapters.timelines import MongoTimelines
from caseway_analytics.domain.desk import Desk
from caseway_analytics.domain.entries import Entry
from caseway_analytics.domain.live import LiveCase
from caseway_analytics.domain.questions import BadQuestion
from caseway_analytics.domain.timeline import Speech, timeline
from caseway_analytics.domain.wall_agents import labelled
from caseway_analytics.metrics import COMMANDS
from caseway_analytics.settings import Configuration
from caseway_analytics.web.answering import answering
from caseway_analytics.web.denied import Denied
from caseway_analytics.web.visitors import Visitor, body_of, coordinator, known, visitor_of

_WATCH_LASTS_SECONDS = 600.0
"""So long a conversation may be read on; then opening it is recorded anew."""
_MOST_WATCHED = 10_000
Model = TypeVar("Model", bound=BaseModel)


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Watch(_Asked):
    reason: str = Field(default="", max_length=500)


class _Whisper(_Asked):
    text: str = Field(min_length=1, max_length=4_000)
    to: str | None = Field(default=None, max_length=200)


class _Reassign(_Asked):
    """To an agent or to a queue."""

    agent: str | None = Field(default=None, min_length=1, max_length=200)
    queue: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _one(self) -> _Reassign:
        if (self.agent is None) is (self.queue is None):
            raise ValueError("an agent or a queue")
        return self


class _Raise(_Asked):
    priority: Literal["urgent", "high", "normal", "low"]
    reason: str = Field(default="", max_length=500)


def coordinating_routes(running: Running) -> list[Route]:
    """Timelines for everybody, conversations and commands for those who may."""
    room = Room(running)
    return [
        Route("/v1/cases/{case}", answering(room.timeline)),
        Route("/v1/cases/{case}/watch", answering(room.watch), methods=["POST"]),
        Route("/v1/cases/{case}/conversation", answering(room.conversation)),
        Route("/v1/cases/{case}/whispers", answering(room.whispers)),
        Route("/v1/cases/{case}/whisper", answering(room.whisper), methods=["POST"]),
        Route("/v1/cases/{case}/reassign", answering(room.reassign), methods=["POST"]),
        Route("/v1/cases/{case}/raise", answering(room.lift), methods=["POST"]),
        Route("/v1/work", answering(room.own_work)),
    ]


class Room:
    """Answers about cases, one by one."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._cases = MongoTimelines(running.database)
        self._watched: dict[tuple[str, str], float] = {}

    async def timeline(self, request: Request) -> Response:
        """How a case got where it is; agents by name for a coordinator only."""
        visitor = visitor_of(request, self._running)
        case, course = await self._case(request)
        is_named = visitor is not None and visitor.is_coordinator
        desk = await self._desk()
        speech = self._speech(desk, named=is_named)
        told = timeline(case, course, speech)
        return JSONResponse(told | {"agents": _here(desk, speech)} if is_named else told)

    async def watch(self, request: Request) -> Response:
        """Open the conversation: recorded and shown to the agent, then told."""
        visitor = coordinator(request, self._running)
        asked = await _read(request, _Watch)
        case, _ = await self._case(request)
        await self._say(WatchCase(case_id=case.id, actor=visitor.actor, reason=asked.reason), visitor)
        self._remember(visitor, case.id)
        return await self._told(case)

    async def conversation(self, request: Request) -> Response:
        """Read on in a conversation that one opened."""
        visitor = coordinator(request, self._running)
        case, _ = await self._case(request)
        opened = self._watched.get((visitor.actor.id, case.id), 0.0)
        if self._now() - opened > _WATCH_LASTS_SECONDS:
            raise Denied(409, "open it first, with POST to …/watch: that is recorded")
        return await self._told(case)

    async def whispers(self, request: Request) -> Response:
        """What is whispered on a case, for whoever holds it and for coordinators."""
        visitor = known(request, self._running)
        case, _ = await self._case(request)
        self._check_is_theirs(visitor, case)
        return JSONResponse({"whispers": await self._whispered(case)})

    async def whisper(self, request: Request) -> Response:
        """A word between coordinator and agent, which no customer sees."""
        visitor = known(request, self._running)
        asked = await _read(request, _Whisper)
        case, _ = await self._case(request)
        self._check_is_theirs(visitor, case)
        holders = [item.agent for item in case.items.values() if item.agent and item.agent != visitor.actor.id]
        to = asked.to or (holders[0] if visitor.is_coordinator and holders else None)
        if to == visitor.actor.id:
            raise BadQuestion("to", "somebody else")
        return await self._said(WhisperToAgent(case_id=case.id, actor=visitor.actor, text=asked.text, to=to), visitor)

    async def reassign(self, request: Request) -> Response:
        """Give the work to another agent or queue, with its age."""
        visitor = coordinator(request, self._running)
        asked = await _read(request, _Reassign)
        case, _ = await self._case(request)
        work, item = _work(case)
        agents = {agent.id: agent.pool for agent in (await self._desk()).agents}
        if asked.agent is not None and asked.agent not in agents:
            raise BadQuestion("agent", "one whose presence was ever told")
        pool = agents[asked.agent] if asked.agent is not None else item.pool
        command = TransferWork(
            pool=item.pool, actor=visitor.actor, case_id=case.id, work_item=work, agent=item.agent or None,
            to=Destination(pool=pool, queue=asked.queue, agent=asked.agent), reason=asked.reason or "reassigned",
        )  # fmt: skip
        return await self._said(command, visitor)

    async def lift(self, request: Request) -> Response:
        """Give waiting work another place in its queue."""
        visitor = coordinator(request, self._running)
        asked = await _read(request, _Raise)
        case, _ = await self._case(request)
        work, item = _work(case)
        command = RaiseWork(
            pool=item.pool, actor=visitor.actor, case_id=case.id, work_item=work, priority=Priority(asked.priority),
            reason=asked.reason or "raised",
        )  # fmt: skip
        return await self._said(command, visitor)

    async def own_work(self, request: Request) -> Response:
        """What the visitor holds, who looks into it, and what is whispered to them."""
        visitor = known(request, self._running)
        held = await self._cases.held_by(visitor.actor.id)
        label = self._speech(await self._desk(), named=True).agent
        work = [
            {
                "case": case.id,
                "number": case.number,
                "channel": case.channel,
                "queue": case.queue,
                "watched": _watchers(course, label),
                "whispers": await self._whispered(case),
            }
            for case, course in held
        ]
        return JSONResponse({"agent": visitor.actor.id, "work": work})

    async def _case(self, request: Request) -> tuple[LiveCase, Sequence[Entry]]:
        found = await self._cases.found(request.path_params["case"])
        if found is None:
            raise BadQuestion("case", "a case's id or number")
        return found

    async def _told(self, case: LiveCase) -> Response:
        configuration: Configuration = self._running.configuration
        said = await self._named(await self._cases.conversation(case.id))
        return JSONResponse({"case": case.id, "kept": configuration.measures.searchable, "said": said})

    async def _said(self, command: WireModel, visitor: Visitor) -> Response:
        return JSONResponse({"id": await self._say(command, visitor)}, status_code=202)

    async def _say(self, command: WireModel, visitor: Visitor) -> str:
        """Publish; it is in the log when this returns.

        Raises:
            Transient: Kafka did not acknowledge it.
        """
        id_ = secrets.token_hex(16)
        value, headers = encode(
            command,
            id=id_,
            source=f"caseway://analytics/wall/{visitor.actor.kind}",
            time=self._running.clock.now(),
            subject=command.key(),
        )
        await self._running.door.publish(command.topic(), command.key(), value, headers)
        COMMANDS.labels(command.TYPE.split(".")[2]).inc()
        return id_

    def _check_is_theirs(self, visitor: Visitor, case: LiveCase) -> None:
        if not visitor.is_coordinator and all(item.agent != visitor.actor.id for item in case.items.values()):
            raise Denied(403, "for coordinators, and for whoever holds the case")

    def _remember(self, visitor: Visitor, case_id: str) -> None:
        now = self._now()
        if len(self._watched) >= _MOST_WATCHED:
            self._watched = {key: at for key, at in self._watched.items() if now - at < _WATCH_LASTS_SECONDS}
        self._watched[visitor.actor.id, case_id] = now

    async def _whispered(self, case: LiveCase) -> list[dict[str, Any]]:
        return await self._named(await self._cases.conversation(case.id, whispers_only=True))

    async def _named(self, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
        label = self._speech(await self._desk(), named=True).agent
        return [{**each, "name": label(each["person"]) if each["person"] else ""} for each in said]

    def _speech(self, desk: Desk, *, named: bool) -> Speech:
        plan = self._running.configuration.plan()
        return Speech(agent=labelled(desk, plan, named=named), queues=plan.queues, zone=ZoneInfo(plan.zone))

    async def _desk(self) -> Desk:
        """Who there is, as of now: an answer must not be older than the question."""
        return Desk(now=self._running.clock.now(), agents=await self._cases.agents())

    def _now(self) -> float:
        return self._running.clock.now().timestamp()


def _here(desk: Desk, speech: Speech) -> list[dict[str, str]]:
    """Whom work can be given to: those who are there."""
    here = [agent for agent in desk.agents if agent.presence != "offline"]
    return sorted(({"id": agent.id, "name": speech.agent(agent.id)} for agent in here), key=lambda each: each["name"])


def _work(case: LiveCase) -> tuple[str, Any]:
    """The case's work that is not done.

    Raises:
        Denied: 409, there is none.
    """
    for name, item in case.items.items():
        if item.pool:
            return name, item
    raise Denied(409, "nobody works on this case, and none of its work waits")


def _watchers(course: Sequence[Entry], label: Any) -> list[dict[str, str]]:
    return [{"at": entry.at.isoformat(), "name": label(entry.agent)} for entry in course if entry.what == "watched"][
        -5:
    ]


async def _read(request: Request, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(await body_of(request) or b"{}")
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False)[0]
        raise BadQuestion(".".join(map(str, first["loc"])) or "body", str(first["msg"])) from None
