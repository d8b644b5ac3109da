"""What changed between two contents of the wall.

Sections that are lists of keyed rows are told row by row: of five hundred agents a second changes a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYED: Mapping[str, str] = {"agents": "key", "queues": "queue"}
"""By section, the field that names a row."""


def patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """`set` has the sections that changed; `rows`, of keyed ones, the changed rows, and the order where that changed."""
    changed = [name for name in after if name not in before or before[name] != after[name]]
    rows = {name: _rows(before[name], after[name], KEYED[name]) for name in changed if name in KEYED and name in before}
    return {"set": {name: after[name] for name in changed if name not in rows}, "rows": rows}


def _rows(before: list[dict[str, Any]], after: list[dict[str, Any]], key: str) -> dict[str, Any]:
    known = {row[key]: row for row in before}
    changed = [row for row in after if known.get(row[key]) != row]
    order = [row[key] for row in after]
    return {"changed": changed, "order": None if order == [row[key] for row in before] else order}


def patched(before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """What the page makes of it; `patched(a, patch(a, b)) == b`."""
    after = {**before, **change["set"]}
    for name, told in change["rows"].items():
        rows = {row[KEYED[name]]: row for row in (*before[name], *told["changed"])}
        order = told["order"] if told["order"] is not None else [row[KEYED[name]] for row in before[name]]
        after[name] = [rows[key] for key in order]
    return after
