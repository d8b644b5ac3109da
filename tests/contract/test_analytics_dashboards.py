"""Every metric that a dashboard or an alert names exists in the code, with the labels it is asked by."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from caseway.cli import main
from caseway.contracts.topology import SERVICES

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARDS = ROOT / "deploy/grafana/dashboards"
OF_PROMETHEUS = {"job", "instance", "service", "le"}
"""Labels that scraping adds, or a histogram has."""


@dataclass(frozen=True)
class Declared:
    """One metric of the code, as Prometheus sees it."""

    names: frozenset[str]
    labels: frozenset[str]


def declared() -> dict[str, Declared]:
    """Every metric that the code declares, by each name it is exposed under."""
    found = {}
    folders = [ROOT / "shared/caseway/runtime", *(ROOT / f"services/{name}/caseway_{name}" for name in SERVICES)]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        for each in declarations(ast.parse(path.read_text(encoding="utf-8"))):
            found.update(dict.fromkeys(each.names, each))
    return found


def declarations(tree: ast.AST) -> Iterator[Declared]:
    """Calls such as `Counter("caseway_…", …, ["label"])`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        texts = [node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        names = [text for text in texts if text.startswith("caseway_")]
        maker = getattr(call.func, "id", getattr(call.func, "attr", "")).lower()
        if names and any(word in maker for word in ("counter", "gauge", "histogram", "one")):
            yield Declared(exposed(names[0], maker), labels_of(call))


def exposed(name: str, maker: str) -> frozenset[str]:
    if "counter" in maker:
        return frozenset({name.removesuffix("_total") + "_total"})
    if "histogram" in maker:
        return frozenset(f"{name}_{part}" for part in ("bucket", "count", "sum"))
    return frozenset({name})


def labels_of(call: ast.Call) -> frozenset[str]:
    lists = [
        node
        for node in [*call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(node, ast.List | ast.Tuple)
    ]
    return frozenset(
        element.value
        for each in lists
        for element in each.elts
        if isinstance(element, ast.Constant) and isinstance(element.value, str)
    )


def expressions() -> dict[str, str]:
    """Every PromQL expression of alerts and dashboards, by where it stands."""
    rules = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))
    found = {f"alert {rule['alert']}": rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    for path in DASHBOARDS.glob("*.json"):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                found[f"{path.stem}: {panel['title']} {target['refId']}"] = target["expr"]
    return found


def test_every_metric_named_exists_with_its_labels():
    """S1-44; each metric that a person looks at is really told."""
    known = declared()
    wrong = []
    for place, expression in expressions().items():
        plain = re.sub(r'"[^"]*"', '""', expression)
        names = re.findall(r"\bcaseway_[a-z0-9_]+", plain)
        labels = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"\"", plain))
        labels |= {
            label for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", plain) for label in re.findall(r"\w+", group)
        }
        wrong += [f"{place}: no metric {name}" for name in names if name not in known]
        allowed = OF_PROMETHEUS.union(*(known[name].labels for name in names if name in known))
        wrong += [f"{place}: no label {label}" for label in labels - allowed]
    assert wrong == []
    assert len(expressions()) > 40


def test_the_check_can_fail():
    known = declared()
    assert "caseway_lane_lag_records" in known
    assert "caseway_desk_contacts_total" in known
    assert "caseway_lane_lag" not in known
    assert "queue" in known["caseway_desk_waiting"].labels


def alarms() -> dict[str, str]:
    """Each alarm's summary."""
    rules = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))
    return {rule["alert"]: rule["annotations"]["summary"] for group in rules["groups"] for rule in group["rules"]}


def test_every_alarm_is_shown_to_fire():
    tests = yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text(encoding="utf-8"))["tests"]
    fired = {each["alertname"] for test in tests for each in test["alert_rule_test"] if each["exp_alerts"]}
    assert fired == set(alarms())


def test_every_command_that_an_alarm_names_is_one():
    """Whoever is woken at night types what they read."""
    named = {command for summary in alarms().values() for command in re.findall(r"`(caseway [^`]+)`", summary)}
    assert len(named) >= 4
    for command in named:
        plain = re.sub(r"\{\{.*?\}\}", "intake", command).split()[1:]
        with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(io.StringIO()) as told:
            main([*plain, "--help"])
        assert ended.value.code == 0, command
        assert plain[0] in told.getvalue()


def test_there_is_a_dashboard_for_flow_promises_and_services():
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DASHBOARDS.glob("*.json"))]
    assert [board["uid"] for board in boards] == ["caseway-flow", "caseway-promises", "caseway-services"]
    assert all(len(board["panels"]) >= 8 for board in boards)


def test_prometheus_scrapes_the_five_services_on_their_ports():
    """wire.md, "Processes"."""
    configured = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    targets = [target for each in configured["scrape_configs"][0]["static_configs"] for target in each["targets"]]
    assert targets == [f"{name}:{8081 + place}" for place, name in enumerate(SERVICES)]


def test_panels_have_titles_sources_and_room():
    for path in DASHBOARDS.glob("*.json"):
        board = json.loads(path.read_text(encoding="utf-8"))
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        assert len({panel["title"] for panel in panels}) == len(panels)
        for panel in panels:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            assert panel["type"] == "row" or panel["datasource"]["uid"] == "prometheus"
        taken = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        assert len(taken) == len(set(taken)), "panels overlap"


@pytest.mark.parametrize(
    "arguments",
    [("check", "config", "prometheus.yml"), ("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")],
)
def test_promtool_accepts_the_rules_and_alerts_fire_when_they_should(tool, arguments):
    """Rules are tried with Prometheus' own tool."""
    done = subprocess.run(
        [tool("promtool"), *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_expression_of_a_dashboard_is_promql(tool, tmp_path):
    rules = [
        {"record": f"dashboard:{place}", "expr": expression} for place, expression in enumerate(expressions().values())
    ]
    file = tmp_path / "dashboards.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        [tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
