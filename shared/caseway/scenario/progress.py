"""Lines for the person who looks on."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"caseway: {line}\n" if not line.startswith("\n") else f"{line}\n")
    sys.stdout.flush()
