"""What the documents say of the code is so."""

import re
from pathlib import Path

import yaml

from caseway.runtime.settings import Settings
from tests.architecture.sources import ROOT, faults_named, modules, tracked_files

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOKS = ROOT / "docs" / "runbooks"
DEMAND = re.compile(r"S[0-4]-\d\d")


def _documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def test_every_link_leads_somewhere() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in _documents()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert not faults, faults_named(faults)


def test_each_row_of_the_feature_table_is_shown_by_a_test_that_names_the_demand() -> None:
    rows = re.findall(r"^\| (S\d-\d\d[^|]*)\|[^|]*\|([^|]*)\|$", README, re.MULTILINE)
    assert len(rows) > 15
    faults = []
    for demands, shown in rows:
        paths = [ROOT / name for name in re.findall(r"`(tests/[^`]+)`", shown)]
        faults += [f"{path.relative_to(ROOT)} is not there" for path in paths if not path.exists()]
        named = {demand for path in paths if path.exists() for demand in DEMAND.findall(path.read_text("utf-8"))}
        if not named & set(DEMAND.findall(demands)):
            faults.append(f"{demands.strip()}: none of its tests names it")
    assert not faults, faults_named(faults)


def test_every_alarm_has_a_page() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    alarms = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Za-z]+)`", index))
    assert alarms == named


def test_metrics_that_documents_name_are_ours() -> None:
    sources = "\n".join(module.text for module in modules())
    known = re.compile(r"\bcaseway_[a-z_]+[a-z]")
    names = {name.removesuffix("_bucket") for name in known.findall(sources)}
    faults = [
        f"{path.relative_to(ROOT)}: {metric}"
        for path in _documents()
        for metric in re.findall(r"`(caseway_[a-z_]+)[`{]", path.read_text(encoding="utf-8"))
        if metric not in names and metric.removesuffix("_total") not in names
    ]
    assert not faults, faults_named(faults)


def test_variables_that_the_readme_names_are_read() -> None:
    known = {f"CASEWAY_{field.upper()}" for field in Settings.model_fields}
    assert set(re.findall(r"`(CASEWAY_[A-Z_]+)`", README)) <= known


def test_decisions_are_numbered_and_say_who_enforces_them() -> None:
    faults = []
    for path in sorted((ROOT / "docs" / "adr").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if not text.startswith(f"# {int(path.name[:4])}. "):
            faults.append(f"{path.name}: its title has another number")
        parts = ("Context", "Decision", "Consequences", "Alternatives", "Enforced by")
        faults += [f"{path.name}: no {part}" for part in parts if f"\n## {part}\n" not in text]
    assert not faults, faults_named(faults)


def test_files_that_documents_name_are_there() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _documents()
        for name in re.findall(r"`((?:tests|shared|deploy|docs)/[\w./-]+)`", path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists() and not name.startswith("deploy/secrets")
    ]
    assert not faults, faults_named(faults)
