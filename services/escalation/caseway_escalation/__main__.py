"""Starts escalation: `python -m caseway_escalation`."""

from caseway.runtime.application import run
from caseway_escalation.app import build

run(build())
