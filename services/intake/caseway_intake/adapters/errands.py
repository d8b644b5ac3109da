"""How what is to be erased looks in MongoDB."""

from __future__ import annotations

from caseway.runtime.stage import Collection, Document
from caseway_intake.adapters.records import dump_record, load_record
from caseway_intake.domain.life import Search, Trace
from caseway_intake.handlers.core import ERRANDS as NAME


def dump_errand(errand: Trace | Search) -> Document:
    """A note for the loop that erases; which kind it is, is told by its name."""
    return {"kind": "search" if isinstance(errand, Search) else "trace", **dump_record(errand)}


def load_errand(document: Document) -> Trace | Search:
    """The note."""
    told = {**document, "id": document["_id"]}
    return load_record(Search, told) if document["kind"] == "search" else load_record(Trace, told)


ERRANDS = Collection(name=NAME, dump=dump_errand, load=load_errand, shared=True)
"""Written by the core's lanes, worked off and removed by the loop: so it is shared, and nobody's cache."""
