"""What the short words of a routing decision mean to a person.

The router writes the short ones into its facts; whoever shows a decision says them alike.
"""

from __future__ import annotations

TIE_BREAKS = {
    "only candidate": "nobody else was free for it",
    "preferred": "preferred by the routing rule",
    "reserve": "the next one is kept free for work that only few can do",
    "load band": "the least busy of those who can",
    "least skilled": "the least skilled of those who can, which keeps the versatile free",
    "scarce skills": "those with rarer skills are kept free",
    "most available": "with the most room of those who can",
    "least active": "holding the fewest cases of those who can",
    "rotation": "whose turn it was",
    "longest since asked": "whose turn it was",
    "surplus of skill": "the closest fit, which keeps better skilled agents free",
    "interest": "the one who likes this kind of case best",
    "idle longest": "equally busy and equally skilled, but idle the longest",
    "stable hash": "equal in everything to the next one; the tie was broken by a fixed order",
    "named": "chosen by name",
    "taken": "who took it by their own wish",
    "assigned": "to whom a supervisor gave it",
}
"""What decided between the chosen agent and the next, by `tie_break`."""

KEPT_OUT = {
    "presence": "not present",
    "channel": "not on this channel",
    "queue": "not serving this queue",
    "capacity": "holding as much as they may",
    "cool_down": "who let it go a moment ago",
    "excluded": "kept from it by the routing rule",
    "named": "who are not the one who was asked for",
    "further_down": "free too, but further down",
}
"""Why agents were no candidates, by the reason that is counted; a missing skill names the skill instead."""
