"""What one message changes in a pool, tells and makes due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from caseway.kernel.decision import Arm, Decision, Delete, Disarm, Put
from caseway_router.domain.decided import KEPT_PER_ITEM, DecidedOffer, offer_id
from caseway_router.domain.items import Holder, Moved, Offered, Waiting, WorkItem, WrappingUp
from caseway_router.domain.pool import Pool
from caseway_router.domain.staff import Attendance

WORK_ITEMS = "work_items"
ATTENDANCES = "attendances"
MOVED = "moved"
DECISIONS = "decisions"
HOLDERS = "holders"


def id_in(pool: str, name: str) -> str:
    """Under which a pool keeps what it knows of a case or agent; another pool may know something else of the same one.

    A case's work is kept by the case's id alone: it is in one pool at a time.
    """
    return f"{pool}/{name}"


class Ledger:
    """Keeps a pool in memory and what is written of it the same: every change goes through here."""

    def __init__(self, pool: Pool, now: dt.datetime, cause: str) -> None:
        """`cause` is the id of the message, or of the one that armed the timer: what the facts name."""
        self.pool = pool
        self.now = now
        self.cause = cause
        self.holder = ""
        """Who worked last on the case that is queued; empty where nobody did, or nobody asks."""
        self._emits: list[Any] = []
        self._changes: dict[tuple[str, str], Put | Delete] = {}
        self._timers: dict[str, Arm | Disarm] = {}

    def tell(self, fact: Any) -> None:
        """Publish a fact, or a command to another pool."""
        self._emits.append(fact)

    def put(self, item: WorkItem) -> WorkItem:
        """The item is as given from now on."""
        is_new = item.case_id not in self.pool.items
        self.pool.put_item(item)
        self._put(WORK_ITEMS, item.case_id, item, is_new=is_new)
        return item

    def drop(self, item: WorkItem) -> None:
        """The item is gone, and its timers with it."""
        self.pool.drop_item(item.case_id)
        self._delete(WORK_ITEMS, item.case_id)
        if isinstance(item.standing, Offered):
            self.disarm("offer", item.case_id)
        if isinstance(item.standing, WrappingUp):
            self.disarm("wrap", item.case_id)
        if item.next_step_at is not None:
            self.disarm("step", item.case_id)
        if item.next_relaxation_at is not None:
            self.disarm("relax", item.case_id)
        if item.cool_downs:
            self.disarm("retry", item.case_id)

    def attend(self, attendance: Attendance) -> None:
        """The agent is as present as given from now on."""
        self.pool.put_attendance(attendance)
        self._put(ATTENDANCES, id_in(self.pool.name, attendance.agent), attendance)

    def move(self, moved: Moved) -> None:
        """Remember where the case's work went."""
        self.pool.moved[moved.case_id] = moved
        self._put(MOVED, id_in(self.pool.name, moved.case_id), moved)

    def forget_move(self, case_id: str) -> None:
        """The case's work is here again, or nowhere."""
        if self.pool.moved.pop(case_id, None) is not None:
            self._delete(MOVED, id_in(self.pool.name, case_id))
            self.disarm("moved", case_id)

    def keep(self, offer: DecidedOffer) -> None:
        """Remember why, for as many offers as are kept."""
        self._put(DECISIONS, offer.id, offer, is_new=True)
        if offer.offer_count > KEPT_PER_ITEM:
            self._delete(DECISIONS, offer_id(offer.work_item, offer.offer_count - KEPT_PER_ITEM))

    def remember_holder(self, item: WorkItem) -> None:
        """Whose the case is, should it come again."""
        self.holder = item.agent
        if self.pool.plan.remembers_holders:
            holder = Holder(case_id=item.case_id, agent=item.agent)
            self._put(HOLDERS, id_in(self.pool.name, item.case_id), holder)

    def arm(self, kind: str, name: str, due_at: dt.datetime) -> None:
        """Make something due for the case or agent of this name."""
        arm = armed(kind, self.pool.name, name, due_at)
        self._timers[arm.key] = arm

    def disarm(self, kind: str, name: str) -> None:
        """It is due no longer."""
        key = f"{kind}/{name}"
        self._timers[key] = Disarm(key=key)

    def arm_waits(self, item: WorkItem) -> None:
        """Arm what may change a waiting item's lot: its next relaxation, and the next cool-down that ends."""
        steps_at = item.next_step_at
        if steps_at is not None and isinstance(item.standing, Waiting):
            self.arm("step", item.case_id, steps_at)
        relaxes_at = item.next_relaxation_at
        if relaxes_at is not None:
            self.arm("relax", item.case_id, relaxes_at)
        ends = [each.until for each in item.cooling(self.now)]
        if ends and isinstance(item.standing, Waiting):
            self.arm("retry", item.case_id, min(ends))

    def about(self, item: WorkItem, at: dt.datetime | None = None) -> Mapping[str, Any]:
        """The fields that every fact about the item has."""
        return {
            "work_item": item.work_item,
            "case_id": item.case_id,
            "pool": item.pool,
            "queue": item.queue,
            **self.stamp(at),
        }

    def stamp(self, at: dt.datetime | None = None) -> Mapping[str, Any]:
        """When, why and by which configuration."""
        return {"at": at or self.now, "cause": self.cause, "configuration": self.pool.version}

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened so far."""
        return not (self._emits or self._changes or self._timers)

    def decision(self, parks: str = "") -> Decision:
        """Everything, ready for the lane."""
        return Decision(
            emits=tuple(self._emits),
            changes=tuple(self._changes.values()),
            timers=tuple(self._timers.values()),
            parks=parks,
        )

    def _put(self, collection: str, name: str, value: Any, *, is_new: bool = False) -> None:
        before = self._changes.get((collection, name))
        is_new = before.is_new if isinstance(before, Put) else is_new and before is None
        self._changes[collection, name] = Put(collection=collection, id=name, value=value, is_new=is_new)

    def _delete(self, collection: str, name: str) -> None:
        self._changes[collection, name] = Delete(collection=collection, id=name)


def armed(kind: str, pool: str, name: str, due_at: dt.datetime) -> Arm:
    """The timer of a kind for a case or agent of the pool."""
    return Arm(key=f"{kind}/{name}", kind=kind, due_at=due_at, data={"pool": pool, "name": name})
