"""Names of what the notifier keeps."""

from __future__ import annotations

CASES = "cases"
CUSTOMERS = "customers"
DELIVERIES = "deliveries"
CONTENTS = "contents"
BROADCASTS = "broadcasts"
BUDGETS = "budgets"
SPREAD = "spread"
"""The timer that goes on with a broadcast."""
