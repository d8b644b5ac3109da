"""The images' recipe and the compose file, held to rules: they are written where no Docker engine answers.

hadolint reads the recipe; the rest is checked here against what the code says: ports, names, sizes, users.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from caseway.contracts.topology import TOPICS
from caseway.local.settings import LocalSettings
from caseway.runtime.application import STOP_SECONDS
from caseway.runtime.service import Service
from caseway.runtime.settings import Settings
from caseway.testkit.missing import find_tool
from tests.architecture.sources import ROOT, SERVICES

DEPLOY = ROOT / "deploy"
RECIPE = DEPLOY / "service.Dockerfile"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [*SERVICES, "topics"]
WIRE_PORTS = {"intake": 8081, "router": 8082, "escalation": 8083, "notifier": 8084, "analytics": 8085}
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+(\.\d+){1,2}(-[a-z0-9.-]+)?$")


def steps() -> list[tuple[str, str]]:
    """The recipe's instructions, continued lines joined."""
    lines = [line for line in RECIPE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last(instruction: str) -> str:
    """The argument that holds in the end."""
    return [rest for word, rest in steps() if word == instruction][-1]


def service_of(name: str) -> Service:
    built: Service = importlib.import_module(f"caseway_{name}.app").build()
    return built


def reads(name: str, field: str) -> bool:
    """Whether a service looks at a setting."""
    package = ROOT / "services" / name / f"caseway_{name}"
    return any(f"settings.{field}" in path.read_text(encoding="utf-8") for path in package.rglob("*.py"))


# --- the recipe -----------------------------------------------------------------------------------


def test_a_linter_finds_nothing_in_the_recipe() -> None:
    beside = Path(sys.executable).with_name("hadolint")
    linter = beside if beside.exists() else find_tool("hadolint")
    done = subprocess.run([linter, "--no-color", RECIPE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_bases_are_pinned_and_serve_the_python_we_test_with() -> None:
    bases = {rest.split()[0] for word, rest in steps() if word == "FROM"}
    assert len(bases) == 1, "both stages must have the same Python: the environment is copied"
    (base,) = bases
    assert PINNED.match(base)
    assert base.startswith(f"python:{sys.version_info.major}.{sys.version_info.minor}.") or "CI" not in os.environ


def test_the_process_is_no_root_and_ends_as_it_is_asked() -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last("USER"))
    assert last("STOPSIGNAL") == "SIGTERM"
    assert "exec python -m caseway_${SERVICE}" in last("CMD"), "the shell must not stand between signals and Python"


def test_nothing_is_installed_but_what_is_pinned_and_what_is_ours() -> None:
    installs = [part for word, rest in steps() if word == "RUN" for part in rest.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-deps --no-index" in each for each in installs)


@pytest.mark.parametrize("service", SERVICES)
def test_everything_that_is_copied_is_there(service: str) -> None:
    copied = [rest for word, rest in steps() if word == "COPY" and not rest.startswith("--from")]
    sources = [source.replace("${SERVICE}", service) for rest in copied for source in rest.split()[:-1]]
    assert len(sources) == 4
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_health_is_whether_a_restart_would_help() -> None:
    """Restarting what only waits for Kafka would make it worse."""
    assert "/livez" in last("HEALTHCHECK")
    assert "CASEWAY_HTTP_PORT" in last("HEALTHCHECK")


# --- compose --------------------------------------------------------------------------------------


def test_the_five_services_are_there() -> None:
    assert set(SERVICES) < set(PARTS)
    assert set(WIRE_PORTS) == set(SERVICES)


def test_images_are_pinned_or_built_here() -> None:
    faults = [f"{name}: {part['image']}" for name, part in PARTS.items() if name not in OURS]
    assert [fault for fault in faults if not PINNED.match(fault.partition(": ")[2])] == []
    assert all("build" in PARTS[name] for name in OURS)


def test_the_broker_is_the_one_that_the_tests_use() -> None:
    assert PARTS["kafka"]["image"] == f"apache/kafka:{LocalSettings.model_fields['local_kafka_version'].default}"


@pytest.mark.parametrize("service", SERVICES)
def test_ports_are_the_contract_s(service: str) -> None:
    """Source: wire.md, "Processes"."""
    port = WIRE_PORTS[service]
    assert service_of(service).http_port == port
    assert PARTS[service]["build"]["args"] == {"SERVICE": service, "HTTP_PORT": port}
    doors = ["8025:8025"] if service == "intake" else []
    assert PARTS[service]["ports"] == [f"{port}:{port}", *doors]
    scraped = (DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    assert f"{service}:{port}" in scraped


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_may_do_little(name: str) -> None:
    part = PARTS[name]
    assert part["read_only"] is True
    assert part["tmpfs"] == ["/tmp"]
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.endswith(":ro") for volume in part["volumes"])
    assert "user" not in part, "the image says who"
    assert "privileged" not in part


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_granted_the_time_to_drain(name: str) -> None:
    assert int(PARTS[name]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_settings_read(name: str) -> None:
    """A misspelt one would be ignored without a word."""
    known = {f"CASEWAY_{field.upper()}{suffix}" for field in Settings.model_fields for suffix in ("", "_FILE")}
    in_image = set(re.findall(r"\b(CASEWAY_\w+)=", RECIPE.read_text(encoding="utf-8")))
    assert in_image
    assert set(PARTS[name]["environment"]) | in_image <= known


def test_secrets_are_files_and_not_in_the_repository() -> None:
    """Whoever signs or reads what is signed has the key, and nobody else: intake, notifier, and analytics for its tokens."""
    holders = {name for name, part in PARTS.items() if "signing_key" in part.get("secrets", [])}
    assert holders == {name for name in SERVICES if reads(name, "signing_key")} == {"analytics", "intake", "notifier"}
    for name in holders:
        assert PARTS[name]["environment"]["CASEWAY_SIGNING_KEY_FILE"] == "/run/secrets/signing_key"
    assert not any("CASEWAY_SIGNING_KEY" in part.get("environment", {}) for part in PARTS.values())
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_whoever_sends_mail_is_told_where() -> None:
    senders = {name for name in SERVICES if "CASEWAY_SMTP_URL" in PARTS[name]["environment"]}
    assert senders == {name for name in SERVICES if reads(name, "smtp_url")} == {"notifier"}


@pytest.mark.parametrize("name", sorted(PARTS))
def test_nothing_fills_the_machine(name: str) -> None:
    """Memory and logs have an end; a container that forks without one is ours alone to bound."""
    part = PARTS[name]
    assert re.fullmatch(r"\d+[mg]", part["mem_limit"])
    assert part["logging"]["options"].keys() == {"max-size", "max-file"}
    assert name not in OURS or part["pids_limit"] >= 64


@pytest.mark.parametrize("name", sorted(set(PARTS) - set(OURS) - {"mailpit"}))
def test_up_waits_until_everything_answers(name: str) -> None:
    """`docker compose up --wait` counts a container without a probe as ready; ours and mailpit have theirs in the image."""
    assert "healthcheck" in PARTS[name]


def test_figures_are_provisioned() -> None:
    """Grafana reads the very folder that is mounted, from the source that dashboards name."""
    provisioning = DEPLOY / "grafana" / "provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "caseway.yaml").read_text(encoding="utf-8"))[
        "providers"
    ]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in PARTS["grafana"]["volumes"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    for path in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
        assert set(re.findall(r'"uid": "(prometheus)"', path.read_text(encoding="utf-8"))) == {source["uid"]}, path.name


def test_an_image_is_built_from_what_it_needs_and_nothing_else() -> None:
    """An allowlist: a secret or an environment that somebody adds later stays outside by itself."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {line.removeprefix("!") for line in rules if line.startswith("!")}
    copied = [rest for word, rest in steps() if word == "COPY" and not rest.startswith("--from")]
    assert let_in == {source.partition("/")[0] for rest in copied for source in rest.split()[:-1]}


def test_everything_that_is_mounted_is_there() -> None:
    sources = [volume.split(":")[0] for part in PARTS.values() for volume in part.get("volumes", [])]
    assert [each for each in sources if each.startswith(".") and not (DEPLOY / each).exists()] == []
    assert {each for each in sources if not each.startswith(".")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_starts_before_what_it_needs(name: str) -> None:
    """It would wait by itself; but a start that is in order says sooner what is wrong."""
    assert PARTS[name]["depends_on"] == {
        "kafka": {"condition": "service_healthy"},
        "mongo": {"condition": "service_healthy"},
        "topics": {"condition": "service_completed_successfully"},
    }
    assert all("healthcheck" in PARTS[each] for each in ("kafka", "mongo"))


def test_the_broker_takes_the_largest_record_and_makes_no_topic_by_itself() -> None:
    settings = PARTS["kafka"]["environment"]
    assert settings["KAFKA_MESSAGE_MAX_BYTES"] >= max(topic.max_bytes for topic in TOPICS)
    assert settings["KAFKA_REPLICA_FETCH_MAX_BYTES"] >= settings["KAFKA_MESSAGE_MAX_BYTES"]
    assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_database_is_a_replica_set_that_frees_dead_transactions_soon() -> None:
    command = PARTS["mongo"]["command"]
    assert command[command.index("--replSet") + 1] == "caseway"
    assert "transactionLifetimeLimitSeconds=10" in command
    assert "replicaSet=caseway" in PARTS["intake"]["environment"]["CASEWAY_MONGO_URL"]
