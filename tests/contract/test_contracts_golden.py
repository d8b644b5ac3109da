"""Every golden example of every version stays readable, and says what its schema says (contracts, for ever)."""

import copy
import json
import typing
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from caseway.contracts import golden, schemas
from caseway.contracts.codec import decode
from caseway.contracts.topology import TOPICS

COMMITTED = schemas.committed()
EXAMPLES = sorted(golden.FOLDER.glob("*/*.json"))
MODELS = {model.TYPE: model for topic in TOPICS for model in topic.models}


def test_all_examples_are_readable():
    assert golden.unreadable() == []


def test_every_type_has_a_smallest_and_a_full_example():
    found = {type_: len(list((golden.FOLDER / type_).glob("*.json"))) for type_ in COMMITTED}
    assert {type_: count for type_, count in found.items() if count < 1} == {}
    alike = {type_ for type_, events in golden.examples() if len(events) == 2 and events[0] == events[1]}
    assert {type_ for type_, count in found.items() if count < 2} <= alike | {"caseway.contact.email.v1"}


def test_what_is_written_is_what_the_models_say():
    stale = [type_ for type_, schema in schemas.current().items() if COMMITTED.get(type_) != schema]
    assert stale == [], "run `caseway contracts schemas`"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_example_satisfies_its_schema(path: Path):
    event = json.loads(path.read_text("utf-8"))
    if "data" in event:
        Draft202012Validator(COMMITTED[event["type"]], format_checker=FormatChecker()).validate(event["data"])


def test_the_newest_full_example_sets_every_field():
    for type_, model in MODELS.items():
        events = [json.loads(path.read_text("utf-8")) for path in (golden.FOLDER / type_).glob("*.json")]
        fullest = max(events, key=lambda event: len(json.dumps(event)))
        expected = {field.alias or name for name, field in model.model_fields.items()}
        assert fullest["data"].keys() >= expected, type_


@pytest.fixture
def example(tmp_path):
    """One example that can be damaged: its path and its event."""
    name = "caseway.case.opened.v1"
    path = tmp_path / name / "001.json"
    path.parent.mkdir()
    event = json.loads((golden.FOLDER / name / "002.json").read_text("utf-8"))
    return path, copy.deepcopy(event)


DAMAGES: dict[str, tuple[typing.Callable[[dict], object], str]] = {
    "a field that is read no more": (lambda event: event["data"].update(mood="bad"), "mood is lost"),
    "a field of a part that is read no more": (
        lambda event: event["data"]["party"].update(mood="bad"),
        "party.mood is lost",
    ),
    "a value that is refused": (lambda event: event["data"].update(version=0), "is refused"),
    "a field that must be there": (lambda event: event["data"].pop("source_key"), "is refused"),
    "a value that is read otherwise": (lambda event: event["data"].update(version="3"), "version is lost or changed"),
    "another type": (lambda event: event.update(type="caseway.case.opened.v9"), "is refused"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_an_example_that_cannot_be_read_is_found(example, tmp_path, name):
    """The check must be able to fail."""
    path, event = example
    damage, said = DAMAGES[name]
    path.write_text(json.dumps(event), "utf-8")
    assert golden.unreadable(tmp_path) == []
    damage(event)
    path.write_text(json.dumps(event), "utf-8")
    [fault] = golden.unreadable(tmp_path)
    assert said in fault


def test_an_example_of_a_type_that_is_gone_is_found(tmp_path):
    path = tmp_path / "caseway.case.sung.v1" / "001.json"
    path.parent.mkdir()
    path.write_text("{}", "utf-8")
    assert golden.unreadable(tmp_path) == ["caseway.case.sung.v1/001: its type is gone"]


def test_examples_are_added_and_never_rewritten(tmp_path):
    first = golden.write(tmp_path)
    kept = tmp_path / "caseway.case.closed.v1" / "001.json"
    kept.write_text('{"an": "older example"}\n', "utf-8")
    again = golden.write(tmp_path)
    assert "caseway.case.closed.v1/001.json" in first
    assert again == ["caseway.case.closed.v1/003.json"]
    assert kept.read_text("utf-8") == '{"an": "older example"}\n'


def test_the_mail_example_is_a_mail():
    [path] = (golden.FOLDER / "caseway.contact.email.v1").glob("*.json")
    envelope = decode("contacts.email", None, path.read_bytes(), golden.STRUCTURED)
    assert envelope.data.startswith(b"From: Anna Nowak <anna.nowak@example.com>\r\n")
    assert b"zam=F3wienia" in envelope.data
    assert dict(envelope.extensions) == {"mailfrom": "anna.nowak@example.com", "rcptto": "support@example.com"}


def test_examples_hold_only_invented_people():
    """Every address is of example.com, every number of a range that nobody has."""
    for path in EXAMPLES:
        text = path.read_text("utf-8")
        for word in text.replace('"', " ").replace(",", " ").split():
            assert "@" not in word or "example.com" in word or word.startswith("returns-damaged@"), (path.name, word)
