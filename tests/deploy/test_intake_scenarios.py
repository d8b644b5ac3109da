"""Every service can read the voices scenario."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from caseway.runtime.configuration import load

VOICES = Path(__file__).parents[2] / "deploy" / "scenarios" / "voices"


@pytest.mark.parametrize("service", ["intake", "router", "escalation", "notifier", "analytics"])
def test_each_service_reads_the_voices_scenario(service):
    """S0-01 to S0-09 as configuration of all five."""
    settings = importlib.import_module(f"caseway_{service}.settings")
    assert load(VOICES, settings.Configuration).version
