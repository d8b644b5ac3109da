"""Loading a configuration: everything that is wrong is said at once, with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, model_validator

from caseway.kernel.errors import Misconfigured
from caseway.kernel.rules import ALWAYS, Condition, ConditionError, Fault
from caseway.runtime.configuration import BadConfiguration, Inconsistent, Reloader, condition_over, load


class Rule(BaseModel):
    name: str
    when: Annotated[Condition, condition_over({"channel"})] = ALWAYS


class Desk(BaseModel):
    queues: dict[str, int]
    rules: list[Rule] = []
    templates: dict[str, str] = {}

    @model_validator(mode="after")
    def _fits(self):
        if any(rule.name not in self.queues for rule in self.rules):
            raise Inconsistent([Fault(path=("rules", 0, "name"), expected="a queue")])
        return self


def write(directory: Path, **files: str) -> Path:
    for name, content in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return directory


def problems(directory: Path) -> list[str]:
    with pytest.raises(BadConfiguration) as raised:
        load(directory, Desk)
    assert isinstance(raised.value, Misconfigured)
    assert all(str(problem) in str(raised.value) for problem in raised.value.problems)
    return sorted(map(str, raised.value.problems))


def test_a_field_is_a_file_and_a_mapping_of_texts_a_folder(tmp_path):
    write(
        tmp_path,
        queues_yaml="orders: 3",
        rules_yaml="- {name: orders, when: {field: channel, equals: web}}",
        templates__pl__hello_txt="---\nsubject: Hej\n---\nDzień dobry\n",
        templates__hello_txt="Hello",
        templates__x_swp="",
        other_yaml="belongs: [to, another",
    )
    (tmp_path / "templates" / ".hidden").write_text("not read")
    desk = load(tmp_path, Desk).value
    assert desk.queues == {"orders": 3}
    assert desk.rules[0].when({"channel": "web"})
    assert desk.templates["pl/hello.txt"].startswith("---\nsubject: Hej")
    assert set(desk.templates) == {"pl/hello.txt", "hello.txt", "x.swp"}


def test_the_version_changes_with_the_content_and_with_nothing_else(tmp_path):
    def version():
        return load(tmp_path, Desk).version

    write(tmp_path, queues_yaml="{a: 1, b: 2}", templates__t_txt="x")
    first = version()
    assert len(first) == 12
    assert set(first) <= set("0123456789abcdef")
    write(tmp_path, queues_yaml="# said again\nb: 2\na: 1\n", unread_yaml="1")
    assert version() == first
    write(tmp_path, queues_yaml="{a: 1, b: 3}")
    assert version() != first
    write(tmp_path, queues_yaml="{a: 1, b: 2}", templates__t_txt="y")
    assert version() != first


def test_every_fault_of_every_file_is_named_at_once(tmp_path):
    write(
        tmp_path,
        queues_yaml="orders: many\ntoys: 2.5",
        rules_yaml="- {name: orders, when: {any: [{field: chanel, equals: web}]}, wen: 1}\n- {}",
    )
    found = problems(tmp_path)
    assert len(found) == 5
    assert found[0].startswith("queues.yaml: orders: Input should be a valid integer")
    assert "(found 'many')" in found[0]
    assert found[1].startswith("queues.yaml: toys:")
    assert found[2] == "rules.yaml: 0.wen: Extra inputs are not permitted (found 1)"
    assert found[3].startswith("rules.yaml: 0.when.any.0.field: unknown field 'chanel'")
    assert found[4] == "rules.yaml: 1.name: Field required"


def test_a_missing_file_and_a_broken_one_are_each_named_once(tmp_path):
    assert problems(tmp_path) == ["queues.yaml: missing"]
    write(tmp_path, rules_yaml="- [")
    first, second = problems(tmp_path)
    assert first == "queues.yaml: missing"
    assert second.startswith("rules.yaml: line 1, column 4: YAML;")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("orders: 1\norders: 2\n", "queues.yaml: line 2, column 1: YAML; the key 'orders' stands twice"),
        ("{a: 1, b: {c: 1, c: 2}}", "queues.yaml: line 1, column 18: YAML; the key 'c' stands twice"),
        ("? [a, b]\n: 1\n", "queues.yaml: line 1, column 3: YAML; a plain key"),
        ("a: !!python/object:os.system x", "queues.yaml: line 1, column 4: YAML; could not determine a constructor"),
        ("a: 1\n\tb: 2", "queues.yaml: line 2, column 1: YAML;"),
        ("", "queues.yaml: Input should be a valid dictionary"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(tmp_path, content, expected):
    write(tmp_path, queues_yaml=content)
    (found,) = problems(tmp_path)
    assert found.startswith(expected)


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "queues.yaml").write_bytes(b"a: 1 # caf\xe9")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "t.txt").write_bytes(b"\xff")
    assert problems(tmp_path) == ["queues.yaml: byte 10: text in UTF-8", "templates/t.txt: byte 0: text in UTF-8"]


def test_nesting_without_end_is_refused(tmp_path):
    write(tmp_path, queues_yaml="[" * 100_000)
    (found,) = problems(tmp_path)
    assert found.startswith("queues.yaml: ")


def test_what_does_not_fit_together_is_named_where_it_stands(tmp_path):
    write(tmp_path, queues_yaml="a: 1", rules_yaml="- {name: b}")
    assert problems(tmp_path) == ["rules.yaml: 0.name: a queue"]


def test_a_directory_that_is_not_there_is_said(tmp_path):
    assert problems(tmp_path / "nowhere") == [".: a directory that can be read"]


def test_a_merge_key_may_be_overridden(tmp_path):
    write(tmp_path, queues_yaml="base: 1\n", rules_yaml="- &r {name: base}\n- {<<: *r, name: base}\n")
    assert [rule.name for rule in load(tmp_path, Desk).value.rules] == ["base", "base"]


def test_a_bad_reload_keeps_the_old_configuration(tmp_path):
    write(tmp_path, queues_yaml="a: 1")
    reloader = Reloader(tmp_path, Desk)
    before = reloader.current
    write(tmp_path, queues_yaml="a: one")
    (problem,) = reloader.reload()
    assert problem.file == "queues.yaml"
    assert problem.path == "a"
    assert reloader.current is before
    write(tmp_path, queues_yaml="a: 2")
    assert reloader.reload() == ()
    assert reloader.current.value.queues == {"a": 2}
    assert reloader.current.version != before.version


def test_a_service_refuses_to_start_on_a_bad_one(tmp_path):
    with pytest.raises(Misconfigured):
        Reloader(tmp_path, Desk)


def test_a_condition_may_be_given_ready_made():
    assert Rule(name="a", when=ALWAYS).when is ALWAYS
    with pytest.raises(ValueError, match="unknown field"):
        Rule(name="a", when={"field": "x", "equals": 1})
    assert issubclass(ConditionError, ValueError)
