"""What each kind of module may import; the arrows between packages are import-linter's."""

import sys

from tests.architecture.sources import SERVICES, Module, faults_named, modules

STORIES = {
    "analytics": ("agents_told", "course", "recount", "searching", "surveyed", "tracking"),
    "escalation": ("process",),
    "intake": ("admission", "life"),
    "notifier": ("fanout",),
    "router": ("assignment", "demand"),
}
"""The modules (or packages) of a domain that know the wire; all others are words of their own."""

IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select", "selectors",
    "shutil", "signal", "smtplib", "socket", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
"""Parts of the standard library that reach outside, or tell the time, or are never the same twice."""


def _pure() -> list[Module]:
    domains = [f"caseway_{service}.domain" for service in SERVICES]
    return [module for module in modules() if module.is_in("caseway.kernel", *domains)]


def test_there_is_something_to_look_at() -> None:
    assert len(modules()) > 100
    assert len(_pure()) > 30


def test_domain_and_kernel_import_the_standard_library_and_the_kernel_only() -> None:
    """design.md §3: deciding is pure."""
    faults = [
        f"{module} imports {name}"
        for module in _pure()
        for name in sorted(module.imports)
        if not _is_allowed(module, name)
    ]
    assert not faults, faults_named(faults)


def test_domain_and_kernel_touch_nothing_outside() -> None:
    faults = [f"{module} imports {name}" for module in _pure() for name in sorted(module.imports & IMPURE)]
    assert not faults, faults_named(faults)


def test_contracts_import_no_client_of_anything() -> None:
    allowed = {"caseway", "pydantic", "pydantic_core", "orjson"}
    faults = [
        f"{module} imports {name}"
        for module in modules()
        if module.is_in("caseway.contracts")
        for name in sorted(module.imports)
        if _root(name) not in allowed | sys.stdlib_module_names
    ]
    assert not faults, faults_named(faults)


def _is_allowed(module: Module, name: str) -> bool:
    if _root(name) in sys.stdlib_module_names:
        return True
    service = module.name.split(".")[0].removeprefix("caseway_")
    ours = ["caseway.kernel"] if service == "caseway" else ["caseway.kernel", f"caseway_{service}.domain"]
    stories = [f"caseway_{service}.domain.{story}" for story in STORIES.get(service, ())]
    if module.is_in(*stories):
        ours.append("caseway.contracts")
    return name == "caseway" or any(name == package or name.startswith(package + ".") for package in ours)


def _root(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
