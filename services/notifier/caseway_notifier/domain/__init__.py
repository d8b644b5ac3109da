"""The pure part of the notifier: who is told what, and what became of it."""
