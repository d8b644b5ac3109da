"""The operators' command: what it prints, and how it says no."""

import json
import shutil

import pytest

from caseway import cli
from caseway.contracts import schemas
from caseway.contracts.diagram import BEGIN, END, mermaid
from caseway.contracts.topology import TOPICS


def test_without_a_command_it_says_which_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert all(command.name in capsys.readouterr().out for command in cli.COMMANDS[:1])


def test_every_command_has_a_module_to_live_in():
    names = [command.name for command in cli.COMMANDS]
    assert {"local", "contracts", "lanes", "parked", "scenario"} <= set(names)
    assert len(names) == len(set(names))


def test_a_missing_extra_is_explained(capsys, monkeypatch):
    """The traceback of an import helps nobody; the name of what to install does."""
    absent = cli.Command(name="lanes", module="caseway.no_such_module", extra="runtime", summary="")
    monkeypatch.setattr(cli, "COMMANDS", (absent,))
    assert cli.main(["lanes", "list"]) == 1
    assert 'pip install "caseway[runtime]"' in capsys.readouterr().err


def test_the_table_names_every_topic(capsys):
    assert cli.main(["contracts", "topics"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [topic.name for topic in TOPICS]


def test_settings_are_given_as_kafka_spells_them(capsys):
    assert cli.main(["contracts", "topics", "--settings", "--partitions", "3"]) == 0
    mail = capsys.readouterr().out.splitlines()[0]
    assert mail.startswith("--topic contacts.email --partitions 3 ")
    assert f"--config max.message.bytes={26 * 1024 * 1024}" in mail
    assert "--config message.timestamp.type=LogAppendTime" in mail
    assert "--config cleanup.policy=delete" in mail


def test_the_picture_is_put_between_its_markers(tmp_path, capsys):
    page = tmp_path / "README.md"
    page.write_text(f"# Before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    assert cli.main(["contracts", "diagram", "--write", str(page)]) == 0
    assert page.read_text("utf-8") == f"# Before\n{BEGIN}\n```mermaid\n{mermaid()}```\n{END}\nafter\n"
    page.write_text("no markers\n", "utf-8")
    assert cli.main(["contracts", "diagram", "--write", str(page)]) == 1
    assert page.read_text("utf-8") == "no markers\n"
    assert BEGIN in capsys.readouterr().err


def _earlier(tmp_path, type_, change):
    """A copy of the committed schemas in which one of them was different once."""
    folder = tmp_path / "schemas"
    shutil.copytree(schemas.FOLDER, folder)
    path = folder / f"{type_}.json"
    schema = json.loads(path.read_text("utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), "utf-8")
    return folder


def test_the_check_accepts_what_stands(capsys):
    assert cli.main(["contracts", "check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema["properties"].update(mood={"type": "string"}), "mood: is gone"),
        (lambda schema: schema["required"].remove("number"), "number: became required"),
        (lambda schema: schema["properties"]["number"].update(type="string"), "number: string became integer"),
        (lambda schema: schema["$defs"]["Turn"]["enum"].append("nobody"), "turn: the value 'nobody' is taken no more"),
        (lambda schema: schema.update({"x-topics": ["case"]}), "x-topics changed"),
    ],
)
def test_the_check_refuses_what_is_not_additive(tmp_path, capsys, change, said):
    folder = _earlier(tmp_path, "caseway.case.opened.v1", change)
    assert cli.main(["contracts", "check", "--against", str(folder)]) == 1
    assert f"caseway.case.opened.v1: {said}" in capsys.readouterr().out


def test_the_check_refuses_that_a_type_goes(tmp_path, capsys):
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "caseway.case.sung.v1.json").write_text("{}", "utf-8")
    assert cli.main(["contracts", "check", "--against", str(folder)]) == 1
    assert "caseway.case.sung.v1: the type is gone" in capsys.readouterr().out


def test_the_check_accepts_what_is_additive(tmp_path, capsys):
    def before(schema):
        del schema["properties"]["tags"]
        schema["$defs"]["Turn"]["enum"].remove("third")

    folder = _earlier(tmp_path, "caseway.case.opened.v1", before)
    assert cli.main(["contracts", "check", "--against", str(folder)]) == 0, capsys.readouterr().out
