"""Each kind of rubbish that may reach a pool has one outcome: through the runtime, as bytes from outside."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

import pytest

from caseway.contracts.codec import partition_of
from caseway.contracts.topology import PARTITIONS
from caseway.runtime import metrics
from tests.router_lanes import Lanes

POOL, ADA, BEN = "retail", "agnieszka.lis", "dariusz.klon"
LANE = partition_of(POOL.encode(), PARTITIONS)
WAITS: dict[str, Any] = {"case_id": "c1", "work_item": "w1", "queue": "customers", "requirements": [{"skill": "pl"}]}


class Core(Lanes):
    """The core's stage; what becomes of a command, in a word or two."""

    def __init__(self) -> None:
        super().__init__("router.core")

    def tells(self, verb: str, said: dict[str, Any] | bytes, pool: str = POOL) -> str:
        """`parked <reason>`, `refused <reason>`, `superseded`, `misrouted`, or what is told."""
        value = said if isinstance(said, bytes) else json.dumps({"pool": pool, **said}).encode()
        outcome = self.takes("work.commands", f"caseway.work.{verb}.v1", pool, value, LANE)
        if outcome.parked:
            return f"parked {outcome.parked[0]['reason']}"
        told = [json.loads(row.value) for row in outcome.lanes[LANE].rows]
        if refusals := [each["reason"] for each in told if "command" in each]:
            return f"refused {refusals[0]}"
        (result,) = [label for counter, label in outcome.counts if counter is metrics.RECORDS]
        return result if result != "applied" else " ".join(_told(outcome.lanes[LANE].rows))


def _told(rows: Iterable[Any]) -> list[str]:
    types = [dict(row.headers)["ce_type"].decode() for row in rows]
    return [each.split(".")[2] for each in types]


@pytest.fixture
def core() -> Core:
    """Agnieszka is there, and is asked about c1."""
    core = Core()
    assert core.tells("set-presence", {"agent": ADA, "presence": "online"}) == "presence-changed"
    assert core.tells("queue", WAITS) == "queued offered"
    return core


