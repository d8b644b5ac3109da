"""What must hold after any fault.

Source: delivery.md, "Checkers"; the numbers in the docstrings are its.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from caseway.testkit.chaos.dump import Dump, Record
from caseway.testkit.chaos.load import SOURCE, Journal

REPEATED = "caseway.case.contact-repeated.v1"
Checker = Callable[[Dump, Journal], list[str]]


def as_read(records: Iterable[Record]) -> list[Record]:
    """What a reader applies: without the repeats, which it knows by lane and sequence."""
    seen: dict[tuple[str, str, int], int] = {}
    applied = []
    for record in records:
        topic, lane, partition, sequence = record.mark
        if lane and sequence <= seen.get((topic, lane, partition), 0):
            continue
        seen[topic, lane, partition] = sequence
        applied.append(record)
    return applied


def _causes(dump: Dump) -> Counter[tuple[str, str]]:
    """How often each (cause, type) stands among the case facts that a reader applies."""
    return Counter((record.data["cause"], record.headers["ce_type"]) for record in as_read(dump.on("cases")))


def no_input_lost(dump: Dump, journal: Journal) -> list[str]:
    """1: every acknowledged contact has its effect on a case, or is parked."""
    caused = {cause for cause, _ in _causes(dump)}
    parked = {r.headers.get("ce_id") for r in dump.on("intake.parked") if r.headers.get("ce_source") == SOURCE}
    return [
        f"lost: {id_}"
        for id_, fate in journal.fates.items()
        if fate == "ok" and journal.contacts[id_].command_id not in caused and id_ not in parked
    ]


def no_effect_twice(dump: Dump, _: Journal) -> list[str]:
    """2: no case fact has a cause that another fact of its type has too."""
    causes = _causes(dump)
    again = {cause for cause, type_ in causes if type_ == REPEATED} & {
        cause for cause, type_ in causes if type_ != REPEATED
    }
    return [f"twice: {type_} of {cause}" for (cause, type_), count in causes.items() if count > 1] + [
        f"applied again, and known by its source key: {cause}" for cause in again
    ]


def versions_without_holes(dump: Dump, _: Journal) -> list[str]:
    """2, 5: what a reader applies of a case is 1, 2, 3 …, in this order."""
    versions: dict[str, list[int]] = defaultdict(list)
    for record in as_read(dump.on("cases")):
        versions[record.data["case_id"]].append(record.data["version"])
    return [
        f"versions of {case}: {found[:20]}"
        for case, found in versions.items()
        if found != list(range(1, len(found) + 1))
    ]


def no_ghost_no_zombie(dump: Dump, _: Journal) -> list[str]:
    """4: a case's state and its last fact tell the same version; no row waits that is not on its topic."""
    last = {record.data["case_id"]: record.data["version"] for record in as_read(dump.on("cases"))}
    state = {document["_id"]: document["version"] for document in dump.collections["cases"]}
    wrong = [
        f"case {case}: state {state.get(case)}, facts {last.get(case)}"
        for case in state.keys() | last.keys()
        if state.get(case) != last.get(case)
    ]
    published = {record.headers.get("ce_id") for record in dump.records}
    waiting = [row for document in dump.collections["outbox"] for row in document["rows"]]
    ids = [dict(row[4]).get("ce_id", b"").decode() for row in waiting]
    return wrong + [f"never published: {id_}" for id_ in ids if id_ not in published]


def equal_ids_equal_bytes(dump: Dump, _: Journal) -> list[str]:
    """4: a record that was published again is the same to the byte."""
    bodies: dict[tuple[str, str], bytes] = {}
    wrong = []
    for record in dump.records:
        if "ce_lane" in record.headers:
            key = (record.topic, record.headers["ce_id"])
            if bodies.setdefault(key, record.value) != record.value:
                wrong.append(f"two bodies of {key}")
    return wrong


def nothing_skipped(dump: Dump, _: Journal) -> list[str]:
    """10, 11: each lane's next offset is the end of its partition, and no gap was recorded."""
    wrong = []
    for lane in dump.collections["lanes"]:
        number = int(lane["_id"].rpartition("/")[2])
        wrong += [
            f"{lane['_id']} {topic}: next {offset}, end {dump.ends[topic, number]}"
            for topic, offset in lane.get("next", {}).items()
            if (topic, number) in dump.ends and offset != dump.ends[topic, number]
        ]
        wrong += [f"{lane['_id']}: gap {gap}" for gap in lane.get("gaps", [])]
    return wrong


def nobody_halted(dump: Dump, _: Journal) -> list[str]:
    """13: nothing that was done here is an impossible fact."""
    return [f"{lane['_id']} halted: {lane['halted']}" for lane in dump.collections["lanes"] if lane.get("halted")]


CHECKERS: tuple[Checker, ...] = (
    no_input_lost,
    no_effect_twice,
    versions_without_holes,
    no_ghost_no_zombie,
    equal_ids_equal_bytes,
    nothing_skipped,
    nobody_halted,
)
TOPICS = ("contacts.web", "contacts.chat", "contacts.email", "case.commands", "cases", "intake.parked")
COLLECTIONS = ("lanes", "outbox", "cases")


def violations(dump: Dump, journal: Journal) -> dict[str, list[str]]:
    """Every checker that is red, with what it found."""
    found = {checker.__name__: checker(dump, journal) for checker in CHECKERS}
    return {name: wrong for name, wrong in found.items() if wrong}
