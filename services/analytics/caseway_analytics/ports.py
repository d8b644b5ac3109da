"""The names under which states are kept."""

from __future__ import annotations

CASES = "cases"
AGENTS = "agents"
CELLS = "cells"
TOTALS = "totals"
QUALITY = "quality"
TEXTS = "texts"
SERVING = "serving"
ERASED = "erased"
RUNS = "report_runs"