@pytest.mark.parametrize(
    ("verb", "said", "outcome"),
    [
        # people
        ("set-presence", {"agent": "nobody", "presence": "online"}, "parked unknown-agent"),
        ("set-presence", {"agent": "", "presence": "online"}, "parked malformed"),
        ("set-presence", {"agent": BEN, "presence": "dancing"}, "parked malformed"),
        ("set-presence", {"agent": BEN, "presence": "online", "capacity": -1}, "parked malformed"),
        ("set-presence", {"agent": BEN, "presence": "online", "capacity": 1e300}, "parked malformed"),
        ("set-presence", b'{"pool":"retail","agent":"dariusz.klon","presence":"online","capacity":NaN}', "parked malformed"),
        ("set-presence", {"agent": BEN, "presence": "online", "capacity": 0}, "presence-changed"),
        ("set-presence", {"agent": BEN, "presence": "online", "channels": {"telex": False}}, "presence-changed"),
        ("set-presence", {"agent": ADA, "presence": "online"}, "superseded"),
        ("heartbeat", {"agent": "nobody"}, "superseded"),
        ("heartbeat", {"agent": BEN}, "superseded"),
        # work
        ("queue", WAITS, "superseded"),
        ("queue", WAITS | {"case_id": "c2", "queue": "moon"}, "queued offered"),
        ("queue", WAITS | {"case_id": "c2", "requirements": [{"skill": "klingon", "level": 9}]}, "queued unroutable"),
        ("queue", WAITS | {"case_id": "c2", "weight": 100}, "queued unroutable"),
        ("queue", WAITS | {"case_id": "c2", "weight": 0}, "parked malformed"),
        ("queue", WAITS | {"case_id": "c2", "weight": -1}, "parked malformed"),
        ("queue", WAITS | {"case_id": "c2", "weight": 1e9}, "parked malformed"),
        ("queue", WAITS | {"case_id": "c2", "channel": "telex"}, "parked malformed"),
        ("queue", WAITS | {"case_id": "c2", "named_agent": "nobody", "excluded_agents": ["nobody"]}, "queued offered"),
        ("queue", WAITS | {"case_id": "c2", "holder_place": -1}, "parked malformed"),
        ("queue", WAITS | {"case_id": "c2", "holder_place": 10**9}, "queued offered"),
        ("queue", {"case_id": "c2"}, "parked malformed"),
        ("raise", {"case_id": "c1", "queue": "moon"}, "refused unknown_queue"),
        ("raise", {"case_id": "nothing", "priority": "urgent"}, "superseded"),
        ("raise", {"case_id": "c1", "boost": 1e9}, "superseded"),
        ("withdraw", {"case_id": "nothing"}, "superseded"),
        ("withdraw", {"case_id": "c1", "to": {"pool": "moon"}}, "refused unknown_pool"),
        ("withdraw", {"case_id": "c1", "work_item": "another"}, "superseded"),
        # what agents do
        ("accept", {"agent": BEN, "case_id": "c1"}, "refused not_offered"),
        ("accept", {"agent": ADA, "case_id": "nothing"}, "refused gone"),
        ("accept", {"agent": ADA, "case_id": "c1", "work_item": "another"}, "refused gone"),
        ("complete", {"agent": ADA, "case_id": "c1"}, "refused is_offered"),
        ("complete", {"agent": ADA, "case_id": "nothing"}, "superseded"),
        ("start-work", {"agent": ADA, "case_id": "c1", "activity": "sleeping"}, "parked malformed"),
        ("start-work", {"agent": ADA, "case_id": "c1", "announced_seconds": -1}, "parked malformed"),
        ("take", {"agent": "nobody", "case_id": "c1"}, "refused unknown_agent"),
        ("take", {"agent": BEN, "case_id": "c1"}, "refused absent"),
        ("transfer", {"case_id": "c1", "to": {"pool": POOL, "department": "moon"}}, "refused unknown_department"),
        ("transfer", {"case_id": "c1", "to": {"pool": POOL, "queue": "moon"}}, "refused unknown_queue"),
        ("transfer", {"case_id": "c1", "to": {"pool": POOL, "agent": "nobody"}}, "refused unknown_agent"),
        ("transfer", {"case_id": "c1", "to": {"pool": POOL}}, "refused no_destination"),
        ("transfer", {"case_id": "c1", "agent": BEN, "to": {"pool": POOL, "queue": "other"}}, "refused not_held"),
        ("transfer", {"case_id": "nothing", "to": {"pool": POOL, "queue": "other"}}, "superseded"),
        # the rest
        ("dance", {"agent": ADA, "case_id": "c1"}, "parked unknown-type"),
        ("accept", b"not json", "parked malformed"),
        ("accept", b"[]", "parked malformed"),
    ],
)  # fmt: skip
def test_each_has_one_outcome(core: Core, verb: str, said: dict[str, Any] | bytes, outcome: str) -> None:
    """Parked with its reason, refused as a fact, superseded, or done: never two, never none."""
    assert core.tells(verb, said) == outcome


def test_an_unknown_pool_is_parked_and_one_of_another_lane_sent_on(core: Core) -> None:
    pools = [f"pool-{number}" for number in range(200)]
    here = next(each for each in pools if partition_of(each.encode(), PARTITIONS) == LANE)
    elsewhere = next(each for each in pools if partition_of(each.encode(), PARTITIONS) != LANE)
    assert core.tells("queue", WAITS, pool=here) == "parked unknown-pool"
    assert core.tells("queue", WAITS, pool=elsewhere) == "misrouted"


def test_an_acceptance_when_the_time_is_over(core: Core) -> None:
    core.now += dt.timedelta(seconds=21)
    assert core.tells("accept", {"agent": ADA, "case_id": "c1"}) == "refused expired"


def test_two_desks_of_one_agent_answer_one_offer_once(core: Core) -> None:
    answer = {"agent": ADA, "case_id": "c1"}
    assert [core.tells("accept", answer) for _ in range(3)] == ["accepted", "superseded", "superseded"]
    assert core.tells("decline", answer) == "refused is_held"


def test_a_storm_of_presence_is_told_as_often_as_it_changes(core: Core) -> None:
    storm = [core.tells("set-presence", {"agent": BEN, "presence": "online"}) for _ in range(50)]
    assert storm == ["presence-changed", *["superseded"] * 49]
