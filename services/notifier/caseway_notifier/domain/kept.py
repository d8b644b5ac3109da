"""Names of what the notifier keeps."""

from __future__ import annotations

CASES = "cases"
CUSTOMERS = "customers"
DELIVERIES = "deliveries"
CONTENTS = "contents"
BROADCASTS = "broadcasts"
BUDGETS = "budgets"
OBSTACLES = "obstacles"
ERRANDS = "errands"
REMIND = "remind"
"""The timer that reminds of what nobody acknowledged."""
WATCH = "watch"
"""The timer of a watch: what should have happened by then."""
SPREAD = "spread"
"""The timer that goes on with a broadcast."""
