"""All plumbing: lanes, outbox, timers, probes, metrics."""
