"""One word, one meaning. Source: docs/glossary.md."""

import re

from tests.architecture.sources import ROOT, SERVICES, Module, faults_named, modules, tracked_files

BANNED_MODULES = {
    "utils",
    "util",
    "helpers",
    "common",
    "misc",
    "manager",
    "managers",
    "service",
    "models",
    "base",
    "core",
    "types",
}
ALLOWED_MODULES = {"caseway.runtime.service"}
"""`service` is banned as the name of a heap; there it is the word for what the runtime runs."""

PARTS = {"__main__", "app", "handlers", "ports", "settings", "metrics", "domain", "adapters"}
OWN_PARTS = {"intake": {"gateway", "edge"}, "analytics": {"web"}}

BANNED_WORDS = {
    "ticket": "contact or case",
    "interaction": "contact",
    "outage": "incident",
    "feedback": "voice",
    "sla": "entitlement or milestone",
    "breached": "violated",
    "breach": "violate",
    "severity": "priority",
    "rep": "agent",
    "worker": "agent or process",
    "kpi": "measure",
    "shard": "lane",
    "requeue": "park and replay",
    "classify": "triage",
    "slots": "capacity",
}
"""Of the glossary's column "do not say", those that have no second, honest use in code."""


def test_no_module_is_named_like_a_drawer() -> None:
    faults = [
        str(module.path.relative_to(ROOT))
        for module in modules()
        if module.name.rpartition(".")[2] in BANNED_MODULES and module.name not in ALLOWED_MODULES
        if not _is_stage(module)
    ]
    assert not faults, faults_named(faults)


def _is_stage(module: Module) -> bool:
    """`core` and `edge` are the names of stages (design.md §1): a handler module may be called after one."""
    return ".handlers." in module.name


def test_every_service_has_the_same_files() -> None:
    """Learn one, know five."""
    faults = []
    for service in SERVICES:
        package = ROOT / "services" / service / f"caseway_{service}"
        found = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        strange = {
            name
            for name in found - PARTS - OWN_PARTS.get(service, set()) - {"__init__"}
            if not name.endswith("_settings")
        }
        missing = {"__main__", "app", "handlers", "settings", "domain", "adapters"} - found
        faults += [f"{service}: {name} is no part of a service" for name in sorted(strange)]
        faults += [f"{service}: {name} is missing" for name in sorted(missing)]
    assert not faults, faults_named(faults)


def test_identifiers_use_the_glossary() -> None:
    faults = [
        f"{module}: {name} says {word}, the word is {BANNED_WORDS[word]}"
        for module in modules()
        for name in _defined(module)
        for word in _words(name)
        if word in BANNED_WORDS
    ]
    assert not faults, faults_named(faults)


def test_test_files_are_named_after_what_they_test() -> None:
    areas = (
        *SERVICES,
        "project",
        "delivery",
        "configuration",
        "kernel",
        "contracts",
        "runtime",
        "local",
        "testkit",
        "scenario",
        "retail",
        "voices",
        "product_support",
        "flow",
        "story",
        "deploy",
        "cli",
    )
    faults = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.is_relative_to(ROOT / "tests") and path.name.startswith("test_") and path.suffix == ".py"
        if not path.stem.removeprefix("test_").startswith(areas)
    ]
    assert not faults, faults_named(faults)


def _defined(module: Module) -> list[str]:
    return [each.name for each in (*module.functions, *module.classes)] + [module.name.rpartition(".")[2]]


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
