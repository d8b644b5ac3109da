"""The pure part: words, ids, time and decisions, without I/O."""
