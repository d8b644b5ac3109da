"""Takes a batch of items through their decisions, in order."""

from __future__ import annotations

import dataclasses
import datetime as dt
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from caseway.contracts.codec import partition_of
from caseway.kernel.decision import Decision, Due, Moment, Ref, States
from caseway.kernel.errors import Impossible, Rejected, Superseded
from caseway.runtime import metrics
from caseway.runtime.items import Item, prepared
from caseway.runtime.lane import Lane, fingerprint
from caseway.runtime.logs import logger
from caseway.runtime.outbox import Row
from caseway.runtime.outcome import Outcome
from caseway.runtime.parking import parked_document, parked_row
from caseway.runtime.stage import Collection, Stage

ARRIVALS = Collection(name="arrivals", shared=True, expires_after=dt.timedelta(days=14))
"""Events from outside that were seen in the last 14 days. Source: delivery.md, "Repeats from outside"."""

_log = logger(__name__)


class Condemned(Exception):
    """A decision failed after it may have changed the resident object: rebuild, and go again without the item."""

    def __init__(self, item: Item) -> None:
        super().__init__("an item was condemned")
        self.item = item


class _Unforeseen(Exception):
    """A decision asked for states that are not loaded."""

    def __init__(self, refs: Mapping[Ref, None]) -> None:
        super().__init__("states that nobody foresaw")
        self.refs = dict(refs)


