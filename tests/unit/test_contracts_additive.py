"""A change that would break a reader or a writer is refused; one that adds is not."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from caseway.contracts.additive import breaks


class Part(BaseModel):
    kind: Literal["agent", "customer"]
    name: str | None = None


OLD = {
    "id": (str, ...),
    "text": (str, ""),
    "state": (Literal["open", "closed"], "open"),
    "size": (Annotated[int, Field(ge=0, le=10)], 0),
    "part": (Part, ...),
    "parts": (list[Part], []),
    "maybe": (Part | None, None),
    "either": (int | str, 0),
    "names": (dict[str, int], {}),
    "free": (dict[str, object], {}),
}


def schema(**changes):
    fields = {name: field for name, field in (OLD | changes).items() if field is not None}
    return create_model("Thing", **fields).model_json_schema()


def part(**changes):
    fields = {"kind": (Literal["agent", "customer"], ...), "name": (str | None, None)} | changes
    return create_model("Part", **{name: field for name, field in fields.items() if field is not None})


BREAKS = {
    "a field is gone": {"text": None},
    "a required field is gone": {"id": None},
    "a new field is required": {"more": (str, ...)},
    "a field became required": {"text": (str, ...)},
    "a type changed": {"text": (int, 0)},
    "a type is narrower": {"either": (int, 0)},
    "null is taken no more": {"maybe": (Part, Part(kind="agent"))},
    "a value is taken no more": {"state": (Literal["open"], "open")},
    "only certain values are taken": {"text": (Literal["", "a"], "")},
    "the least is higher": {"size": (Annotated[int, Field(ge=1, le=10)], 1)},
    "the most is lower": {"size": (Annotated[int, Field(ge=0, le=9)], 0)},
    "a bound is new": {"text": (Annotated[str, Field(max_length=5)], "")},
    "a pattern is new": {"id": (Annotated[str, Field(pattern="^a")], ...)},
    "absence means something else": {"state": (Literal["open", "closed"], "closed")},
    "absence means something else, of several types": {"either": (int | str, 1)},
    "a part lost a field": {"part": (part(name=None), ...)},
    "a part asks for more": {"part": (part(more=(str, ...)), ...)},
    "a part in a list is narrower": {"parts": (list[part(kind=(Literal["agent"], ...))], [])},
    "an optional part is narrower": {"maybe": (part(kind=(Literal["agent"], ...)) | None, None)},
    "a list became one": {"parts": (Part, Part(kind="agent"))},
    "a map's values are narrower": {"names": (dict[str, Literal[1, 2]], {})},
    "a map's values are restricted": {"free": (dict[str, int], {})},
}

ADDS = {
    "nothing changes": {},
    "a field comes": {"more": (str | None, None)},
    "a field comes with a default": {"more": (int, 5)},
    "a value comes": {"state": (Literal["open", "closed", "merged"], "open")},
    "a bound is wider": {"size": (Annotated[int, Field(ge=-1, le=20)], 0)},
    "a bound is gone": {"size": (int, 0)},
    "a type is wider": {"either": (int | str | None, 0)},
    "a whole number may be any": {"size": (Annotated[float, Field(ge=0, le=10)], 0)},
    "one becomes one of several": {"text": (str | int, "")},
    "a part gains a field": {"part": (part(more=(str | None, None)), ...)},
    "an optional part gains a field": {"maybe": (part(more=(int, 0)) | None, None)},
    "a part may be absent": {"part": (Part | None, ...)},
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_is_refused(name):
    assert breaks(schema(), schema(**BREAKS[name])), name


@pytest.mark.parametrize("name", ADDS)
def test_what_adds_is_welcome(name):
    assert breaks(schema(), schema(**ADDS[name])) == []


def test_a_refusal_says_where_and_what():
    assert breaks(schema(), schema(part=(part(kind=(Literal["agent"], ...)), ...))) == [
        "part.kind: the value 'customer' is taken no more"
    ]


def test_what_was_always_there_must_stay_where_others_read_it():
    """An input may ask for less; a fact that leaves out what its readers rely on breaks them."""
    less = schema(id=(str | None, None), part=(Part, Part(kind="agent")))
    assert breaks(schema(), less) == []
    assert "id: was always there, and need not be now" in breaks(schema(), less, written_by_us=True)


def test_a_type_keeps_its_topics_and_key():
    old = schema() | {"x-topics": ["cases"], "x-key": "case_id"}
    assert breaks(old, old | {"x-topics": ["work"]}) == ["x-topics changed"]
    assert breaks(old, old | {"x-key": "id"}) == ["x-key changed"]
