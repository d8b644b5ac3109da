"""Starts analytics: `python -m caseway_analytics`."""

from caseway.runtime.application import run
from caseway_analytics.app import build

run(build())
