"""Runs the notifier: `python -m caseway_notifier`."""

from caseway.runtime.application import run
from caseway_notifier.app import build

if __name__ == "__main__":
    run(build())
