"""What Prometheus sees of intake, beside the lanes."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

DOORS = Counter(
    "caseway_intake_door_answers_total",
    "Answers at the doors, by door (http, smtp) and code: 202 and 250 mean taken.",
    ["door", "code"],
)
MAILS_READ = Counter("caseway_intake_mails_read_total", "Mails read, by who wrote them.", ["origin"])
MAIL_FAULTS = Counter("caseway_intake_mail_faults_total", "What was wrong with mails that were read.", ["fault"])
MAIL_SECONDS = Histogram(
    "caseway_intake_mail_read_seconds",
    "Duration of reading one mail.",
    buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1, 5),
)
ERRANDS = Counter(
    "caseway_intake_erasure_errands_total",
    "Errands of erasure worked off: search (a person's cases told) and trace (what one case left, removed).",
    ["kind"],
)
