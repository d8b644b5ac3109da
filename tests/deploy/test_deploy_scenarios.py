"""Every service can read every scenario."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from caseway.runtime.configuration import load

SCENARIOS = sorted((Path(__file__).parents[2] / "deploy" / "scenarios").iterdir())


@pytest.mark.parametrize("service", ["intake", "router", "escalation", "notifier", "analytics"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_each_service_reads_each_scenario(scenario: Path, service: str) -> None:
    """A directory is one desk's: what one service needs of it, the others may not stumble over."""
    settings = importlib.import_module(f"caseway_{service}.settings")
    assert load(scenario, settings.Configuration).version


def test_there_are_three_scenarios() -> None:
    """Else the test above has looked at fewer."""
    assert [each.name for each in SCENARIOS] == ["product-support", "retail", "voices"]
