"""Starts intake: `python -m caseway_intake`."""

from caseway.runtime.application import run
from caseway_intake.app import build

run(build())