class _Workspace(States):
    """What is loaded, under what the batch has decided so far."""

    def __init__(self, loaded: Mapping[tuple[str, str], Any], decided: Mapping[tuple[str, str], Any]) -> None:
        self._loaded = loaded
        self._decided = decided
        self._resident: Any = None
        self.missed: dict[Ref, None] = {}
        """What was asked for and is not loaded."""

    def get(self, collection: str, id: str) -> Any:  # noqa: A002 - the port's word
        ref = (collection, id)
        if ref in self._decided:
            return self._decided[ref]
        try:
            return self._loaded[ref]
        except KeyError:
            self.missed[Ref(*ref)] = None
            raise

    @property
    def resident(self) -> Any:
        return self._resident

    def turn_to(self, lane: Lane) -> None:
        """Show this lane's resident object."""
        self._resident = lane.resident


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Everything a stage's decisions depend on beside messages and states."""

    stage: Stage
    service: str
    configuration: Any
    version: str
    partitions: int
    max_parked: int
    collections: Mapping[str, Collection]

    def prepare(self, item: Item) -> None:
        """Do the slow pure work once, and find out which states the decision wants."""
        if item.message is None or item.handle is None or item.error is not None or item.defect:
            return
        try:
            if item.handle.prepare is not None:
                prepared(item, item.handle.prepare(item.message))
            item.refs = list(dict.fromkeys(item.handle.needs(item.message)))
        except (Rejected, Superseded) as error:
            item.refuse(error)
        except Exception:  # noqa: BLE001 - any defect concerns this record alone
            item.defect = traceback.format_exc()

    def followed(self, items: Sequence[Item], loaded: Mapping[tuple[str, str], Any]) -> list[Ref]:
        """What the items want beside what is loaded, now that this is known."""
        found: dict[Ref, None] = {}
        workspace = _Workspace(loaded, {})
        for item in items:
            if item.message is None or item.handle is None or item.handle.follows is None or item.error or item.defect:
                continue
            try:
                refs = [Ref(*ref) for ref in item.refs]
                found |= dict.fromkeys(Ref(*ref) for ref in item.handle.follows(item.message, refs, workspace))
            except Exception:  # noqa: BLE001 - any defect concerns this record alone
                item.defect = traceback.format_exc()
        return [ref for ref in found if ref not in loaded]

    def decide_all(
        self, items: Sequence[Item], lanes: Mapping[int, Lane], loaded: Mapping[tuple[str, str], Any]
    ) -> Outcome:
        """Every item's decision, later ones seeing what earlier ones changed.

        Where that led one to states that nobody foresaw, the outcome names them, and must not be written: load them,
        and decide all again.
        """
        outcome = Outcome(stage=self.stage.name, partitions=self.partitions, collections=self.collections)
        workspace = _Workspace(loaded, outcome.values)
        last: dict[tuple[int, str], Item] = {}
        for item in items:
            lane = lanes[item.lane]
            share = outcome.of(lane)
            if share.progress.halted:
                continue
            workspace.turn_to(lane)
            self._decide(item, lane, outcome, workspace)
            if item.record is not None and not share.progress.halted:
                share.progress.next[item.topic] = item.record.offset + 1
                last[item.lane, item.topic] = item
        for (number, topic), item in last.items():
            assert item.record is not None
            outcome.lanes[number].progress.fingerprint[topic] = fingerprint(item.record)
        return outcome

    def _decide(self, item: Item, lane: Lane, outcome: Outcome, workspace: _Workspace) -> None:
        share = outcome.of(lane)
        if item.due is not None:
            if not share.is_still_due(item.due):
                return
            share.disarm(item.due.key)
        if self._is_repeat(item, outcome, workspace, lane):
            return
        if item.error is not None or item.defect:
            self._set_aside(item, lane, outcome)
            return
        if item.is_misrouted:
            self._send_on(item, lane, outcome)
            return
        if item.handle is None:
            self._count(outcome, "skipped")
            return
        self._decide_one(item, lane, outcome, workspace)

    def _decide_one(self, item: Item, lane: Lane, outcome: Outcome, workspace: _Workspace) -> None:
        assert item.handle is not None
        assert item.message is not None
        moment = Moment(
            now=item.message.recorded_at,
            configuration=self.configuration,
            version=self.version,
            lane=lane.id,
            partitions=self.partitions,
        )
        try:
            decision = self._decision(item, moment, workspace)
            outcome.take(lane, item.message, decision)
        except _Unforeseen as unforeseen:
            outcome.unforeseen |= unforeseen.refs
        except (Rejected, Superseded) as error:
            item.refuse(error)
            self._set_aside(item, lane, outcome)
        except Impossible as error:
            self._halt(lane, outcome, str(error))
        except Exception as error:
            item.defect = traceback.format_exc()
            if lane.resident is not None:
                raise Condemned(item) from error
            self._set_aside(item, lane, outcome)
        else:
            self._finish(item, lane, outcome, decision)

    @staticmethod
    def _decision(item: Item, moment: Moment, workspace: _Workspace) -> Decision:
        """The handle's decision; where it may follow, of what it looked at while something was not loaded, nothing holds.

        Raises:
            _Unforeseen: an earlier decision of the batch led it to states that are not loaded.
        """
        assert item.handle is not None
        assert item.message is not None
        workspace.missed.clear()
        try:
            decision = item.handle.decide(item.message, workspace, moment)
        except Exception:
            if workspace.missed and item.handle.follows is not None:
                raise _Unforeseen(workspace.missed) from None
            raise
        if workspace.missed and item.handle.follows is not None:
            raise _Unforeseen(workspace.missed)
        return decision

    def _finish(self, item: Item, lane: Lane, outcome: Outcome, decision: Decision) -> None:
        outcome.of(lane).progress.defects = 0
        if decision.parks:
            self._park(item, lane, outcome, decision.parks, "")
        self._count(outcome, "applied")
        if isinstance(item.due, Due):
            outcome.counts[metrics.TIMERS_FIRED, item.due.kind] += 1

    def _is_repeat(self, item: Item, outcome: Outcome, workspace: _Workspace, lane: Lane) -> bool:
        progress = outcome.of(lane).progress
        if item.upstream:
            assert item.message is not None
            sequence, event_id = progress.seen.get(item.upstream, (0, ""))
            if item.sequence > sequence:
                progress.seen[item.upstream] = (item.sequence, item.message.id)
                return False
            if item.sequence == sequence and item.message.id != event_id:
                self._halt(lane, outcome, f"two events with sequence {sequence} from {item.upstream}")
                return True
            self._duplicate(outcome, "sequence")
            return True
        if item.arrival and item.message is not None:
            if workspace.get(ARRIVALS.name, item.arrival) is not None or item.arrival in outcome.arrivals:
                self._duplicate(outcome, "arrival")
                return True
            outcome.arrivals[item.arrival] = item.message.recorded_at
        return False

    def _set_aside(self, item: Item, lane: Lane, outcome: Outcome) -> None:
        progress = outcome.of(lane).progress
        if isinstance(item.error, Superseded):
            self._count(outcome, "superseded")
        elif isinstance(item.error, Rejected):
            self._park(item, lane, outcome, item.error.reason, item.error.detail)
        else:
            progress.defects += 1
            if progress.defects > self.max_parked:
                self._halt(lane, outcome, f"{progress.defects} defects in a row: the last is in the log")
            else:
                self._park(item, lane, outcome, "defect", item.defect.strip().rpartition("\n")[2][:200])
            where = without_messages(item.defect)
            _log.error("defect", stage=self.stage.name, lane=lane.id, topic=item.topic, traceback=where)

    def _park(self, item: Item, lane: Lane, outcome: Outcome, reason: str, detail: str) -> None:
        at = item.message.recorded_at if item.message else _recorded_at(item)
        outcome.parked.append(parked_document(item, self.stage.name, reason, detail, at))
        if item.record is not None:
            outcome.blobs.append(item.record.value or b"")
        outcome.send(lane, parked_row(item, self.service, reason))
        outcome.counts[metrics.PARKED, reason] += 1
        self._count(outcome, "parked")

    def _send_on(self, item: Item, lane: Lane, outcome: Outcome) -> None:
        """Publish a misrouted record to the partition of its own id; it is known again by its source and id."""
        assert item.record is not None
        assert item.message is not None
        assert self.stage.keyed_by is not None
        key = str(getattr(item.message.data, self.stage.keyed_by)).encode()
        headers = [(name, value) for name, value in item.record.headers if name not in {"ce_lane", "ce_sequence"}]
        row = Row(
            topic=item.topic,
            partition=partition_of(key, self.partitions),
            key=key,
            value=item.record.value or b"",
            headers=headers,
        )
        # remembered as arrived here, it would be a repeat when it comes back to a lane of this service
        outcome.arrivals.pop(item.arrival, None)
        outcome.send(lane, row)
        self._count(outcome, "misrouted")

    def _halt(self, lane: Lane, outcome: Outcome, reason: str) -> None:
        outcome.of(lane).progress.halted = reason
        _log.error("lane_halted", lane=lane.id, reason=reason)

    def _duplicate(self, outcome: Outcome, kind: str) -> None:
        outcome.counts[metrics.DUPLICATES, kind] += 1
        self._count(outcome, "duplicate")

    @staticmethod
    def _count(outcome: Outcome, result: str) -> None:
        outcome.counts[metrics.RECORDS, result] += 1


def _recorded_at(item: Item) -> dt.datetime:
    assert item.record is not None
    return dt.datetime.fromtimestamp(item.record.timestamp / 1000, dt.UTC)


def without_messages(defect: str) -> str:
    """A traceback's places and types; an exception's message may quote what a customer wrote, and logs must not."""
    lines = defect.strip().splitlines()
    return "\n".join(line if line.startswith((" ", "Traceback")) else line.partition(":")[0] for line in lines)


def wanted(items: Sequence[Item]) -> list[Ref]:
    """Every state that the items' decisions may look at, arrivals included."""
    refs: dict[tuple[str, str], None] = {}
    for item in items:
        for ref in item.refs:
            refs[ref[0], ref[1]] = None
        if item.arrival and item.message is not None:
            refs[ARRIVALS.name, item.arrival] = None
    return [Ref(*ref) for ref in refs]
