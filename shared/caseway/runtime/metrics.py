"""What Prometheus sees of every service."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

LAG = Gauge(
    "caseway_lane_lag_records", "Records between a lane and the end of its partition.", ["stage", "topic", "lane"]
)
BEHIND = Gauge(
    "caseway_lane_behind_seconds", "Age of the last record a lane applied, while it lags; else 0.", ["stage", "lane"]
)
LANES = Gauge("caseway_lanes", "Lanes by state: assigned, armed, halted.", ["stage", "state"])
BATCH_RECORDS = Histogram(
    "caseway_batch_records",
    "Records in one transaction.",
    ["stage"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
STEP_SECONDS = Histogram("caseway_step_seconds", "Duration of a batch's steps.", ["stage", "step"], buckets=_SECONDS)
TRANSACTIONS = Counter(
    "caseway_transactions_total",
    "Transactions by outcome: committed, retried, unknown, fenced, failed.",
    ["stage", "outcome"],
)
FENCED = Counter("caseway_fenced_total", "Lanes lost to another owner, found by the guard.", ["stage"])
RECORDS = Counter(
    "caseway_records_total",
    "Records by outcome: applied, duplicate, superseded, skipped, parked, misrouted.",
    ["stage", "outcome"],
)
EMITTED = Counter("caseway_emitted_total", "Facts and commands written to the outbox.", ["stage", "type"])
DUPLICATES = Counter(
    "caseway_duplicates_total", "Records dropped because their effect is already there.", ["stage", "kind"]
)
PARKED = Counter("caseway_parked_total", "Records parked, by reason.", ["stage", "reason"])
GAPS = Counter("caseway_gaps_total", "Offsets that the broker no longer had, recorded on the lane.", ["stage"])
PUBLISHED = Counter("caseway_published_total", "Outbox rows acknowledged by Kafka.", ["stage"])
PUBLISH_ERRORS = Counter("caseway_publish_errors_total", "Producers thrown away after an error.", ["stage"])
OUTBOX_ROWS = Gauge("caseway_outbox_rows", "Rows committed and not yet acknowledged by Kafka.", ["stage"])
OUTBOX_AGE = Gauge("caseway_outbox_age_seconds", "Age of the oldest row not yet acknowledged.", ["stage"])
TIMERS_FIRED = Counter("caseway_timers_fired_total", "Timers decided.", ["stage", "kind"])
TIMER_LATENESS = Histogram(
    "caseway_timer_lateness_seconds",
    "From a timer's due time to its decision.",
    ["stage"],
    buckets=(*_SECONDS, 30, 60, 600),
)
TIMERS_HELD = Gauge("caseway_timers_held", "1 while the clock is not trusted and no timer fires.", ["service"])
CLOCK_JUMPS = Counter("caseway_clock_jumps_total", "Times that the database's time jumped against ours.", ["service"])
HALTED = Gauge("caseway_lanes_halted", "Lanes that wait for an operator.", ["stage"])
INVARIANTS = Counter(
    "caseway_invariant_violations_total", "Invariants found broken in production.", ["stage", "invariant"]
)
READY = Gauge("caseway_ready", "1 when the service is ready.", ["service"])
CONFIGURATION = Gauge(
    "caseway_configuration_info", "1 beside the version of the configuration in force.", ["service", "version"]
)
CONFIGURATION_REFUSED = Gauge(
    "caseway_configuration_refused",
    "1 while the configuration directory holds what the service refuses: it goes on with what it had.",
    ["service"],
)
