"""What is written in the repository, and what must not be."""

import ast
import re

import pytest

from tests.architecture.sources import ROOT, faults_named, modules, tracked_files

FIRST_LINE = 60

# Put together here, so that this file does not name what it looks for.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("repo1", "maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
    )
)
MACHINE = re.compile(
    r"(?<![\w.}])(" + "|".join(("/" + "work/", "/" + "root/", "/" + "home/[a-z]", "/" + "Users/")) + ")"
)


def test_a_module_says_what_it_is_in_one_short_line() -> None:
    faults = []
    for module in modules():
        docstring = ast.get_docstring(module.tree)
        if docstring is None:
            faults += [f"{module}: no docstring"] if module.text.strip() else []
        elif len(line := docstring.splitlines()[0]) > FIRST_LINE:
            faults.append(f"{module}: {len(line)} characters: {line}")
        elif "this file is" in docstring.splitlines()[0].lower():
            faults.append(f"{module}: the line finishes 'this file is', it does not say it: {line}")
    assert not faults, faults_named(faults)


@pytest.mark.parametrize("what", [*HOSTS, MACHINE], ids=lambda what: getattr(what, "pattern", what).replace("/", "|"))
def test_no_file_names_a_registry_or_a_place_on_one_machine(what: str | re.Pattern[str]) -> None:
    pattern = re.compile(re.escape(what)) if isinstance(what, str) else what
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not faults, faults_named(faults)


def test_nothing_is_left_to_be_done_later_in_a_comment() -> None:
    words = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        if path.suffix in {".py", ".yaml", ".toml", ".sh"} or path.name == "Makefile"
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if words.search(line)
    ]
    assert not faults, faults_named(faults)


def test_a_lock_file_that_names_its_registry_is_not_here() -> None:
    assert not [path for path in tracked_files() if path.name == "uv.lock"]


def test_every_pin_has_a_hash() -> None:
    faults = []
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        pins = re.split(r"\n(?=\S)", path.read_text(encoding="utf-8").strip())
        faults += [
            f"{path.name}: {pin.splitlines()[0]}" for pin in pins if "==" not in pin or "--hash=sha256:" not in pin
        ]
    assert not faults, faults_named(faults)
